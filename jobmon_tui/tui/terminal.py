"""What the terminal must be able to do, and what it is told, before Textual is imported."""

import os
import sys
from collections.abc import Mapping, MutableMapping
from enum import Enum, auto

from jobmon_tui.domain.plain_forms import has_poor_font, is_ascii_locale

ESCAPE_DELAY_MS = "500"
"""How long a lone ESC waits for the rest of an arrow key: a slow line may split the sequence."""

_DUMB = frozenset({"", "dumb", "unknown"})
_COLOR_SYSTEMS = frozenset({"auto", "standard", "256", "truecolor", "windows"})


def refusal(environ: Mapping[str, str], *, is_terminal: bool) -> str | None:
    """Return one line that says why there can be no dashboard here, or None where there can."""
    instead = "For a list without a screen: jobmon list"
    if not is_terminal:
        return f"The dashboard needs a terminal, and this is none. {instead}"
    term = environ.get("TERM", "")
    if term in _DUMB:
        return f"This terminal (TERM={term or 'not set'}) cannot show the dashboard. {instead}"
    return None


def on_terminal() -> bool:
    """Tell whether keys can be read and a screen painted: Textual reads stdin and paints on stderr."""
    try:
        return os.isatty(sys.__stdin__.fileno()) and os.isatty(sys.__stderr__.fileno())  # type: ignore[union-attr]
    except (AttributeError, OSError, ValueError):
        return False


def erases_in_colour() -> bool:
    """Tell whether the terminal can erase cells and fills them with the ground that is set, by terminfo.

    Where terminfo does not know the terminal, it is taken for one that cannot.
    """
    try:
        import curses

        curses.setupterm()
        return curses.tigetflag("bce") == 1 and curses.tigetstr("ech") == b"\x1b[%p1%dX"
    except (ImportError, curses.error, OSError, ValueError, TypeError):
        return False


def prepare(environ: MutableMapping[str, str]) -> None:
    """Set what Textual reads from the environment at its import."""
    environ.setdefault("ESCDELAY", ESCAPE_DELAY_MS)
    # Exported by some shell, they would be believed instead of the window, also after it changed.
    environ.pop("COLUMNS", None)
    environ.pop("LINES", None)
    environ["TEXTUAL_ANIMATIONS"] = "none"
    environ["TEXTUAL_SMOOTH_SCROLL"] = "0"
    if environ.get("NO_COLOR") == "":
        del environ["NO_COLOR"]  # no-color.org: only a value counts, and Textual takes it without one
    # "none" among others crashes it; NO_COLOR is the way to say that.
    if environ.get("TEXTUAL_COLOR_SYSTEM", "auto") not in _COLOR_SYSTEMS:
        del environ["TEXTUAL_COLOR_SYSTEM"]
        environ.setdefault("NO_COLOR", "1")
    elif not {"TEXTUAL_COLOR_SYSTEM", "COLORTERM"} & set(environ) and _is_colourless(environ.get("TERM", "")):
        environ.setdefault("NO_COLOR", "1")


def _is_colourless(term: str) -> bool:
    """Tell whether this terminal has no colours, as terminfo says, or where there is none, by its name.

    A process can ask terminfo for one terminal only: for any other it gets the first one's answer.
    """
    by_name = term.startswith("vt")
    try:
        import curses
    except ImportError:
        return by_name
    try:
        curses.setupterm(term, 1)
        return curses.tigetnum("colors") < 0
    except curses.error:
        return by_name


class Forms(Enum):
    """How what is painted is spelt."""

    ALL = auto()
    """As it is."""
    OURS = auto()
    """Our own signs by their ASCII forms, names in other scripts as they are: the font is poor."""
    ASCII = auto()
    """Everything in ASCII: the locale says so."""


def forms_for(environ: Mapping[str, str], glyphs: str) -> Forms:
    """Return the forms for a terminal, where the setting `glyphs` says `auto`, `ascii` or `unicode`."""
    if glyphs == "unicode":
        return Forms.ALL
    if is_ascii_locale(environ):
        return Forms.ASCII
    return Forms.OURS if glyphs == "ascii" or has_poor_font(environ) else Forms.ALL
