"""`reports`: what runs, when and how."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from jobmon_tui.cli.options import Json, Yes, group
from jobmon_tui.cli.output import print_json, put_file, report_json, report_line, say
from jobmon_tui.cli.report_file import absolute_parameters, parse_timeout, read_report_file, report_file_text
from jobmon_tui.cli.session import confirm, with_services
from jobmon_tui.domain.errors import ErrorCode, JobmonError, invalid_input
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services

app = group(
    "Report configurations: what runs, when and how.",
    "jobmon reports import reports.toml",
    'jobmon reports edit "Sales" --schedule "0 6 * * 1-5"',
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The report's name.")]
Runner = Annotated[str | None, typer.Option(help="What runs it: sql or command.")]
Source = Annotated[str | None, typer.Option(help="sql: the database, such as sqlite:///data.db.")]
Query = Annotated[str | None, typer.Option(help="sql: the query.")]
Format = Annotated[str | None, typer.Option(help="sql: csv, jsonl or xlsx.")]
Directory = Annotated[str | None, typer.Option(help="command: the folder it runs in.")]
Environment = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="NAME=VALUE", help="command: a variable; may be repeated."),
]
Command = Annotated[
    list[str] | None, typer.Argument(metavar="-- PROGRAM ARG...", help="command: the program.")
]
Schedule = Annotated[str | None, typer.Option(help='A cron expression; "" for none.')]
Timezone = Annotated[str | None, typer.Option(help="The schedule's time zone, such as Europe/Berlin.")]
Timeout = Annotated[str | None, typer.Option(help='How long it may run: 45s, 10m, 1h30m; "" for no limit.')]
Priority = Annotated[int | None, typer.Option(help="Higher ones are taken first.")]
ReportFile = Annotated[Path | None, typer.Option("--file", help="A report file with this one report.")]


@dataclass(frozen=True, slots=True)
class _Given:
    # What the flags say; None says nothing.
    runner: str | None
    parameters: dict[str, Any]
    schedule: str | None
    timezone: str | None
    timeout: str | None
    priority: int | None

    def over(self, draft: ReportDraft) -> ReportDraft:
        """Return the draft with what was given changed, and nothing else."""
        changes: dict[str, Any] = {
            key: value
            for key in ("runner", "timezone", "priority")
            if (value := getattr(self, key)) is not None
        }
        if self.schedule is not None:
            changes["schedule"] = self.schedule or None
        if self.timeout is not None:
            changes["timeout"] = _seconds(self.timeout)
        same_runner = self.runner in {None, draft.runner}
        old = dict(draft.parameters) if same_runner else {}
        return replace(draft, **changes, parameters={**old, **self.parameters})


def _seconds(text: str) -> float | None:
    try:
        return parse_timeout(text) if text else None
    except ValueError as error:
        raise invalid_input(f"--timeout: {error}") from None


def _variables(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not name or not separator:
            raise invalid_input("--env: write it as NAME=VALUE.")
        found[name] = value
    return found


def _parameters(
    values: dict[str, str | None], environment: list[str] | None, command: list[str] | None
) -> dict[str, Any]:
    given: dict[str, Any] = {key: value for key, value in values.items() if value is not None}
    if environment:
        given["environment"] = _variables(environment)
    if command:
        given["command"] = command
    return absolute_parameters(given, Path.cwd())


def _from_file(path: Path, given: _Given, name: str | None) -> ReportDraft:
    if given != _Given(None, {}, None, None, None, None):
        raise invalid_input("--file says everything; leave the other flags out.")
    drafts = read_report_file(path)
    if len(drafts) != 1:
        raise invalid_input(f"{path}: it holds {len(drafts)} reports. Use: jobmon reports import FILE")
    return drafts[0] if name is None else replace(drafts[0], name=name)


@app.command("list")
def list_(json: Json = False) -> None:
    """List every report by name.

    Example: jobmon reports list
    """
    found = with_services(lambda services, caller: services.reports(caller))
    if json:
        print_json([report_json(each) for each in found])
        return
    for each in found:
        say(report_line(each))


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show one report, as a report file has it.

    Example: jobmon reports show "Sales"
    """
    found = with_services(lambda services, caller: services.report(caller, name))
    if json:
        print_json(report_json(found))
    else:
        say(f"# version {found.version}\n{report_file_text([found.draft])}".rstrip())


@app.command()
def add(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The report's name.")] = None,
    command: Command = None,
    runner: Runner = None,
    source: Source = None,
    query: Query = None,
    format: Format = None,  # noqa: A002  # the flag's name is the user's
    directory: Directory = None,
    env: Environment = None,
    schedule: Schedule = None,
    timezone: Timezone = None,
    timeout: Timeout = None,
    priority: Priority = None,
    file: ReportFile = None,
    json: Json = False,
) -> None:
    """Add a report.

    \b
    Examples:
      jobmon reports add "Sales" --source sqlite:///shop.db --query "select * from sales"
      jobmon reports add "Backup" --schedule "0 6 * * *" --timeout 10m -- /usr/local/bin/backup --all
      jobmon reports add --file sales.toml
    """
    parameters = _parameters(
        {"source": source, "query": query, "format": format, "directory": directory}, env, command
    )
    given = _Given(runner, parameters, schedule, timezone, timeout, priority)
    if file is not None:
        draft = _from_file(file, given, name)
    elif name is None:
        raise invalid_input("Say the report's name, or --file FILE.")
    else:
        kind = runner or ("command" if command else "sql")
        home = {"directory": os.fspath(Path.cwd())} if kind == "command" else {}
        draft = given.over(ReportDraft(name, kind, home))
    added = with_services(lambda services, caller: services.add_report(caller, draft))
    argument = ("-- " if added.draft.name.startswith("-") else "") + shlex.quote(added.draft.name)
    _tell(added, f"Added “{added.draft.name}”. Run it now with: jobmon run {argument}", json=json)


@app.command()
def edit(
    name: Name,
    command: Command = None,
    rename: Annotated[str | None, typer.Option(help="A new name.")] = None,
    runner: Runner = None,
    source: Source = None,
    query: Query = None,
    format: Format = None,  # noqa: A002  # the flag's name is the user's
    directory: Directory = None,
    env: Environment = None,
    schedule: Schedule = None,
    timezone: Timezone = None,
    timeout: Timeout = None,
    priority: Priority = None,
    file: ReportFile = None,
    json: Json = False,
) -> None:
    """Change a report; only what is given changes. Executions keep the configuration they ran with.

    \b
    Examples:
      jobmon reports edit "Sales" --schedule "30 5 * * 1-5" --timezone Europe/Berlin
      jobmon reports edit "Sales" --timeout "" --rename "Sales by day"
    """
    parameters = _parameters(
        {"source": source, "query": query, "format": format, "directory": directory}, env, command
    )
    given = _Given(runner, parameters, schedule, timezone, timeout, priority)
    from_file = None if file is None else _from_file(file, given, rename or name)

    async def work(services: Services, caller: Caller) -> tuple[int, Report]:
        try:
            old = await services.report(caller, name)
        except JobmonError as refusal:
            if refusal.code is ErrorCode.REPORT_NOT_FOUND:
                # Asked all the same: whoever may not edit hears that first, and the attempt is audited.
                await services.edit_report(caller, name, ReportDraft(name, "", {}))
            raise
        draft = from_file or given.over(replace(old.draft, name=rename or old.draft.name))
        return old.version, await services.edit_report(caller, name, draft)

    before, edited = with_services(work)
    if edited.version == before:
        _tell(edited, f"“{edited.draft.name}” says that already; nothing was changed.", json=json)
    else:
        _tell(edited, f"Changed “{edited.draft.name}”; it is version {edited.version} now.", json=json)


def _tell(report: Report, message: str, *, json: bool) -> None:
    if json:
        print_json(report_json(report))
    else:
        say(message)


@app.command()
def delete(name: Name, yes: Yes = False) -> None:
    """Delete a report. Its executions stay; those that failed can no longer be retried.

    Example: jobmon reports delete "Sales"
    """
    confirm(f"Delete the report “{name}”?", yes)
    with_services(lambda services, caller: services.delete_report(caller, name))
    say(f"Deleted “{name}”. Its executions stay in the list.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A report file (TOML).")], json: Json = False
) -> None:
    """Add or change the reports of a file.

    All or none are taken; reports that the file does not name stay as they are.

    Example: jobmon reports import reports.toml
    """
    drafts = read_report_file(file)
    done = with_services(lambda services, caller: services.import_reports(caller, drafts))
    if json:
        print_json([{"name": each.name, "outcome": each.outcome} for each in done])
        return
    for each in done:
        say(f"{each.outcome:<10} {each.name}")


@app.command()
def export(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Only these reports.")] = None,
) -> None:
    """Print reports as a report file.

    Example: jobmon reports export > reports.toml
    """

    async def work(services: Services, caller: Caller) -> Sequence[Report]:
        if names:
            return [await services.report(caller, name) for name in names]
        return await services.reports(caller)

    found = with_services(work)
    put_file(report_file_text([each.draft for each in found]))
