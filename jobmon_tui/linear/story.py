"""One execution: its facts, error, output, configuration, lineage and audit entries, each by a command."""

import json
from datetime import datetime

from jobmon_tui.domain.execution import ConfigurationState, Execution, Status
from jobmon_tui.domain.text import one_line
from jobmon_tui.linear.desk import Desk, execution_id
from jobmon_tui.linear.looking import audit_line
from jobmon_tui.linear.sentences import asked_words, length, list_line, named, plural
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.services.records import StoredOutput

_CONFIGURATION = {
    ConfigurationState.UNCHANGED: "The report is unchanged since.",
    ConfigurationState.CHANGED: "The report was edited since: a retry uses this configuration.",
    ConfigurationState.DELETED: "The report was deleted: it cannot be retried.",
}
_LINES = 200
"""Of a long output so many lines are said from each end."""


async def _story(desk: Desk, rest: str) -> ExecutionStory:
    return await desk.services.show(desk.caller, execution_id(rest))


async def show(desk: Desk, rest: str) -> None:
    """Say what is to be known of one."""
    story = await _story(desk, rest)
    details, execution = story.details, story.details.execution
    desk.say(f"{named(execution)}: {execution.status.value}.")
    if story.waiting:
        desk.say(one_line(story.waiting, 500))
    if execution.error:
        desk.say(f"Error: {one_line(execution.error, 500)}")
    desk.say(f"Queued {_moment(execution.queued_at)} {asked_words(execution)}, attempt {execution.attempt}.")
    if execution.started_at is not None:
        on = f" on {one_line(execution.worker)}" if execution.worker else ""
        desk.say(f"Started {_moment(execution.started_at)}{on}.")
    if execution.finished_at is not None:
        took = "" if execution.duration_ms is None else f", took {length(execution.duration_ms)}"
        desk.say(f"Finished {_moment(execution.finished_at)}{took}.")
    if execution.output_path:
        holds = f" It holds {details.file_size_words}." if details.file_size_words else ""
        desk.say(f"Report file: {one_line(execution.output_path, 4096)}.{holds}")
    if execution.retried_by is not None and execution.retried_by_status is not None:
        desk.say(f"Retried as #{execution.retried_by}, which is {execution.retried_by_status.value}.")
    desk.say(_CONFIGURATION[execution.configuration_state])
    there = [
        word
        for word, is_there in (
            ("error", details.error_detail),
            ("output", story.output.total),
            ("lineage", len(story.lineage) > 1),
            ("audit", story.audit),
        )
        if is_there
    ]
    desk.say(f"More with: {', '.join(f'{word} {execution.id}' for word in ['configuration', *there])}")


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


async def error(desk: Desk, rest: str) -> None:
    """Say the whole error of one."""
    details = (await _story(desk, rest)).details
    said = details.error_detail or details.execution.error
    desk.say(
        f"The error of {named(details.execution)}:" if said else f"{named(details.execution)} has no error."
    )
    if said:
        desk.say(said.rstrip())


async def output(desk: Desk, rest: str) -> None:
    """Say what one has printed, as it stands."""
    story = await _story(desk, rest)
    execution = story.details.execution
    if not story.output.total:
        waits = {Status.QUEUED: "has not started", Status.RUNNING: "has printed nothing so far"}
        desk.say(f"{named(execution)} {waits.get(execution.status, 'printed nothing')}.")
        return
    desk.say(f"The output of {named(execution)}, {plural(story.output.total, 'byte')}:")
    _recite(desk, story.output, execution)
    desk.say(f"End of the output of #{execution.id}.")


def _recite(desk: Desk, output: StoredOutput, execution: Execution) -> None:
    lines = output.head.rstrip("\n").split("\n")
    tail = output.tail.rstrip("\n").split("\n") if output.is_cut else []
    dropped = output.tail_start - len(output.head.encode(errors="replace")) if output.is_cut else 0
    first, last = lines[:_LINES], (lines[_LINES:] + tail)[-_LINES:]
    missing = len(lines) + len(tail) - len(first) - len(last)
    desk.console.recite("\n".join(first))
    if dropped > 0:
        desk.say(f"Here {plural(dropped, 'byte')} were not kept.")
    if missing:
        desk.say(f"Here {plural(missing, 'line')} left out. All that is kept: jobmon output {execution.id}")
    if last:
        desk.console.recite("\n".join(last))


async def configuration(desk: Desk, rest: str) -> None:
    """Say the configuration that one ran with."""
    details = (await _story(desk, rest)).details
    execution = details.execution
    desk.say(f"The configuration of {named(execution)}, version {execution.configuration_version}:")
    try:
        pretty = json.dumps(json.loads(details.configuration), indent=2, ensure_ascii=False)
    except ValueError:
        pretty = details.configuration
    desk.console.recite(pretty)
    desk.say(_CONFIGURATION[execution.configuration_state])


async def lineage(desk: Desk, rest: str) -> None:
    """Say what one retries, and what retried it, oldest first."""
    number = execution_id(rest)
    for each in (await _story(desk, rest)).lineage:
        here = " This is the one you asked for." if each.id == number else ""
        desk.say(f"{list_line(each, desk.now)}.{here}")


async def audit_of(desk: Desk, rest: str) -> None:
    """Say who did what to one."""
    story = await _story(desk, rest)
    if not story.audit:
        desk.say(f"The audit log has nothing about {named(story.details.execution)}.")
    for each in story.audit:
        desk.say(audit_line(each, desk.now))
