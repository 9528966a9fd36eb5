"""What is said: toasts, their history, and each error with its reason."""

import pytest
from textual.widgets._toast import Toast

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.screens.messages import MessagesScreen
from jobmon_tui.tui.toasts import Kind
from tests.tui.shell_stage import screen_text, signed_in_stage

HOSTILE = "[@click=app.quit_asked]x[/] [/var/log/x] \x1b]52;c;AAAA\x07 \u202eabc"


def shown_toasts(app) -> list[str]:
    return [toast.render().plain for toast in app.screen.query(Toast)]


@pytest.mark.story("AC-003")
@pytest.mark.parametrize("code", list(ErrorCode))
async def test_every_refusal_and_failure_is_a_toast_with_its_reason(code: ErrorCode) -> None:
    app = signed_in_stage(options=Options(origin="pts/1", error_toast_seconds=40)).app()
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        app.refused(JobmonError(code, f"The reason for {code.value}: ask ada."))
        await pilot.pause()
        (toast,) = app.screen.query(Toast)
        assert toast.render().plain == f"✗ The reason for {code.value}: ask ada."
        assert toast.has_class("-error")
        assert toast._timeout == pytest.approx(40, abs=2)
        assert f"The reason for {code.value}" in screen_text(app)
        assert [told.text for told in app.toasts.history] == [f"The reason for {code.value}: ask ada."]


@pytest.mark.story("AC-003")
async def test_toasts_block_nothing_go_by_themselves_and_can_be_listed() -> None:
    app = signed_in_stage(options=Options(origin="pts/1", toast_seconds=0.3)).app()
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        app.told("“Sales” #1 was queued again as #2.")
        await pilot.pause()
        assert shown_toasts(app) == ["✓ “Sales” #1 was queued again as #2."]
        await pilot.pause(0.6)
        assert shown_toasts(app) == []
        await pilot.press("m")
        assert isinstance(app.screen, MessagesScreen)
        assert "“Sales” #1 was queued again as #2." in screen_text(app)
        await pilot.press("m")
        assert not isinstance(app.screen, MessagesScreen)


async def test_the_messages_are_searched_like_every_other_list() -> None:
    app = signed_in_stage().app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("m", "slash")
        assert "Nothing was said yet." in screen_text(app)
        await pilot.press("m")
        app.told("“Sales” #1 was queued again as #2.")
        app.warned("The line is slow.")
        await pilot.press("m", "slash", *"WARN slow", "enter")
        await pilot.pause()
        assert "Messages (1 of 2, only “warn slow”), newest first" in screen_text(app)
        assert "Sales" not in screen_text(app)
        await pilot.press("slash", *" nothing", "enter")
        await pilot.pause()
        assert "Nothing matches. Esc shows all." in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "Sales" in screen_text(app)
        assert "Nothing matches" not in screen_text(app)
        await pilot.press("slash", "x", "escape")
        await pilot.pause()
        assert "Messages (2), newest first" in screen_text(app)
        await pilot.press("escape")
        assert not isinstance(app.screen, MessagesScreen)


async def test_what_comes_from_data_steers_nothing() -> None:
    app = signed_in_stage().app()
    async with app.run_test(notifications=True, size=(80, 24)) as pilot:
        await pilot.pause()
        app.warned(HOSTILE)
        await pilot.pause()
        (said,) = shown_toasts(app)
        assert "[@click=app.quit_asked]x[/] [/var/log/x]" in said
        await pilot.press("m")
        shown = screen_text(app)
        assert "[@click=app.quit_asked]x" in shown
        for steering in ("\x1b", "\x07", "\u202e"):
            assert steering not in said + shown


async def test_the_same_again_is_renewed_and_more_than_three_give_way() -> None:
    app = signed_in_stage().app()
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        for _ in range(5):
            app.warned("No worker is alive.")
            await pilot.pause()
        assert shown_toasts(app) == ["! No worker is alive."]
        for at in range(4):
            app.told(f"done {at}")
            await pilot.pause()
        assert shown_toasts(app) == ["✓ done 1", "✓ done 2", "✓ done 3"]
        assert len(app.toasts.history) == 9
        assert (app.toasts.history[0].kind, app.toasts.history[0].text) == (Kind.DONE, "done 3")


async def test_several_said_at_once_push_out_the_oldest_and_none_stands_there_twice() -> None:
    app = signed_in_stage().app()
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        for at in range(3):
            app.told(f"done {at}")
        await pilot.pause()
        # Each pushes one out, and nothing is shown in between: what one press says comes in one go.
        app.told("“Sales” was queued as #8.")
        app.warned("Queued, but no worker is alive: jobmon worker")
        await pilot.pause()
        assert shown_toasts(app) == [
            "✓ done 2",
            "✓ “Sales” was queued as #8.",
            "! Queued, but no worker is alive: jobmon worker",
        ]


async def test_an_unknown_theme_is_said_and_the_default_worn() -> None:
    app = signed_in_stage(options=Options(origin="pts/1", theme="neon")).app()
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        assert app.theme == "jobmon-dark"
        assert "There is no theme “neon”" in app.toasts.history[0].text
        await pilot.press("ctrl+t")
        assert app.theme == "jobmon-light"
