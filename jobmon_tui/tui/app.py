"""The dashboard's frame: it paints first, connects then, and knows who is signed in and how to leave."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Static

from jobmon_tui.domain.errors import ErrorCode, JobmonError, not_signed_in
from jobmon_tui.log_file import log_to_file
from jobmon_tui.tui.announcing_app import AnnouncingApp
from jobmon_tui.tui.clipboard import Copied
from jobmon_tui.tui.contracts import Connect, Connection, Extra, Options
from jobmon_tui.tui.driver import LastingDriver
from jobmon_tui.tui.locking_app import ENDED, LockingApp
from jobmon_tui.tui.looking_app import LookingApp
from jobmon_tui.tui.paced_app import TURNED_SLOW
from jobmon_tui.tui.screens.waiting import WaitingScreen
from jobmon_tui.tui.toasts import Kind, Toasts

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from jobmon_tui.domain.report import Report
    from jobmon_tui.domain.roles import Actor
    from jobmon_tui.services.audited import Caller
    from jobmon_tui.services.facade import EmbeddedWorker, Services
    from jobmon_tui.services.sign_in import SignedIn
    from jobmon_tui.tui.commands import Command

_LONGEST_FIRST_FRAME = 0.5
"""Seconds after which it connects, whatever the first frame does."""


class JobmonApp(LockingApp, LookingApp, AnnouncingApp):
    """Holds the services, the caller, and the way from the first frame to the last."""

    CSS_PATH = Path(__file__).with_name("jobmon.tcss")
    TITLE = "jobmon"
    ENABLE_COMMAND_PALETTE = False
    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("s", "reports", "Reports", tooltip="Reports: when each fires next, pause, queue"),
        Binding("a", "audit", "Audit"),
        # Not in the footer: at 80 cells it has no room for all of them.
        Binding("m", "messages", "Messages", show=False, tooltip="Messages shown so far"),
        Binding("w", "workers", "Workers", show=False, tooltip="Workers: who runs reports, and how much"),
        Binding("ctrl+t", "next_theme", "Theme", show=False, tooltip="Next colour theme"),
        Binding(
            "ctrl+p,colon", "commands", "Commands", show=False, tooltip="Everything that can be done now"
        ),
        Binding("tab", "focus_next", "Next part", show=False, tooltip="To the next part of the screen"),
        Binding("shift+tab", "focus_previous", "Part before", show=False, tooltip="To the part before"),
        Binding("q", "quit_asked", "Quit"),
        Binding("ctrl+q", "quit_asked", "Quit", show=False, priority=True, id="quit_anywhere"),
        Binding(
            "ctrl+c",
            "copy_or_quit",
            "Copy or quit",
            show=False,
            priority=True,
            tooltip="Copy what the mouse selected, else quit",
        ),
    ]

    services: "Services"
    caller: "Caller"
    actor: "Actor"
    worker: "EmbeddedWorker | None"

    def __init__(self, connect: Connect, options: Options) -> None:
        super().__init__(options)
        self.worker = None
        self.toasts = Toasts(self, self.announce)
        self._connect_to = connect
        self._connection: Connection | None = None
        self._has_begun = False
        self.kept_forms: dict[int | None, tuple[Report | None, dict[str, str]]] = {}
        """What forms held that the end of a session took away, by the report's id: as opened, and texts."""
        self.look(options)

    # -- the first frame, then the connection

    def get_default_screen(self) -> "Screen[None]":
        """Return what is painted before anything is connected."""
        return WaitingScreen()

    def get_loading_widget(self) -> "Widget":
        """Return a still one: the animated one costs 10 kB a second on the line."""
        return Static("…")

    def on_mount(self) -> None:
        """Listen to the system, and connect once the first frame is out."""
        if not self.is_headless:
            log_to_file()
            self.listen_to_the_system()
        self.call_after_refresh(self._connect_first)
        # A screen that a quick key opens keeps the first one from ever being refreshed.
        self.set_timer(_LONGEST_FIRST_FRAME, self._connect_first)

    def _connect_first(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self.connect()

    def connect(self) -> None:
        """Connect; after a failure, go on from where it was."""
        self.run_worker(self._connect(), name="connect", group="connect", exclusive=True)

    async def _connect(self) -> None:
        try:
            if self._connection is None:
                self._opened(await self._connect_to())
            await self._welcome()
        except JobmonError as error:
            # At the bottom, under what a quick key has opened.
            if isinstance(screen := self.screen_stack[0], WaitingScreen):
                screen.failed(error)

    def _opened(self, connection: Connection) -> None:
        self._connection = connection
        self.departure.opened(connection)
        self.services, self.worker = connection.services, connection.worker
        if connection.options is not None:
            self.options = connection.options
            self.look(self.options)
        if self.options.mouse and isinstance(self._driver, LastingDriver):
            self._driver.use_mouse()
        self.heed(self.options.slow)
        if self.options.keys:
            self.wear_keys(self.options.keys)
        for line in self.options.complaints:
            self.warned(line)
        extra = self.options.extra
        if extra is not None:
            self.bind(extra.key, "extra", description=extra.label)

    async def _welcome(self) -> None:
        """Go on with the saved session where it is still good, else ask."""
        if not await self.services.has_accounts():
            from jobmon_tui.tui.screens.first_run import FirstRunScreen

            self._replace_all(FirstRunScreen())
            return
        reason = None
        token = self._connection.token if self._connection else None
        if token is not None:
            from jobmon_tui.services.audited import Caller

            caller = Caller(token, self.options.origin)
            try:
                actor = await self.services.whoami(caller)
            except JobmonError as error:
                if error.code is not ErrorCode.NOT_SIGNED_IN:
                    raise
                reason = ENDED if error.message == not_signed_in().message else error.message
            else:
                self._enter(caller, actor)
                return
        self.ask_to_sign_in(reason)

    # -- who is here

    def ask_to_sign_in(self, reason: str | None = None) -> None:
        """Show the sign-in screen in place of everything else."""
        from jobmon_tui.tui.screens.sign_in import SignInScreen

        self._signed_in = False
        if not isinstance(self.screen, SignInScreen):
            self._replace_all(SignInScreen(reason))

    async def signed_in(self, session: "SignedIn") -> None:
        """Go on as whoever has just signed in, and keep the session where there is a safe place."""
        from jobmon_tui.services.audited import Caller

        self._enter(Caller(session.token, self.options.origin), session.actor)
        if self._connection is not None:
            line = await self._connection.keep_token(session.token)
            if line is not None:
                self.warned(line)

    def _enter(self, caller: "Caller", actor: "Actor") -> None:
        self.caller, self.actor = caller, actor
        self._signed_in = True
        self._replace_all(self.make_dashboard())
        self.watch_for_absence()
        self.watch_session(caller)
        if self.options.bell:
            from jobmon_tui.tui.bell import FailureBell

            listening = FailureBell(self.services, caller, self.bell).listen()
            self.run_worker(listening, name="bell", group="bell", exclusive=True)

    async def sign_out(self) -> None:
        """End the session, forget it, and ask who is there now."""
        try:
            await self.services.sign_out(self.caller)
        except JobmonError as error:
            self.refused(error)
            return
        if self._connection is not None:
            await self._connection.keep_token(None)
        self.ask_to_sign_in("You have signed out.")

    def make_dashboard(self) -> "Screen[None]":
        """Return the screen that shows the executions."""
        from jobmon_tui.tui.screens.dashboard import DashboardScreen

        return DashboardScreen()

    def _replace_all(self, screen: "Screen[None]") -> None:
        # The first frame stays at the bottom: Textual cannot switch its default screen away.
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.push_screen(screen)

    # -- what is said

    def told(self, message: str) -> None:
        """Say that something was done."""
        self.toasts.show(Kind.DONE, message, self.options.toast_seconds)

    def warned(self, message: str) -> None:
        """Say something that the user should know."""
        self.toasts.show(Kind.WARNING, message, self.options.error_toast_seconds)

    def refused(self, error: JobmonError) -> None:
        """Say why something was not done. Who is no longer signed in is asked to sign in."""
        self.toasts.show(Kind.ERROR, error.message, self.options.error_toast_seconds)
        if error.code is ErrorCode.NOT_SIGNED_IN and self._connection is not None:
            self.session_ended(error)

    def line_turned_slow(self) -> None:
        """Say so, once."""
        self.warned(TURNED_SLOW)

    # -- the keys that work everywhere

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the lists, and what the starter adds, only to who is signed in."""
        if action == "extra":
            return self._signed_in and self.options.extra is not None and self.options.extra.needed()
        if action in {"audit", "reports", "workers"}:
            return self._signed_in
        return super().check_action(action, parameters)

    def action_help(self) -> None:
        """Show every key."""
        from jobmon_tui.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_commands(self) -> None:
        """Show all that can be done now, to be found by typing."""
        from jobmon_tui.tui.commands import commands
        from jobmon_tui.tui.screens.palette import PaletteScreen

        self.push_screen(PaletteScreen(commands(self.screen, self)), self._do_command)

    def _do_command(self, command: "Command | None") -> None:
        if command is not None:
            # Behind the palette's own end: what is done is done to the screen below it.
            self.call_later(self.run_action, command.action, command.node)

    def action_audit(self) -> None:
        """Show who did what."""
        from jobmon_tui.tui.screens.audit import AuditScreen

        if not isinstance(self.screen, AuditScreen):
            self.push_screen(AuditScreen())

    def action_reports(self) -> None:
        """Show the reports and when each fires next."""
        from jobmon_tui.tui.screens.reports import ReportsScreen

        if not isinstance(self.screen, ReportsScreen):
            self.push_screen(ReportsScreen())

    def action_workers(self) -> None:
        """Show who runs reports."""
        from jobmon_tui.tui.screens.workers import WorkersScreen

        if not isinstance(self.screen, WorkersScreen):
            self.push_screen(WorkersScreen())

    def action_messages(self) -> None:
        """Show the messages that have come and gone."""
        from jobmon_tui.tui.screens.messages import MessagesScreen

        self.push_screen(MessagesScreen(self.toasts.history))

    def action_extra(self) -> None:
        """Do what the starter of the dashboard offers."""
        extra = self.options.extra
        if extra is not None:
            self.run_worker(self._do(extra), group="extra")

    async def _do(self, extra: Extra) -> None:
        try:
            self.told(await extra.run())
        except JobmonError as error:
            self.refused(error)
        self.screen.refresh_bindings()

    def action_copy_or_quit(self) -> None:
        """Copy what the mouse selected; with nothing selected, ask to quit."""
        selected = self.screen.get_selected_text()
        if not selected:
            self.action_quit_asked()
            return
        self.clear_selection()
        self.copy_and_tell(Copied(selected, "the selection"))
