"""An app that says in words what has the focus, where somebody listens, once a frame shows another one."""

from typing import TYPE_CHECKING

from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.paced_app import PacedApp

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen

_SETTLED = 0.1
"""Seconds after a frame: by then a new screen has its focus, and of many keys only the last one's is said."""


class AnnouncingApp(PacedApp):
    """Announces where `Options.announce` says to whom; elsewhere it costs nothing."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._will_announce = False
        self._announced: tuple[Screen[object], object] | None = None

    def announce(self, kind: str, text: str) -> None:
        """Say a clean text aloud, where somebody listens."""
        if self.options.announce is not None:
            self.options.announce(kind, text)

    def _display(self, screen: "Screen[object]", renderable: "RenderableType | None") -> None:
        super()._display(screen, renderable)
        if self.options.announce is not None and not self._will_announce:
            self._will_announce = True
            self.set_timer(_SETTLED, self._announce_focus)

    def _announce_focus(self) -> None:
        # Imported here: where nobody listens it is never needed.
        from jobmon_tui.tui.spoken import focus_words, opening, place

        self._will_announce = False
        if not self._screen_stack:
            return  # the last screen is gone: the application ends
        screen = self.screen
        words = focus_words(screen)
        there = place(screen, words)
        if (screen, there) == self._announced:
            return
        is_other = self._announced is None or screen is not self._announced[0]
        self._announced = (screen, there)
        if text := ". ".join(each for each in (opening(screen) if is_other else "", words) if each):
            self.announce("focus", text)
