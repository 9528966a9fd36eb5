"""`/reports`: the report configurations."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Body
from starlette.responses import Response

from jobmon_tui.api.answers import answer
from jobmon_tui.api.asking import CallerOf, Name, ServicesOf
from jobmon_tui.services.facade import Imported, ReportCheck
from jobmon_tui.wire.bodies import MOST_DRAFTS, DraftBody, EditBody, PauseBody
from jobmon_tui.wire.forms import ReportForm, overview_form, report_form

router = APIRouter(tags=["reports"])


def _place(name: str) -> dict[str, str]:
    return {"Location": f"/api/v1/reports/{quote(name, safe='')}"}


@router.get("/reports", response_model=list[ReportForm])
async def list_reports(services: ServicesOf, caller: CallerOf) -> Response:
    """List every report by name, with when it fires next and how it went last."""
    found = await services.report_overviews(caller)
    return answer(list[ReportForm], [overview_form(each) for each in found])


@router.post("/reports", status_code=201, response_model=ReportForm)
async def add_report(services: ServicesOf, caller: CallerOf, body: DraftBody) -> Response:
    """Add a report."""
    made = await services.add_report(caller, body.draft)
    return answer(ReportForm, report_form(made), 201, _place(made.draft.name))


# Not below /reports: there a report of any name is found.
@router.post("/report-imports", response_model=list[Imported])
async def import_reports(
    services: ServicesOf, caller: CallerOf, body: Annotated[list[DraftBody], Body(max_length=MOST_DRAFTS)]
) -> Response:
    """Add or replace each by name, all or none."""
    done = await services.import_reports(caller, [each.draft for each in body])
    return answer(list[Imported], done)


@router.post("/report-checks", response_model=ReportCheck)
async def check_report(services: ServicesOf, caller: CallerOf, body: DraftBody) -> Response:
    """Tell what is wrong with a report before it is saved, and when it would fire."""
    await services.whoami(caller)
    return answer(ReportCheck, await services.check_report(caller, body.draft))


@router.get("/reports/{name:path}", response_model=ReportForm)
async def show_report(services: ServicesOf, caller: CallerOf, name: Name) -> Response:
    """Show one report."""
    (found,) = await services.report_overviews(caller, name)
    return answer(ReportForm, overview_form(found))


@router.put("/reports/{name:path}", response_model=ReportForm)
async def edit_report(services: ServicesOf, caller: CallerOf, name: Name, body: EditBody) -> Response:
    """Replace a report's configuration, its name too."""
    made = await services.edit_report(caller, name, body.draft, version=body.version)
    return answer(ReportForm, report_form(made))


@router.patch("/reports/{name:path}", response_model=ReportForm)
async def pause_report(services: ServicesOf, caller: CallerOf, name: Name, body: PauseBody) -> Response:
    """Stop a report's schedule, or go on with it from now."""
    return answer(ReportForm, report_form(await services.pause_report(caller, name, body.paused)))


@router.delete("/reports/{name:path}", status_code=204, response_class=Response)
async def delete_report(services: ServicesOf, caller: CallerOf, name: Name) -> Response:
    """Really delete a report; its executions keep their snapshots."""
    await services.delete_report(caller, name)
    return Response(status_code=204)
