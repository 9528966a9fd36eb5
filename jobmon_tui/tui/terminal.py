"""What the terminal must be able to do, and what it is told, before Textual is imported."""

import os
import sys
from collections.abc import Mapping, MutableMapping

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


def prepare(environ: MutableMapping[str, str]) -> None:
    """Set what Textual reads from the environment at its import."""
    environ.setdefault("ESCDELAY", ESCAPE_DELAY_MS)
    environ["TEXTUAL_ANIMATIONS"] = "none"
    environ["TEXTUAL_SMOOTH_SCROLL"] = "0"
    # "none" among others crashes it; NO_COLOR is the way to say that.
    if environ.get("TEXTUAL_COLOR_SYSTEM", "auto") not in _COLOR_SYSTEMS:
        del environ["TEXTUAL_COLOR_SYSTEM"]
        environ.setdefault("NO_COLOR", "1")
