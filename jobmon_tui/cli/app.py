"""The commands, put together."""

import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from jobmon_tui.cli import (
    audit,
    database,
    doctor,
    executions,
    reports,
    secrets,
    serve,
    session,
    settings,
    signing,
    users,
    watch,
    web,
    worker,
    workers,
)
from jobmon_tui.cli.options import SETTINGS
from jobmon_tui.cli.output import complain
from jobmon_tui.config_profiles import choose_profile
from jobmon_tui.domain.errors import EXIT_CODES, JobmonError, invalid_input

_AT_THE_DATABASE = frozenset({"init", "worker", "serve", "db", "demo"})
_UsageError: Any = typer.BadParameter.__mro__[1]
_TOO_MANY = (
    "There is more on the line than the command takes. It is not repeated here, in case it is a password: "
    "those are asked for, or read with --password-stdin or --stdin"
)


class Frame(TyperGroup):
    """Turns every refusal into one line on standard error and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except JobmonError as refusal:
            complain(refusal.message)
            raise typer.Exit(EXIT_CODES[refusal.code]) from None
        except _UsageError as error:
            if "extra argument" in str(error):
                error.message = _TOO_MANY
            raise


app = typer.Typer(
    name="jobmon",
    cls=Frame,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=SETTINGS,
)
app.add_typer(reports.app, name="reports")
app.add_typer(users.app, name="users")
app.add_typer(secrets.app, name="secrets")
app.add_typer(audit.app, name="audit")
app.add_typer(database.app, name="db")
app.add_typer(settings.app, name="config")
app.command()(signing.init)
app.command()(signing.login)
app.command()(signing.logout)
app.command()(signing.whoami)
app.command("list")(executions.list_)
app.command()(executions.show)
app.command()(executions.output)
app.command()(executions.retry)
app.command()(executions.cancel)
app.command()(executions.run)
app.command()(watch.watch)
app.command()(worker.worker)
app.command()(serve.serve)
app.command()(web.web)
app.command()(workers.workers)
app.command()(doctor.doctor)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"jobmon {version('jobmon-tui')}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def jobmon(
    context: typer.Context,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="auto|on|off",
            help="For the dashboard: run reports in it always, never, or unless a worker is alive.",
        ),
    ] = None,
    linear: Annotated[
        bool,
        typer.Option("--linear", help="The dashboard as plain lines and prompts, for screen readers."),
    ] = False,
    no_mouse: Annotated[
        bool,
        typer.Option("--no-mouse", help="For the dashboard: the terminal selects and copies as usual."),
    ] = False,
    slow: Annotated[
        bool, typer.Option("--slow", help="For the dashboard on a slow line: 16 colours, a refresh a second.")
    ] = False,
    database_url: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="The database, such as sqlite:///jobmon.db."),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            metavar="URL",
            help="A server instead of a database: unix:///PATH or https://HOST:PORT.",
        ),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look only: every change is refused, whatever your role.")
    ] = False,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="Use this profile of the configuration file.")
    ] = None,
    _show_version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """See which report jobs failed, and run them again.

    \b
    Without a command it opens the dashboard. First steps:
      jobmon demo                  sample reports that really run
      jobmon init --admin alice    a database of your own
      jobmon reports import FILE   your reports
      jobmon                       the dashboard; with --linear as plain lines
      jobmon doctor                what is wrong with this machine
    """
    session.flags.clear()
    session.flags["database_url"] = database_url
    session.flags["server"] = server
    if server is not None and database_url is not None:
        raise invalid_input("Use either --server or --database.")
    session.flags["read_only"] = True if read_only else None
    choose_profile(profile)
    if context.invoked_subcommand is not None:
        for flag, given in (
            ("--scheduler", scheduler is not None),
            ("--linear", linear),
            ("--no-mouse", no_mouse),
            ("--slow", slow),
        ):
            if given:
                raise invalid_input(f"{flag} is for the dashboard; leave the command out.")
        if server is not None and context.invoked_subcommand in _AT_THE_DATABASE:
            command = context.invoked_subcommand
            raise invalid_input(f"“{command}” works on the database itself; leave --server out.")
        return
    from jobmon_tui.cli.flags import DashboardFlags
    from jobmon_tui.cli.way_in import to_dashboard

    flags = DashboardFlags(scheduler, slow, linear, no_mouse, server, read_only, profile)
    raise typer.Exit(to_dashboard(flags))


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="No screen; print what ran.")] = False,
    no_mouse: Annotated[
        bool, typer.Option("--no-mouse", help="The terminal selects and copies as usual.")
    ] = False,
    slow: Annotated[bool, typer.Option("--slow", help="For a slow line: few colours, no charts.")] = False,
    seconds: Annotated[float, typer.Option(min=1, max=86_400, help="How long, with --headless.")] = 20.0,
    linear: Annotated[bool, typer.Option("--linear", help="As plain lines and prompts.")] = False,
) -> None:
    """Try it: sample reports that really run.

    Everything happens in a throw-away folder. How the screen looks is up to your settings.

    \b
    Examples:
      jobmon demo
      jobmon demo --headless --seconds 20
    """
    from jobmon_tui.cli.way_in import refuse_without_terminal

    if not headless:
        from jobmon_tui.cli.lines_wanted import are_wanted

        if not linear:
            refuse_without_terminal()
        if linear or are_wanted():
            from jobmon_tui.cli.linear import open_linear_demo

            raise typer.Exit(open_linear_demo())
        from jobmon_tui.cli.dashboard import open_demo
        from jobmon_tui.cli.flags import DashboardFlags

        raise typer.Exit(open_demo(DashboardFlags(slow=slow, no_mouse=no_mouse)))
    import asyncio

    from jobmon_tui.cli.demo import run_headless

    asyncio.run(run_headless(seconds, session.origin()))
