"""`/jobs`: the executions."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from jobmon_tui.api.answers import answer
from jobmon_tui.api.asking import DEFAULT_ROWS, Above, Below, CallerOf, Id, Limit, Moment, ServicesOf, Wanted
from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.look import Glance, Overview
from jobmon_tui.services.records import HourCount, StoredOutput
from jobmon_tui.wire.bodies import RunBody
from jobmon_tui.wire.forms import (
    DetailsForm,
    DoneForm,
    PositionForm,
    RetriedForm,
    StoryForm,
    details_form,
    retried_form,
    story_form,
)
from jobmon_tui.wire.keys import key_of

router = APIRouter(prefix="/jobs", tags=["jobs"])

_CREATED: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Location": {"description": "The new execution.", "schema": {"type": "string"}}}}
}
_KEY = "^[!-~]+( [!-~]+)*$"
"""For the description; what a key may be is a rule of the services."""


def _place(execution_id: int) -> dict[str, str]:
    return {"Location": f"/api/v1/jobs/{execution_id}"}


def next_page(request: Request, last_id: int) -> dict[str, str]:
    """Return the header that names the next page: the same question, below this id."""
    kept = [
        (key, value) for key, value in request.query_params.multi_items() if key not in {"before", "offset"}
    ]
    query = urlencode([*kept, ("before", str(last_id))])
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}


@router.get("", response_model=list[Execution])
async def list_jobs(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    wanted: Wanted,
    limit: Limit = DEFAULT_ROWS,
    before: Below = None,
    after: Above = None,
) -> Response:
    """List executions, newest first. A full page names the next one in its `Link` header."""
    found = await services.executions(caller, wanted, limit, before=before, after=after)
    more = next_page(request, found[-1].id) if len(found) == limit and after is None else None
    return answer(list[Execution], found, headers=more)


@router.post("", status_code=201, response_model=DetailsForm, responses=_CREATED)
async def run(services: ServicesOf, caller: CallerOf, body: RunBody) -> Response:
    """Queue a report now."""
    made = await services.run(caller, body.report)
    return answer(DetailsForm, details_form(made), 201, _place(made.execution.id))


@router.get("/overview", response_model=Overview)
async def overview(services: ServicesOf, caller: CallerOf, wanted: Wanted) -> Response:
    """Count everything by status, and what matches; tell which workers are alive."""
    return answer(Overview, await services.overview(caller, wanted))


@router.get("/glance", response_model=Glance)
async def glance(
    services: ServicesOf, caller: CallerOf, wanted: Wanted, limit: Limit = DEFAULT_ROWS, before: Below = None
) -> Response:
    """Answer as the overview and the list do, at one moment: what a dashboard asks after every change."""
    return answer(Glance, await services.glance(caller, wanted, limit, before=before))


@router.get("/by-hour", response_model=list[HourCount])
async def by_hour(
    services: ServicesOf,
    caller: CallerOf,
    since: Annotated[Moment, Query(description="In RFC 3339; some days back at most.")],
) -> Response:
    """Count what ended in each hour, oldest first; hours in which nothing ended are left out."""
    return answer(list[HourCount], await services.finished_by_hour(caller, since))


@router.get("/{job_id}", response_model=StoryForm)
async def show(services: ServicesOf, caller: CallerOf, job_id: Id) -> Response:
    """Show one execution: snapshot, error, output, lineage, its audit entries."""
    return answer(StoryForm, story_form(await services.show(caller, job_id)))


@router.get("/{job_id}/position", response_model=PositionForm)
async def position(services: ServicesOf, caller: CallerOf, wanted: Wanted, job_id: Id) -> Response:
    """Tell how many matching executions are newer."""
    return answer(PositionForm, PositionForm(await services.newer(caller, wanted, job_id)))


@router.get("/{job_id}/output", response_model=StoredOutput)
async def output(services: ServicesOf, caller: CallerOf, job_id: Id) -> Response:
    """Show what the execution has printed so far."""
    return answer(StoredOutput, await services.output(caller, job_id))


@router.post("/{job_id}/retry", status_code=201, response_model=RetriedForm, responses=_CREATED)
async def retry(
    services: ServicesOf,
    caller: CallerOf,
    job_id: Id,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="The same key never queues a second retry: it is answered with the first one's. "
            "Another text than ASCII is written in the form of RFC 8187: `utf-8''` and percent signs.",
            json_schema_extra={"pattern": _KEY, "maxLength": 200},
        ),
    ] = None,
) -> Response:
    """Retry a Failed execution with the exact configuration that it failed with."""
    receipt = await services.retry(caller, job_id, key=None if key is None else key_of(key))
    made = (await services.show(caller, receipt.new_id)).details
    return answer(RetriedForm, retried_form(receipt, made), 201, _place(receipt.new_id))


@router.post("/{job_id}/cancel", response_model=DoneForm)
async def cancel(services: ServicesOf, caller: CallerOf, job_id: Id) -> Response:
    """Cancel a Queued or Running execution."""
    return answer(DoneForm, DoneForm(await services.cancel(caller, job_id)))
