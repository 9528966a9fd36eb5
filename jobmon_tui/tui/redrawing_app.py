"""An app that can paint all of the screen anew, and can be put aside where nothing runs inside it."""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.driver import Driver

from jobmon_tui.tui.copying_app import CopyingApp

if TYPE_CHECKING:
    from jobmon_tui.services.facade import EmbeddedWorker

_ANEW = "\x0f\x1b(B\x1b[m\x1b[r\x1b[?6l\x1b[?7l\x1b[?25l\x1b[2J"
"""Undoes what noise may have done: character sets, colours, margins, wrapping, a cursor that shows."""
_WOULD_FREEZE = (
    "Reports run inside this dashboard, and stopping it would freeze them. Detach tmux instead (its prefix, "
    "then d), or let jobmon worker run the reports."
)


class RedrawingApp(CopyingApp):
    """Knows Ctrl+L and Ctrl+Z as programs in a terminal know them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "redraw", "Redraw", show=False, tooltip="Paint the whole screen again"),
        Binding("ctrl+z", "put_aside", "Suspend", show=False, tooltip="Back to the shell; fg returns here"),
    ]

    worker: "EmbeddedWorker | None"

    @on(Driver.SignalResume)
    def action_redraw(self) -> None:
        """Paint the whole screen again, whatever noise has made of it."""
        if self._driver is not None:
            self._driver.write(_ANEW)
        self.screen.refresh()

    def action_put_aside(self) -> None:
        """Give the terminal back to the shell and stop, until the shell says to go on."""
        if not self.options.has_shell:
            self.warned("There is no shell behind this screen.")
        elif self.worker is not None:
            self.warned(_WOULD_FREEZE)
        elif not self.is_headless:
            from jobmon_tui.tui.job_control import stop_until_in_front

            with self.suspend():
                stop_until_in_front()
            self.action_redraw()
