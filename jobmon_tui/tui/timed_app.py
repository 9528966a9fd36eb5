"""An app with the keys that say how times are shown."""

from typing import ClassVar, Protocol, runtime_checkable

from textual.binding import Binding, BindingType

from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.redrawing_app import RedrawingApp
from jobmon_tui.tui.times import reader


@runtime_checkable
class ShowsTimes(Protocol):
    """A screen on which times stand."""

    def times_changed(self) -> None:
        """Show them as the reader now wants them."""
        ...


class TimedApp(RedrawingApp):
    """Switches between the zone here and UTC, and between times and how long ago they were."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "utc_times", "UTC", show=False, tooltip="Times in UTC, or in the zone here"),
        Binding("Z", "relative_times", "How long ago", show=False, tooltip="How long ago it was, or when"),
    ]

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        reader.utc = reader.relative = False

    def action_utc_times(self) -> None:
        """Show times in UTC, or no longer."""
        reader.utc = not reader.utc
        self._times_changed()

    def action_relative_times(self) -> None:
        """Show in lists how long ago it was, or no longer."""
        reader.relative = not reader.relative
        self._times_changed()

    def _times_changed(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, ShowsTimes):
                screen.times_changed()
