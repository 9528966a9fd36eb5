"""What must be true of the counts of blocks: that they are those of the rows."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Executable, and_, func, literal_column, or_, select, text

from jobmon_tui.storage.listing.block_counts import FINAL, HourOf, ended
from jobmon_tui.storage.listing.block_tables import BLOCK, hour_blocks
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import executions

_COUNTS: Final = tuple(status.value.lower() for status in FINAL)
_KEPT: Final = ", ".join(_COUNTS)
_LESS: Final = ", ".join(f"-count(*) FILTER (WHERE e.status = '{status}')" for status in FINAL)
_LESS_KEPT: Final = ", ".join(f"-{name}" for name in _COUNTS)
_DIFFERS: Final = " OR ".join(f"sum({name}) <> 0" for name in _COUNTS)
_FINAL_ROWS: Final = (
    f"job_execution_log AS e JOIN execution_block AS b ON b.block = e.id / {BLOCK} AND b.is_final"
)


def _of(wrong: str) -> Executable:
    return text(f"SELECT count(DISTINCT block) AS n, min(block) AS first FROM ({wrong}) AS wrong")  # noqa: S608


def _by_hour() -> Executable:
    block: Any = executions.c.id.op("/")(literal_column(str(BLOCK))).label("block")
    hour = HourOf(executions.c.finished_at).label("hour")
    counted = select(hour, block, *ended()).group_by(text("1, 2")).subquery()
    same = and_(counted.c.hour == hour_blocks.c.hour, counted.c.block == hour_blocks.c.block)
    differs = or_(*(hour_blocks.c[name] != func.coalesce(counted.c[name], 0) for name in _COUNTS))
    found = select(hour_blocks.c.block).select_from(hour_blocks.outerjoin(counted, same)).where(differs)
    wrong = found.subquery()
    return select(func.count(wrong.c.block.distinct()).label("n"), func.min(wrong.c.block).label("first"))


_RULES: Final[Mapping[str, Executable]] = {
    "count their executions by report wrongly": _of(
        f"SELECT block FROM (SELECT report, block, {_KEPT} FROM report_block UNION ALL "  # noqa: S608
        f"SELECT e.report, e.id / {BLOCK}, {_LESS} FROM {_FINAL_ROWS} GROUP BY 1, 2) AS both_sides "
        f"GROUP BY report, block HAVING {_DIFFERS}"
    ),
    "count their executions wrongly": _of(
        f"SELECT block FROM (SELECT block, {_KEPT} FROM execution_block UNION ALL "  # noqa: S608
        f"SELECT block, {_LESS_KEPT} FROM report_block) AS both_sides GROUP BY block HAVING {_DIFFERS}"
    ),
    "count their executions by hour wrongly": _by_hour(),
    "are taken for final and are not": _of(
        f"SELECT b.block FROM {_FINAL_ROWS} WHERE e.status IN ('Queued', 'Running')"  # noqa: S608
    ),
    "have executions queued at other times than they say": _of(
        "SELECT b.block FROM job_execution_log AS e "  # noqa: S608
        f"JOIN execution_block AS b ON b.block = e.id / {BLOCK} WHERE e.queued_at > b.queued_to "
        "OR e.queued_at < b.queued_from"
    ),
}


def wrong_blocks(connection: Executes) -> list[str]:
    """Return one line for each thing that is wrong with the counts of blocks. To be asked on a snapshot."""
    found = []
    for what, query in _RULES.items():
        row = connection.execute(query).one()
        if row.n:
            found.append(f"{row.n:,} blocks {what}, the first from #{row.first * BLOCK:,} on")
    return found
