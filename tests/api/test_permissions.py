"""Who may use which route: the table of verbs, held against every route and everybody who may come."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from jobmon_tui.domain.roles import PERMISSIONS, Role
from jobmon_tui.services.audited import token_hash
from jobmon_tui.services.permitted import METHODS, OPEN
from jobmon_tui.services.ports import Transaction
from tests.api.stage import PASSWORD, Served
from tests.backends import Store
from tests.conformance.world import NOW, queue_one

DRAFT = {"name": "New", "runner": "command", "parameters": {"command": ["true"]}}
EVERYBODY = "everybody"
WHO_IS_SIGNED_IN = "whoever is signed in"
"""What the table calls open, though over the network it is only for who has a session."""


@dataclass(frozen=True)
class Asked:
    """How a route is asked, and which method of `Services` it stands for, or for whom it is."""

    method: str
    path: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    body: Any = None


ROUTES = {
    "GET /api/v1/health": Asked(EVERYBODY),
    "GET /api/v1/ready": Asked(EVERYBODY),
    "POST /api/v1/sessions": Asked(EVERYBODY, body={"name": "ada", "password": PASSWORD}),
    "DELETE /api/v1/sessions/current": Asked(WHO_IS_SIGNED_IN),
    "POST /api/v1/sessions/current/unlock": Asked("unlock", body={"password": PASSWORD}),
    "GET /api/v1/sessions": Asked("sessions"),
    "DELETE /api/v1/sessions": Asked("revoke_sessions", params={"name": "eve"}),
    "DELETE /api/v1/sessions/{id}": Asked("revoke_session", "/api/v1/sessions/2147483647"),
    "GET /api/v1/me": Asked(WHO_IS_SIGNED_IN),
    "GET /api/v1/users": Asked("accounts"),
    "POST /api/v1/users": Asked(
        "add_account", body={"name": "new", "role": "Viewer", "password": "no such word here"}
    ),
    "PATCH /api/v1/users/{name}": Asked("change_account", "/api/v1/users/eve", body={"disabled": False}),
    "GET /api/v1/jobs": Asked("executions"),
    "POST /api/v1/jobs": Asked("run", body={"report": "Sales"}),
    "GET /api/v1/jobs/overview": Asked("overview"),
    "GET /api/v1/jobs/glance": Asked("glance"),
    "GET /api/v1/jobs/by-hour": Asked("finished_by_hour", params={"since": "2026-01-02T03:04:05Z"}),
    "GET /api/v1/jobs/{job_id}": Asked("show", "/api/v1/jobs/1"),
    "GET /api/v1/jobs/{job_id}/position": Asked("newer", "/api/v1/jobs/1/position"),
    "GET /api/v1/jobs/{job_id}/output": Asked("output", "/api/v1/jobs/1/output"),
    "POST /api/v1/jobs/{job_id}/retry": Asked("retry", "/api/v1/jobs/1/retry"),
    "POST /api/v1/jobs/{job_id}/cancel": Asked("cancel", "/api/v1/jobs/1/cancel"),
    "GET /api/v1/reports": Asked("report_overviews"),
    "POST /api/v1/reports": Asked("add_report", body=DRAFT),
    "POST /api/v1/report-imports": Asked("import_reports", body=[DRAFT]),
    "POST /api/v1/report-checks": Asked(WHO_IS_SIGNED_IN, body=DRAFT),
    "GET /api/v1/reports/{name}": Asked("report_overviews", "/api/v1/reports/Sales"),
    "PUT /api/v1/reports/{name}": Asked("edit_report", "/api/v1/reports/Sales", body=DRAFT),
    "PATCH /api/v1/reports/{name}": Asked("pause_report", "/api/v1/reports/Sales", body={"paused": True}),
    "DELETE /api/v1/reports/{name}": Asked("delete_report", "/api/v1/reports/Sales"),
    "GET /api/v1/workers": Asked("workers"),
    "GET /api/v1/audit": Asked("audit"),
    "GET /api/v1/audit/search": Asked("search_audit", params={"text": "ada"}),
    "GET /api/v1/audit/verify": Asked("verify_audit"),
    "GET /api/v1/events": Asked(WHO_IS_SIGNED_IN, params={"seconds": "0"}),
}
NOBODY = {
    "nobody": None,
    "another scheme": "Basic YWRhOmFkYQ==",
    "no token": "Bearer",
    "garbage": "Bearer \x7f\xff' OR 1=1 --",
    "disabled": "Bearer disabled-token",
    "run out": "Bearer old-token",
}


def _people(transaction: Transaction) -> None:
    """An account that is disabled though its session is there, and a session that has run out."""
    transaction.add_account("eve", Role.VIEWER, "hash", NOW)
    for name in ("ada", "vic"):
        transaction.change_account(name, password_hash=f"<{PASSWORD}>")
    transaction.add_account("gone", Role.ADMINISTRATOR, "hash", NOW)
    transaction.change_account("gone", disabled=True)
    transaction.add_session("gone", token_hash("disabled-token"), NOW, NOW + timedelta(days=40_000))
    transaction.add_session("ada", token_hash("old-token"), NOW, NOW + timedelta(hours=12))


def _client(server: Served) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(server.path))
    return httpx.AsyncClient(transport=transport, base_url="http://jobmon")


async def _ask(client: httpx.AsyncClient, route: str, authorization: str | None) -> httpx.Response:
    asked = ROUTES[route]
    method, path = route.split()
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    return await client.request(
        method, asked.path or path, params=asked.params, json=asked.body, headers=headers
    )


async def test_the_table_names_every_route_and_every_use_case(server: Served) -> None:
    described = server.app.openapi()["paths"]
    there = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert there == set(ROUTES)
    told = {each.method for each in ROUTES.values()} - {EVERYBODY, WHO_IS_SIGNED_IN}
    # `reports` and `report` are read off the overviews by who asks far away.
    assert told == set(METHODS) - {"reports", "report"}
    assert not told & set(OPEN)


async def test_what_is_not_described_is_not_there(server: Served) -> None:
    async with _client(server) as client:
        assert (await client.get("/openapi.json")).status_code == 200
        for path in ("/", "/docs", "/redoc", "/docs/oauth2-redirect", "/api/v1", "/api/v1/", "/api/v1/jobs/"):
            found = await client.get(path)
            assert (found.status_code, found.json()["code"]) == (404, "not_found"), path


@pytest.mark.parametrize("who", NOBODY)
async def test_without_a_session_only_four_routes_answer(server: Served, store: Store, who: str) -> None:
    await store.write(queue_one)
    await store.write(_people)
    before = await store.read(lambda transaction: transaction.reports())
    async with _client(server) as client:
        for route, asked in ROUTES.items():
            found = await _ask(client, route, NOBODY[who])
            if asked.method == EVERYBODY:
                assert found.is_success, (route, found.text)
                continue
            assert found.status_code == 401, (route, found.text)
            assert found.headers["www-authenticate"] == 'Bearer realm="jobmon"'
            assert found.headers["content-type"] == "application/problem+json"
            assert found.json()["code"] == "not_signed_in"
    assert await store.read(lambda transaction: transaction.reports()) == before


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_may_what_the_table_says(server: Served, store: Store, role: Role) -> None:
    await store.write(queue_one)
    await store.write(_people)
    name = {Role.ADMINISTRATOR: "ada", Role.VIEWER: "vic"}[role]
    async with _client(server) as client:
        for number, (route, asked) in enumerate(ROUTES.items()):
            token = f"{name} {number}".replace(" ", "-")
            session = (name, token_hash(token), NOW, NOW + timedelta(days=40_000))
            await store.write(lambda transaction, session=session: transaction.add_session(*session))
            found = await _ask(client, route, f"Bearer {token}")
            if asked.method in {EVERYBODY, WHO_IS_SIGNED_IN}:
                assert found.is_success, (route, found.text)
                continue
            needed = METHODS[asked.method]
            # Of what is one's own none is asked for here, but for lists and locks, which are of oneself.
            verb = needed.own if needed.own and asked.method == "sessions" else needed.verb
            if role in PERMISSIONS[verb]:
                assert found.status_code not in {401, 403}, (route, found.text)
                assert found.status_code < 500, (route, found.text)
            else:
                assert (found.status_code, found.json()["code"]) == (403, "not_permitted"), (
                    route,
                    found.text,
                )
