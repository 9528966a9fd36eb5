"""Name and password."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Center, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Footer, Input, Static

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.text import clean
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.toasts import marked_wrong
from jobmon_tui.tui.widgets.form import Field, FormScreen, PushButton


class SignInScreen(FormScreen):
    """Asks who is there. What is wrong is said here, not in a toast."""

    BINDING_GROUP_TITLE = "Sign in"

    def __init__(self, reason: str | None = None) -> None:
        super().__init__()
        self._reason = reason
        self._who = Field("Name", id="name")
        self._password = Field("Password", secret=True, id="password")
        self._line = Static(marked_wrong(reason) if reason else "", markup=False, id="form-line")

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        with VerticalScroll(classes="form", can_focus=False):
            yield Static("jobmon - sign in", markup=False, classes="form-title")
            yield Static(Content(clean(frame(self).services.database_name)), classes="form-where")
            yield self._line
            yield self._who
            yield self._password
            with Center():
                yield PushButton("Sign in", variant="primary", id="go")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Start with the name."""
        self._line.set_class(self._reason is not None, "-wrong")
        self._who.enter()

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def submit(self) -> None:
        """Sign in with what was typed."""
        for field, complaint in ((self._password, "Type the password."), (self._who, "Type a name.")):
            field.complain(None if field.value else complaint)
        button = self.query_one("#go", Button)
        if self._who.value and self._password.value and not button.disabled:
            button.disabled = True
            self._say("Checking…", wrong=False)
            self.run_worker(self._sign_in(self._who.value, self._password.value))

    async def _sign_in(self, name: str, password: str) -> None:
        app = frame(self)
        try:
            session = await app.services.sign_in(name, password, app.options.origin)
        except JobmonError as error:
            self.query_one("#go", Button).disabled = False
            self._say(error.message, wrong=True)
            self._password.value = ""
            self._password.enter()
        else:
            await app.signed_in(session)

    def _say(self, text: str, *, wrong: bool) -> None:
        self._line.update(Content(marked_wrong(text) if wrong else clean(text)))
        self._line.set_class(wrong, "-wrong")
