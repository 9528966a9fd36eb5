"""Which report is meant."""

from jobmon_tui.domain.errors import invalid_input, report_not_found
from jobmon_tui.domain.text import one_line
from jobmon_tui.linear.desk import Desk

_NAMED = 10


async def report_named(desk: Desk, text: str) -> str:
    """Return the report's whole name: the one that was typed, else the only one with this text in it.

    Raises `invalid_input`, `report_not_found`.
    """
    if not text:
        raise invalid_input("Which report? Say its name, or a part of it. The names: reports")
    names = [each.draft.name for each in await desk.services.reports(desk.caller)]
    if text in names:
        return text
    found = [name for name in names if text.casefold() in name.casefold()]
    if not found:
        raise report_not_found(one_line(text, 60))
    if len(found) > 1:
        said = ", ".join(one_line(name, 60) for name in found[:_NAMED])
        rest = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise invalid_input(f"{len(found)} reports have “{one_line(text, 40)}” in their name: {said}{rest}.")
    return found[0]
