"""Clients on bad lines: what is lost is told plainly, or mended, and nothing is done twice."""

import asyncio
import os

import pytest

from jobmon_tui.client import line as client_line
from jobmon_tui.domain.errors import ErrorCode, JobmonError, UnclearOutcomeError
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.records import ExecutionFilter
from tests.api.bad_line import bad_line
from tests.api.stage import PASSWORD, Served, remote
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, VIEWER, end_raw, queue_one

DRAFT = ReportDraft("Night", "command", {"command": ["true"]})
ALL = ExecutionFilter()


@pytest.fixture
def backend() -> str:
    """The line is the subject, not the database."""
    return "sqlite"


async def test_a_retry_whose_answers_are_lost_is_looked_up_by_its_key(
    server: Served, store: Store, raw: Raw
) -> None:
    old = await store.write(queue_one)
    end_raw(raw, old)
    async with bad_line(server.path, drop_answers=2) as line, remote(line.url) as services:
        receipt = await services.retry(ADMIN, old)
        assert line.drop_answers == 0
    assert receipt.repeated, "its first answer was lost, and it had been made"
    assert raw("SELECT count(*) FROM job_execution_log WHERE retry_of = ?", old) == [(1,)]
    assert raw("SELECT count(*) FROM audit_log WHERE action = 'Job Retry'") == [(1,)]


async def test_a_retry_that_nobody_answers_says_so_and_its_key_finds_it_later(
    server: Served, store: Store, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_line, "LOOK_UP_SECONDS", 1.0)
    old = await store.write(queue_one)
    end_raw(raw, old)
    async with bad_line(server.path, drop_answers=99) as line, remote(line.url) as services:
        with pytest.raises(JobmonError) as refusal:
            await services.retry(ADMIN, old, key="mine")
        assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
        line.drop_answers = 0
        assert (await services.retry(ADMIN, old, key="mine")).repeated
    assert raw("SELECT count(*) FROM job_execution_log WHERE retry_of = ?", old) == [(1,)]


async def test_what_cannot_be_repeated_says_that_its_outcome_is_unclear(server: Served, raw: Raw) -> None:
    async with bad_line(server.path, drop_answers=1) as line, remote(line.url) as services:
        with pytest.raises(UnclearOutcomeError):
            await services.add_report(ADMIN, DRAFT)
        assert [each.draft.name for each in await services.reports(ADMIN)] == ["Night"]


async def test_a_hole_is_told_within_six_seconds(server: Served) -> None:
    assert client_line.ANSWER_SECONDS <= 6.0
    async with bad_line(server.path) as line, remote(line.url) as services:
        await services.whoami(VIEWER)
        line.is_hole = True
        with pytest.raises(JobmonError) as refusal:
            async with asyncio.timeout(client_line.ANSWER_SECONDS + 1.0):
                await services.executions(VIEWER, ALL, 5)
        assert refusal.value.message == "The server line.sock did not answer in time."
        line.is_hole = False
        await services.whoami(VIEWER)


async def test_a_reading_survives_its_connections_end(server: Served) -> None:
    async with bad_line(server.path) as line, remote(line.url) as services:
        for _ in range(5):
            await services.whoami(VIEWER)
            line.cut()
            await asyncio.sleep(0)
        assert (await services.whoami(VIEWER)).name == "vic"


async def test_the_feed_tells_of_a_break_and_comes_back_by_itself(server: Served, store: Store) -> None:
    async with bad_line(server.path) as line, remote(line.url) as services:
        await services.whoami(VIEWER)
        changes = services.changes()
        while await changes.wait(0.5):
            pass
        line.refuses = True
        line.cut()
        async with asyncio.timeout(5):
            assert await changes.wait(5), "the break is told: who watches has to look"
        line.refuses = False
        await store.write(queue_one)  # in the time between
        async with asyncio.timeout(10):
            while not await changes.wait(1):
                pass
            while await changes.wait(0.5):
                pass
            await store.write(queue_one)
            assert await changes.wait(5), "it listens again"
        changes.close()


async def test_others_that_answer_there_are_not_taken_for_a_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("s") / "s"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    page = b"<html>\x1b]0;x\x07</html>"
    head = b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page) + page
    answers = {
        b"HTTP/1.1 502 Bad Gateway\r\n" + head: "answered HTTP 502",
        b"HTTP/1.1 200 OK\r\n" + head: "does not understand",
        b"SSH-2.0-OpenSSH\r\n" * 3: "cannot be reached",
    }
    said = b""
    listening = await asyncio.start_unix_server(answer, str(path))
    async with listening, remote(f"unix://{path}") as services:
        for each, words in answers.items():
            said = each
            with pytest.raises(JobmonError) as refusal:
                await services.whoami(VIEWER)
            assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
            assert words in refusal.value.message


async def test_the_audit_log_knows_the_peer_of_who_signs_in_and_of_who_fails_to(
    server: Served, raw: Raw
) -> None:
    async with remote(server.url) as services:
        await services.add_account(ADMIN, "bob", Role.VIEWER, PASSWORD)
        opened = await services.sign_in("bob", PASSWORD, "pts/7")
        with pytest.raises(JobmonError):
            await services.sign_in("bob", "a wrong one", "pts/7")
        await services.sign_out(Caller(opened.token, "pts/7"))
    told = raw("SELECT action, outcome, origin, known FROM audit_log WHERE action LIKE 'Sign%' ORDER BY id")
    peer = f"uid={os.getuid()}"
    assert told == [
        (action, outcome, f"api {peer}; pts/7", f"{peer} through the server")
        for action, outcome in (("Sign In", "allowed"), ("Sign In", "refused"), ("Sign Out", "allowed"))
    ]
