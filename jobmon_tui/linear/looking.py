"""Commands that look: the list, what has changed, reports, workers, the audit log."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from datetime import datetime

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.following import Step, in_order
from jobmon_tui.domain.text import one_line
from jobmon_tui.linear.desk import Desk
from jobmon_tui.linear.filtering import filter_words
from jobmon_tui.linear.sentences import clock_time, list_line, plural, step_words
from jobmon_tui.services.facade import ReportOverview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.services.workers import WorkerState

PAGE = 10
MOST_CHANGES = 50
_MADE = {
    Status.QUEUED: "queued",
    Status.RUNNING: "started",
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
}
NO_WORKER = "No worker is alive: nothing that is Queued will run. Start one with: jobmon worker"


async def list_(desk: Desk, _rest: str) -> None:
    """Say the newest executions."""
    desk.below = None
    await _page(desk)


async def more(desk: Desk, _rest: str) -> None:
    """Say those before."""
    await _page(desk)


async def _page(desk: Desk) -> None:
    first = desk.below is None
    found = await desk.services.executions(desk.caller, desk.wanted, PAGE + 1, before=desk.below)
    page = found[:PAGE]
    if first:
        said = filter_words(desk.wanted)
        desk.say(f"{said[0].upper()}{said[1:]}:" if page else f"There are none of these: {said}.")
    for each in page:
        desk.say(list_line(each, desk.now))
    if page:
        desk.below = page[-1].id
    if len(found) > PAGE:
        desk.say("For older ones: more")
    elif not first:
        desk.say("These were the oldest ones." if page else "There are no older ones.")


async def counts(desk: Desk, _rest: str) -> None:
    """Say how many there are in each status, and who is alive to run them."""
    overview = await desk.services.overview(desk.caller, ExecutionFilter())
    said = ", ".join(f"{overview.counts[status]:,} {status.value}" for status in Status)
    desk.say(f"{said}.")
    alive = len(overview.workers)
    if alive or desk.worker is None:
        desk.say(f"{plural(alive, 'worker is', 'workers are')} alive." if alive else NO_WORKER)


async def new(desk: Desk, _rest: str) -> None:
    """Say what has changed since the last time: how much of what, then each execution as it stands now."""
    made, last = await catch_up(desk)
    since = clock_time(desk.looked_at, desk.now)
    desk.looked_at = desk.now
    if not made:
        desk.say(f"Nothing has changed since {since}.")
        return
    said = ", ".join(f"{made[status]:,} {word}" for status, word in _MADE.items() if made[status])
    desk.say(f"Since {since}: {said}.")
    if len(last) == MOST_CHANGES:
        desk.say(f"The last {MOST_CHANGES} executions of these:")
    for step in in_order(last.values()):
        desk.say(f"{step_words(step)}, {clock_time(step.at, desk.now)}")


async def catch_up(desk: Desk) -> tuple[Counter[Status], Mapping[int, Step]]:
    """Return how many steps were made since the last look, and the last one of the last executions."""
    made: Counter[Status] = Counter()
    last: OrderedDict[int, Step] = OrderedDict()
    async for steps in desk.follower.look():
        for step in steps:
            made[step.execution.status] += 1
            last[step.execution.id] = step
            last.move_to_end(step.execution.id)
            if len(last) > MOST_CHANGES:
                last.popitem(last=False)
    return made, last


async def reports(desk: Desk, _rest: str) -> None:
    """Say each report with its schedule."""
    found = await desk.services.report_overviews(desk.caller)
    desk.say(
        f"{plural(len(found), 'report')}:"
        if found
        else "There are no reports yet: jobmon reports import FILE"
    )
    for each in found:
        desk.say(_report_line(each, desk.now))


def _report_line(overview: ReportOverview, now: datetime) -> str:
    report, draft, last = overview.report, overview.report.draft, overview.last
    schedule = one_line(f"{draft.schedule} {draft.timezone}") if draft.schedule else None
    if schedule is None:
        fires = "no schedule"
    elif report.paused:
        fires = f"schedule {schedule}, paused"
    else:
        due = clock_time(overview.next_due, now) if overview.next_due is not None else "never"
        fires = f"schedule {schedule}, next {due}"
    ended = "never ran" if last is None else f"last #{last.id} {last.status.value}"
    return f"{one_line(draft.name)}: {one_line(draft.runner)}, {fires}, {ended}"


async def workers(desk: Desk, _rest: str) -> None:
    """Say each worker with its load."""
    found = await desk.services.workers(desk.caller)
    if not any(each.is_alive for each in found):
        desk.say("No worker is registered yet." if desk.worker is not None else NO_WORKER)
    for each in found:
        desk.say(_worker_line(each, desk.now))


def _worker_line(known: WorkerState, now: datetime) -> str:
    worker = known.worker
    load = f"runs {worker.running} of at most {worker.concurrency}"
    heard = f"last heard from {clock_time(worker.beat_at, now)} by its own clock"
    only = f", serves only {', '.join(one_line(each) for each in worker.queues)}" if worker.queues else ""
    return f"{one_line(worker.host)}, process {worker.pid}: {known.state}, {load}{only}, {heard}"


async def audit(desk: Desk, _rest: str) -> None:
    """Say the newest entries of the audit log."""
    for each in await desk.services.audit(desk.caller, PAGE):
        desk.say(audit_line(each, desk.now))
    desk.say("For the whole of it: jobmon audit list, or jobmon audit export")


def audit_line(audited: AuditEntry, now: datetime) -> str:
    """Return an entry: `14:03, ada, Job Retry of #4711, made #4712: allowed`."""
    entry = audited.entry
    of = f" of #{entry.execution_id}" if entry.execution_id else ""
    made = f", made #{entry.new_execution_id}" if entry.new_execution_id else ""
    code = f", {entry.code.replace('_', ' ')}" if entry.code else ""
    details = f", {one_line(entry.details)}" if entry.details else ""
    who = one_line(entry.actor)
    return f"{clock_time(entry.at, now)}, {who}, {entry.action}{of}{made}: {entry.outcome}{code}{details}"
