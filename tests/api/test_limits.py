"""Clients that are slow, greedy, or no clients at all: each is refused in words, and holds up nobody."""

import asyncio
import gc
import json
import logging
import resource
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

import pytest

from jobmon_tui.api import limits, protocol
from jobmon_tui.wire.forms import ProblemForm
from tests.api.lines import Answer, Wire, connect, hang_up, once, request, until
from tests.api.stage import Served, served
from tests.backends import Store
from tests.conformance.world import ADMIN, VIEWER

ANSWERED_WITHIN = 2.0
"""Seconds, whatever others do."""
_BEYOND = "x" * (limits.LARGEST_BODY + 1)


@pytest.fixture(autouse=True)
async def _hung_up() -> AsyncIterator[None]:
    yield
    await hang_up()


def _is_problem(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json) == {each.name for each in fields(ProblemForm)}
    for hidden in ("Traceback", "jobmon.db", "sqlite", "SELECT", ".py"):
        assert hidden not in answer.body.decode()


def _post(path: str, text: str | bytes, *lines: str, token: str = ADMIN.token) -> bytes:
    body = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    return request("POST", path, "Content-Type: application/json", *lines, body=body, token=token)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("path", "most"), [("/report-imports", limits.LARGEST_BODY), ("/sessions", limits.SMALL_BODY)]
)
async def test_a_body_that_is_too_large(server: Served, path: str, most: int) -> None:
    for length in (most + 1, 10**18):
        wire = await connect(server.path)
        await wire.send(
            request("POST", "/api/v1" + path, f"Content-Length: {length}", "Expect: 100-continue")
        )
        _is_problem(await wire.answer(), 413, "content_too_large")
        assert await wire.gone()
    chunk = b"%x\r\n%s\r\n" % (65_536, b" " * 65_536)
    wire = await connect(server.path)
    await wire.send(request("POST", "/api/v1" + path, "Transfer-Encoding: chunked", token=ADMIN.token))
    await wire.send(*[chunk] * (most // 65_536 + 2), b"0\r\n\r\n")
    _is_problem(await wire.answer(), 413, "content_too_large")
    assert await wire.gone()
    # As large as it may be.
    whole = await once(server.path, _post("/api/v1" + path, " " * most))
    assert whole.status == 422


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_body_that_is_not_said_to_be_json_is_told_so(server: Served) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    body = b'{"name": "ada", "password": "guess"}'
    answer = await once(server.path, request("POST", "/api/v1/sessions", form, body=body))
    _is_problem(answer, 422, "invalid_input")
    assert "application/json" in answer.json["detail"]


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_large_body_is_read_from_who_may_change_reports_only(server: Served) -> None:
    # Checking such a one takes seconds: half a million keys that nobody knows.
    dear = "{" + ",".join(f'"{number}":1' for number in range(300_000)) + "}"
    loop = asyncio.get_running_loop()
    for token, status, code in (
        ("", 401, "not_signed_in"),
        ("garbage", 401, "not_signed_in"),
        (VIEWER.token, 403, "not_permitted"),
    ):
        wire = await connect(server.path)
        began = loop.time()
        await wire.send(_post("/api/v1/reports", dear, token=token))
        _is_problem(await wire.answer(), status, code)
        assert loop.time() - began < ANSWERED_WITHIN
        assert await wire.gone()


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_large_bodies_are_held_so_many_at_a_time(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_HELD", 300_000)
    head = request("POST", "/api/v1/report-imports", "Content-Length: 262144", token=ADMIN.token)
    begun = head + b" " * 262_143
    first = await connect(server.path)
    await first.send(begun)
    door: Any = server.app.middleware_stack
    while not isinstance(door, limits.BodyLimit):
        door = door.app
    await until(lambda: door._held == 262_143 - limits.SMALL_BODY)
    refused = await connect(server.path)
    await refused.send(begun)
    _is_problem(await refused.answer(), 503, "storage_unavailable")
    # Small ones are let through, and when the first has gone a large one is too.
    assert (await once(server.path, _post("/api/v1/jobs", '{"report": "no"}'))).status == 404
    await first.send(b" ")
    assert (await first.answer()).status == 422
    assert (await once(server.path, _post("/api/v1/report-imports", "[" + " " * 250_000 + "]"))).status == 200


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_body_or_a_head_that_never_comes(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.5)
    wire = await connect(server.path)
    await wire.send(request("POST", "/api/v1/sessions", "Content-Length: 10"), b"{")
    _is_problem(await wire.answer(), 408, "request_timeout")
    assert await wire.gone()
    silent, slow, after = [await connect(server.path) for _ in range(3)]
    await after.send(request())
    assert (await after.answer()).status == 200

    async def drip(wire: Wire) -> None:
        # A byte from time to time does not begin the time anew.
        while not wire.writer.is_closing():
            await wire.send(b"G")
            await asyncio.sleep(0.05)

    dripping = [asyncio.create_task(drip(each)) for each in (slow, after)]
    for each in (silent, slow, after):
        assert await each.gone()
    for task in dripping:
        task.cancel()
    await asyncio.gather(*dripping, return_exceptions=True)


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_who_does_not_read_is_hung_up_on(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STALL_SECONDS", 0.3)
    wire = await connect(server.path)
    # Answers to many questions at once, of which none is read.
    await wire.send(request("GET", "/openapi.json") * 100)
    there = server.server.server_state.connections
    await until(lambda: any(each.flow.write_paused for each in there))  # type: ignore[union-attr]
    await until(lambda: not there)


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_two_hundred_that_say_nothing_and_fifty_that_read_nothing_hold_up_nobody(
    server: Served, store: Store
) -> None:
    half = [await connect(server.path) for _ in range(200)]
    for each in half[::2]:
        await each.send(b"GET /api/v1/hea")
    for each in half[1::4]:
        await each.send(request("POST", "/api/v1/sessions", "Content-Length: 1000"))
    listening = [await connect(server.path) for _ in range(50)]
    for each in listening:
        await each.send(request("GET", "/api/v1/events", token=VIEWER.token))
        each.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await until(lambda: server.app.state.bulletin.listeners == 50)
    loop = asyncio.get_running_loop()
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        began = loop.time()
        assert (await once(server.path, request("GET", "/api/v1/jobs", token=VIEWER.token))).status == 200
        assert (await once(server.path, request("GET", "/api/v1/ready"))).status == 200
        assert loop.time() - began < ANSWERED_WITHIN
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
    server.server.stop()
    await until(lambda: server.app.state.bulletin.listeners == 0)


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_too_many_connections_are_told_so(
    store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobmon_tui.api.serving.MOST_CONNECTIONS", 20)
    monkeypatch.setattr(protocol, "_REFUSED_AT_ONCE", 5)
    async with served(store, tmp_path_factory.mktemp("s")) as crowded:
        for connection in [await connect(crowded.path) for _ in range(20)]:
            await connection.send(b"G")
        refused = await once(crowded.path, request())
        _is_problem(refused, 503, "storage_unavailable")
        assert refused.headers["retry-after"] == "1"


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_what_is_no_http(server: Served) -> None:
    long = "X: " + "y" * 70_000
    for sent, status, code in (
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
        (request("POST", "/api/v1/jobs", "Content-Length: -1"), 400, "bad_request"),
        (request("POST", "/api/v1/jobs", "Content-Length: 1", "Content-Length: 2"), 400, "bad_request"),
        (request("GET", "/api/v1/me", long)[:-4], 431, "request_header_fields_too_large"),
        (b"GET /" + b"y" * 70_000, 431, "request_header_fields_too_large"),
    ):
        wire = await connect(server.path)
        await wire.send(sent)
        _is_problem(await wire.answer(), status, code)
        assert await wire.gone()


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_methods_and_many_requests_in_one(server: Served) -> None:
    wire = await connect(server.path)
    await wire.send(request() + request("GET", "/api/v1/me", token=VIEWER.token) + request("GET", "/nix"))
    assert [(await wire.answer()).status for _ in range(3)] == [200, 200, 404]
    await wire.send(request("HEAD", "/api/v1/reports/Sales", token=VIEWER.token))
    head = await wire.reader.readuntil(b"\r\n\r\n")
    assert b" 405 " in head
    assert b"allow: DELETE, GET, PATCH, PUT" in head
    for method in ("OPTIONS", "TRACE", "NONSENSE"):
        await wire.send(request(method, "/api/v1/jobs", token=VIEWER.token))
        _is_problem(await wire.answer(), 405, "method_not_allowed")
    upgrade = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: x",
        "Sec-WebSocket-Version: 13",
    )
    await wire.send(request("GET", "/api/v1/events", *upgrade))
    _is_problem(await wire.answer(), 401, "not_signed_in")


HOSTILE = [
    ("/jobs", "[" * 60_000, 400),
    ("/report-imports", "[" * 1_000_000, 400),
    ("/jobs", '{"report": ' + "9" * 5_000 + "}", 400),
    ("/jobs", '{"report": NaN}', 422),
    ("/jobs", '{"report": "a", "report2": 1}', 422),
    ("/jobs", '{"report": "\\u0000"}', 404),
    ("/jobs", '{"report": "\\ud800"}', 422),
    ("/jobs", b'{"report": "\xed\xa0\x80"}', 422),
    ("/jobs", b"\xff\xfe", 422),
    ("/jobs", "null", 422),
    ("/jobs", "", 422),
    ("/jobs/1e3/retry", "", 422),
    ("/jobs/99999999999999999999999999/retry", "", 404),
    ("/jobs/-0/cancel", "", 404),
    ("/reports", '{"name": "a", "runner": "command", "parameters": {"a": NaN}}', 422),
    ("/reports", '{"name": "a", "runner": "sql", "parameters": {}, "timeout": 1e999}', 422),
    ("/reports", '{"name": "a", "runner": "sql", "parameters": {}, "priority": 1e300}', 422),
    ("/reports", '{"name": "a", "runner": "sql", "parameters": {}, "priority": ' + "9" * 400 + "}", 422),
    ("/sessions", '{"name": "\\ud800", "password": "\\u0000\\udfff"}', 422),
    ("/users", '{"name": "", "role": "Viewer", "password": "long enough, is it?"}', 422),
]


async def test_hostile_bodies_are_refused_in_words(server: Served) -> None:
    wire = await connect(server.path)
    for path, text, status in HOSTILE:
        await wire.send(_post("/api/v1" + path, text))
        answer = await wire.answer()
        assert answer.status == status, (path, text[:80], answer)
        _is_problem(answer, status, answer.json["code"])
    for kind in (
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json; charset=x",
    ):
        await wire.send(
            request("POST", "/api/v1/jobs", f"Content-Type: {kind}", body=b"no json", token=ADMIN.token)
        )
        answer = await wire.answer()
        assert answer.status in {400, 422}, (kind, answer)
        _is_problem(answer, answer.status, answer.json["code"])


async def test_hostile_paths_and_questions(server: Served) -> None:
    wire = await connect(server.path)
    for path, status in (
        ("/reports/..%2f..%2fetc%2fpasswd", 404),
        ("/reports/%00", 404),
        ("/reports/%ed%a0%80", 404),
        ("/reports/%", 404),
        ("/reports/a%25b", 404),
        ("/reports/" + "%F0%9F%98%80" * 300, 404),
        ("/reports/" + "a" * 1_001, 422),
        ("/reports/", 422),
        ("/../../etc/passwd", 404),
        ("/jobs?limit=1001", 422),
        ("/jobs?limit=0", 422),
        ("/jobs?limit=" + "9" * 5_000, 422),
        ("/audit?limit=1001", 422),
        ("/audit/search?text=a&limit=1001", 422),
        ("/jobs?before=9223372036854775808", 422),
        ("/jobs?status=Nothing", 422),
        ("/jobs?since=NaN", 422),
        ("/jobs?search=%00%ed%a0%80%1b%5d52", 200),
        ("/jobs?report=%F0%9F%98%80", 200),
        ("/events?seconds=86401", 422),
    ):
        await wire.send(request("GET", "/api/v1" + path, token=VIEWER.token))
        answer = await wire.answer()
        assert answer.status == status, (path[:80], answer)
        if status != 200:
            _is_problem(answer, status, answer.json["code"])


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_something_unforeseen_is_told_to_the_log_alone(
    server: Served, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("postgresql://ada:secret@host/jobmon.db")

    server.app.state.services.workers = broken
    wire = await connect(server.path)
    with caplog.at_level(logging.ERROR):
        await wire.send(request("GET", "/api/v1/workers", token=VIEWER.token))
        answer = await wire.answer()
    _is_problem(answer, 500, "unforeseen")
    assert "secret" not in answer.body.decode()
    assert (await once(server.path, request())).status == 200
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")
    (record,) = caplog.records
    assert "ZeroDivisionError" in json.dumps(str(record.exc_info))
