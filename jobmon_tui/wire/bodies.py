"""What clients send: checked as it stands, nothing converted, no key that nobody knows."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.passwords import MINIMUM_PASSWORD_LENGTH

LONGEST_TEXT = 100_000
LONGEST_PASSWORD = 4_096
MOST_DRAFTS = 2_000

Name = Annotated[str, Field(min_length=1, max_length=1_000)]
Password = Annotated[str, Field(max_length=LONGEST_PASSWORD)]
NewPassword = Annotated[
    str, Field(max_length=LONGEST_PASSWORD, json_schema_extra={"minLength": MINIMUM_PASSWORD_LENGTH})
]
"""How short it may be is a rule of the services; here it is described only."""


class Body(BaseModel):
    """The manner of all of them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class SignInBody(Body):
    """A sign-in."""

    name: Name
    password: Password


class RunBody(Body):
    """Which report to queue now."""

    report: Name


class DraftBody(Body):
    """A report as somebody writes it; `timeout` and `retry_delay` in seconds."""

    name: Annotated[str, Field(max_length=1_000)]
    runner: Annotated[str, Field(max_length=100)]
    parameters: dict[str, Any]
    schedule: Annotated[str, Field(max_length=1_000)] | None = None
    timezone: Annotated[str, Field(max_length=100)] = "UTC"
    timeout: float | None = None
    queue: Annotated[str, Field(max_length=1_000)] = "default"
    priority: int = 0
    misfire: Annotated[str, Field(max_length=100)] = "once"
    overlap: bool = False
    max_concurrent: int | None = None
    max_retries: int = 0
    retry_delay: float = 60.0
    on_lost: Annotated[str, Field(max_length=100)] = "fail"

    @property
    def draft(self) -> ReportDraft:
        """The draft as the services take it."""
        return ReportDraft(**{key: getattr(self, key) for key in ReportDraft.__dataclass_fields__})


class EditBody(DraftBody):
    """The report in its new form; `version` is the one that was edited."""

    version: int | None = None


class PauseBody(Body):
    """Whether the report's schedule stands still."""

    paused: bool


class AccountBody(Body):
    """A new account."""

    name: Name
    role: Literal["Administrator", "Viewer"]
    password: NewPassword

    @property
    def as_role(self) -> Role:
        """The role."""
        return Role(self.role)


class PasswordBody(Body):
    """One's own password, to unlock a screen."""

    password: Password


class AccountChangeBody(Body):
    """What becomes of an account; what is left out stays."""

    role: Literal["Administrator", "Viewer"] | None = None
    password: NewPassword | None = None
    old_password: Password | None = None
    """The one until now, where it is one's own."""
    disabled: bool | None = None

    @property
    def as_role(self) -> Role | None:
        """The role, if it changes."""
        return None if self.role is None else Role(self.role)
