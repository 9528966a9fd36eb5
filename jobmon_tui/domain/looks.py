"""How the dashboard may look, by name: the settings and the screen have to agree on these."""

from typing import Final, Literal, get_args

from jobmon_tui.domain.text import one_line

PREFIX: Final = "jobmon-"
THEME_NAMES: Final = tuple(
    f"{PREFIX}{each}"
    for each in ("dark", "light", "contrast", "deuteranopia", "tritanopia", "ansi", "ansi-light")
)
DEFAULT_THEME: Final = THEME_NAMES[0]
_ALSO: Final = {"high-contrast": f"{PREFIX}contrast", "ansi-dark": f"{PREFIX}ansi"}

Glyphs = Literal["auto", "ascii", "unicode"]
"""Whether our signs are drawn by their ASCII forms: as the terminal seems to need it, always, or never."""
GLYPHS: Final[tuple[str, ...]] = get_args(Glyphs)


def theme_called(name: str) -> str | None:
    """Return the theme of this name, with or without the `jobmon-` before it; None where there is none."""
    wanted = name.strip().lower().removeprefix(PREFIX)
    full = _ALSO.get(wanted, PREFIX + wanted)
    return full if full in THEME_NAMES else None


def no_theme(name: str) -> str:
    """Return the line that says so."""
    known = ", ".join(each.removeprefix(PREFIX) for each in THEME_NAMES)
    return f"There is no theme “{one_line(name, 40)}”. There are: {known}."
