"""Lists, totals and positions against a plain look at every row, for filters of chance."""

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import insert

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.look import count_newer, glance, list_executions, overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage.listing.block_tables import BLOCK
from jobmon_tui.storage.retention import Pruning
from jobmon_tui.storage.retention_queries import Rule
from jobmon_tui.storage.tables import executions
from jobmon_tui.storage.transaction import SqlTransaction
from tests.backends import Store
from tests.conformance.test_blocks import count_blocks
from tests.conformance.world import DRAFT, NOW, VIEWER

T = TypeVar("T")
LOOKS = 1_000 if os.environ.get("JOBMON_FAULTS") == "whole" else 60
NAMES = ["Sales", "sales north", "Umsatz ÄÖ", "O'Brien", "100%(x)s ? $1", *(f"Report {n}" for n in range(25))]
PEOPLE = ["ada", "vic", "schedule", "é'v"]
ERRORS = ["Timeout after 30 s", "no such table: [x]", "TIMEOUT", "disk\\full"]


@dataclass(frozen=True)
class Kept:
    """What is known of a row."""

    id: int
    report: str
    status: Status
    by: str
    at: datetime
    error: str | None


def _chosen(dice: random.Random) -> list[Kept]:
    """Choose rows at the ends of four blocks, in a time that mostly goes on."""
    found = []
    for block in range(4):
        for near in (range(1, 70), range(BLOCK - 60, BLOCK)):
            for at in near:
                number = block * BLOCK + at
                # In the third block something still waits.
                status = dice.choice(list(Status) if block == 2 else _FINAL)
                error = dice.choice(ERRORS) if status is Status.FAILED and dice.random() < 0.9 else None
                when = NOW + timedelta(seconds=number + dice.randrange(-5_000, 5_000))
                found.append(Kept(number, dice.choice(NAMES), status, dice.choice(PEOPLE), when, error))
    return found


_FINAL = [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED]


def _add(rows: Sequence[Kept]) -> Callable[[SqlTransaction], None]:
    def add(transaction: SqlTransaction) -> None:
        common = {"trigger": "manual", "fencing_token": 1, "configuration_id": 1, "configuration_version": 1}
        transaction._connection.execute(
            insert(executions),
            [
                {
                    **common,
                    "configuration": snapshot_text(DRAFT),
                    "id": row.id,
                    "report": row.report,
                    "status": row.status.value,
                    "requested_by": row.by,
                    "queued_at": row.at,
                    "started_at": None if row.status is Status.QUEUED else row.at,
                    "finished_at": row.at if row.status.is_final else None,
                    "worker": None if row.status is Status.QUEUED else "w",
                    "error": row.error,
                }
                for row in rows
            ],
        )

    return add


def _wanted(dice: random.Random, rows: Sequence[Kept]) -> ExecutionFilter:
    def maybe(value: T, chance: float = 0.4) -> T | None:
        return value if dice.random() < chance else None

    name = dice.choice(NAMES)
    begin = dice.randrange(len(name))
    part = name[begin : begin + dice.randrange(1, 9)]
    error = dice.choice(ERRORS)
    since = dice.choice(rows).at + timedelta(microseconds=dice.choice([-1, 0, 1]))
    return ExecutionFilter(
        frozenset(dice.sample(list(Status), dice.choice([0, 0, 1, 1, 2, 3]))),
        report=maybe(name, 0.2),
        search=maybe(dice.choice([part, part.swapcase(), "report", "nothing like it"])),
        since=maybe(since),
        error=maybe(dice.choice([error[:5], error.swapcase()]), 0.15),
        by=maybe(dice.choice([*PEOPLE, "ADA", "nobody"]), 0.2),
    )


def _matching(rows: Sequence[Kept], wanted: ExecutionFilter) -> list[int]:
    """Return the ids that match, newest first: each row is looked at by itself."""

    def fits(row: Kept) -> bool:
        return (
            (not wanted.statuses or row.status in wanted.statuses)
            and (wanted.report is None or row.report == wanted.report)
            and (not wanted.search or wanted.search.casefold() in row.report.casefold())
            and (wanted.since is None or row.at >= wanted.since)
            and (not wanted.by or row.by.casefold() == wanted.by.casefold())
            and (
                not wanted.error
                or (row.status is Status.FAILED and wanted.error.casefold() in (row.error or "").casefold())
            )
        )

    return sorted((row.id for row in rows if fits(row)), reverse=True)


async def _agrees(store: Store, dice: random.Random, rows: Sequence[Kept], wanted: ExecutionFilter) -> None:
    ids = _matching(rows, wanted)
    seen = await overview(store, VIEWER, wanted, Liveness())
    assert (seen.total, seen.newest) == (len(ids), ids[0] if ids else None), wanted
    at = dice.choice([*ids, *(row.id for row in dice.sample(list(rows), 3)), 0, 5 * BLOCK])
    limit, offset = dice.randrange(1, 60), dice.choice([0, 0, 1, 30, 200])
    shown = await glance(store, VIEWER, wanted, limit, Liveness(), before=at)
    assert shown.overview == seen, wanted
    below, above = [each for each in ids if each < at], [each for each in ids if each > at][::-1]
    assert [row.id for row in shown.rows] == below[:limit], (wanted, at)
    page = await list_executions(store, VIEWER, wanted, limit, before=at, offset=offset)
    assert [row.id for row in page] == below[offset : offset + limit], (wanted, at, limit, offset)
    page = await list_executions(store, VIEWER, wanted, limit, after=at, offset=offset)
    assert [row.id for row in page][::-1] == above[offset : offset + limit], (wanted, at, limit, offset)
    assert await count_newer(store, VIEWER, wanted, at) == len(above), (wanted, at)


@pytest.mark.timeout(600)
async def test_lists_totals_and_positions_are_those_of_the_rows(store: Store) -> None:
    dice = random.Random(20_261_126)
    rows = _chosen(dice)
    await store.write(_add(rows))
    wishes = [_wanted(dice, rows) for _ in range(LOOKS)]
    for wanted in wishes[: LOOKS // 3]:
        await _agrees(store, dice, rows, wanted)
    assert await count_blocks(store) >= 2
    for wanted in wishes:
        await _agrees(store, dice, rows, wanted)
    # Some go, from within blocks; what was remembered of these must not stay.
    rule = Rule(sorted(row.at for row in rows)[len(rows) // 3])
    await Pruning(store, rule, "test").run()
    left = [row for row in rows if not rule.takes(row.status.value, row.at)]
    assert len(left) < len(rows)
    for wanted in wishes:
        await _agrees(store, dice, left, wanted)
