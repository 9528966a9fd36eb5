"""The Workers screen, live, on both sizes."""

import os
import platform
from dataclasses import replace
from datetime import timedelta

import pytest
from textual.geometry import Region

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.tui.screens.help import key_groups
from jobmon_tui.tui.screens.workers import NOBODY, WorkersScreen
from tests.tui.fake_services import FakeServices
from tests.tui.memory_tables import START
from tests.tui.stage import Stage, on_stage


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def lines_of(stage: Stage) -> list[str]:
    screen = stage.app.screen
    assert isinstance(screen, WorkersScreen)
    return [screen.list.render_line(y).text for y in range(screen.list.size.height)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_workers_are_shown_with_load_beat_and_version_and_followed(size: tuple[int, int]) -> None:
    services, clock = FakeServices(workers=2), Clock()
    services._liveness = Liveness(clock, gone=lambda _host, _pid: False)
    tables = services.database.tables
    tables.registered = [replace(each, host=f"host{at} [/b]") for at, each in enumerate(tables.registered)]
    async with on_stage(services, size=size) as stage:
        await stage.press("w")
        assert isinstance(stage.app.screen, WorkersScreen)
        await stage.until(lambda: "Workers: 2 alive" in stage.all_text)
        heading, first, second = lines_of(stage)[:3]
        started = ["Started"] if size[0] > 100 else []
        assert heading.split() == ["Host", "PID", "Load", "Last", "beat", *started, "Version", "State"]
        assert first.split()[:4] == ["›host0", "[/b]", "0", "0/2"]
        assert "0.1.0" in first
        assert first.rstrip().endswith("● alive")
        assert all(len(each) <= size[0] for each in (heading, first, second))
        # One beats on, the other one stands still.
        clock.now = 31.0
        beaten = replace(tables.registered[0], beats=2, running=2, beat_at=START + timedelta(seconds=10))
        tables.registered = [beaten, tables.registered[1]]
        services.database.feed.changed()
        await stage.until(lambda: "Workers: 1 alive, 1 not heard from" in stage.all_text)
        assert "2/2" in stage.all_text
        assert "! not heard from" in stage.all_text
        tables.registered = []
        services.database.feed.changed()
        await stage.until(lambda: NOBODY in stage.all_text)
        await stage.press("w")
        assert stage.app.screen is stage.screen


async def test_only_the_line_that_differs_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    services = FakeServices(workers=3)
    tables = services.database.tables
    async with on_stage(services) as stage:
        await stage.press("w")
        await stage.until(lambda: "Workers: 3 alive" in stage.all_text)
        assert isinstance(stage.app.screen, WorkersScreen)
        lines = stage.app.screen.list
        painted: list[tuple[Region, ...]] = []
        monkeypatch.setattr(lines, "refresh", lambda *regions, **_: painted.append(regions))
        services.add("Sales", Status.QUEUED)
        await stage.settle()
        assert painted == []
        tables.registered[1] = replace(tables.registered[1], running=1)
        services.database.feed.changed()
        await stage.until(lambda: painted)
        assert painted == [(Region(0, 2, lines.line_width, 1),)]


async def test_an_outage_is_said_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    services = FakeServices()
    async with on_stage(services) as stage:
        await stage.press("w")
        await stage.until(lambda: "Workers: 1 alive" in stage.all_text)
        services.database.outage = "The database is locked."
        services.database.feed.changed()
        await stage.until(lambda: "The database is locked." in stage.all_text)
        services.database.outage = None
        await stage.until(lambda: "old data" not in stage.all_text)
        assert "Workers: 1 alive" in stage.all_text


async def test_the_one_inside_this_dashboard_is_marked_and_many_are_scrolled() -> None:
    services = FakeServices(workers=60)
    tables = services.database.tables
    tables.registered[0] = replace(tables.registered[0], host=platform.node(), pid=os.getpid())
    async with on_stage(services, size=(120, 24)) as stage:
        await stage.press("w")
        await stage.until(lambda: "Workers: 60 alive" in stage.all_text)
        assert "(this dashboard)" in stage.all_text
        assert " 59 " not in stage.all_text
        await stage.press("G")
        assert " 59 " in stage.all_text
        await stage.press("d")
        assert "Runs       0 of at most 2 at once" in stage.all_text


async def test_workers_are_found_by_name_and_host() -> None:
    services = FakeServices(workers=4)
    tables = services.database.tables
    tables.registered[2] = replace(tables.registered[2], host="Elsewhere")
    async with on_stage(services) as stage:
        await stage.press("w")
        await stage.until(lambda: "Workers: 4 alive" in stage.all_text)
        await stage.press("slash", *"else")
        assert [line.split()[0] for line in lines_of(stage)[1:3] if line.strip()] == ["›Elsewhere"]
        await stage.press("escape", "slash", *"w3", "enter")
        assert lines_of(stage)[1].split()[1] == "3"
        await stage.press("escape")
        assert "1 of 4" not in stage.all_text  # the cursor has stayed on its worker
        assert "4 of 4" in stage.all_text


async def test_the_help_lists_the_screen_and_its_key() -> None:
    async with on_stage(FakeServices()) as stage:
        keys = {line.keys: line.what for group in key_groups(stage.screen) for line in group.lines}
        assert keys["w"].startswith("Workers:")
        await stage.press("question_mark", "G")
        await stage.until(lambda: "Messages" in stage.all_text)
        shown = stage.app.screen.walk_children()
        titles = [each._group.title for each in shown if hasattr(each, "_group")]
        assert "Workers" in titles
