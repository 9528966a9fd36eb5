"""How the API answers: forms as JSON, refusals as problem documents."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.problems import Problem
from jobmon_tui.wire.forms import ProblemForm, write
from jobmon_tui.wire.problems import MEDIA_TYPE, problem_form

_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
_MOST_PROBLEMS = 100
_PLACES = frozenset({"body", "query", "path", "header"})


def answer(form: Any, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in its form."""
    return Response(write(form, value), status, headers, media_type="application/json")


def refuse(refusal: JobmonError, headers: Mapping[str, str] | None = None) -> Response:
    """Return a refusal as a problem document."""
    document = problem_form(refusal)
    more = dict(headers or {})
    if refusal.code is ErrorCode.NOT_SIGNED_IN:
        more["WWW-Authenticate"] = 'Bearer realm="jobmon"'
    if document.retry_after is not None:
        more["Retry-After"] = str(max(1, ceil(document.retry_after)))
    return Response(write(ProblemForm, document), document.status, more, media_type=MEDIA_TYPE)


def plain_problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem that HTTP itself has a name for."""
    code = title.lower().replace(" ", "_")
    document = ProblemForm("about:blank", title, status, detail, code)
    return Response(write(ProblemForm, document), status, headers, media_type=MEDIA_TYPE)


def _problems(error: RequestValidationError) -> Sequence[Problem]:
    found = []
    for each in error.errors()[:_MOST_PROBLEMS]:
        place = [str(part) for part in each["loc"]]
        key = ".".join(place[1:] if len(place) > 1 and place[0] in _PLACES else place)
        reason = str(each["msg"]).removeprefix("Value error, ")
        found.append(Problem(one_line(key, 100), one_line(reason, 200)))
    return found


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, JobmonError):
        raise TypeError("registered for JobmonError only")
    return refuse(error)


def _is_said_to_be_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"", "application/json"} or kind.endswith("+json")


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise TypeError("registered for RequestValidationError only")
    problems = _problems(error)
    if any(each.key == "body" for each in problems) and not _is_said_to_be_json(request):
        # As plain `curl -d` sends it; what follows would be about text that was never read as JSON.
        problems = [Problem("body", "it is JSON only: say Content-Type: application/json (curl: --json)")]
    message = "; ".join(str(each) for each in problems)
    document = ProblemForm(
        f"urn:jobmon:{ErrorCode.INVALID_INPUT.value}",
        "Invalid input",
        422,
        message,
        ErrorCode.INVALID_INPUT.value,
        errors=[{"key": each.key, "reason": each.reason} for each in problems],
    )
    return Response(write(ProblemForm, document), 422, media_type=MEDIA_TYPE)


def _allowed(request: Request) -> str:
    """Return all that can be done at a request's path, whichever route does it; the framework names one's."""
    scope = dict(request.scope)
    found: set[str] = set()
    for method in _METHODS:
        scope["method"] = method
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            found.add(method)
    return ", ".join(sorted(found))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError("registered for HTTPException only")
    details = {
        404: "There is nothing here.",
        405: "This cannot be done here.",
        400: "The request is malformed.",
    }
    titles = {404: "Not found", 405: "Method not allowed", 400: "Bad request"}
    title = titles.get(error.status_code, "Refused")
    detail = details.get(error.status_code, one_line(str(error.detail)))
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return plain_problem(error.status_code, title, detail, headers)


async def _unforeseen(_request: Request, _error: Exception) -> Response:
    # The server's own logger writes it to the log; over the line it might quote what nobody should read.
    return refuse(
        JobmonError(
            ErrorCode.UNFORESEEN, "The server has failed. Its log says more; try again, or tell its owner."
        )
    )


def install(app: FastAPI) -> None:
    """Let every refusal and failure be answered as a problem document."""
    app.add_exception_handler(JobmonError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def _documented(description: str) -> dict[str, Any]:
    return {"description": description, "model": ProblemForm}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _documented("Malformed"),
    401: _documented("Not signed in"),
    403: _documented("Not permitted"),
    404: _documented("Not found"),
    409: _documented("In conflict with how things stand"),
    413: _documented("Too large"),
    422: _documented("Invalid input"),
    429: _documented("Throttled"),
    500: _documented("Unforeseen"),
    503: _documented("The database is unavailable"),
}
"""What any route may answer instead, for the description."""
