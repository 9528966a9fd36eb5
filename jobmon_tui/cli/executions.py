"""`list`, `show`, `output`, `retry`, `cancel`, `run`."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from jobmon_tui.cli.options import Before, ExecutionId, ExecutionIds, Json, Limit
from jobmon_tui.cli.output import (
    complain,
    execution_json,
    execution_line,
    output_json,
    print_json,
    put,
    say,
    story_json,
    story_lines,
)
from jobmon_tui.cli.session import with_services
from jobmon_tui.domain.errors import EXIT_CODES, JobmonError, invalid_input
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.domain.times import parse_since
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.services.records import ExecutionFilter, StoredOutput

_POLL_SECONDS = 1.0


def list_(
    status: Annotated[list[Status] | None, typer.Option(help="Only this status; may be repeated.")] = None,
    report: Annotated[str | None, typer.Option(help="Only this report.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only queued since: 2h, 3d, today, or an RFC 3339 time.")
    ] = None,
    search: Annotated[str | None, typer.Option(help="Only reports whose name has this in it.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what this account asked for.")] = None,
    error: Annotated[
        str | None, typer.Option(help="Only failures, the newest 10,000, whose error has this in it.")
    ] = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    """List executions, newest first.

    \b
    Examples:
      jobmon list --status Failed --since 2h
      jobmon list --report "Sales" --limit 10 --json
      jobmon list --error "no such table" --by ada
    """
    wanted = ExecutionFilter(
        frozenset(status or ()),
        one_line(report) if report is not None else None,
        clean(search) if search is not None else None,
        parse_since(since) if since is not None else None,
        clean(error) if error is not None else None,
        one_line(by) if by is not None else None,
    )
    found = with_services(lambda services, caller: services.executions(caller, wanted, limit, before=before))
    if json:
        print_json([execution_json(each) for each in found])
        return
    for each in found:
        say(execution_line(each))
    if not found:
        complain("No executions match.")


def show(id: ExecutionId, json: Json = False) -> None:  # noqa: A002  # the argument's name is the user's
    """Show one execution with its configuration and its story.

    Example: jobmon show 4711
    """
    story = with_services(lambda services, caller: services.show(caller, id))
    if json:
        print_json(story_json(story))
        return
    for line in story_lines(story):
        say(line)


@dataclass(slots=True)
class _Printer:
    # Prints what an execution has printed since the last time. Positions are bytes of the program's output.
    at: int = 0
    ends_line: bool = True

    def show(self, output: StoredOutput) -> None:
        for start, text in ((0, output.head), (output.tail_start, output.tail)):
            data = text.encode(errors="replace")
            if data and start > self.at:
                self._gap(start - self.at)
                self.at = start
            if start + len(data) > self.at:
                self._write(data[self.at - start :].decode(errors="replace"))
                self.at = start + len(data)

    def _gap(self, missing: int) -> None:
        self._write(("" if self.ends_line else "\n") + f"[… {missing:,} bytes are not kept …]\n")

    def _write(self, text: str) -> None:
        put(clean(text))
        sys.stdout.flush()
        self.ends_line = text.endswith("\n")


def output(
    id: ExecutionId,  # noqa: A002  # the argument's name is the user's
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it has ended.")] = False,
    json: Json = False,
) -> None:
    """Print what the execution printed.

    Of very long output its start and its end are kept.

    Example: jobmon output 4711 --follow
    """
    if json and follow:
        raise invalid_input("Use either --json or --follow.")

    async def work(services: Services, caller: Caller) -> None:
        if json:
            print_json(output_json(await services.output(caller, id)))
            return
        printer = _Printer()
        changes = services.changes()
        try:
            while True:
                # One look at both: its last lines are stored before, or with, its end.
                story = await services.show(caller, id)
                printer.show(story.output)
                if not follow or story.details.execution.status.is_final:
                    break
                await changes.wait(_POLL_SECONDS)
        finally:
            changes.close()
        if not printer.ends_line:
            put("\n")

    with_services(work)


async def _each(
    ids: list[int], act: Callable[[int], Awaitable[tuple[int | None, str]]]
) -> tuple[list[dict[str, object]], int]:
    answers: list[dict[str, object]] = []
    first_refusal = 0
    for one in ids:
        try:
            new_id, message = await act(one)
            answers.append({"id": one, "ok": True, "new_id": new_id, "code": None, "message": message})
        except JobmonError as refusal:
            first_refusal = first_refusal or EXIT_CODES[refusal.code]
            code = refusal.code.value
            answers.append({"id": one, "ok": False, "new_id": None, "code": code, "message": refusal.message})
    return answers, first_refusal


def _answer(answers: list[dict[str, object]], exit_code: int, *, json: bool) -> None:
    if json:
        print_json(answers)
    for answer in answers:
        if not answer["ok"]:
            complain(str(answer["message"]))
        elif not json:
            say(str(answer["message"]))
    raise typer.Exit(exit_code)


def retry(
    ids: ExecutionIds,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the same key never queues a second retry.")
    ] = None,
    json: Json = False,
) -> None:
    """Retry failed executions.

    Each runs again with the exact configuration that it failed with.

    Example: jobmon retry 4711 4712
    """

    async def work(services: Services, caller: Caller) -> tuple[list[dict[str, object]], int]:
        async def one(execution_id: int) -> tuple[int | None, str]:
            receipt = await services.retry(caller, execution_id, key=key)
            return receipt.new_id, receipt.message

        return await _each(ids, one)

    answers, exit_code = with_services(work)
    _answer(answers, exit_code, json=json)


def cancel(ids: ExecutionIds, json: Json = False) -> None:
    """Cancel Queued or Running executions.

    Example: jobmon cancel 4711
    """

    async def work(services: Services, caller: Caller) -> tuple[list[dict[str, object]], int]:
        async def one(execution_id: int) -> tuple[int | None, str]:
            return None, await services.cancel(caller, execution_id)

        return await _each(ids, one)

    answers, exit_code = with_services(work)
    _answer(answers, exit_code, json=json)


def run(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="The report's name.")], json: Json = False
) -> None:
    """Queue a report now.

    Example: jobmon run "Departures by airport"
    """
    queued = with_services(lambda services, caller: services.run(caller, report)).execution
    if json:
        print_json(execution_json(queued))
    else:
        say(f"“{queued.report}” was queued as #{queued.id}. Watch it: jobmon output {queued.id} --follow")
