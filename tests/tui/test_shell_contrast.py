"""Every text on every screen has 4.5:1 against what is behind it, measured on what is painted.

WCAG 2.1, 1.4.3, and 1.4.11 for lines, scroll bars and the focus. In true colour, after the step to the 256
colours that most SSH sessions have, and in 16, as the PC's text mode and as xterm show them. On the way it is
seen that the terminal's own cursor is on whatever has the focus.
"""

from collections.abc import Iterator

import pytest
from rich.color import ColorSystem
from textual.app import App
from textual.pilot import Pilot
from textual.theme import Theme

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.glyphs import GLYPHS
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.palettes import PALETTES, PALETTES_OF_16
from jobmon_tui.tui.themes import THEMES, themes_of
from jobmon_tui.tui.toasts import Kind
from tests.tui.colour_measures import CONTRAST_OF_SHAPES, CONTRAST_OF_TEXT, VGA, XTERM, contrast
from tests.tui.every_screen import (
    BEFORE,
    KEYS,
    SlowWorker,
    dressed,
    every_screen,
    full_services,
    opened,
)
from tests.tui.fake_services import FakeServices
from tests.tui.painted import COLOURS, MARKERS, Cell, Terminal, cells, coloured
from tests.tui.shell_stage import Stage

STANDINGS = frozenset({"success", "running", "queued", "cancelled", "error"})
"""The inks that say how something stands. What only warns is a sentence."""
SIGNS = frozenset({*GLYPHS.values(), *(kind.glyph for kind in Kind), "●"})
SAID_UNDER_A_HEADING = frozenset({"no such table"})


def terminals() -> Iterator[Terminal]:
    """Give every theme in every kind of terminal; those of the terminal's own colours are not among them."""
    for name, colours in PALETTES.items():
        if not colours.ansi:
            yield Terminal(f"{name} in true colour", colours, ColorSystem.TRUECOLOR, VGA, VGA[7], VGA[0])
            yield Terminal(f"{name} in 256", colours, ColorSystem.EIGHT_BIT, VGA, VGA[7], VGA[0])
            sixteen = PALETTES_OF_16[name]
            yield Terminal(f"{name} in VGA's 16", sixteen, ColorSystem.STANDARD, VGA, VGA[7], VGA[0])
            yield Terminal(f"{name} in xterm's 16", sixteen, ColorSystem.STANDARD, XTERM, XTERM[7], XTERM[0])


def own_terminals(name: str) -> Iterator[Terminal]:
    """Give the terminals whose own colours the theme takes."""
    colours = PALETTES[name]
    text, ground = (7, 0) if colours.dark else (0, 15)
    for which, own in (("VGA", VGA), ("xterm", XTERM)):
        yield Terminal(f"{name} on {which}", colours, ColorSystem.STANDARD, own, own[text], own[ground])


def faint(painted: set[Cell], terminal: Terminal) -> set[str]:
    """Return what cannot be read, or seen, well enough."""
    found: dict[tuple[str, str, bool], str] = {}
    for cell in painted:
        if cell.is_text or cell.is_drawn:
            least = CONTRAST_OF_TEXT if cell.is_text else CONTRAST_OF_SHAPES
            if contrast(*terminal.seen(cell)) < least:
                key = (cell.ink, cell.ground, cell.is_text)
                found[key] = found.get(key, "") + cell.character
    return {f"{text!r}: {ink} on {ground}, {terminal.name}" for (ink, ground, _), text in found.items()}


def is_marked(before: Cell, after: Cell, terminal: Terminal) -> bool:
    """Tell whether a cell shows the focus: by its ground, by a sign, by a line under it, or by its ink."""
    (ink_before, ground_before), (ink, ground) = terminal.seen(before), terminal.seen(after)
    if contrast(ground_before, ground) >= CONTRAST_OF_SHAPES:
        return True
    if contrast(ink, ground) < CONTRAST_OF_SHAPES:
        return False
    if before.character != after.character or "underline" in before.attributes ^ after.attributes:
        return True
    return after.is_drawn and contrast(ink_before, ink) >= CONTRAST_OF_SHAPES


Changes = dict[str, set[tuple[Cell, Cell]]]


async def focused_parts(pilot: Pilot[int]) -> Changes:
    """Return which cells change as each part of the screen gets the focus."""
    screen = pilot.app.screen
    held, changes = screen.focused, {}
    screen.set_focus(None)
    await pilot.pause()
    before = cells(pilot.app)
    # Of each kind one; where there is one part only, it has the focus always.
    parts = {(type(part), part.classes): part for part in screen.focus_chain}
    for part in parts.values() if len(screen.focus_chain) > 1 else ():
        screen.set_focus(part)
        await pilot.pause()
        assert cursor_elsewhere(pilot.app) == set()
        changes[str(part)] = set(zip(before, cells(pilot.app), strict=True))
    screen.set_focus(held)
    return changes


def wrong_in(terminal: Terminal, painted: set[Cell], changes: Changes) -> set[str]:
    """Return what cannot be read or seen, and which focus cannot."""
    unseen = {
        f"{part} shows no focus, {terminal.name}"
        for part, pairs in changes.items()
        if not any(one != other and is_marked(one, other, terminal) for one, other in pairs)
    }
    return unseen | faint(painted, terminal)


def cursor_elsewhere(app: App[int]) -> set[str]:
    """Return what has the focus, where the terminal's own cursor is not on it: readers would not follow."""
    part = app.screen.focused
    assert isinstance(app, JobmonApp)
    if part is None or part.region.contains_point(app.cursor_position):
        return set()
    return {f"{part} has the focus in {part.region}, the terminal's cursor is at {app.cursor_position}"}


def colour_alone(app: App[int]) -> set[str]:
    """Return what says how something stands by its colour, with no sign or no word."""
    return {
        f"{text!r} has no sign and word of its own, only the colour of {ink}"
        for text, ink in coloured(app)
        if ink in STANDINGS
        and text not in SAID_UNDER_A_HEADING
        and not (set(text) & SIGNS and any(map(str.isalpha, text)))
    }


async def wear(pilot: Pilot[int], theme: Theme) -> None:
    pilot.app.register_theme(theme)
    pilot.app.theme = theme.name
    await pilot.pause()


async def wrong(pilot: Pilot[int]) -> set[str]:
    """Return what is wrong with the screen that is open, in every theme and terminal."""
    await wear(pilot, themes_of({"markers": MARKERS})["markers"])
    changes = await focused_parts(pilot)
    await pilot.pause()
    painted = set(cells(pilot.app))
    # Behind what has nothing in it there may be no colour.
    found = cursor_elsewhere(pilot.app) | colour_alone(pilot.app)
    strange = {
        f"a colour of no palette: {cell}"
        for cell in painted
        if {cell.ink, cell.ground} - {*COLOURS, "default"}
    }
    found |= strange | {each for terminal in terminals() for each in wrong_in(terminal, painted, changes)}
    for name in ("jobmon-ansi", "jobmon-ansi-light"):
        await wear(pilot, THEMES[name])
        changes = await focused_parts(pilot) if PALETTES[name].dark else {}
        painted = set(cells(pilot.app))
        found |= {each for own in own_terminals(name) for each in wrong_in(own, painted, changes)}
    return found


@pytest.mark.parametrize("name", list(KEYS))
async def test_every_text_can_be_read(name: str) -> None:
    async with dressed(Stage(full_services(), token="admin-token", worker=SlowWorker([1]))) as pilot:
        app = pilot.app
        assert isinstance(app, JobmonApp)
        await opened(pilot, name)
        app.told("done")
        app.warned("take care")
        app.refused(invalid_input("no"))
        await pilot.pause(0.1)
        assert sorted(await wrong(pilot)) == []


@pytest.mark.parametrize("which", list(BEFORE))
async def test_every_text_before_the_dashboard_can_be_read(which: str) -> None:
    stage = Stage(FakeServices(accounts=which != "first run"), token="stale")
    if which == "no connection":
        stage.failures.append(invalid_input("The address of the database is malformed."))
    async with dressed(stage) as pilot:
        await pilot.press("enter", "x", "enter", "enter")
        await pilot.pause(0.1)
        assert type(pilot.app.screen) is BEFORE[which]
        assert sorted(await wrong(pilot)) == []


def test_every_screen_is_among_those() -> None:
    known = {kind for kind, _ in KEYS.values()} | set(BEFORE.values())
    assert every_screen() - known == set(), "add the keys that open it to KEYS"
