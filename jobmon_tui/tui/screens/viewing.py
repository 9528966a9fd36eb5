"""The key that opens an execution's output full screen."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from jobmon_tui.tui.held import Needs, waits
from jobmon_tui.tui.screens.acting import ActingScreen


class ViewingScreen(ActingScreen):
    """Adds it to the keys that act on the cursor's row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view_output", "Output", show=False, tooltip="Error and output, full screen"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer it where there is a table."""
        if action == "view_output":
            return self.ready
        return super().check_action(action, parameters)

    @waits(Needs.ROW)
    def action_view_output(self) -> None:
        """Show the output of the cursor's row."""
        from jobmon_tui.tui.screens.full_output import FullOutputScreen

        if self.current_id is not None:
            self.app.push_screen(FullOutputScreen(self.current_id))
