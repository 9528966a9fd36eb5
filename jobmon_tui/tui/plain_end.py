"""An app whose defects end it with one plain line. Textual would print the local variables, passwords too."""

import logging

from textual.app import App
from textual.worker import WorkerFailed

from jobmon_tui.log_file import log_path

_log = logging.getLogger(__name__)


class PlainEnd(App[int]):
    """Overrides every way in which Textual shows a traceback; details go to the log."""

    crash: str | None = None
    """One plain line, once a defect has ended the app."""

    def ended_by(self, defect: BaseException) -> None:
        """Log a defect that has ended the app, and remember the line that says so."""
        _log.error("the dashboard ended unexpectedly", exc_info=defect)
        self._remember()

    def _handle_exception(self, error: Exception) -> None:
        self.ended_by(error.error if isinstance(error, WorkerFailed) else error)
        self._close_messages_no_wait()
        if self._exception is None:
            self._exception = error  # in tests Pilot raises it again
            self._exception_event.set()

    def _fatal_error(self) -> None:
        self._remember()
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:
        """End with one plain line, and log how much is not shown: it might hold local variables."""
        _log.error("the dashboard was told to end; %d renderables are not shown", len(renderables))
        self._fatal_error()

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()

    def _remember(self) -> None:
        self._return_code = 1
        if self.crash is None:
            self.crash = f"jobmon ended unexpectedly. Details are in {log_path()}"
