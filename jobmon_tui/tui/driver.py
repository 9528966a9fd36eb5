"""The terminal driver, hardened: strange bytes and a terminal that goes away must not end in a crash.

It replaces only how Textual's own driver reads the keys, where it writes, and when it asks for the size.
"""

import asyncio
import codecs
import logging
import os
import re
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from textual import constants
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Resize
from textual.geometry import Size
from textual.message import Message

from jobmon_tui.tui.answers import Answers
from jobmon_tui.tui.lasting_file import LastingFile, size_of
from jobmon_tui.tui.on_screen import OnScreen
from jobmon_tui.tui.pacing import Pace
from jobmon_tui.tui.terminal import Forms, erases_in_colour

if TYPE_CHECKING:
    from textual.app import App

_log = logging.getLogger(__name__)
_READ = 4096
_LOOK = 0.1
"""Seconds between looks at whether to end; Textual's own."""
_QUESTION = "\x1b[6n"
_FRAME = re.compile(r"\n*\x1b\[[0-9;]*H")
"""How Textual's frames begin, and nothing else that it writes."""
_CLEARED = "\x1b[2J"
_LAST_ANSWERS = 2.0
"""Seconds that are waited for answers on the way out: later they would be typed into the shell."""
_NONSENSE = (ParseError, ValueError, ArithmeticError, LookupError, RuntimeError, StopIteration)
"""What the parser raises for a mouse report with two minus signs, a key code beyond Unicode, and the like."""


class LastingDriver(LinuxDriver):
    """Reads keys with `errors="replace"`; tells when the terminal is gone, and what is on the way to it."""

    def __init__(
        self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.pace = Pace()
        self.on_screen = OnScreen(erases=erases_in_colour())
        self._sync = ""
        self._lasting = LastingFile(self._file, self.pace)  # type: ignore[arg-type]
        self._file = self._lasting  # type: ignore[assignment]
        self._answers = Answers(constants.ESCAPE_DELAY)
        self._on_answer: Callable[[], None] | None = None
        self._last_answer = threading.Event()
        self._on_gone: Callable[[], None] | None = None
        self._gone = False
        self._away = False

    def spell(self, forms: Forms) -> None:
        """Write in these forms from now on."""
        self._lasting.forms = forms
        self.on_screen.forget()

    def when_answered(self, tell: Callable[[], None]) -> None:
        """Have `tell` called in the app's loop after each answer of the terminal."""
        self._on_answer = tell

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
        self.on_screen.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            # A full queue would stop the loop. What is put there is bounded by the pace.
            self._writer_thread._queue.maxsize = 0  # noqa: SLF001
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, self._tell_size)

    def write(self, data: str) -> None:
        """Hand it to the writing thread, without what the terminal shows already.

        Nothing is written on a screen that another program has now: nobody would take it from the queue.
        """
        if self._away:
            return
        if data == SYNC_START:
            self._sync = data
            return
        if _FRAME.match(data):
            data = self.on_screen.lean(data)
        elif data not in {SYNC_END, _QUESTION}:
            data = self.on_screen.plain() + data
            if _CLEARED in data:
                self.on_screen.forget()
        if data == SYNC_END and self._sync:
            self._sync = ""  # nothing was painted in between
        elif data:
            data, self._sync = self._sync + data, ""
            self.pace.wrote(size_of(data))
            super().write(data)

    def ask_if_due(self) -> None:
        """Ask the terminal how far it is, now and then."""
        if self.pace.asks():
            self.write(_QUESTION)

    def disable_input(self) -> None:
        """Read the last answers, then no more keys."""
        until = time.monotonic() + _LAST_ANSWERS
        while self.pace.awaits_answer and not self._gone and time.monotonic() < until:
            self._last_answer.clear()
            self._last_answer.wait(_LOOK)
        super().disable_input()

    def stop_application_mode(self) -> None:
        """Give the terminal back; what comes next may be another one."""
        super().stop_application_mode()
        self.pace.forget()

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            self.on_screen.forget()
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
                self._typed(decode(data))
            elif late := self._answers.late():
                self._pass_on(self._parser.feed, late)
            self._pass_on(self._parser.tick)
        self._pass_on(self._parser.feed, "")

    def _typed(self, text: str) -> None:
        keys, answers = self._answers.take(text, self.pace.expects_answer)
        for _ in range(answers):
            self.pace.answered()
        if answers:
            self._last_answer.set()
            if self._on_answer is not None:
                self._loop.call_soon_threadsafe(self._on_answer)
        if keys:
            self.pace.typed()
            self._pass_on(self._parser.feed, keys)

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
