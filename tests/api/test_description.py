"""The whole API against its own description, by schemathesis: as Administrator, and as Viewer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from jobmon_tui.services.audited import Caller, token_hash
from tests.api.apart import Apart, served_apart
from tests.backends import Store
from tests.conformance.world import ADMIN, NOW, VIEWER, add_people, many, queue_one
from tests.e2e.faults.size import WHOLE, rounds

EXAMPLES = rounds(1, 60)
"""How many requests are made up for each operation, besides those that its description names the edges of."""


def _phases(caller: Caller) -> dict[str, Any]:
    # The edges of each value are tried as Administrator, who comes past the permissions.
    edges = WHOLE or caller is ADMIN
    return {
        "examples": {"enabled": True},
        "coverage": {"enabled": edges},
        "fuzzing": {"enabled": True},
        "stateful": {"enabled": WHOLE},
    }


_ANY_ANSWER = ["2xx", 401, 403, 404, 409, 429, 503]
"""Plus 422 where rules decide that no description can tell: what a runner takes, which text is no name."""
_REFUSED = [400, 401, 403, 404, 405, 409, 413, 422, 429, 503]
_SIGNED_IN = {ADMIN.token: ("ada", "Administrator"), VIEWER.token: ("vic", "Viewer")}
_AGAIN = (
    "UPDATE user_account SET role = ?, disabled = false WHERE name = ?",
    "INSERT INTO session (token_hash, user_id, created_at, expires_at) SELECT ?, id, created_at, ? "
    "FROM user_account WHERE name = ? ON CONFLICT DO NOTHING",
)


async def _fill(store: Store) -> None:
    await store.write(add_people)
    await store.write(many(range(1, 60), "Failed", NOW))
    await store.write(queue_one)


@contextmanager
def _each_time(server: Apart, caller: Caller) -> Iterator[None]:
    name, role = _SIGNED_IN[caller.token]

    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        # What a request before has done to the account that asks, or to its session, is undone.
        server.raw(_AGAIN[0], role, name)
        server.raw(_AGAIN[1], token_hash(caller.token), "2150-01-01T00:00:00.000000Z", name)
        # A stream lasts a day unless it is told otherwise: it is asked for what is there already.
        if case.path.endswith("/events"):
            asked = str(case.query.setdefault("seconds", 0))
            if asked.isdigit() and int(asked) <= 86_400:
                case.query["seconds"] = 0

    schemathesis.hook(before_call)
    try:
        yield
    finally:
        schemathesis.hooks.unregister(before_call)


def _schema(server: Apart, caller: Caller) -> Any:
    config = SchemathesisConfig.from_dict(
        {
            "operations": [
                {
                    "include-path-regex": "/(reports|report-imports|users)(/|$)",
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*_ANY_ANSWER, 422]}},
                }
            ],
            "headers": {"Authorization": f"Bearer {caller.token}"},
            # Its own list leaves out what is too large.
            "checks": {"enabled": True, "negative_data_rejection": {"expected-statuses": _REFUSED}},
            "phases": _phases(caller),
            "generation": {"max-examples": EXAMPLES, "no-shrink": not WHOLE},
            "cache": {"enabled": False},
            "request-timeout": 20,
            "continue-on-failure": True,
        }
    )
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json", config=config)


def _findings(schema: Any) -> tuple[list[str], set[str]]:
    """Return what is wrong, and which operations were asked."""
    found: list[str] = []
    asked: set[str] = set()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, FatalError):
            raise event.exception
        if isinstance(event, NonFatalError):
            found.append(f"{event.label}: {event.value!r}")
        if isinstance(event, ScenarioFinished):
            for number, checks in event.recorder.checks.items():
                case = event.recorder.cases[number].value
                asked.add(f"{case.method} {case.path}")
                for check in checks:
                    if check.failure_info is not None:
                        failure = check.failure_info
                        found.append(f"{check.name}: {failure.failure} {failure.code_sample}")
    return found, asked


@pytest.mark.timeout(rounds(400, 3_600))  # some 2,000 requests, on a machine that may be busy
@pytest.mark.parametrize("caller", [ADMIN, VIEWER], ids=["administrator", "viewer"])
def test_nothing_is_found(tmp_path: Path, caller: Caller) -> None:
    with served_apart(tmp_path / "jobmon.db", _fill) as server:
        with _each_time(server, caller):
            found, asked = _findings(_schema(server, caller))
        described = httpx.get(f"{server.url}/openapi.json").json()["paths"]
    for each in found:
        print(each, "\n")
    print(json.dumps(sorted(asked)))
    assert not found
    wanted = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert wanted <= asked
