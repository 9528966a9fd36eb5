"""The part of a server's `Services` that is about accounts, and how all parts ask."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from jobmon_tui.client.line import Line, Question
from jobmon_tui.domain.roles import Role
from jobmon_tui.domain.text import clean
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import AccountInfo
from jobmon_tui.services.records import SessionInfo
from jobmon_tui.wire import forms

SIGN_IN_SECONDS: Final = 20.0
"""Two passwords are hashed at once at most; others wait for their turn."""


def named(room: str, name: str) -> str:
    """Return the path of what has this name in a room such as `users`."""
    # Dots too: clients and proxies resolve `..` in a path.
    return f"/{room}/{quote(clean(name), safe='').replace('.', '%2E')}"


class RemoteAccounts:
    """Accounts and sessions."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._caller: Caller | None = None

    async def _ask(self, form: Any, question: Question, caller: Caller) -> Any:
        answer = await self._line.ask(form, question, caller)
        self._caller = caller
        return answer

    async def _get(self, form: Any, caller: Caller, path: str, params: Any = (), **more: Any) -> Any:
        return await self._ask(form, Question("GET", path, params, **more), caller)

    async def accounts(self, caller: Caller) -> Sequence[AccountInfo]:
        """Return every account by name."""
        found: list[AccountInfo] = await self._get(list[AccountInfo], caller, "/users")
        return found

    async def add_account(self, caller: Caller, name: str, role: Role, password: str) -> None:
        """Add an account."""
        body = {"name": name, "role": role.value, "password": password}
        question = Question("POST", "/users", body=body, answer_seconds=SIGN_IN_SECONDS)
        await self._line.tell(question, caller)

    async def change_account(
        self,
        caller: Caller,
        name: str,
        *,
        role: Role | None = None,
        password: str | None = None,
        disabled: bool | None = None,
        old_password: str | None = None,
    ) -> None:
        """Change an account and end its sessions."""
        given = {
            "role": role and role.value,
            "password": password,
            "disabled": disabled,
            "old_password": old_password,
        }
        body = {key: value for key, value in given.items() if value is not None}
        question = Question("PATCH", named("users", name), body=body, answer_seconds=SIGN_IN_SECONDS)
        await self._line.tell(question, caller)

    async def sessions(self, caller: Caller, name: str | None = None) -> Sequence[SessionInfo]:
        """Return open sessions."""
        params = () if name is None else (("name", clean(name)),)
        found: list[SessionInfo] = await self._get(list[SessionInfo], caller, "/sessions", params)
        return found

    async def revoke_session(self, caller: Caller, session_id: int) -> SessionInfo:
        """End a session."""
        question = Question("DELETE", f"/sessions/{session_id}")
        ended: SessionInfo = await self._ask(SessionInfo, question, caller)
        return ended

    async def revoke_sessions(self, caller: Caller, name: str) -> int:
        """End every session of an account."""
        question = Question("DELETE", "/sessions", (("name", clean(name)),), may_repeat=True)
        ended: forms.EndedForm = await self._ask(forms.EndedForm, question, caller)
        return ended.ended

    async def unlock(self, caller: Caller, password: str) -> None:
        """Return where it is the password of whoever has this session."""
        question = Question(
            "POST",
            "/sessions/current/unlock",
            body={"password": password},
            answer_seconds=SIGN_IN_SECONDS,
        )
        await self._ask(forms.DoneForm, question, caller)
