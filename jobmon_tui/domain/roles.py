"""Who may do what: one table, enforced in the services and read by the faces."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jobmon_tui.domain.errors import ErrorCode, JobmonError


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
    MANAGE_USERS = "User Change"
    CHANGE_PASSWORD = "Password Change"  # noqa: S105  # the name of an action
    """One's own."""


PERMISSIONS: Mapping[Verb, frozenset[Role]] = {
    Verb.VIEW: frozenset({Role.ADMINISTRATOR, Role.VIEWER}),
    Verb.RETRY: frozenset({Role.ADMINISTRATOR}),
    Verb.CANCEL: frozenset({Role.ADMINISTRATOR}),
    Verb.RUN: frozenset({Role.ADMINISTRATOR}),
    Verb.EDIT_REPORTS: frozenset({Role.ADMINISTRATOR}),
    Verb.MANAGE_USERS: frozenset({Role.ADMINISTRATOR}),
    Verb.CHANGE_PASSWORD: frozenset({Role.ADMINISTRATOR, Role.VIEWER}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as the database knows them at this moment."""

    name: str
    role: Role


def may(role: Role, verb: Verb) -> bool:
    """Tell whether `role` is allowed `verb`."""
    return role in PERMISSIONS[verb]


def require(actor: Actor, verb: Verb) -> None:
    """Raise `not_permitted` unless `actor` may do `verb`."""
    if not may(actor.role, verb):
        allowed = " or ".join(sorted(PERMISSIONS[verb]))
        raise JobmonError(
            ErrorCode.NOT_PERMITTED,
            f"“{verb.value}” needs the role {allowed}; you are signed in as a {actor.role.value}.",
        )
