"""The terminal driver, hardened: strange bytes and a terminal that goes away must not end in a crash.

It replaces only how Textual's own driver reads the keys, where it writes, and when it asks for the size.
"""

import asyncio
import codecs
import logging
import os
import select
import signal
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, TextIO

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Resize
from textual.geometry import Size
from textual.message import Message

from jobmon_tui.domain.plain_forms import PLAIN, TABLE, as_ascii
from jobmon_tui.tui.terminal import Forms, forms_for

if TYPE_CHECKING:
    from textual.app import App

_log = logging.getLogger(__name__)
_READ = 4096
_LOOK = 0.1
"""Seconds between looks at whether to end; Textual's own."""
_NONSENSE = (ParseError, ValueError, ArithmeticError, LookupError, RuntimeError, StopIteration)
"""What the parser raises for a mouse report with two minus signs, a key code beyond Unicode, and the like."""


class LastingFile:
    """A file whose writes never raise: else the writer thread dies, and its full queue stops the app."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.forms = forms_for(os.environ, os.environ.get("JOBMON_GLYPHS", "auto"))
        # Standard error would write what its encoding lacks as `\u2713`, six cells in place of one.
        if isinstance(file, TextIOWrapper):
            file.reconfigure(errors=PLAIN)

    def write(self, text: str) -> int:
        """Write, or drop what cannot be written; what the terminal lacks is written by its ASCII form."""
        if self.forms is not Forms.ALL and not text.isascii():
            text = as_ascii(text) if self.forms is Forms.ASCII else text.translate(TABLE)
        try:
            return self._file.write(text)
        except UnicodeEncodeError:
            return self._file.write(as_ascii(text))
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        """Flush, if there is still somebody to flush to."""
        try:
            self._file.flush()
        except (OSError, ValueError):
            return

    def fileno(self) -> int:
        """Return the number of the file below."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Tell what the file below is."""
        return self._file.isatty()


class LastingDriver(LinuxDriver):
    """Reads keys with `errors="replace"`, and tells when the terminal is gone."""

    def __init__(
        self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._lasting = LastingFile(self._file)  # type: ignore[arg-type]
        self._file = self._lasting  # type: ignore[assignment]
        self._on_gone: Callable[[], None] | None = None
        self._gone = False
        self._away = False

    def spell(self, forms: Forms) -> None:
        """Write in these forms from now on."""
        self._lasting.forms = forms

    def use_mouse(self) -> None:
        """Have the terminal report the mouse from now on, in place of selecting with it."""
        if not self._mouse:
            self._mouse = True
            self._enable_mouse_support()
            if self._in_band_window_resize:
                self._enable_mouse_pixels()

    def when_gone(self, tell: Callable[[], None]) -> None:
        """Have `tell` called in the app's loop when the terminal is gone, at once if it is gone already."""
        self._on_gone = tell
        # It may have been closed before anybody listened; then nothing else would ever say so.
        if self._gone:
            tell()

    def write(self, data: str) -> None:
        """Write, but not on a screen that another program has now: nobody would take it from the queue."""
        if not self._away:
            super().write(data)

    def suspend_application_mode(self) -> None:
        """Give the terminal to another program."""
        super().suspend_application_mode()
        self._away = True

    def start_application_mode(self) -> None:
        """Take the terminal, and follow its size.

        Textual asks for the size inside the signal's handler. A second signal interrupts that handler and
        tells the newer size; then the first goes on and tells the older one, and the screen keeps to that.
        """
        self._away = False
        super().start_application_mode()  # type: ignore[no-untyped-call]
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, self._tell_size)

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self._app.post_message(Resize(size, size))

    def run_input_thread(self) -> None:
        """Read keys until told to end, or until there is nobody to type them."""
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        self._parser = XTermParser(self._debug)
        while not self.exit_event.is_set():
            if poll.poll(_LOOK * 1000):
                try:
                    data = os.read(self.fileno, _READ)
                except OSError:
                    data = b""
                if not data:
                    self._tell_gone()
                    break
                # A lone lead byte at a read's end waits for the next read, as it must.
                self._pass_on(self._parser.feed, decode(data))
            self._pass_on(self._parser.tick)
        self._pass_on(self._parser.feed, "")

    def _pass_on(self, parse: Callable[..., Iterable[Message]], *text: str) -> None:
        if text == ("",) and not self.exit_event.is_set():
            return
        try:
            for event in parse(*text):
                self.process_message(event)
        except _NONSENSE as error:
            # The parser is a generator, dead after an exception. A key lost is better than the screen lost.
            _log.warning("input that makes no sense was dropped: %s", type(error).__name__)
            self._parser = XTermParser(self._debug)

    def process_message(self, message: Message) -> None:
        """Pass it on; what was read as Alt and a letter is Esc and a letter: nothing here is bound to Alt.

        The long wait for the rest of an escape sequence makes one of the two whenever both are typed at once.
        """
        if isinstance(message, Key) and message.key.startswith("alt+") and message.is_printable:
            super().process_message(Key("escape", "\x1b"))
            key = message.key.removeprefix("alt+").removeprefix("shift+")
            message = Key(
                message.character if key.isalpha() and message.character else key, message.character
            )
        super().process_message(message)

    def _tell_gone(self) -> None:
        self._gone = True
        if self._on_gone is not None:
            self._loop.call_soon_threadsafe(self._on_gone)
