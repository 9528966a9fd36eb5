"""An app that locks itself while nobody is there, and that notices when its session ends."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.timer import Timer

from jobmon_tui.domain.errors import ErrorCode, JobmonError, not_signed_in
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.timed_app import TimedApp

if TYPE_CHECKING:
    from textual.screen import Screen

    from jobmon_tui.services.audited import Caller
    from jobmon_tui.services.facade import Services

ENDED = "Your session has ended. Sign in again."
_LOOK_EVERY = 5.0
"""Seconds after which the session is looked at though nothing was heard: it may end by itself."""
_AFTER_OUTAGE, _SOON = 1.0, 0.5
_WHILE_LOCKED = frozenset({"focus_next", "focus_previous", "redraw", "sign_out"})
"""What works under the lock, beside typing. Leaving does not: the shell behind would start it anew."""


class LockingApp(TimedApp):
    """Covers the screen after some minutes without a key, or when told to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "lock", "Lock", show=False, tooltip="Lock: cover it all until you type your password"),
    ]

    services: "Services"
    caller: "Caller"

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._signed_in = False
        self._touched = monotonic()
        self._lock_timer: Timer | None = None

    @property
    def is_locked(self) -> bool:
        """Whether the lock is on."""
        return any(getattr(screen, "covers", False) for screen in self.screen_stack)

    async def on_event(self, event: events.Event) -> None:
        """Remember that somebody is there."""
        if isinstance(event, events.Key | events.Paste | events.MouseEvent):
            self._touched = monotonic()
        await super().on_event(event)

    def ask_to_sign_in(self, reason: str | None = None) -> None:
        """Show the sign-in screen in place of everything else."""
        raise NotImplementedError

    # -- the lock

    def watch_for_absence(self) -> None:
        """Lock by itself from now on, where the options say so."""
        if self._lock_timer is not None:
            self._lock_timer.stop()
            self._lock_timer = None
        if self.options.lock_minutes > 0:
            self._touched = monotonic()
            self._lock_in(60.0 * self.options.lock_minutes)

    def _lock_in(self, seconds: float) -> None:
        self._lock_timer = self.set_timer(seconds, self._look_for_absence)

    def _look_for_absence(self) -> None:
        if self.options.lock_minutes <= 0:
            return
        left = 60.0 * self.options.lock_minutes - (monotonic() - self._touched)
        if left > 0 or not self._signed_in or self.is_locked:
            self._lock_in(max(left, 1.0))
        else:
            self.action_lock()
            self._lock_in(60.0 * self.options.lock_minutes)

    def action_lock(self) -> None:
        """Cover the screen until the password is typed."""
        if self._signed_in and not self.is_locked:
            from jobmon_tui.tui.screens.lock import LockScreen

            self.clear_notifications()
            super().push_screen(LockScreen())

    def unlocked(self) -> None:
        """Uncover it."""
        for screen in self.screen_stack:
            if hasattr(screen, "covers"):
                # What lies under another screen leaves as soon as that one has left.
                screen.covers = False
        self.pop_screen()

    def push_screen(self, *arguments: Any, **named: Any) -> Any:
        """Show a screen; what was asked for before the lock, and comes now, comes under it."""
        pushed = super().push_screen(*arguments, **named)
        if self.is_locked and not self._may_cover(arguments[0] if arguments else named.get("screen")):
            from jobmon_tui.tui.screens.lock import LockScreen

            super().push_screen(LockScreen())
        return pushed

    def notify(self, *arguments: Any, **named: Any) -> None:
        """Show a toast; under the lock it is only kept among the messages."""
        if not self.is_locked:
            super().notify(*arguments, **named)

    @staticmethod
    def _may_cover(screen: "Screen[Any] | str | None") -> bool:
        from jobmon_tui.tui.screens.lock import LockScreen
        from jobmon_tui.tui.screens.quit import DrainScreen

        return isinstance(screen, LockScreen | DrainScreen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the lock to who is signed in, and under it nothing that shows or does anything."""
        if self.is_locked and action not in _WHILE_LOCKED:
            return False
        if action == "lock":
            return self._signed_in
        return super().check_action(action, parameters)

    # -- the session

    def watch_session(self, caller: "Caller") -> None:
        """Notice within a second when this session ends, whatever is on the screen."""
        self.run_worker(self._watch_session(caller), name="session", group="session", exclusive=True)

    async def _watch_session(self, caller: "Caller") -> None:
        changes, is_owed = None, False
        try:
            while self._signed_in and self.caller == caller:
                try:
                    if changes is None:
                        changes = self.services.changes()
                    heard = await changes.wait(_SOON if is_owed else _LOOK_EVERY)
                    is_owed = self._notices_itself() and (heard or is_owed)
                    if not self._notices_itself():
                        await self.services.whoami(caller)
                except JobmonError as error:
                    if error.code is ErrorCode.NOT_SIGNED_IN:
                        self.session_ended(error)
                        return
                    await asyncio.sleep(_AFTER_OUTAGE)
                # A busy database tells of much: once in so long is soon enough.
                await asyncio.sleep(_SOON)
        finally:
            if changes is not None:
                changes.close()

    def _notices_itself(self) -> bool:
        """Tell whether the screen reads after each change: it is told then that the session is over."""
        from jobmon_tui.tui.screens.dashboard import DashboardScreen

        return isinstance(self.screen, DashboardScreen)

    def session_ended(self, error: JobmonError) -> None:
        """Ask to sign in, and say why."""
        unknown = error.message == not_signed_in().message
        self.ask_to_sign_in(ENDED if unknown else error.message)
