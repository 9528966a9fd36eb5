"""`/sessions`, `/me`, `/users`: signing in, and the accounts."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from jobmon_tui.api.answers import answer
from jobmon_tui.api.asking import CallerOf, Name, Origin, ServicesOf, known_of, origin_of, peer_of, turns_of
from jobmon_tui.domain.roles import Actor
from jobmon_tui.services.facade import AccountInfo
from jobmon_tui.services.records import SessionInfo
from jobmon_tui.services.sign_in import SignedIn
from jobmon_tui.wire.bodies import AccountBody, AccountChangeBody, PasswordBody, SignInBody
from jobmon_tui.wire.forms import DoneForm, EndedForm

router = APIRouter(tags=["accounts"])
SessionId = Annotated[int, Path(ge=0, le=2**31 - 1, description="The session's id.")]


@router.post("/sessions", status_code=201, response_model=SignedIn)
async def sign_in(
    services: ServicesOf, request: Request, body: SignInBody, claimed: Origin = None
) -> Response:
    """Sign in: the token opens everything that the account may do."""
    with turns_of(request).take(peer_of(request)):
        opened = await services.sign_in(
            body.name, body.password, origin_of(request, claimed), known_of(request)
        )
    return answer(SignedIn, opened, 201, {"Cache-Control": "no-store"})


@router.delete("/sessions/current", status_code=204, response_class=Response)
async def sign_out(services: ServicesOf, caller: CallerOf) -> Response:
    """End the session whose token is sent."""
    await services.whoami(caller)
    await services.sign_out(caller)
    return Response(status_code=204)


@router.post("/sessions/current/unlock", response_model=DoneForm)
async def unlock(services: ServicesOf, request: Request, caller: CallerOf, body: PasswordBody) -> Response:
    """Tell whether this is the password of whoever has the session whose token is sent."""
    with turns_of(request).take(peer_of(request)):
        await services.unlock(caller, body.password)
    return answer(DoneForm, DoneForm("It is the right password."))


@router.get("/sessions", response_model=list[SessionInfo])
async def list_sessions(
    services: ServicesOf,
    caller: CallerOf,
    name: Annotated[str | None, Query(max_length=1_000, description="Only of this account.")] = None,
) -> Response:
    """List open sessions, newest first: one's own, to Administrators everybody's."""
    return answer(list[SessionInfo], await services.sessions(caller, name))


@router.delete("/sessions/{id}", response_model=SessionInfo)
async def revoke_session(services: ServicesOf, caller: CallerOf, id: SessionId) -> Response:  # noqa: A002
    """End a session."""
    return answer(SessionInfo, await services.revoke_session(caller, id))


@router.delete("/sessions", response_model=EndedForm)
async def revoke_sessions(
    services: ServicesOf,
    caller: CallerOf,
    name: Annotated[str, Query(min_length=1, max_length=1_000, description="Whose.")],
) -> Response:
    """End every session of an account."""
    return answer(EndedForm, EndedForm(await services.revoke_sessions(caller, name)))


@router.get("/me", response_model=Actor)
async def whoami(services: ServicesOf, caller: CallerOf) -> Response:
    """Tell whose session it is, and with which role."""
    return answer(Actor, await services.whoami(caller))


@router.get("/users", response_model=list[AccountInfo])
async def list_users(services: ServicesOf, caller: CallerOf) -> Response:
    """List every account by name."""
    return answer(list[AccountInfo], await services.accounts(caller))


@router.post("/users", status_code=201, response_model=DoneForm)
async def add_user(services: ServicesOf, caller: CallerOf, body: AccountBody) -> Response:
    """Add an account."""
    await services.add_account(caller, body.name, body.as_role, body.password)
    place = {"Location": f"/api/v1/users/{quote(body.name, safe='')}"}
    return answer(DoneForm, DoneForm("The account was added."), 201, place)


@router.patch("/users/{name:path}", response_model=DoneForm)
async def change_user(
    services: ServicesOf, caller: CallerOf, name: Name, body: AccountChangeBody
) -> Response:
    """Change an account's role or password, disable or enable it; its sessions end."""
    await services.change_account(
        caller,
        name,
        role=body.as_role,
        password=body.password,
        disabled=body.disabled,
        old_password=body.old_password,
    )
    return answer(DoneForm, DoneForm("The account was changed."))
