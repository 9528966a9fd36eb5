"""A list of lines: what keys, the mouse, the wheel and another size do to its cursor and its view."""

import pytest
from textual.app import App, ComposeResult

from jobmon_tui.tui.themes import THEMES
from jobmon_tui.tui.widgets.cells import Cell, Line
from jobmon_tui.tui.widgets.line_list import LineList
from jobmon_tui.tui.widgets.record_list import Highlighted
from tests.tui.viewing import painted

ROWS, HEIGHT = 100, 20


class Numbers(LineList):
    """Each row says its number; the heading is line 0."""

    @property
    def total(self) -> int:
        return ROWS

    def line(self, y: int) -> Line:
        if y == 0:
            return (Cell("Number", "header"),)
        position = self.first + y - 1
        at_cursor = position == self.cursor
        style = ("cursor" if self.has_focus else "cursor-blurred") if at_cursor else "row"
        return (Cell(str(position) if position < ROWS else "", style),)

    def settled(self) -> None:
        self.repaint()
        self.post_message(Highlighted())


class Listed(App[None]):
    """The list alone, in one of our themes."""

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = "jobmon-dark"

    def compose(self) -> ComposeResult:
        yield Numbers(id="numbers")

    def on_mount(self) -> None:
        self.list.resize_list()
        self.list.focus()

    @property
    def list(self) -> Numbers:
        return self.query_one(Numbers)


@pytest.mark.parametrize(
    ("keys", "cursor", "first"),
    [
        ("j j k", 1, 0),
        ("down down down up", 2, 0),
        ("up", 0, 0),
        ("pagedown", 18, 18),
        ("ctrl+d", 9, 9),
        ("ctrl+d ctrl+d ctrl+u", 9, 9),
        ("pagedown pageup", 0, 0),
        ("G", 99, 81),
        ("end down", 99, 81),
        ("end home", 0, 0),
        ("G g", 0, 0),
    ],
)
async def test_keys_move_the_cursor_and_the_view(keys: str, cursor: int, first: int) -> None:
    app = Listed()
    async with app.run_test(size=(80, HEIGHT)) as pilot:
        await pilot.press(*keys.split())
        await pilot.pause()
        assert (app.list.cursor, app.list.first) == (cursor, first)
        assert app.list.cursor_in_view
        y = app.list.cursor_screen_offset.y - app.list.content_region.y
        assert app.list.render_line(y).text.strip() == str(cursor)


async def test_a_cursor_out_of_view_comes_to_the_view_and_is_not_acted_on_unseen() -> None:
    app = Listed()
    async with app.run_test(size=(80, HEIGHT)) as pilot:
        app.list.scroll_to(y=40, animate=False)
        await pilot.pause()
        assert (app.list.cursor, app.list.cursor_in_view) == (0, False)
        assert app.list.cursor_screen_offset.y == app.list.content_region.y
        await pilot.press("j")
        assert app.list.cursor == 40
        app.list.scroll_to(y=0, animate=False)
        await pilot.pause()
        await pilot.press("k")
        assert app.list.cursor == HEIGHT - 2
        app.list.scroll_to(y=60, animate=False)
        await pilot.pause()
        assert not app.list.show_cursor()
        assert app.list.show_cursor()


async def test_the_mouse_chooses_a_row_and_not_the_heading() -> None:
    app = Listed()
    async with app.run_test(size=(80, HEIGHT)) as pilot:
        await pilot.click(app.list, offset=(3, 5))
        assert app.list.cursor == 4
        await pilot.click(app.list, offset=(3, 0))
        assert app.list.cursor == 4


async def test_the_cursor_stays_in_view_in_a_smaller_window() -> None:
    app = Listed()
    async with app.run_test(size=(80, HEIGHT)) as pilot:
        await pilot.press(*"j" * 17)
        await pilot.resize_terminal(60, 8)
        await pilot.pause()
        assert app.list.cursor == 17
        assert app.list.cursor_in_view
        assert app.list.line_width == 59


async def test_only_lines_that_differ_are_painted_until_a_colour_does() -> None:
    app = Listed()
    async with app.run_test(size=(80, HEIGHT)) as pilot:
        await pilot.pause()
        with painted(app.list) as lines:
            await pilot.press("j")
            await pilot.pause()
            assert sorted(set(lines)) == [1, 2]
        before = app.list.render_line(3)
        with painted(app.list) as lines:
            app.theme = "jobmon-light"
            await pilot.pause()
            await pilot.pause()
            app.list.repaint()
            await pilot.pause()
            assert set(lines) == set(range(HEIGHT))
        assert app.list.render_line(3) != before
        with painted(app.list) as lines:
            app.screen.set_focus(None)
            await pilot.pause()
            assert 2 in lines
