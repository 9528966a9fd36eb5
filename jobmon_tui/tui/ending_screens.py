"""An app whose screens take along what works for them."""

from typing import TYPE_CHECKING

from textual.worker import NoActiveWorker, get_current_worker

from jobmon_tui.tui.plain_end import PlainEnd

if TYPE_CHECKING:
    from textual.await_complete import AwaitComplete
    from textual.screen import Screen
    from textual.worker import Worker


class EndingScreens(PlainEnd):
    """Ends the workers of a screen before it is taken down.

    Textual does so once the screen's parts are gone: an answer that came in between, as on a slow line to the
    database one does, found none of them and ended the program.
    """

    def pop_screen(self) -> "AwaitComplete":
        """Take the uppermost screen away. Raises `ScreenStackError` where it is the only one."""
        if len(self.screen_stack) > 1:
            self._end_workers_of(self.screen)
        return super().pop_screen()

    def _end_workers_of(self, screen: "Screen[object]") -> None:
        try:
            itself: Worker[object] | None = get_current_worker()
        except NoActiveWorker:
            itself = None
        for worker in list(self.workers):
            if worker is not itself and screen in worker.node.ancestors_with_self:
                worker.cancel()
