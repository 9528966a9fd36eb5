"""`reports`: what runs, when and how."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from jobmon_tui.cli.options import Json, Yes, group
from jobmon_tui.cli.output import print_json, put_file, say
from jobmon_tui.cli.report_file import read_report_file, report_file_text
from jobmon_tui.cli.report_flags import (
    Command,
    Directory,
    Environment,
    Format,
    Given,
    MaxConcurrent,
    MaxRetries,
    Misfire,
    OnLost,
    Overlap,
    Priority,
    Query,
    ReportFile,
    RetryDelay,
    Runner,
    Schedule,
    Source,
    Timeout,
    Timezone,
    from_file,
    parameters_of,
    policies,
)
from jobmon_tui.cli.report_output import overview_json, overview_line, overview_notes, report_json
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


@app.command("list")
def list_(json: Json = False) -> None:
    """List every report by name.

    Example: jobmon reports list
    """
    found = with_services(lambda services, caller: services.report_overviews(caller))
    if json:
        print_json([overview_json(each) for each in found])
        return
    for each in found:
        say(overview_line(each))


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show one report, as a report file has it.

    Example: jobmon reports show "Sales"
    """
    (found,) = with_services(lambda services, caller: services.report_overviews(caller, name))
    if json:
        print_json(overview_json(found))
        return
    for line in overview_notes(found):
        say(f"# {line}")
    say(report_file_text([found.report.draft]).rstrip())


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
    misfire: Misfire = None,
    overlap: Overlap = None,
    max_concurrent: MaxConcurrent = None,
    max_retries: MaxRetries = None,
    retry_delay: RetryDelay = None,
    on_lost: OnLost = None,
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
    parameters = parameters_of(
        {"source": source, "query": query, "format": format, "directory": directory}, env, command
    )
    kept = policies(
        misfire=misfire,
        overlap=overlap,
        max_concurrent=max_concurrent,
        max_retries=max_retries,
        retry_delay=retry_delay,
        on_lost=on_lost,
    )
    given = Given(runner, parameters, schedule, timezone, timeout, priority, kept)
    if file is not None:
        draft = from_file(file, given, name)
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
    misfire: Misfire = None,
    overlap: Overlap = None,
    max_concurrent: MaxConcurrent = None,
    max_retries: MaxRetries = None,
    retry_delay: RetryDelay = None,
    on_lost: OnLost = None,
    file: ReportFile = None,
    json: Json = False,
) -> None:
    """Change a report; only what is given changes. Executions keep the configuration they ran with.

    \b
    Examples:
      jobmon reports edit "Sales" --schedule "30 5 * * 1-5" --timezone Europe/Berlin
      jobmon reports edit "Sales" --timeout "" --rename "Sales by day"
    """
    parameters = parameters_of(
        {"source": source, "query": query, "format": format, "directory": directory}, env, command
    )
    kept = policies(
        misfire=misfire,
        overlap=overlap,
        max_concurrent=max_concurrent,
        max_retries=max_retries,
        retry_delay=retry_delay,
        on_lost=on_lost,
    )
    given = Given(runner, parameters, schedule, timezone, timeout, priority, kept)
    read = None if file is None else from_file(file, given, rename or name)

    async def work(services: Services, caller: Caller) -> tuple[int, Report]:
        try:
            old = await services.report(caller, name)
        except JobmonError as refusal:
            if refusal.code is ErrorCode.REPORT_NOT_FOUND:
                # Asked all the same: whoever may not edit hears that first, and the attempt is audited.
                await services.edit_report(caller, name, ReportDraft(name, "", {}))
            raise
        draft = read or given.over(replace(old.draft, name=rename or old.draft.name))
        return old.version, await services.edit_report(caller, name, draft, version=old.version)

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
def pause(name: Name, json: Json = False) -> None:
    """Stop a report's schedule. It can still be queued by hand.

    Example: jobmon reports pause "Sales"
    """
    report = with_services(lambda services, caller: services.pause_report(caller, name, paused=True))
    _tell(report, f"“{report.draft.name}” is paused. Its schedule fires nothing until: resume", json=json)


@app.command()
def resume(name: Name, json: Json = False) -> None:
    """Go on with a report's schedule; nothing fires that was due while it was paused.

    Example: jobmon reports resume "Sales"
    """
    report = with_services(lambda services, caller: services.pause_report(caller, name, paused=False))
    _tell(report, f"“{report.draft.name}” goes on with its schedule.", json=json)


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
