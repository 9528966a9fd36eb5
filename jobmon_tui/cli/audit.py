"""`audit`: who did what, and whether the log is whole."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from jobmon_tui.cli.audit_export import export as write_out
from jobmon_tui.cli.options import Before, Json, Limit, group
from jobmon_tui.cli.output import audit_json, audit_line, complain, print_json, say
from jobmon_tui.cli.progress import BarProgress
from jobmon_tui.cli.session import with_services
from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.execution import GREATEST_ID
from jobmon_tui.domain.roles import Verb
from jobmon_tui.domain.text import clean
from jobmon_tui.domain.times import parse_since


class Outcome(StrEnum):
    """How an action ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"


app = group("The audit log.", "jobmon audit list --limit 20", "jobmon audit verify")


ByActor = Annotated[str | None, typer.Option("--actor", metavar="NAME", help="Only what this account did.")]
ByAction = Annotated[
    str | None, typer.Option("--action", metavar="ACTION", help='Only this action, such as "Job Retry".')
]
ByExecution = Annotated[
    int | None,
    typer.Option("--execution", metavar="ID", min=1, max=GREATEST_ID, help="Only about this execution."),
]
ByOutcome = Annotated[Outcome | None, typer.Option("--outcome", help="Only what was allowed, or refused.")]
Since = Annotated[
    str | None, typer.Option(metavar="T", help="Only since: 2h, 3d, today, or an RFC 3339 time.")
]
Until = Annotated[str | None, typer.Option(metavar="T", help="Only until then.")]


def _wanted(
    actor: str | None,
    action: str | None,
    outcome: Outcome | None,
    execution: int | None,
    since: str | None,
    until: str | None,
) -> AuditFilter:
    known = {each.value.casefold(): each.value for each in Verb}
    return AuditFilter(
        clean(actor) if actor is not None else None,
        known.get(action.casefold(), clean(action)) if action is not None else None,
        outcome.value if outcome is not None else None,
        execution,
        parse_since(since) if since is not None else None,
        parse_since(until, option="--until") if until is not None else None,
    )


@app.command("list")
def list_(
    actor: ByActor = None,
    action: ByAction = None,
    outcome: ByOutcome = None,
    execution: ByExecution = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    """List audit entries, newest first. Filters narrow together.

    \b
    Examples:
      jobmon audit list --limit 20
      jobmon audit list --actor ada --action "Job Retry" --since 2h
      jobmon audit list --outcome refused --since today --json
    """
    wanted = _wanted(actor, action, outcome, execution, since, until)
    found = with_services(lambda services, caller: services.audit(caller, limit, before, wanted))
    if json:
        print_json([audit_json(each) for each in found])
        return
    for each in found:
        say(audit_line(each))
    if not found:
        complain("No entries match.")


@app.command()
def export(
    actor: ByActor = None,
    action: ByAction = None,
    outcome: ByOutcome = None,
    execution: ByExecution = None,
    since: Since = None,
    until: Until = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.CSV,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where to; else standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write the audit log out, newest first, readable for you only. Filters narrow together.

    In CSV what a spreadsheet would calculate has an apostrophe before it. JSON Lines keep every text as it
    is, so that the chain can be verified from them (docs/audit.md).

    \b
    Examples:
      jobmon audit export --since 30d --output audit.csv
      jobmon audit export --format jsonl --execution 4711
    """
    wanted = _wanted(actor, action, outcome, execution, since, until)
    count = with_services(
        lambda services, caller: write_out(
            services, caller, wanted, form=form.value, file=output, force=force
        )
    )
    if output is not None:
        say(f"Wrote {count:,} entries to {output}.")


@app.command()
def verify(json: Json = False) -> None:
    """Recompute the audit log's chain; exit 5 if it is broken.

    Example: jobmon audit verify
    """
    bar = BarProgress("Verifying")
    try:
        result = with_services(lambda services, caller: services.verify_audit(caller, bar.tell))
    finally:
        bar.end()
    if json:
        print_json(
            {
                "ok": result.first_bad is None,
                "entries": result.entries,
                "first_bad": result.first_bad,
                "problem": result.problem,
                "head": result.head,
            }
        )
    elif result.first_bad is None:
        say(f"The chain of {result.entries} entries holds. Head: {result.entries} {result.head}")
    if result.first_bad is not None:
        complain(
            f"The chain breaks at entry {result.first_bad}: {result.problem}. "
            "The audit log was changed. Keep a copy of it."
        )
        raise typer.Exit(5)
