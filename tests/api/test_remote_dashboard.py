"""The dashboard of a server far away: the same screen, and keys that wait for no line."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from jobmon_tui.domain.execution import Status
from tests.api.bad_line import BadLine, bad_line
from tests.api.stage import Served, remote
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, DRAFT, NOW, VIEWER, many
from tests.tui.stage import Stage, on_stage


@pytest.fixture
def backend() -> str:
    """The line is the subject, not the database."""
    return "sqlite"


@pytest.fixture
async def far(server: Served, store: Store) -> AsyncIterator[BadLine]:
    """A line of 100 ms each way on which one piece in a hundred is lost, to a server with some history."""
    await store.write(lambda transaction: transaction.add_report(DRAFT, NOW))
    await store.write(many(range(1, 401), "Succeeded", NOW))
    await store.write(many(range(401, 421), "Failed", NOW + timedelta(hours=1)))
    async with bad_line(server.path, delay=0.1, loss=0.01) as line:
        yield line


async def _settled(stage: Stage) -> None:
    await stage.until(lambda: "● live" in stage.all_text, 20)
    await stage.until(lambda: stage.rows and not any("…  " in row[:12] for row in stage.rows), 20)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_retry_over_a_long_line(far: BadLine, raw: Raw, size: tuple[int, int]) -> None:
    async with remote(far.url) as services, on_stage(services, size=size, caller=ADMIN) as stage:  # type: ignore[arg-type]
        await _settled(stage)
        await stage.press("4")
        await stage.until(lambda: stage.table.current is not None and stage.table.current.id == 420, 20)
        await stage.press("r")
        await stage.until(lambda: "✓ “Sales” #420 was queued again as #421." in stage.toasts, 20)
        await stage.press("0")
        await stage.until(lambda: any("#421 " in row for row in stage.rows), 20)
        await stage.press("r", "escape")
    assert raw("SELECT retry_of, requested_by FROM job_execution_log WHERE id = 421") == [(420, "ada")]


async def test_keys_are_answered_though_the_server_is_silent(far: BadLine, raw: Raw) -> None:
    async with remote(far.url) as services, on_stage(services, caller=ADMIN) as stage:  # type: ignore[arg-type]
        await _settled(stage)
        far.is_hole = True
        await stage.press("j", "j")
        assert stage.table.current is not None
        assert stage.table.current.id == 418
        assert stage.line_of(418).startswith("›")
        await stage.press("r")
        assert "↻ Retry" not in stage.line_of(418), "the row says that it is being retried"
        busy = stage.line_of(418)
        await stage.press("j", "r")
        assert stage.line_of(417).startswith("›")
        assert stage.line_of(418)[1:] == busy[1:]
        far.is_hole = False
        far.cut()
        await stage.until(lambda: sum("was queued again" in each for each in stage.toasts) == 2, 30)
        assert raw("SELECT count(*), count(DISTINCT retry_of) FROM job_execution_log WHERE retry_of > 0") == [
            (2, 2)
        ]


async def test_a_broken_line_is_said_with_the_datas_time_and_mends_by_itself(
    far: BadLine, store: Store
) -> None:
    async with remote(far.url) as services, on_stage(services, caller=VIEWER, size=(120, 40)) as stage:  # type: ignore[arg-type]
        await _settled(stage)
        rows = stage.rows
        far.refuses = True
        far.cut()
        await stage.until(lambda: "not connected" in stage.all_text, 20)
        header = stage.all_text.splitlines()[0]
        assert re.search(r"! not connected, data from \d\d:\d\d:\d\d: The server line.sock", header), header
        assert stage.rows == rows, "what was read stays"
        await stage.press("j")
        assert stage.table.current is not None
        assert stage.table.current.id == 419
        await store.write(many(range(421, 422), "Failed", NOW))
        far.refuses = False
        await stage.until(lambda: "● live" in stage.all_text, 20)
        await stage.until(lambda: any("#421 " in row for row in stage.rows), 20)


async def test_an_ended_session_leads_to_the_sign_in(far: BadLine, raw: Raw) -> None:
    async with remote(far.url) as services, on_stage(services, caller=VIEWER) as stage:  # type: ignore[arg-type]
        await _settled(stage)
        raw("UPDATE user_account SET disabled = ? WHERE name = 'vic'", True)
        await stage.until(lambda: "sign in" in stage.all_text.lower() and "Password" in stage.all_text, 20)
        assert Status.FAILED.value not in stage.all_text
