"""What the words of a search find, on a real database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from jobmon_tui.domain.execution import NewExecution, Status, Trigger
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.look import count_newer, list_executions, overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import Finished, Outcome, WorkerInfo
from tests.backends import Store
from tests.conformance.world import DRAFT, NOW, VIEWER

ERRORS = (
    "Timeout after 30 s",
    "TIMEOUT of the pool",
    "École fermée",
    "100% [full] *now*? ^a.b\\c$",
    "line one\nLine two",
    None,
)


async def _failed(store: Store, errors: Sequence[str | None], by: str = "ada", report: str = "Sales") -> None:
    """Let executions fail with these errors, and succeed where there is none."""
    queue = DatabaseQueue(store, lambda: NOW)

    def add(transaction: object) -> list[int]:
        new = NewExecution(report, Trigger.MANUAL, by, 1, 1, snapshot_text(DRAFT), NOW)
        return [transaction.add_execution(new) for _ in errors]  # type: ignore[attr-defined]

    ids = await store.write(add)
    await queue.register(WorkerInfo("w", "elsewhere", 1, "0", 50))
    for claimed, error in zip(await queue.start(ids, "w"), errors, strict=True):
        outcome = Outcome("Failed", error) if error is not None else Outcome("Succeeded")
        await queue.finish([Finished(claimed.id, claimed.token, outcome)])
    await queue.leave("w")


async def _found(store: Store, wanted: ExecutionFilter) -> list[int]:
    """Give the ids that match, having looked that the counts agree with them."""
    ids = [each.id for each in await list_executions(store, VIEWER, wanted, 100)]
    seen = await overview(store, VIEWER, wanted, Liveness())
    assert (seen.total, seen.newest) == (len(ids), ids[0] if ids else None)
    for position, each in enumerate(ids):
        assert await count_newer(store, VIEWER, wanted, each) == position
    return ids


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("timeout", [2, 1]),
        ("TimeOut a", [1]),
        ("ÉCOLE", [3]),
        ("école FERMÉE", [3]),
        ("%", [4]),
        ("[full]", [4]),
        ("*now*?", [4]),
        ("^A.B\\C$", [4]),
        ("a.b", [4]),
        ("a_b", []),
        ("ONE\n  line", [5]),
        ("one\r\nline", [5]),
        ("", [6, 5, 4, 3, 2, 1]),
    ],
)
async def test_a_part_of_the_error_is_found_whatever_its_case(
    store: Store, part: str, found: list[int]
) -> None:
    await _failed(store, ERRORS)
    assert await _found(store, ExecutionFilter(error=part)) == found


async def test_only_failed_executions_have_an_error(store: Store) -> None:
    await _failed(store, ERRORS)

    def cancelled(transaction: object) -> None:
        new = NewExecution("Sales", Trigger.MANUAL, "ada", 1, 1, snapshot_text(DRAFT), NOW)
        transaction.cancel_queued(transaction.add_execution(new), "a timeout", NOW)  # type: ignore[attr-defined]

    await store.write(cancelled)
    wanted = ExecutionFilter(error="timeout")
    assert await _found(store, wanted) == [2, 1]
    assert await _found(store, replace(wanted, statuses=frozenset({Status.CANCELLED}))) == []
    assert await _found(store, replace(wanted, statuses=frozenset({Status.CANCELLED, Status.FAILED}))) == [
        2,
        1,
    ]


async def test_who_asked_is_found_by_the_whole_name_whatever_its_case(store: Store) -> None:
    for name in ("Ada", "Éva", "adam"):
        await store.write(lambda transaction, name=name: transaction.add_account(name, Role.VIEWER, "x", NOW))
        await _failed(store, ["boom"], name)
    await _failed(store, ["boom"], "ada")
    await _failed(store, ["boom"], "schedule")
    await _failed(store, ["boom"], "gone")
    assert await _found(store, ExecutionFilter(by="ADA")) == [4, 1]
    assert await _found(store, ExecutionFilter(by=" éVA\n")) == [2]
    assert await _found(store, ExecutionFilter(by="ad")) == []
    assert await _found(store, ExecutionFilter(by="Schedule")) == [5]
    assert await _found(store, ExecutionFilter(by="gone")) == [6]


@pytest.mark.parametrize(
    "name", ["O'Brien", "'; --", "a\\'b", "$1 :x %s %(y)s ? __[POSTCOMPILE_z]", "é – 漢"]
)
async def test_names_are_only_names_whatever_is_in_them(store: Store, name: str) -> None:
    await _failed(store, ["timeout", None], name, name)
    await _failed(store, ["timeout"], "ada", "Sales")
    for wanted in (ExecutionFilter(report=name), ExecutionFilter(by=name), ExecutionFilter(search=name)):
        assert await _found(store, wanted) == [2, 1]
        assert await _found(store, replace(wanted, error="time", statuses=frozenset({Status.FAILED}))) == [1]


async def test_the_words_of_a_search_narrow_together(store: Store) -> None:
    await _failed(store, ["Timeout", "boom", "timeout", None], "ada", "Sales north")
    await _failed(store, ["timeout"], "vic", "Sales south")
    await _failed(store, ["timeout"], "ada", "Stock")
    wanted = ExecutionFilter(frozenset({Status.FAILED}), search="sales", error="timeout", since=NOW, by="ada")
    assert await _found(store, wanted) == [3, 1]
    assert await _found(store, replace(wanted, since=NOW + timedelta(seconds=1))) == []
    assert await _found(store, replace(wanted, by=None)) == [5, 3, 1]
    assert await _found(store, replace(wanted, search=None)) == [6, 3, 1]
    assert await _found(store, replace(wanted, search=None, report="Stock")) == [6]
    [page] = await list_executions(store, VIEWER, wanted, 1, before=3)
    assert page.id == 1
