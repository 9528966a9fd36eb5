"""The output full screen follows what is printed, and paints no more than what changed."""

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.services.records import StoredOutput
from jobmon_tui.tui.screens import full_output
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage
from tests.tui.viewing import lines, opened, painted, press, shown, view, where


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read more often than once a second: what is tested is what is shown then."""
    monkeypatch.setattr(full_output, "EVERY", 0.1)


def printed(services: FakeServices, execution_id: int, text: str) -> None:
    services.database.tables.outputs[execution_id] = StoredOutput(head=text, total=len(text))
    services.database.feed.changed()


def shows_of(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record from now on which executions are read; that the session holds is asked besides."""
    told: list[int] = []
    show = services.show

    async def shows(caller: Caller, execution_id: int) -> ExecutionStory:
        told.append(execution_id)
        return await show(caller, execution_id)

    monkeypatch.setattr(services, "show", shows)
    return told


async def test_it_follows_what_is_printed_until_it_ends_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = FakeServices()
    running = services.add("Sales", Status.RUNNING)
    async with on_stage(services) as stage:
        await opened(stage)
        assert "It has printed nothing so far." in shown(stage)[0]
        assert "following: f stops it" in where(stage)
        printed(services, running, lines(200))
        await stage.until(lambda: shown(stage)[-1] == "line 200")
        await press(stage, "k")
        assert "f follows it" in where(stage)
        before = shown(stage)
        with painted(view(stage)) as rows:
            printed(services, running, lines(300))
            await stage.until(lambda: "line 300" in view(stage).text)
            await stage.settle()
        assert rows == [], "who went up to read stays there, and nothing is painted"
        assert shown(stage) == before
        await press(stage, "f")
        assert shown(stage)[-1] == "line 300"
        services.move(running, Status.FAILED, error="boom")
        await stage.until(lambda: "ended: ✗ Failed" in where(stage))
        assert "line 300" in shown(stage)
        told = shows_of(services, monkeypatch)
        services.database.feed.changed()
        await stage.pilot.pause(0.4)
        assert told == [], "what has ended is not read again"
        await press(stage, "f")
        assert "following" not in where(stage)


async def test_only_the_new_rows_are_painted() -> None:
    services = FakeServices()
    running = services.add("Sales", Status.RUNNING, output=lines(3))
    async with on_stage(services) as stage:
        await opened(stage)
        with painted(view(stage)) as rows:
            printed(services, running, lines(5))
            await stage.until(lambda: 4 in rows)
            await stage.settle()
        assert sorted(rows) == [3, 4]


async def test_the_place_stays_where_the_kept_end_moves_on() -> None:
    services = FakeServices()
    running = services.add("Sales", Status.RUNNING)
    text = lines(2_000)

    def flood(printed_so_far: int) -> None:
        kept = text[:printed_so_far]
        services.database.tables.outputs[running] = StoredOutput(
            kept[:900], kept[-6_000:], len(kept) - 6_000, len(kept)
        )
        services.database.feed.changed()

    flood(10_000)
    async with on_stage(services) as stage:
        await opened(stage)
        assert any("not kept" in line for line in view(stage).text.splitlines())
        await press(stage, *["k"] * 30)
        before = shown(stage)
        flood(12_000)
        await stage.until(lambda: text[:12_000][-6_000:].rstrip("\n") in view(stage).text)
        assert shown(stage) == before


async def test_an_outage_is_said_and_what_was_read_stays() -> None:
    services = FakeServices()
    services.add("Sales", Status.RUNNING, output="a\n")
    async with on_stage(services) as stage:
        await opened(stage)
        services.database.outage = "The database is locked."
        services.database.feed.changed()
        await stage.until(lambda: "! data is old: The database is locked." in where(stage))
        assert shown(stage)[0] == "a"
        services.database.outage = None
        await stage.until(lambda: "old" not in where(stage))


async def test_the_keys_are_in_the_help_and_nothing_is_read_beneath_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = FakeServices()
    running = services.add("Sales", Status.RUNNING, output="a\n")
    async with on_stage(services, size=(100, 60)) as stage:
        await opened(stage)
        await press(stage, "question_mark")
        for words in ("Find in this text", "Wrap long lines", "Open it in $PAGER", "Match before"):
            assert words in stage.all_text
        await stage.pilot.pause(0.4)
        told = shows_of(services, monkeypatch)
        printed(services, running, "a\nb\n")
        await stage.pilot.pause(0.4)
        assert told == [], "whether the session holds is asked, and no more"
        await press(stage, "escape")
        await stage.until(lambda: shown(stage)[1] == "b")
