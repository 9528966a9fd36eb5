"""The themes, each made of a palette. The glyphs that say the same without colour are in the domain."""

from collections.abc import Mapping

from textual.theme import Theme

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.looks import DEFAULT_THEME
from jobmon_tui.tui.palettes import COLOURLESS, PALETTES, PALETTES_OF_16, Palette


def status_variable(status: Status) -> str:
    """Return the theme variable, with its `$`, that holds the status's text colour."""
    return f"$status-{status.value.lower()}"


_OF_ANSI = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "screen-selection-background": "ansi_cyan",
    "screen-selection-foreground": "ansi_black",
}
"""What Textual's own styles want of a theme with the terminal's own colours."""


def _variables(colours: Palette) -> dict[str, str]:
    cursor = {
        f"{name}-{part}": value
        for name in ("block-cursor", "block-cursor-blurred", "input-selection", "screen-selection")
        for part, value in (("background", colours.cursor), ("foreground", colours.cursor_text))
    }
    return cursor | {
        **{f"status-{status}": colour for status, colour in colours.statuses.items()},
        # As they are: by itself Textual takes them through another colour space, and back not quite.
        "background": colours.background,
        "surface": colours.surface,
        "panel": colours.panel,
        "boost": colours.panel,
        "foreground": colours.text,
        "primary": colours.accent,
        "secondary": colours.line,
        "accent": colours.accent,
        "success": colours.success,
        "warning": colours.warning,
        "error": colours.error,
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
        "block-cursor-text-style": "bold reverse" if colours.ansi else "bold",
        # On a row that is reversed itself, reversing again would hide it.
        "action-focus-text-style": "bold underline" if colours.ansi else "bold reverse",
        **(_OF_ANSI if colours.ansi else {}),
        "block-hover-background": colours.panel,
        "surface-active": colours.panel,
        "border": colours.accent,
        "border-blurred": colours.line,
        "button-foreground": colours.text,
        "button-color-foreground": colours.cursor_text,
        "button-focus-text-style": "bold reverse" if colours.ansi else "bold",
        "input-cursor-background": colours.text,
        "input-cursor-foreground": colours.background,
        "input-cursor-text-style": "reverse" if colours.ansi else "none",
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
        ansi=colours.ansi,
        variables=_variables(colours),
    )


def themes_of(palettes: Mapping[str, Palette]) -> Mapping[str, Theme]:
    """Return a theme for each palette, by its name."""
    return {name: _theme(name, colours) for name, colours in palettes.items()}


THEMES: Mapping[str, Theme] = themes_of(PALETTES)


def themes_for(color_system: str | None, *, no_color: bool = False) -> Mapping[str, Theme]:
    """Return the themes for what the terminal can show; `color_system` is rich's word, such as `256`."""
    if no_color:
        return themes_of(dict.fromkeys(PALETTES, COLOURLESS))
    return themes_of(PALETTES_OF_16) if color_system == "standard" else THEMES


def next_theme(name: str) -> str:
    """Return the theme that comes after `name`, round and round; the default for a stranger."""
    names = list(THEMES)
    return names[(names.index(name) + 1) % len(names)] if name in THEMES else DEFAULT_THEME
