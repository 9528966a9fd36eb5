"""Which verb each method of `Services` needs: the one place. Whose role has it: domain/roles.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jobmon_tui.domain.roles import CHANGES, Verb


@dataclass(frozen=True, slots=True)
class Needs:
    """The verb that a method needs; `own` is enough where it is only about whoever asks."""

    verb: Verb
    own: Verb | None = None

    @property
    def changes(self) -> bool:
        """Whether it is refused where nothing may be changed."""
        return self.verb in CHANGES


OPEN: Final[Mapping[str, str]] = {
    "database_name": "the header shows it before anybody has signed in; it holds no credential",
    "changes": "tells that something has changed, never what",
    "has_accounts": "whether to ask for a name, or for the first Administrator",
    "create_first_administrator": "possible only while there is no account at all, and not read-only",
    "sign_in": "asks for the password",
    "sign_out": "ends the session that is named by its own token",
    "check_report": "reads no database: answers from what is asked alone",
    "whoami": "tells who is asking, or that nobody is signed in",
}
"""What needs no verb, and why that is so. `whoami` needs a session all the same."""
METHODS: Final[Mapping[str, Needs]] = {
    "overview": Needs(Verb.VIEW),
    "executions": Needs(Verb.VIEW),
    "glance": Needs(Verb.VIEW),
    "newer": Needs(Verb.VIEW),
    "finished_by_hour": Needs(Verb.VIEW),
    "show": Needs(Verb.VIEW),
    "output": Needs(Verb.VIEW),
    "retry": Needs(Verb.RETRY),
    "cancel": Needs(Verb.CANCEL),
    "run": Needs(Verb.RUN),
    "reports": Needs(Verb.VIEW),
    "report": Needs(Verb.VIEW),
    "report_overviews": Needs(Verb.VIEW),
    "add_report": Needs(Verb.EDIT_REPORTS),
    "edit_report": Needs(Verb.EDIT_REPORTS),
    "delete_report": Needs(Verb.EDIT_REPORTS),
    "import_reports": Needs(Verb.EDIT_REPORTS),
    "pause_report": Needs(Verb.EDIT_REPORTS),
    "workers": Needs(Verb.VIEW),
    "accounts": Needs(Verb.SEE_USERS),
    "add_account": Needs(Verb.MANAGE_USERS),
    "change_account": Needs(Verb.MANAGE_USERS, own=Verb.CHANGE_PASSWORD),
    "sessions": Needs(Verb.SEE_SESSIONS, own=Verb.SEE_OWN_SESSIONS),
    "revoke_session": Needs(Verb.END_SESSIONS, own=Verb.END_OWN_SESSIONS),
    "revoke_sessions": Needs(Verb.END_SESSIONS, own=Verb.END_OWN_SESSIONS),
    "unlock": Needs(Verb.UNLOCK),
    "audit": Needs(Verb.READ_AUDIT),
    "search_audit": Needs(Verb.READ_AUDIT),
    "verify_audit": Needs(Verb.READ_AUDIT),
}
"""Everything else."""
