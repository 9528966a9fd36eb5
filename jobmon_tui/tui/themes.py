"""The colours. The glyphs and words that say the same without colour are in rows.py.

Every colour is one of the 256 that terminals know by number: SSH drops COLORTERM, and what is picked from
the palette loses no contrast when it is quantised. Text colours are explicit, none is made by blending.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.theme import Theme

from jobmon_tui.domain.execution import Status


def status_variable(status: Status) -> str:
    """Return the theme variable, with its `$`, that holds the status's text colour."""
    return f"$status-{status.value.lower()}"


@dataclass(frozen=True, slots=True)
class Palette:
    """What a theme chooses; all else follows from it. Colours as `#rrggbb`."""

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
    cursor="#005f87",
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
    line="#5f87af",
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


def _variables(colours: Palette) -> dict[str, str]:
    cursor = {
        f"{name}-{part}": value
        for name in ("block-cursor", "block-cursor-blurred", "input-selection", "screen-selection")
        for part, value in (("background", colours.cursor), ("foreground", colours.cursor_text))
    }
    return cursor | {
        "status-queued": colours.queued,
        "status-running": colours.running,
        "status-succeeded": colours.success,
        "status-failed": colours.error,
        "status-cancelled": colours.cancelled,
        "text": colours.text,
        "text-muted": colours.muted,
        "text-disabled": colours.muted,
        "text-primary": colours.accent,
        "text-secondary": colours.accent,
        "text-accent": colours.accent,
        "text-success": colours.success,
        "text-warning": colours.warning,
        "text-error": colours.error,
        "foreground-muted": colours.muted,
        "foreground-disabled": colours.muted,
        "block-cursor-text-style": "bold",
        "block-hover-background": colours.panel,
        "surface-active": colours.panel,
        "border": colours.accent,
        "border-blurred": colours.line,
        "button-foreground": colours.text,
        "button-color-foreground": colours.cursor_text,
        "button-focus-text-style": "bold",
        "input-cursor-background": colours.text,
        "input-cursor-foreground": colours.background,
        "footer-background": colours.panel,
        "footer-foreground": colours.text,
        "footer-item-background": colours.panel,
        "footer-key-background": colours.panel,
        "footer-key-foreground": colours.accent,
        "footer-description-background": colours.panel,
        "footer-description-foreground": colours.text,
        "scrollbar": colours.line,
        "scrollbar-hover": colours.accent,
        "scrollbar-active": colours.accent,
        "scrollbar-background": colours.panel,
        "scrollbar-background-hover": colours.panel,
        "scrollbar-background-active": colours.panel,
        "scrollbar-corner-color": colours.panel,
        "link-color": colours.accent,
        "link-background": "initial",
        "link-color-hover": colours.cursor_text,
        "link-background-hover": colours.cursor,
    }


def _theme(name: str, colours: Palette) -> Theme:
    return Theme(
        name=name,
        primary=colours.accent,
        secondary=colours.line,
        accent=colours.accent,
        success=colours.success,
        warning=colours.warning,
        error=colours.error,
        foreground=colours.text,
        background=colours.background,
        surface=colours.surface,
        panel=colours.panel,
        boost=colours.panel,
        dark=colours.dark,
        variables=_variables(colours),
    )


PALETTES: Mapping[str, Palette] = {
    "jobmon-dark": DARK,
    "jobmon-light": LIGHT,
    "jobmon-contrast": CONTRAST,
}
THEMES: Mapping[str, Theme] = {name: _theme(name, colours) for name, colours in PALETTES.items()}
DEFAULT_THEME = "jobmon-dark"


def next_theme(name: str) -> str:
    """Return the theme that comes after `name`, round and round; the default for a stranger."""
    names = list(THEMES)
    return names[(names.index(name) + 1) % len(names)] if name in THEMES else DEFAULT_THEME
