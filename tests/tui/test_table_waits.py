"""Keys that are typed while a list is being read are meant for that list."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.ports import Transaction
from jobmon_tui.tui.held import HeldActions, Needs
from jobmon_tui.tui.screens.dashboard import DashboardScreen
from jobmon_tui.tui.screens.full_output import FullOutputScreen
from tests.tui.fake_services import FakeServices
from tests.tui.stage import Stage, make_app, on_stage

T = TypeVar("T")


def mixed() -> FakeServices:
    services = FakeServices()
    for at in range(300):
        failed = at % 3 == 0
        services.add("Sales", Status.FAILED if failed else Status.SUCCEEDED, error="boom" if failed else None)
    return services


async def slow_burst(stage: Stage, keys: str) -> None:
    stage.services.database.delay = 0.15
    await stage.burst(keys)


async def test_a_move_behind_a_filter_is_made_in_the_filtered_list() -> None:
    async with on_stage(mixed()) as stage:
        await slow_burst(stage, "4G")
        await stage.until(lambda: stage.table.total == 100 and stage.table.cursor == 99)
        await stage.until(lambda: stage.rows[-1].startswith("›#1 "))


async def test_moves_add_up_and_a_second_filter_takes_them_along() -> None:
    async with on_stage(mixed()) as stage:
        await slow_burst(stage, "4jj5j")
        await stage.until(lambda: stage.screen._wanted.statuses == {Status.FAILED, Status.CANCELLED})
        await stage.until(lambda: stage.table.cursor == 3)
        assert stage.table.total == 100


async def test_a_retry_behind_a_filter_is_that_of_the_row_in_the_filtered_list() -> None:
    services = mixed()
    async with on_stage(services) as stage:
        assert stage.table.current is not None and stage.table.current.id == 300, "which Succeeded"
        await slow_burst(stage, "4jr")
        await stage.until(lambda: services.children(295))
        assert services.children(298) == [] and services.database.writes == 1


async def test_another_filter_waits_for_what_was_asked_of_the_one_before() -> None:
    services = mixed()
    async with on_stage(services) as stage:
        await slow_burst(stage, "4jr0")
        await stage.until(lambda: services.children(295))
        await stage.until(lambda: stage.table.wanted.statuses == frozenset() and stage.table.total == 301)
        assert services.database.writes == 1


async def test_a_search_that_is_typed_on_drops_what_waited_for_another_list() -> None:
    services = mixed()
    async with on_stage(services) as stage:
        await slow_burst(stage, "4jr/weather")
        await stage.until(lambda: stage.table.total == 0)
        await stage.settle()
        assert services.database.writes == 0 and stage.screen.query_one("#search").has_focus


async def test_before_the_first_list_moves_wait_and_nothing_is_done_to_a_row_that_nobody_saw() -> None:
    services = FakeServices()
    for _ in range(5):
        services.add("Sales", error="boom")
    services.database.delay = 1.5
    app = make_app(services)
    async with app.run_test() as pilot:
        stage = Stage(app, pilot, services)
        await stage.until(lambda: isinstance(app.screen, DashboardScreen) and app.screen.ready)
        await stage.burst("jrj")
        assert stage.table.overview is None
        await stage.until(lambda: stage.table.cursor == 2)
        await stage.settle()
        assert services.database.writes == 0


async def test_copying_and_the_output_wait_for_their_row() -> None:
    services = mixed()
    async with on_stage(services) as stage:
        await slow_burst(stage, "4jyv")
        await stage.until(lambda: any("Copied #295" in toast for toast in stage.toasts))
        await stage.until(lambda: isinstance(stage.app.screen, FullOutputScreen))


async def test_acting_waits_for_a_row_that_is_still_being_read_and_what_follows_for_it() -> None:
    services = FakeServices(history=10_000)
    async with on_stage(services) as stage:
        await slow_burst(stage, "Gkkkrkkj")  # #4 Succeeded, #5 Succeeded ... #2 and #7 Failed
        await stage.until(lambda: stage.table.current is not None and stage.table.current.id == 5)
        await stage.until(lambda: any("#4" in toast for toast in stage.toasts))
        assert services.database.writes == 0


async def test_keys_wait_for_the_retry_that_a_key_goes_to() -> None:
    services = FakeServices()
    failed = services.add("Sales", error="boom")
    child = services.add("Sales", Status.SUCCEEDED, retry_of=failed)
    for _ in range(200):
        services.add("Weather", Status.SUCCEEDED)
    async with on_stage(services) as stage:
        await stage.press("4")
        await stage.until(lambda: stage.table.total == 1)
        await slow_burst(stage, "tj")
        await stage.until(lambda: stage.table.total == 202)
        await stage.until(lambda: stage.table.current is not None and stage.table.current.id == failed)
        assert child == failed + 1, "so one further down"


async def test_what_waited_for_a_list_that_did_not_come_is_not_done_to_another() -> None:
    services = mixed()
    async with on_stage(services) as stage:
        services.database.outage = "The database is locked."
        await slow_burst(stage, "4jjr")
        await stage.until(lambda: "not connected" in stage.all_text)
        assert stage.table.cursor == 0
        await stage.press("j", "j", "r")
        assert "! The list that you asked for is not read yet." in stage.toasts
        services.database.outage = None
        await stage.until(lambda: stage.table.total == 100)
        await stage.settle()
        assert stage.table.cursor == 0 and services.database.writes == 0
        await stage.press("j")
        assert stage.table.cursor == 1, "and no key waits for ever"


async def test_a_key_for_a_retry_that_is_none_says_so() -> None:
    async with on_stage(mixed()) as stage:
        await stage.press("t")
        assert stage.toasts == ["! #300 was not retried."]


STEPS = st.sampled_from([*Needs, "row", "list", "gone"])


@given(st.lists(st.tuples(STEPS, st.booleans()), max_size=40))
def test_actions_are_done_once_each_in_their_order_and_never_too_early(
    steps: list[tuple[Needs | str, bool]],
) -> None:
    missing = {"list": True, "row": True}
    done: list[int] = []
    asked: list[int] = []

    def lacks(needs: Needs) -> bool:
        return needs is not Needs.TURN and (missing["list"] or (needs is Needs.ROW and missing["row"]))

    def act(number: int, needs: Needs) -> None:
        assert not lacks(needs)
        done.append(number)

    held = HeldActions(lacks)
    for at, (step, flag) in enumerate(steps):
        if isinstance(step, Needs):
            asked.append(at)
            held.run(partial(act, at, step), step)
        elif step == "gone":
            held.forget()
            asked = list(done)
        else:
            missing[step] = flag
            held.release()
        assert done == asked[: len(done)]
    missing.update(list=False, row=False)
    held.release()
    assert done == asked


async def test_what_a_key_asks_for_is_painted_at_once_though_the_database_is_silent() -> None:
    services = FakeServices()
    for _ in range(2_000):
        services.add("Sales", Status.SUCCEEDED)
    async with on_stage(services) as stage:
        speaks, read = asyncio.Event(), services.database.read

        async def silent(work: Callable[[Transaction], T]) -> T:
            await speaks.wait()
            return await read(work)

        services.database.read = silent  # type: ignore[method-assign]
        await stage.burst("jj")
        assert stage.rows[2].startswith("›#1998 ")
        await stage.burst("G")  # far from all that is read
        assert "2,000 of 2,000" in stage.all_text
        assert stage.rows[-1].startswith("›…")
        await stage.burst("k")
        assert stage.rows[-2].startswith("›…")
        await stage.burst("4")
        assert "Only Failed" in stage.all_text
        await stage.burst("0")
        assert "Only Failed" not in stage.all_text
        speaks.set()
        await stage.until(lambda: stage.rows[0].startswith("›#2000 "))
