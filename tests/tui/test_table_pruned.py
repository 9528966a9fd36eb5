"""Rows that disappear under the table: retention deletes them while the dashboard is open."""

import pytest

from jobmon_tui.domain.execution import Status
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage


def prune(services: FakeServices, *ids: int) -> None:
    for each in ids:
        services.database.tables.forget(each)
    services.database.feed.changed()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_deleted_rows_go_and_the_cursor_keeps_its_row_or_its_place(size: tuple[int, int]) -> None:
    services = FakeServices()
    ids = [services.add(f"Report {at}", Status.SUCCEEDED) for at in range(40)]
    async with on_stage(services, size=size) as stage:
        await stage.press("down", "down", "down", "d")
        here = stage.table.current
        assert here is not None
        prune(services, *ids[:30])
        await stage.until(lambda: stage.table.total == 10)
        await stage.settle()
        assert stage.table.current is not None
        assert stage.table.current.id == here.id
        assert len(stage.rows) == min(10, stage.table.size.height - 1)
        # The row under the cursor goes, with the details of it open.
        prune(services, here.id)
        await stage.until(lambda: stage.table.total == 9)
        await stage.settle()
        assert f"#{here.id} " not in "\n".join(stage.lines)
        prune(services, *list(services.database.tables.rows))
        await stage.until(lambda: "No reports have run yet" in stage.all_text)
        assert stage.table.current is None
        new = services.add("Fresh", Status.SUCCEEDED)
        await stage.until(lambda: f"#{new} " in stage.all_text)
