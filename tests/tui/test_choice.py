"""One of a few words: by arrows, by its letter, by the mouse, and a word that is not on offer."""

from collections.abc import Sequence

import pytest
from textual import on
from textual.app import App, ComposeResult

from jobmon_tui.tui.widgets.choice import Choice

WORDS = ("none", "fixed", "exponential")


class Asked(App[None]):
    """A choice between two others, so that the focus can go both ways."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield Choice(("above",))
        yield Choice(WORDS)
        yield Choice(("below",))

    @on(Choice.Changed)
    def changed(self) -> None:
        self.chosen.append(self.middle.value)

    @property
    def middle(self) -> Choice:
        return list(self.query(Choice))[1]


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (("right",), ["fixed"]),
        (("space", "right"), ["fixed", "exponential"]),
        (("left",), []),
        (("right", "right", "right", "left"), ["fixed", "exponential", "fixed"]),
        (("e",), ["exponential"]),
        (("F", "n"), ["fixed", "none"]),
        (("x", "q", "question_mark"), []),
    ],
)
async def test_keys_choose_and_letters_do_nothing_else(keys: Sequence[str], chosen: list[str]) -> None:
    app = Asked()
    async with app.run_test() as pilot:
        app.middle.focus()
        await pilot.press(*keys)
        await pilot.pause()
        assert app.chosen == chosen
        value = chosen[-1] if chosen else "none"
        assert app.middle.value == value
        assert f"(●) {value}" in app.middle.text
        assert app.middle.text.count("●") == 1
        assert app.focused is app.middle
        # The terminal's own cursor is on the mark.
        x = app.middle.cursor_screen_offset.x - app.middle.content_region.x
        assert app.middle.text[x] == "●"


async def test_up_and_down_leave_it() -> None:
    app = Asked()
    async with app.run_test() as pilot:
        app.middle.focus()
        await pilot.press("down")
        assert isinstance(app.focused, Choice) and app.focused.value == "below"
        await pilot.press("up", "up")
        assert isinstance(app.focused, Choice) and app.focused.value == "above"


async def test_what_a_report_has_is_kept_though_it_is_not_on_offer() -> None:
    app = Asked()
    async with app.run_test() as pilot:
        app.middle.value = "fibonacci"
        await pilot.pause()
        assert app.middle.text.rstrip().endswith("(●) fibonacci")
        app.middle.focus()
        await pilot.press("left")
        assert app.middle.value == "exponential"


async def test_a_click_chooses_the_word_under_it() -> None:
    app = Asked()
    async with app.run_test() as pilot:
        at = app.middle.text.index("fixed") + 1
        await pilot.click(app.middle, offset=(at + 2, 0))
        assert app.middle.value == "fixed"
        await pilot.click(app.middle, offset=(70, 0))
        assert app.middle.value == "fixed"
