"""An app that copies what is under the cursor to the terminal's clipboard, and says so."""

import os
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.tui.clipboard import LONGEST, Copied, Copies, bounded, sequence
from jobmon_tui.tui.held import Holder, Needs
from jobmon_tui.tui.keyed_app import KeyedApp
from jobmon_tui.tui.toasts import Toasts

_WHERE = "to the terminal's clipboard, where the terminal allows that."


class CopyingApp(KeyedApp):
    """Knows the two keys that copy, for every screen that has something under its cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_name", "Copy id", show=False, tooltip="Copy the id or name under the cursor"),
        Binding(
            "Y", "copy_whole", "Copy all", show=False, tooltip="Copy the error, or all that is known, in full"
        ),
    ]

    toasts: Toasts

    def told(self, message: str) -> None:
        """Say that something was done."""
        raise NotImplementedError

    def warned(self, message: str) -> None:
        """Say something that the user should know."""
        raise NotImplementedError

    def refused(self, error: JobmonError) -> None:
        """Say why something was not done."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to copy where there is something."""
        if action in {"copy_name", "copy_whole"}:
            return isinstance(self.screen, Copies) and self.screen.to_copy() is not None
        return super().check_action(action, parameters)

    def action_copy_name(self) -> None:
        """Copy the id or name of what is under the cursor."""
        screen = self.screen
        if isinstance(screen, Copies):
            self._in_turn(lambda: self.copy_and_tell(screen.to_copy()))

    def action_copy_whole(self) -> None:
        """Copy what is under the cursor in full."""
        screen = self.screen
        if isinstance(screen, Copies):
            self._in_turn(lambda: self._start_copying(screen))

    def _in_turn(self, copy: Callable[[], None]) -> None:
        """Copy; where the row is still being read, as soon as it is there."""
        if isinstance(self.screen, Holder):
            self.screen.held.run(copy, Needs.ROW)
        else:
            copy()

    def _start_copying(self, screen: Copies) -> None:
        self.run_worker(self._copy_whole(screen), group="copy", exclusive=True)

    async def _copy_whole(self, screen: Copies) -> None:
        try:
            self.copy_and_tell(await screen.to_copy_whole())
        except JobmonError as error:
            self.refused(error)

    def copy_and_tell(self, copied: Copied | None) -> None:
        """Copy, and say what became of it: whether the terminal took it, it does not tell."""
        if copied is None:
            self.warned("There is nothing under the cursor to copy.")
        elif self._copy(copied.text):
            self.warned(
                f"Copied the first {LONGEST:,} bytes of {copied.what} {_WHERE} Terminals take no more."
            )
        else:
            self.told(f"Copied {copied.what} {_WHERE}")

    def _copy(self, text: str) -> bool:
        """Copy what is safe of it; tell whether it was cut."""
        safe, was_cut = bounded(text)
        self._clipboard = safe
        if self._driver is not None:
            self._driver.write(sequence(safe, os.environ))
        return was_cut

    def copy_to_clipboard(self, text: str) -> None:
        """Copy, as all that copies here does."""
        self._copy(text)
