"""`/workers`, `/audit`, `/health`: what there is to look at besides the jobs and the reports."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from jobmon_tui.api.answers import answer
from jobmon_tui.api.asking import DEFAULT_ROWS, Above, Below, CallerOf, Limit, Moment, ServicesOf
from jobmon_tui.api.jobs import next_page
from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.execution import GREATEST_ID
from jobmon_tui.domain.text import clean
from jobmon_tui.services.chain import ChainReport
from jobmon_tui.wire.forms import AuditForm, AuditFoundForm, ReadyForm, WorkerForm, audit_form, worker_form

router = APIRouter()
open_router = APIRouter(tags=["health"])
Text = Annotated[str | None, Query(max_length=1_000)]
When = Annotated[Moment | None, Query(description="In RFC 3339.")]


def audit_filter_of(
    actor: Text = None,
    action: Text = None,
    outcome: Literal["allowed", "refused"] | None = None,
    execution: Annotated[int | None, Query(ge=1, le=GREATEST_ID)] = None,
    since: When = None,
    until: When = None,
) -> AuditFilter:
    """Return which entries are wanted."""
    return AuditFilter(
        clean(actor) if actor else None, clean(action) if action else None, outcome, execution, since, until
    )


@router.get("/workers", response_model=list[WorkerForm], tags=["workers"])
async def list_workers(services: ServicesOf, caller: CallerOf) -> Response:
    """List every registered worker by name, with whether it is heard from."""
    return answer(list[WorkerForm], [worker_form(each) for each in await services.workers(caller)])


@router.get("/audit", response_model=list[AuditForm], tags=["audit"])
async def list_audit(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    wanted: Annotated[AuditFilter, Depends(audit_filter_of)],
    limit: Limit = DEFAULT_ROWS,
    before: Below = None,
) -> Response:
    """List audit entries, newest first. A full page names the next one in its `Link` header."""
    found = await services.audit(caller, limit, before, wanted)
    more = next_page(request, found[-1].id) if len(found) == limit else None
    return answer(list[AuditForm], [audit_form(each) for each in found], headers=more)


@router.get("/audit/search", response_model=AuditFoundForm, tags=["audit"])
async def search_audit(
    services: ServicesOf,
    caller: CallerOf,
    text: Annotated[str, Query(max_length=1_000, description="All parts of it must be in an entry.")],
    limit: Limit = DEFAULT_ROWS,
    before: Below = None,
    after: Above = None,
) -> Response:
    """Search the newest entries, 10,000 at most; `looked_to` says how far it came."""
    found = await services.search_audit(caller, text, limit, before=before, after=after or 0)
    form = AuditFoundForm([audit_form(each) for each in found.entries], found.looked_to)
    return answer(AuditFoundForm, form)


@router.get("/audit/verify", response_model=ChainReport, tags=["audit"])
async def verify_audit(services: ServicesOf, caller: CallerOf) -> Response:
    """Recompute the audit log's chain."""
    return answer(ChainReport, await services.verify_audit(caller))


@open_router.get("/health", response_model=ReadyForm)
async def health() -> Response:
    """Tell that the server is there."""
    return answer(ReadyForm, ReadyForm("ok"))


@open_router.get("/ready", response_model=ReadyForm)
async def ready(services: ServicesOf) -> Response:
    """Tell whether the database answers."""
    await services.has_accounts()
    return answer(ReadyForm, ReadyForm("ready"))
