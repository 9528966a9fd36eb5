"""The colours of each theme, in full and in 16.

In full each is one of the 256 that terminals know by number: SSH drops COLORTERM, and what is picked from the
palette loses no contrast when it is quantised. Text colours are explicit, none is made by blending.

In 16 colours a nearest match would turn light green into white and dark green into one that cannot be read on
white: there the themes have a palette of their own, in the numbers of the terminal's own colours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jobmon_tui.domain.looks import THEME_NAMES


@dataclass(frozen=True, slots=True)
class Palette:
    """What a theme chooses; all else follows from it. Colours as `#rrggbb`, or by name as `ansi_red`."""

    background: str
    surface: str
    panel: str
    text: str
    muted: str
    accent: str
    success: str
    warning: str
    error: str
    running: str
    queued: str
    cancelled: str
    cursor: str
    cursor_text: str
    line: str
    """Borders and scrollbars."""
    dark: bool = True
    ansi: bool = False
    """True where the colours are the terminal's own: the cursor is its text reversed."""

    @property
    def statuses(self) -> Mapping[str, str]:
        """The text colour of each status, by its name in small letters."""
        return {
            "queued": self.queued,
            "running": self.running,
            "succeeded": self.success,
            "failed": self.error,
            "cancelled": self.cancelled,
        }


DARK = Palette(
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    text="#e4e4e4",
    muted="#b2b2b2",
    accent="#87afff",
    success="#87d787",
    warning="#ffd75f",
    error="#ff8787",
    running="#5fd7ff",
    queued="#d7d7af",
    cancelled="#bcbcbc",
    cursor="#5f5fff",
    cursor_text="#ffffff",
    line="#5f87af",
)
LIGHT = Palette(
    background="#ffffff",
    surface="#eeeeee",
    panel="#e4e4e4",
    text="#1c1c1c",
    muted="#4e4e4e",
    accent="#005faf",
    success="#005f00",
    warning="#5f5f00",
    error="#af0000",
    running="#005f87",
    queued="#5f00af",
    cancelled="#4e4e4e",
    cursor="#005faf",
    cursor_text="#ffffff",
    line="#005f87",
    dark=False,
)
CONTRAST = Palette(
    background="#000000",
    surface="#000000",
    panel="#000000",
    text="#ffffff",
    muted="#ffffff",
    accent="#00ffff",
    success="#00ff00",
    warning="#ffff00",
    error="#ffafaf",
    running="#00ffff",
    queued="#ffff00",
    cancelled="#ffffff",
    cursor="#ffff00",
    cursor_text="#000000",
    line="#ffffff",
)
# For eyes that confuse red and green (protanopia too): orange against blues, each of another lightness.
DEUTERANOPIA = replace(
    DARK,
    success="#00afff",
    warning="#ffd75f",
    error="#ffaf00",
    running="#00ffff",
    queued="#ffffd7",
    cancelled="#af8787",
)
# For eyes that confuse blue and green, and yellow and violet: red against turquoise.
TRITANOPIA = replace(
    DARK,
    accent="#87d7ff",
    success="#00ffd7",
    warning="#ffd7af",
    error="#ff8787",
    running="#87d700",
    queued="#ffffff",
    cancelled="#949494",
)
ANSI = Palette(
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    text="ansi_default",
    muted="ansi_default",
    accent="ansi_bright_cyan",
    success="ansi_bright_green",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
    running="ansi_bright_cyan",
    queued="ansi_default",
    cancelled="ansi_default",
    cursor="ansi_default",
    cursor_text="ansi_default",
    line="ansi_default",
    ansi=True,
)
# Of the eight, green, yellow and cyan cannot be read on white.
ANSI_LIGHT = replace(
    ANSI,
    accent="ansi_blue",
    success="ansi_default",
    warning="ansi_magenta",
    error="ansi_red",
    running="ansi_blue",
    queued="ansi_magenta",
    dark=False,
)
COLOURLESS = replace(
    ANSI,
    **dict.fromkeys(("accent", "success", "warning", "error", "running"), "ansi_default"),  # type: ignore[arg-type]
)
"""For NO_COLOR: what stands out does so by bold, underlining and reversing."""

PALETTES: Final[Mapping[str, Palette]] = dict(
    zip(THEME_NAMES, (DARK, LIGHT, CONTRAST, DEUTERANOPIA, TRITANOPIA, ANSI, ANSI_LIGHT), strict=True)
)

_SIXTEEN: Final[Sequence[str]] = (
    "#000000",
    "#aa0000",
    "#00aa00",
    "#aa5500",
    "#0000aa",
    "#aa00aa",
    "#00aaaa",
    "#aaaaaa",
    "#555555",
    "#ff5555",
    "#55ff55",
    "#ffff55",
    "#5555ff",
    "#ff55ff",
    "#55ffff",
    "#ffffff",
)
"""What rich matches against when it reduces to 16 colours: naming one of these gives just that number."""
_BLACK, _RED, _BLUE, _MAGENTA, _CYAN, _GREY = (_SIXTEEN[at] for at in (0, 1, 4, 5, 6, 7))
_DARK_GREY, _LIGHT_RED, _LIGHT_GREEN, _YELLOW, _LIGHT_CYAN, _WHITE = (
    _SIXTEEN[at] for at in (8, 9, 10, 11, 14, 15)
)

_DARK_16 = Palette(
    background=_BLACK,
    surface=_BLACK,
    panel=_BLACK,
    text=_WHITE,
    muted=_GREY,
    accent=_LIGHT_CYAN,
    success=_LIGHT_GREEN,
    warning=_YELLOW,
    error=_LIGHT_RED,
    running=_LIGHT_CYAN,
    queued=_GREY,
    cancelled=_GREY,
    # Not a bright one: many a terminal of 8 colours has no bright backgrounds.
    cursor=_CYAN,
    cursor_text=_BLACK,
    line=_GREY,
)
PALETTES_OF_16: Final[Mapping[str, Palette]] = {
    **PALETTES,
    "jobmon-dark": _DARK_16,
    "jobmon-light": Palette(
        background=_WHITE,
        surface=_WHITE,
        panel=_WHITE,
        text=_BLACK,
        muted=_BLACK,
        accent=_BLUE,
        success=_BLACK,
        warning=_MAGENTA,
        error=_RED,
        running=_BLUE,
        queued=_MAGENTA,
        cancelled=_BLACK,
        cursor=_BLUE,
        cursor_text=_WHITE,
        line=_DARK_GREY,
        dark=False,
    ),
    "jobmon-contrast": replace(
        _DARK_16, muted=_WHITE, queued=_YELLOW, cancelled=_WHITE, cursor=_GREY, line=_WHITE
    ),
    "jobmon-deuteranopia": replace(_DARK_16, success=_LIGHT_CYAN, error=_YELLOW, running=_WHITE),
    "jobmon-tritanopia": replace(_DARK_16, running=_WHITE),
}
