"""The real `jobmon web`: a visitor signs in, retries, hears of it, and leaves nothing behind."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.host import ADMIN, PASSWORD, Host
from tests.web.stage import children, failed_once, gone, visit, web_command


@pytest.fixture
def failing(host: Host) -> Host:
    """A host with a failed execution, whose user is signed in: in the environment that the server gets."""
    failed_once(host)
    return host


def rows(host: Host, statement: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(host.database)) as database:
        database.row_factory = sqlite3.Row
        return database.execute(statement).fetchall()


def environment_of(pid: int) -> dict[str, str]:
    """Return what a process was started with."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(each.split("=", 1) for each in pairs if each)


async def test_a_visitor_signs_in_retries_and_hears_of_it_and_nothing_is_left(failing: Host) -> None:
    sessions = len(rows(failing, "SELECT 1 FROM session"))
    with web_command(failing, "--visitors", "1") as (url, server):
        async with visit(url, 100, 30) as page:
            # Though whoever started the server is signed in.
            await page.until(lambda: ("focus", "Sign in. Name. field") in page.said)
            [process] = children(server.pid)
            assert "JOBMON_TOKEN" not in environment_of(process)
            assert failing.environment["JOBMON_TOKEN"] not in str(environment_of(process))
            await page.type(f"{ADMIN}\r{PASSWORD}\r")
            await page.until(lambda: "#1 Sales: Failed" in page.said[-1][1])
            await page.until(lambda: "JST" in page.text)
            assert PASSWORD not in str(page.said)
            await page.type("\x1b[C")
            await page.until(lambda: page.said[-1] == ("focus", "Retry job [Sales]"))
            await page.type("r")
            toast = "“Sales” #1 was queued again as #2."
            await page.until(lambda: ("done", toast) in page.said and toast in page.text)
            # No scheduler runs here: what was queued stays so.
            nobody = ("warning", "Queued, but no worker is alive: jobmon worker")
            await page.until(lambda: nobody in page.said)
            await page.type("\x1a")
            await page.until(lambda: ("warning", "There is no shell behind this screen.") in page.said)
            await page.type("q")
            assert await page.end() == (1000, "You have left. Start again to sign in.")
        await gone([process])
        # The place is free again; the next one at this browser has to sign in.
        async with visit(url) as page:
            await page.until(lambda: ("focus", "Sign in. Name. field") in page.said)
            [process] = children(server.pid)
            server.send_signal(signal.SIGTERM)
            assert await page.end() == (1001, "The server was stopped.")
        assert server.wait(30) == 0
        await gone([process])
    [retry] = rows(failing, "SELECT * FROM audit_log WHERE action = 'Job Retry'")
    assert (retry["actor"], retry["origin"], retry["new_execution_id"]) == (ADMIN, "web from 127.0.0.1", 2)
    assert len(rows(failing, "SELECT 1 FROM session")) == sessions
    assert not list(failing.folder.rglob("dashboard.json"))


async def test_a_server_that_is_killed_leaves_no_visitor_behind_and_no_session(failing: Host) -> None:
    sessions = len(rows(failing, "SELECT 1 FROM session"))
    with web_command(failing) as (url, server):
        async with visit(url) as page:
            await page.until(lambda: ("focus", "Sign in. Name. field") in page.said)
            [process] = children(server.pid)
            await page.type(f"{ADMIN}\r{PASSWORD}\r")
            await page.until(lambda: "#1 Sales: Failed" in page.said[-1][1])
            assert len(rows(failing, "SELECT 1 FROM session")) == sessions + 1
            server.kill()
        await gone([process])
    assert len(rows(failing, "SELECT 1 FROM session")) == sessions
