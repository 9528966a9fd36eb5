"""The screen that covers everything until the password is given again."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Footer, Input, Static

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.toasts import marked_wrong
from jobmon_tui.tui.widgets.form import Field, FormScreen, PushButton


class LockScreen(FormScreen):
    """Asks whoever has locked it for their password. Nothing of what lies behind can be seen or reached."""

    BINDING_GROUP_TITLE = "Locked"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "sign_out", "Sign out", tooltip="End the session, for somebody else to sign in"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.covers = True
        """Until the password was given."""
        self._password = Field("Password", secret=True, id="password")
        self._line = Static("", markup=False, id="form-line")

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        app = frame(self)
        with VerticalScroll(classes="form", can_focus=False):
            yield Static("jobmon - locked", markup=False, classes="form-title")
            yield Static(Content(f"by {one_line(app.actor.name, 64)}"), classes="form-where")
            yield self._line
            if app.options.lock_hint:
                yield Static(Content(clean(app.options.lock_hint)), classes="form-where")
            yield self._password
            with Center():
                yield PushButton("Unlock", variant="primary", id="go")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Wait for the password."""
        self._password.enter()

    def on_screen_resume(self) -> None:
        """Leave where it was unlocked meanwhile, under what had been put over this one."""
        if not self.covers:
            self.app.call_later(self._leave)

    def _leave(self) -> None:
        if self.is_current:
            self.app.pop_screen()

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def submit(self) -> None:
        """Try what was typed."""
        button = self.query_one("#go", Button)
        if self._password.value and not button.disabled:
            button.disabled = True
            self._say("Checking…", wrong=False)
            self.run_worker(self._unlock(self._password.value))

    async def _unlock(self, password: str) -> None:
        app = frame(self)
        try:
            await app.services.unlock(app.caller, password)
        except JobmonError as error:
            if error.code is ErrorCode.NOT_SIGNED_IN:
                app.session_ended(error)
                return
            self.query_one("#go", Button).disabled = False
            self._say(error.message, wrong=True)
            self._password.value = ""
            self._password.enter()
        else:
            app.unlocked()

    def action_sign_out(self) -> None:
        """End the session: the only other way out."""
        self.run_worker(frame(self).sign_out())

    def _say(self, text: str, *, wrong: bool) -> None:
        self._line.update(Content(marked_wrong(text) if wrong else clean(text)))
        self._line.set_class(wrong, "-wrong")
