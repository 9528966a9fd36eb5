"""An app that knows every way to leave: by key, by signal, by a terminal that goes away."""

import asyncio
import signal

from jobmon_tui.services import departure as leaving
from jobmon_tui.services.departure import Departure
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.driver import LastingDriver
from jobmon_tui.tui.ordered_keys import OrderedKeys


class LeavingApp(OrderedKeys):
    """Waits for what runs inside or stops it, gives the terminal back, and closes the connection."""

    def __init__(self, options: Options) -> None:
        super().__init__(driver_class=LastingDriver)
        self.options = options
        self.departure = Departure()
        self._leaving = False

    def action_quit_asked(self) -> None:
        """Quit; ask first where reports run inside this dashboard."""
        from jobmon_tui.tui.screens.quit import QuitScreen

        if self._leaving or isinstance(self.screen, QuitScreen):
            return
        running = self.departure.running
        if running:
            self.push_screen(QuitScreen(len(running)), self._leave_as_chosen)
        else:
            self._leave_as_chosen("stop")

    def _leave_as_chosen(self, choice: str | None) -> None:
        if choice == "wait":
            self.leave(self.options.drain_seconds, leaving.CLOSED)
        elif choice == "stop":
            self.leave(0.0, leaving.STOPPED)

    def leave(self, grace: float, reason: str) -> None:
        """Wait `grace` seconds for what runs here, end the rest with `reason`, and exit.

        While one waits, a second one with no grace stops at once.
        """
        from jobmon_tui.tui.screens.quit import DrainScreen

        if not self.is_running or (self._leaving and grace > 0):
            return
        if not self._leaving:
            self._leaving = True
            if grace > 0 and self.departure.running:
                self.push_screen(DrainScreen(self.departure, grace))
        self.run_worker(self._leave(grace, reason), name="leave", group="leave")

    async def _leave(self, grace: float, reason: str) -> None:
        await self.departure.stop(grace, reason)
        self.exit(0)

    async def on_unmount(self) -> None:
        """Close the connection after the last screen, so that nobody asks a closed database."""
        await self.departure.close()

    def listen_to_the_system(self) -> None:
        """Take signals, and the end of the terminal, as reasons to leave."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.hung_up)
        loop.add_signal_handler(signal.SIGTERM, self.terminated)
        loop.add_signal_handler(signal.SIGINT, self.terminated)
        if isinstance(self._driver, LastingDriver):
            self._driver.when_gone(self.hung_up)

    def hung_up(self) -> None:
        """The terminal is gone: stop what runs here, with that reason, and exit."""
        self.leave(0.0, leaving.TERMINAL_CLOSED)

    def terminated(self) -> None:
        """Somebody asks this process to end: drain, then exit; asked again, stop at once."""
        self.leave(0.0 if self._leaving else self.options.drain_seconds, leaving.TERMINATED)
