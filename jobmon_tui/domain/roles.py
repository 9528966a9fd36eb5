"""Who may do what: one table, enforced in the services and read by the faces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jobmon_tui.domain.errors import ErrorCode, JobmonError, read_only


class Role(StrEnum):
    """An account's role."""

    ADMINISTRATOR = "Administrator"
    VIEWER = "Viewer"


SYSTEM_ROLE = "System"
"""What the audit log has for a role where no account acted."""


class Verb(StrEnum):
    """What can be done; the value is the audit log's action."""

    VIEW = "View"
    RETRY = "Job Retry"
    CANCEL = "Job Cancel"
    RUN = "Job Run"
    EDIT_REPORTS = "Report Change"
    READ_AUDIT = "Audit Read"
    SEE_USERS = "User List"
    MANAGE_USERS = "User Change"
    CHANGE_PASSWORD = "Password Change"  # noqa: S105  # the name of an action
    """One's own."""
    SEE_SESSIONS = "Session List"
    """Everybody's."""
    SEE_OWN_SESSIONS = "Own Session List"
    END_SESSIONS = "Session Revoke"
    """Anybody's."""
    END_OWN_SESSIONS = "Own Session Revoke"
    UNLOCK = "Unlock"
    """A dashboard of one's own that was locked."""


_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
_EVERYONE = frozenset(Role)
PERMISSIONS: Mapping[Verb, frozenset[Role]] = {
    Verb.VIEW: _EVERYONE,
    Verb.RETRY: _ADMINISTRATORS,
    Verb.CANCEL: _ADMINISTRATORS,
    Verb.RUN: _ADMINISTRATORS,
    Verb.EDIT_REPORTS: _ADMINISTRATORS,
    # Who may look at an execution may see who retried it: what is done here is done before everybody's eyes.
    Verb.READ_AUDIT: _EVERYONE,
    Verb.SEE_USERS: _ADMINISTRATORS,
    Verb.MANAGE_USERS: _ADMINISTRATORS,
    Verb.CHANGE_PASSWORD: _EVERYONE,
    Verb.SEE_SESSIONS: _ADMINISTRATORS,
    Verb.SEE_OWN_SESSIONS: _EVERYONE,
    Verb.END_SESSIONS: _ADMINISTRATORS,
    Verb.END_OWN_SESSIONS: _EVERYONE,
    Verb.UNLOCK: _EVERYONE,
}
CHANGES: frozenset[Verb] = frozenset(
    {
        Verb.RETRY,
        Verb.CANCEL,
        Verb.RUN,
        Verb.EDIT_REPORTS,
        Verb.MANAGE_USERS,
        Verb.CHANGE_PASSWORD,
        Verb.END_SESSIONS,
        Verb.END_OWN_SESSIONS,
    }
)
"""What nobody may who only looks (`read_only`). Signing in, unlocking and signing out are no such thing."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as the database knows them at this moment."""

    name: str
    role: Role
    read_only: bool = False
    """Whether this way to the database changes nothing, whatever the role."""
    used_at: datetime | None = field(default=None, compare=False)
    """When the session was last noted as used; None where it never was."""

    def may(self, verb: Verb) -> bool:
        """Tell whether they are allowed `verb` here."""
        return may(self.role, verb) and not (self.read_only and verb in CHANGES)


def may(role: Role, verb: Verb) -> bool:
    """Tell whether `role` is allowed `verb`, where changes are allowed at all."""
    return role in PERMISSIONS[verb]


def require(actor: Actor, verb: Verb) -> None:
    """Raise `not_permitted` unless `actor` may do `verb`, or `read_only` where nothing may be changed."""
    if actor.read_only and verb in CHANGES:
        raise read_only(verb.value)
    if not may(actor.role, verb):
        allowed = " or ".join(sorted(PERMISSIONS[verb]))
        raise JobmonError(
            ErrorCode.NOT_PERMITTED,
            f"“{verb.value}” needs the role {allowed}; you are signed in as a {actor.role.value}.",
        )
