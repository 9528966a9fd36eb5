"""Commands that narrow the list, each in words."""

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.search import parse
from jobmon_tui.domain.text import one_line
from jobmon_tui.domain.times import parse_since
from jobmon_tui.linear.desk import Desk
from jobmon_tui.linear.naming import report_named
from jobmon_tui.linear.sentences import clock_time
from jobmon_tui.services.records import ExecutionFilter

SEARCH_HELP = (
    "A part of a report's name, or words such as status:failed report:sales error:timeout since:2h by:ada"
)


def filter_words(wanted: ExecutionFilter) -> str:
    """Return what a filter lets through: `Failed executions of the report Sales`."""
    statuses = [status.value for status in Status if status in wanted.statuses]
    said = f"{' and '.join(statuses)} executions" if statuses else "all executions"
    if wanted.report is not None:
        said += f" of the report {one_line(wanted.report)}"
    if wanted.search:
        said += f" of reports with “{one_line(wanted.search)}” in their name"
    if wanted.error:
        said += f", with “{one_line(wanted.error)}” in their error"
    if wanted.by:
        said += f", asked for by “{one_line(wanted.by)}”"
    if wanted.since is not None:
        said += f", queued since {clock_time(wanted.since, wanted.since.astimezone())}"
    return said


async def status(desk: Desk, rest: str) -> None:
    """Show only some statuses."""
    known = {each.value.casefold(): each for each in Status}
    words = rest.replace(",", " ").split()
    wrong = [word for word in words if word.casefold() not in known]
    if wrong or not words:
        said = f"“{one_line(wrong[0], 40)}” is no status. " if wrong else "Which status? "
        raise invalid_input(f"{said}There are: {', '.join(each.value for each in Status)}.")
    desk.narrow(statuses=frozenset(known[word.casefold()] for word in words))
    _told(desk)


async def report(desk: Desk, rest: str) -> None:
    """Show only one report."""
    desk.narrow(report=await report_named(desk, rest))
    _told(desk)


async def search(desk: Desk, rest: str) -> None:
    """Show only what a search in the dashboard's own language finds, whatever was chosen before."""
    found = parse(rest)
    if found.problems:
        wrong = found.problems[0]
        raise invalid_input(f"“{one_line(rest[wrong.start : wrong.end], 40)}”: {wrong.message}.")
    if found.begun is not None or not found.words:
        raise invalid_input(f"Search for what? {found.begun or SEARCH_HELP}")
    desk.wanted = ExecutionFilter(
        found.statuses, search=found.name, since=found.since, error=found.error, by=found.by
    )
    desk.below = None
    _told(desk)


async def since(desk: Desk, rest: str) -> None:
    """Show only what was queued since a time."""
    desk.narrow(since=parse_since(rest, option="since"))
    _told(desk)


async def everything(desk: Desk, _rest: str) -> None:
    """Show everything again."""
    desk.wanted = ExecutionFilter()
    desk.below = None
    _told(desk)


def _told(desk: Desk) -> None:
    desk.say(f"The list now shows: {filter_words(desk.wanted)}. To hear it: list")
