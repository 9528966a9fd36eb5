"""What stands on the screen, cell by cell, by the names of its colours, and how a terminal shows these.

A screen is painted once, by a theme whose every colour can be told from every other; which contrast it has in
a theme is then arithmetic. A colour that is none of them was made by blending, and fails the test.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.color import Color, ColorSystem, ColorType
from rich.style import Style
from textual.app import App

from jobmon_tui.tui.palettes import Palette
from tests.tui.colour_measures import Triple

# Lines, blocks and bars are no text: what they say is said in words too.
DRAWN = frozenset("▌▐▔▁▂▃▄▅▆▇█▋▊▉▎▍▏▕▀─│╭╮╰╯━┃┌┐└┘╸╺╹╻▛▜▙▟")

COLOURS = tuple(field.name for field in fields(Palette) if field.name not in {"dark", "ansi"})
# Unlike any colour that a theme or Textual has.
_MARKS = {name: f"#{40 + 11 * at:02x}{37 + 7 * at:02x}{201 - 9 * at:02x}" for at, name in enumerate(COLOURS)}
MARKERS = Palette(**_MARKS)  # type: ignore[arg-type]
_NAMES = {mark: name for name, mark in _MARKS.items()}


class Terminal(NamedTuple):
    """How a terminal shows a palette: how many colours it knows, its own 16, and its text and background."""

    name: str
    colours: Palette
    system: ColorSystem
    palette: Sequence[Triple]
    text: Triple
    ground: Triple

    def shown(self, name: str, default: Triple) -> Triple:
        """Return the colour of a name of the palette, or of one of the terminal's own."""
        named = getattr(self.colours, name, name)
        colour = Color.parse(named.removeprefix("ansi_"))
        if colour.type is ColorType.DEFAULT:
            return default
        reduced = colour.downgrade(self.system)
        if reduced.number is not None and reduced.number < 16:
            return self.palette[reduced.number]
        return tuple(reduced.get_truecolor())  # type: ignore[return-value]

    def seen(self, cell: "Cell") -> tuple[Triple, Triple]:
        """Return a cell's ink and ground as they are seen: swapped where it is reversed."""
        ink, ground = self.shown(cell.ink, self.text), self.shown(cell.ground, self.ground)
        return (ground, ink) if "reverse" in cell.attributes else (ink, ground)


class Cell(NamedTuple):
    """One cell. Its colours are names: those of the palette, or such as `default` and `bright_red`."""

    character: str
    ink: str
    ground: str
    attributes: frozenset[str]
    is_thumb: bool

    @property
    def is_drawn(self) -> bool:
        return self.character in DRAWN or (self.is_thumb and self.character.isspace())

    @property
    def is_text(self) -> bool:
        return not self.is_drawn and not self.character.isspace()


def segments(app: App[Any]) -> Iterator[Iterator[tuple[str, Style]]]:
    """Give the screen's lines, each as pieces of text with their style."""
    for strip in app.screen._compositor.render_strips():
        yield ((segment.text, segment.style or Style()) for segment in strip)


def cells(app: App[Any]) -> list[Cell]:
    """Return every cell of the screen."""
    known: dict[Style, Cell] = {}
    found: list[Cell] = []
    for line in segments(app):
        for text, style in line:
            if style not in known:
                known[style] = _cell(style)
            found += (known[style]._replace(character=each) for each in text for _ in range(cell_len(each)))
    return found


def coloured(app: App[Any]) -> Iterator[tuple[str, str]]:
    """Give each piece of text on the screen that is written in one ink, with the ink's name."""
    for line in segments(app):
        pieces = ((text, _name(style.color)) for text, style in line)
        for ink, same in groupby(pieces, key=itemgetter(1)):
            text = "".join(text for text, _ in same).strip()
            if set(text) - DRAWN:
                yield text, ink


def _cell(style: Style) -> Cell:
    on = {name for name in ("bold", "underline", "reverse", "italic", "dim") if getattr(style, name)}
    return Cell(
        " ",
        _name(style.color),
        _name(style.bgcolor),
        frozenset(on),
        style.meta.get("@mouse.down") == "grab",
    )


def _name(colour: Color | None) -> str:
    return "default" if colour is None else _NAMES.get(colour.name, colour.name)
