"""The first Administrator."""

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Center, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Footer, Input, Static

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.text import clean
from jobmon_tui.services.passwords import MINIMUM_PASSWORD_LENGTH, check_new_password
from jobmon_tui.services.sign_in import check_name
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.toasts import marked_wrong
from jobmon_tui.tui.widgets.form import Field, FormScreen, PushButton

_WELCOME = "This database has no accounts yet. Create the first one: an Administrator, who may do everything."


class FirstRunScreen(FormScreen):
    """Asks for a name and, twice, a password; each complaint stands at its field."""

    BINDING_GROUP_TITLE = "First run"

    def __init__(self) -> None:
        super().__init__()
        self._who = Field("Your name", id="name")
        self._password = Field(
            "Password", secret=True, hint=f"At least {MINIMUM_PASSWORD_LENGTH} characters.", id="password"
        )
        self._again = Field("Password again", secret=True, id="again")
        self._line = Static(_WELCOME, markup=False, id="form-line")

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        with VerticalScroll(classes="form", can_focus=False):
            yield Static("jobmon - first run", markup=False, classes="form-title")
            yield Static(Content(clean(frame(self).services.database_name)), classes="form-where")
            yield self._line
            yield self._who
            yield self._password
            yield self._again
            with Center():
                yield PushButton("Create and sign in", variant="primary", id="go")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Start with the name."""
        self._who.enter()

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def submit(self) -> None:
        """Create the account, unless a field is wrong: the first one that is takes the focus."""
        complaints = (
            (
                self._again,
                "This is not the same password." if self._again.value != self._password.value else None,
            ),
            (self._password, _complaint(lambda: check_new_password(self._password.value, self._who.value))),
            (self._who, _complaint(lambda: check_name(self._who.value))),
        )
        for field, complaint in complaints:
            field.complain(complaint)
        button = self.query_one("#go", Button)
        if not button.disabled and all(complaint is None for _, complaint in complaints):
            button.disabled = True
            self._say("Creating…", wrong=False)
            self.run_worker(self._create(self._who.value, self._password.value))

    async def _create(self, name: str, password: str) -> None:
        app = frame(self)
        try:
            session = await app.services.create_first_administrator(name, password, app.options.origin)
        except JobmonError as error:
            if error.code is ErrorCode.ALREADY_EXISTS:
                app.ask_to_sign_in("Somebody has created the first account meanwhile. Sign in.")
                return
            self.query_one("#go", Button).disabled = False
            self._say(error.message, wrong=True)
            self._who.enter()
        else:
            await app.signed_in(session)

    def _say(self, text: str, *, wrong: bool) -> None:
        self._line.update(Content(marked_wrong(text) if wrong else clean(text)))
        self._line.set_class(wrong, "-wrong")


def _complaint(check: Callable[[], object]) -> str | None:
    try:
        check()
    except JobmonError as error:
        return error.message
    return None
