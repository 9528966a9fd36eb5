"""A file that is moved, deleted or replaced while it is open takes nothing more, and may come back."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.look import list_executions
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.services.retry import retry_execution
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, VIEWER, queue_one


@pytest.fixture
async def failed(store: Store, raw: Raw) -> int:
    execution_id = await store.write(queue_one)
    for status in ("Running", "Failed"):
        raw("UPDATE job_execution_log SET status = ? WHERE id = ?", status, execution_id)
    return execution_id


async def _refusal(call: Callable[[], Awaitable[object]]) -> str:
    with pytest.raises(JobmonError) as refused:
        await call()
    assert refused.value.code is ErrorCode.STORAGE_UNAVAILABLE
    return refused.value.message


def _move(store: Store, to: Path) -> None:
    to.mkdir(exist_ok=True)
    for each in list(store.path.parent.glob(f"{store.path.name}*")):
        each.rename(to / each.name)


async def test_nothing_is_written_to_a_file_that_went_away_and_it_may_come_back(
    store: Store, failed: int, tmp_path: Path
) -> None:
    everything = ExecutionFilter()
    before = await list_executions(store, VIEWER, everything, 50)
    changes = store.feed.watch()
    await changes.wait(2.0)
    _move(store, tmp_path / "away")
    for call in (
        lambda: retry_execution(store, ADMIN, failed),
        lambda: list_executions(store, VIEWER, everything, 50),
    ):
        said = await _refusal(call)
        assert said == (
            f"The database {store.path.name} was moved or deleted while it was open. "
            "Put it back, or start jobmon again."
        )
    assert await changes.wait(2.0), "who watches hears of it without asking"
    assert not store.path.exists()
    for each in (tmp_path / "away").iterdir():
        each.rename(store.path.parent / each.name)
    assert await list_executions(store, VIEWER, everything, 50) == before
    await retry_execution(store, ADMIN, failed)


async def test_a_file_in_its_place_is_not_taken_for_it(store: Store, failed: int, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(store.path, copy)
    copy.replace(store.path)
    content = store.path.read_bytes()
    said = await _refusal(lambda: retry_execution(store, ADMIN, failed))
    assert "was replaced by another file while it was open" in said
    await store.close()
    assert store.path.read_bytes() == content, "not even closing touches it"
