"""Who asks, and what for: the parts that routes share."""

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from starlette.types import Scope

from jobmon_tui.api.turns import Turns
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import GREATEST_ID, Status
from jobmon_tui.domain.roles import Verb, require
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.services.records import ExecutionFilter

MOST_ROWS = 1_000
DEFAULT_ROWS = 50
_bearer = HTTPBearer(auto_error=False, description="A session's token: POST /api/v1/sessions gives one.")


def services_of(request: Request) -> Services:
    """Return the services that the server was given."""
    found: Services = request.app.state.services
    return found


def turns_of(request: Request) -> Turns:
    """Return whose passwords are being looked at."""
    found: Turns = request.app.state.turns
    return found


def peer_of(request: Request) -> str:
    """Return who is at the other end, as the kernel knows it: a network address, or a local user's id."""
    return request.client.host if request.client is not None and request.client.host else "unknown"


def known_of(request: Request) -> str:
    """Return who asks as the system knows it, for the audit log."""
    return f"{peer_of(request)} through the server"


def origin_of(request: Request, claimed: str | None) -> str:
    """Return where a request comes from: what the server sees, then what the client says of itself."""
    said = one_line(claimed or "", 200)
    return f"api {peer_of(request)}" + (f"; {said}" if said else "")


ServicesOf = Annotated[Services, Depends(services_of)]
Origin = Annotated[
    str | None,
    # For our own clients; whatever it says is cut, and kept beside what the server sees.
    Header(alias="Jobmon-Origin", max_length=1_000, include_in_schema=False),
]


def caller_of(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    claimed: Origin = None,
) -> Caller:
    """Return who asks. Raises `not_signed_in` without a token; whether it holds is for the services."""
    if credentials is None or not credentials.credentials:
        raise JobmonError(
            ErrorCode.NOT_SIGNED_IN, "You are not signed in. Send a session's token: Authorization: Bearer …"
        )
    return Caller(credentials.credentials, origin_of(request, claimed), known_of(request))


async def admit_large(services: Services, scope: Scope) -> None:
    """Let pass who may send a large body. Raises `not_signed_in`, `not_permitted` for all others."""
    request = Request(scope)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = HTTPAuthorizationCredentials(scheme=scheme, credentials=token)
    caller = caller_of(request, given if scheme.lower() == "bearer" else None)
    require(await services.whoami(caller), Verb.EDIT_REPORTS)


CallerOf = Annotated[Caller, Depends(caller_of)]
Id = Annotated[int, Path(description="The execution's id.")]
Name = Annotated[str, Path(min_length=1, max_length=1_000, description="The name.")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="How many at most.")]
Below = Annotated[int | None, Query(ge=1, le=GREATEST_ID, description="Only ids below this one.")]
Above = Annotated[
    int | None, Query(ge=0, le=GREATEST_ID, description="The nearest above this id; 0: the oldest of all.")
]


_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _written(given: object) -> object:
    # Pydantic would also take 42 for a time, and a date for its midnight.
    if isinstance(given, str) and not _RFC3339.fullmatch(given):
        raise ValueError("write it in RFC 3339 with a zone, such as 2026-01-02T03:04:05Z")
    return given


def _in_utc(given: datetime) -> datetime:
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise ValueError("no such time in UTC") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]


def filter_of(
    status: Annotated[list[Status] | None, Query(description="Only this status; may be repeated.")] = None,
    report: Annotated[str | None, Query(max_length=1_000, description="Only this report.")] = None,
    search: Annotated[str | None, Query(max_length=1_000, description="A part of the report's name.")] = None,
    since: Annotated[Moment | None, Query(description="Only queued since, in RFC 3339.")] = None,
    error: Annotated[str | None, Query(max_length=1_000, description="A part of the error.")] = None,
    by: Annotated[str | None, Query(max_length=1_000, description="Only asked for by this account.")] = None,
) -> ExecutionFilter:
    """Return which executions are wanted."""
    return ExecutionFilter(
        statuses=frozenset(status or ()),
        report=one_line(report) if report else None,
        search=clean(search) if search else None,
        since=since,
        error=clean(error) if error else None,
        by=clean(by) if by else None,
    )


Wanted = Annotated[ExecutionFilter, Depends(filter_of)]
