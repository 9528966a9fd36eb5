"""`audit`: who did what, and whether the log is whole."""

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from jobmon_tui.cli.audit_anchors import AnchorReport, against_anchors, head_of, keepers_of, require_anchors
from jobmon_tui.cli.audit_export import export as write_out
from jobmon_tui.cli.options import Before, Json, Limit, group
from jobmon_tui.cli.output import audit_json, audit_line, complain, print_json, say
from jobmon_tui.cli.progress import BarProgress
from jobmon_tui.cli.session import place_of, settings, with_services
from jobmon_tui.domain.anchors import Anchor, anchor_line
from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.execution import GREATEST_ID
from jobmon_tui.domain.roles import Verb
from jobmon_tui.domain.text import clean
from jobmon_tui.domain.times import parse_length, parse_since
from jobmon_tui.security.anchors import Keepers, keep_anchoring
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.chain import ChainReport
from jobmon_tui.services.facade import Services


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
def verify(
    anchors: Annotated[
        Path | None,
        typer.Option("--anchors", metavar="FILE", help="Hold it against this file's anchors."),
    ] = None,
    json: Json = False,
) -> None:
    """Recompute the audit log's chain; exit 5 if it is broken.

    The chain alone cannot show that its end was cut off, or rewritten with all hashes: anchors can, which
    jobmon audit anchor has kept elsewhere. Of a system log: grep jobmon-audit-anchor /var/log/auth.log > FILE

    \b
    Examples:
      jobmon audit verify
      jobmon audit verify --anchors /mnt/elsewhere/jobmon.anchors
    """
    database = place_of(settings()).url
    bar = BarProgress("Verifying")

    async def work(services: Services, caller: Caller) -> tuple[ChainReport, AnchorReport | None]:
        try:
            chain = await services.verify_audit(caller, bar.tell)
        finally:
            bar.end()
        return chain, await against_anchors(services, caller, anchors, database) if anchors else None

    if anchors is not None:
        require_anchors(anchors)
    chain, held = with_services(work)
    ok = chain.first_bad is None and (held is None or held.problem is None)
    if json:
        told = {
            "ok": ok,
            "entries": chain.entries,
            "first_bad": chain.first_bad,
            "problem": chain.problem,
            "head": chain.head,
        }
        print_json(told if held is None else {**told, "anchors": asdict(held)})
    elif ok:
        say(f"The chain of {chain.entries} entries holds. Head: {chain.entries} {chain.head}")
        if held is not None:
            say(f"Anchors of {anchors} that fit: all {held.checked:,}.")
    if chain.first_bad is not None:
        complain(
            f"The chain breaks at entry {chain.first_bad}: {chain.problem}. "
            "The audit log was changed. Keep a copy of it."
        )
    if held is not None and held.problem is not None:
        complain(f"The log contradicts {anchors}, line {held.bad_line}: the anchor {held.problem}.")
    if not ok:
        raise typer.Exit(5)


def _seconds(every: str) -> float:
    try:
        seconds = parse_length(every)
    except ValueError as error:
        raise invalid_input(f"--every: {error}.") from None
    if seconds < 1:
        raise invalid_input("--every: not more often than every second.")
    return seconds


@app.command()
def anchor(
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Add it to this file, made for you only.")
    ] = None,
    syslog: Annotated[bool, typer.Option("--syslog", help="Hand it to the system's log.")] = False,
    every: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="Go on, as often as this: 10m, 1h.")
    ] = None,
    json: Json = False,
) -> None:
    """Keep the audit log's head elsewhere: where somebody with the database cannot change it.

    Prints it; where it goes besides is told by the flags, else by the settings audit_anchor_file and
    audit_anchor_syslog, by which jobmon worker keeps anchors too.

    \b
    Examples:
      jobmon audit anchor --file /mnt/elsewhere/jobmon.anchors
      jobmon audit anchor --syslog --every 10m
      jobmon audit anchor | ssh elsewhere 'cat >> jobmon.anchors'
    """
    given = settings()
    keepers = Keepers(file, syslog) if file or syslog else keepers_of(given)
    seconds = _seconds(every) if every is not None else None

    def keep(made: Anchor) -> None:
        keepers.keep(made)
        if json:
            print_json({**asdict(made), "at": rfc3339(made.at)})
        else:
            say(anchor_line(made))
        sys.stdout.flush()

    async def work(services: Services, caller: Caller) -> None:
        async def head() -> Anchor:
            return await head_of(services, caller, place_of(given).url)

        if seconds is None:
            keep(await head())
        else:
            await keep_anchoring(head, keep, seconds, complain)

    with_services(work)
