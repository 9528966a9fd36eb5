"""Keys that arrive at once do what they would have done one by one."""

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.ordered_keys import OrderedKeys
from jobmon_tui.tui.widgets.search_input import SearchInput
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage


def some() -> FakeServices:
    services = FakeServices()
    for report in ("report", "air", "other"):
        for status in (Status.SUCCEEDED, Status.FAILED, Status.FAILED):
            services.add(report, status, error="boom" if status is Status.FAILED else None)
    return services


async def test_what_is_typed_behind_the_slash_goes_into_the_search_and_retries_nothing() -> None:
    services = some()
    async with on_stage(services) as stage:
        await stage.burst("/report")
        await stage.until(lambda: stage.screen.query_one(SearchInput).value == "report")
        await stage.until(lambda: stage.table.total == 3)
        assert services.database.writes == 0


async def test_a_whole_sentence_of_keys() -> None:
    services = some()
    async with on_stage(services) as stage:
        await stage.burst("/air\tstatus:f\rj")
        await stage.until(lambda: stage.screen.query_one(SearchInput).value == "airstatus:f")
        await stage.burst("\x1b/air status:f\rj")
        await stage.until(lambda: stage.table.total == 2)
        assert stage.table.has_focus


async def test_keys_go_on_to_the_screen_that_a_key_opened() -> None:
    async with on_stage(some()) as stage:
        await stage.burst("?\x1b4s\x1b")
        await stage.until(lambda: stage.table.total == 6 and stage.app.screen is stage.screen)


class Vanishing(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Input(id="one")
        yield Input(id="two")

    async def on_key(self, event: events.Key) -> None:
        if event.key == "f2":
            await self.query_one("#one").remove()


class Plain(OrderedKeys):
    def get_default_screen(self) -> Screen[None]:
        return Vanishing()


async def test_a_widget_that_goes_away_under_a_key_holds_no_other_key_back() -> None:
    app = Plain()
    async with app.run_test() as pilot:
        app.screen.query_one("#one").focus()
        await pilot.pause()
        for key in ("f2", "a", "b"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        for _ in range(100):
            await pilot.pause(0.02)
            if app.screen.query_one("#two", Input).value == "ab":
                return
        raise AssertionError(app.screen.query_one("#two", Input).value)


async def test_an_answer_behind_its_question() -> None:
    services = FakeServices()
    running = services.add("Ledger", Status.RUNNING)
    async with on_stage(services) as stage:
        await stage.burst("xy")
        await stage.until(lambda: running in services.database.tables.cancel_requests)


async def test_a_name_behind_the_key_that_queues_a_report() -> None:
    services = some()
    async with on_stage(services) as stage:
        services.database.delay = 0.1
        await stage.burst("nair\r")
        await stage.until(lambda: stage.table.total == 10)
        assert services.get(10).report == "air"


async def test_pasted_text_keeps_its_turn() -> None:
    async with on_stage(some()) as stage:
        stage.app.post_message(events.Key("slash", "/"))
        stage.app.post_message(events.Paste("air"))
        stage.app.post_message(events.Key("s", "s"))
        await stage.until(lambda: stage.screen.query_one(SearchInput).value == "airs")
