"""A visitor's process: what reaches it, what comes back, and how each of the two ends with the other."""

import asyncio
import json
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from jobmon_tui.domain.text import one_line
from jobmon_tui.web.process import Process, Recipe, Size
from tests.web.stage import PATIENCE, children, gone, said_by, served, until, visit

WAITS = "import os, sys\nos.write(1, b'here')\nos.read(0, 1)\n"
"""Ends at the first key, or when its terminal goes away."""
STUBBORN = (
    "import os, signal, time\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\nos.write(1, b'here')\n"
    "while True:\n    time.sleep(60)\n"
)
TELLS = """
import json, os, sys
size = os.get_terminal_size(0)
known = {"arguments": sys.argv[2:], "size": list(size), "session": os.getsid(0)}
known["environment"] = dict(os.environ)
known["files"] = sorted(int(name) for name in os.listdir("/proc/self/fd"))
os.write(1, ("<<" + json.dumps(known) + ">>").encode())
os.read(0, 1)
size = os.get_terminal_size(0)
os.write(1, f"now {size.columns}x{size.lines}".encode())
os.read(0, 1)
"""
SAYS = """
import os, sys
says = int(sys.argv[1])
for line in (b'{"kind": "focus", "text": "Name"}', b'{"kind": "signed_in", "text": ""}',
             '{"kind": "done", "text": "“Sales” was queued."}'.encode()):
    os.write(says, line + b"\\n")
os.read(0, 1)
"""


async def test_it_has_a_terminal_of_its_own_and_nothing_else() -> None:
    async with served(TELLS) as (url, _), visit(url, query="width=90&height=30&zone=Asia/Tokyo") as page:
        await page.until(lambda: b">>" in page.painted)
        known = said_by(page.painted.decode())
        assert known["arguments"] == ["web from 127.0.0.1"]
        assert known["size"] == [90, 30]
        known["environment"].pop("LC_CTYPE", None)  # Python's own, where there is no locale
        assert known["environment"] == {
            "PATH": os.environ["PATH"],
            "TERM": "xterm",
            "TZ": "Asia/Tokyo",
        }
        # Its terminal three times, its pipe, and the folder that it reads.
        assert len(known["files"]) == 5
        assert known["session"] != os.getsid(0)
        await page.socket.send_json(["resize", {"width": 100_000, "height": -5}])
        await page.type("x")
        await page.until(lambda: b"now 500x2" in page.painted)


@pytest.mark.parametrize("query", ["width=1e9&height=x", "width=99999999999&zone=../../etc/passwd", ""])
async def test_a_size_and_a_zone_that_are_none_are_not_taken(query: str) -> None:
    async with served(TELLS) as (url, _), visit(url, query=query) as page:
        await page.until(lambda: b">>" in page.painted)
        known = said_by(page.painted.decode())
        assert known["size"] == [80, 24]
        assert "TZ" not in known["environment"]


async def test_what_it_says_reaches_the_page_and_that_somebody_signed_in_ends_the_wait() -> None:
    async with served(SAYS, sign_in_seconds=2.0) as (url, _), visit(url) as page:
        await page.until(lambda: len(page.said) == 2)
        assert page.said == [("focus", "Name"), ("done", "“Sales” was queued.")]
        await asyncio.sleep(2.2)  # the deadline itself is what is tested
        await page.type("x")
        assert await page.end() == (1000, "You have left. Start again to sign in.")


async def test_who_does_not_sign_in_is_sent_home() -> None:
    async with served(WAITS, sign_in_seconds=0.2) as (url, site):
        async with visit(url) as page:
            assert await page.end() == (4001, "Nobody signed in for 5 minutes.")
        await gone(children(os.getpid()))
        assert site.places == 0


async def test_there_are_no_more_visitors_than_places_and_a_place_is_free_again() -> None:
    async with served(WAITS, visitors=2) as (url, site), visit(url) as one, visit(url) as two:
        for page in (one, two):
            await page.until(lambda page=page: page.painted)
        async with visit(url) as third:
            assert await third.end() == (1013, "All places are taken. Try again later.")
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
            assert "2 visitors are here already" in await answer.text()
        assert len(children(os.getpid())) == site.places == 2
        await one.type("x")
        assert (await one.end())[0] == 1000
        async with visit(url) as page:
            await page.until(lambda: page.painted)


async def test_the_process_ends_when_the_page_goes_and_one_that_will_not_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jobmon_tui.web.process._PATIENCE", 0.2)
    for script in (WAITS, STUBBORN):
        async with served(script) as (url, site):
            async with visit(url) as page:
                await page.until(lambda: page.painted)
                started = children(os.getpid())
                assert len(started) == 1
            await gone(started)
            await until(lambda site=site: not site.places)


async def test_a_defect_is_told_from_a_farewell() -> None:
    async with served("raise SystemExit(1)") as (url, _), visit(url) as page:
        code, reason = await page.end()
        assert code == 4000
        assert "ended unexpectedly" in reason
        assert len(reason.encode()) <= 123  # RFC 6455, 5.5


async def test_a_stop_of_the_server_ends_every_visit_and_says_so() -> None:
    async with served(WAITS) as (url, site):
        async with visit(url) as page:
            await page.until(lambda: page.painted)
            started = children(os.getpid())
            stopping = asyncio.create_task(site.send_home(None))  # type: ignore[arg-type]
            assert await page.end() == (1001, "The server was stopped.")
            await stopping
        await gone(started)


@pytest.mark.parametrize("nonsense", ["{", "[" * 100_000, '["stdin", 1', "\ud800"])
async def test_a_page_that_makes_no_sense_is_sent_away(nonsense: str) -> None:
    async with served(WAITS) as (url, _), visit(url) as page:
        await page.until(lambda: page.painted)
        await page.socket.send_bytes(b"not for the terminal")
        for ignored in ([], {}, 1, ["stdin", 1], ["resize", {"width": "a"}], ["ping", "x" * 99], ["focus"]):
            await page.socket.send_json(ignored)
        await page.socket.send_str(nonsense if nonsense != "\ud800" else '["')
        assert (await page.end())[0] == 1003


async def test_half_a_character_from_a_page_is_typed_as_a_sign_that_says_so() -> None:
    echo = "import os\nos.write(1, b'here')\nos.write(1, b'<' + os.read(0, 9) + b'>')\nos.read(0, 1)\n"
    async with served(echo) as (url, _), visit(url) as page:
        await page.until(lambda: page.painted)
        await page.socket.send_str('["stdin", "\\ud800"]')
        await page.until(lambda: b"<?>" in page.painted)


async def test_a_long_paste_arrives_whole_however_slowly_it_is_read() -> None:
    reads = (
        "import os\nos.write(1, b'here')\nleft = 200_000\n"
        "while left > 0:\n    left -= len(os.read(0, 4096))\nos.write(1, b'all')\nos.read(0, 1)\n"
    )
    async with served(reads) as (url, _), visit(url) as page:
        await page.until(lambda: page.painted)
        await page.type("x" * 200_000)
        await page.until(lambda: b"all" in page.painted)


async def test_a_program_that_cannot_be_started_takes_no_place() -> None:
    async with served("") as (url, site):
        site.recipe = Recipe(("/nowhere/program",), {})
        async with visit(url) as page:
            assert (await page.end())[0] == 4002
        before = open_files()
        async with visit(url) as page:
            await page.end()
        assert open_files() <= before
        assert site.places == 0


async def test_a_line_that_never_ends_is_not_kept() -> None:
    script = "import os, sys\nos.set_blocking(int(sys.argv[1]), True)\n" + (
        "try:\n    os.write(int(sys.argv[1]), b'x' * 40_000)\nexcept OSError:\n    pass\nos.read(0, 1)\n"
    )
    process = await Process.start(
        Recipe(("python3", "-S", "-c", script), {"PATH": os.environ["PATH"]}), "web", Size(), None
    )
    async with asyncio.timeout(PATIENCE):
        assert await process.hear() == b""
    # 120 is Python's own where its terminal has gone before its last flush.
    assert await process.end() in {0, -signal.SIGHUP, 1, 120}


def open_files() -> int:
    """Count this process's open files."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_is_said_fits_into_a_pipe_whole() -> None:
    from jobmon_tui.cli.visitor import Pipe

    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    pipe = Pipe(writes)
    pipe.say("focus", "\N{SNOWMAN}" * 10_000 + "\x1b[2J")
    line = os.read(reads, 1 << 16)
    assert len(line) <= 4096
    assert json.loads(line) == {"kind": "focus", "text": one_line("\N{SNOWMAN}" * 10_000, 600)}
    for _ in range(100):
        pipe.say("done", "x" * 600)  # nobody reads: nothing waits, nothing is said by halves
    assert all(json.loads(line) for line in os.read(reads, 1 << 20).splitlines())
    os.close(reads)
    pipe.say("done", "nobody is there")
    os.close(writes)
