"""`/sessions`, `/me`, `/users`: signing in, and the accounts."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from jobmon_tui.api.answers import answer
from jobmon_tui.api.asking import CallerOf, Name, Origin, ServicesOf, origin_of
from jobmon_tui.domain.roles import Actor
from jobmon_tui.services.facade import AccountInfo
from jobmon_tui.services.sign_in import SignedIn
from jobmon_tui.wire.bodies import AccountBody, AccountChangeBody, SignInBody
from jobmon_tui.wire.forms import DoneForm

router = APIRouter(tags=["accounts"])


@router.post("/sessions", status_code=201, response_model=SignedIn)
async def sign_in(
    services: ServicesOf, request: Request, body: SignInBody, claimed: Origin = None
) -> Response:
    """Sign in: the token opens everything that the account may do."""
    opened = await services.sign_in(body.name, body.password, origin_of(request, claimed))
    return answer(SignedIn, opened, 201, {"Cache-Control": "no-store"})


@router.delete("/sessions/current", status_code=204, response_class=Response)
async def sign_out(services: ServicesOf, caller: CallerOf) -> Response:
    """End the session whose token is sent."""
    await services.whoami(caller)
    await services.sign_out(caller)
    return Response(status_code=204)


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
        caller, name, role=body.as_role, password=body.password, disabled=body.disabled
    )
    return answer(DoneForm, DoneForm("The account was changed."))
