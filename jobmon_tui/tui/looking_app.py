"""An app that looks as terminal and reader need it: themes, signs, and where the terminal's cursor is."""

import os

from textual.filter import Monochrome, NoColor
from textual.geometry import Offset
from textual.scrollbar import ScrollBar

from jobmon_tui.domain.looks import DEFAULT_THEME, no_theme, theme_called
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.driver import LastingDriver
from jobmon_tui.tui.leaving_app import LeavingApp
from jobmon_tui.tui.solid_scrollbar import SolidScrollBar
from jobmon_tui.tui.terminal import forms_for
from jobmon_tui.tui.themes import next_theme, themes_for
from jobmon_tui.tui.widgets.cursor_leader import CursorLeader

NO_COLOURS = "Without colours (NO_COLOR, or this terminal) all themes look the same."


class LookingApp(LeavingApp):
    """Wears a theme, and shows where the focus is to who cannot see it."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._is_styled = False
        ScrollBar.renderer = SolidScrollBar
        if self.no_color:
            # Textual would show greys; who asks for no colours gets the terminal's own two.
            self._filters = [each for each in self._filters if not isinstance(each, Monochrome)]
            self._filters.append(NoColor())
        for theme in themes_for(self.console.color_system, no_color=self.no_color).values():
            self.register_theme(theme)

    def look(self, options: Options) -> None:
        """Wear the theme of the options, and spell what is painted as they say."""
        theme = theme_called(options.theme)
        self.theme = theme or DEFAULT_THEME
        if not self._is_styled:
            # Nothing is parsed yet. With these colours it need not be a second time, as Textual would.
            self.stylesheet.set_variables(self.get_css_variables())
        if theme is None and self.is_running:
            self.warned(no_theme(options.theme))
        if isinstance(self._driver, LastingDriver):
            self._driver.spell(forms_for(os.environ, options.glyphs))

    def refresh_css(self, animate: bool = True) -> None:  # Textual's own
        """Style everything anew; but not at the start, where the theme's own watcher asks for it first."""
        if self._is_styled:
            super().refresh_css(animate)
        self._is_styled = True

    def warned(self, message: str) -> None:
        """Say something that the user should know."""
        raise NotImplementedError

    def action_next_theme(self) -> None:
        """Wear the next theme."""
        self.theme = next_theme(self.theme)
        if self.no_color:
            self.warned(NO_COLOURS)

    @property
    def cursor_position(self) -> Offset:
        """Where the terminal's own cursor is put after each frame: screen readers and magnifiers follow it.

        It is at what has the focus: at its cursor, where it has one, else where its text begins.
        """
        if not self._screen_stack or (focused := self.screen.focused) is None:
            return Offset(0, 0)
        if isinstance(focused, CursorLeader):
            return focused.cursor_screen_offset
        return focused.content_region.offset

    @cursor_position.setter
    def cursor_position(self, _offset: Offset) -> None:
        """Do nothing: Textual's widgets tell it now and then, but not when they are scrolled or uncovered."""
