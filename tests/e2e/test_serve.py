"""The whole way over HTTP: a real server, real reports, real signals."""

import os
import shutil
import signal
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.backends import raw_at
from tests.cli.shell import add_people, in_postgres
from tests.e2e.host import Host
from tests.e2e.server import post, serving

STOPS_WITHIN = 4.0
"""Seconds from SIGTERM to the end, with streams open and nothing to drain: less than answers may take."""
WORK = "print('done', flush=True)\n"
ENDLESS = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def near() -> Iterator[Path]:
    """A folder near the root: a socket's path has 107 characters."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _until_it_answers(client: httpx.Client, path: str, status: int) -> httpx.Response:
    until = time.monotonic() + 40
    while True:
        answer = client.get(path)
        if answer.status_code == status:
            return answer
        assert time.monotonic() < until, answer.text
        time.sleep(0.1)


def test_a_server_that_only_looks_runs_nothing_and_refuses_changes(host: Host, near: Path) -> None:
    host.add_command("Work", WORK)
    host.environment["JOBMON_READ_ONLY"] = "1"
    with serving(host, "--socket", str(near / "api.sock")) as server:
        assert "runs up to" not in server.said.read_text()
        refused = server.client.post("/jobs", json={"report": "Work"})
        assert (refused.status_code, refused.json()["code"]) == (403, "read_only")
        assert server.client.get("/workers").json() == []


def test_posted_picked_up_succeeded_and_seen(host: Host, near: Path) -> None:
    host.add_command("Work", WORK)
    path = near / "run" / "api.sock"
    with serving(host, "--socket", str(path), umask=0) as server:
        assert path.stat().st_mode & 0o777 == 0o660
        made = server.run("Work", "Succeeded")
        output = server.client.get(f"/jobs/{made}/output").json()
        assert output["head"] == "done\n"
        (entry,) = [each for each in server.client.get("/audit").json() if each["action"] == "Job Run"]
        assert f"uid={os.getuid()}" in entry["known"]
        # A second server is refused, and the first one's socket stays.
        refused = host.run("serve", "--socket", str(path), expect=2)
        assert "listens on" in refused.stderr
        with server.client.stream("GET", "/events", headers={"Last-Event-ID": ""}) as stream:
            assert next(stream.iter_lines()).startswith("retry")
            assert server.stop(signal.SIGTERM) < STOPS_WITHIN
        assert not path.exists()
        assert "has stopped" in server.said.read_text()


def test_over_tls_with_a_worker_of_its_own(host: Host, near: Path) -> None:
    host.add_command("Work", WORK)
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = near / "chain.pem", near / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(chain))
    issued.private_key_pem.write_to_path(str(key))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    given = ("--no-scheduler", "--listen", "127.0.0.1:0", "--tls-cert", str(chain), "--tls-key", str(key))
    with serving(host, *given, authority=trusting) as server:
        assert server.url.startswith("https://127.0.0.1:")
        server.run("Work", "Succeeded", meanwhile=host.start_worker)
        # What speaks no TLS, or says nothing, holds up nobody.
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as plain:
            plain.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\n\r\n")
            assert server.client.get("/me").json()["name"] == "ada"
        server.stop(signal.SIGINT)


def test_signals_drain_and_hurry(host: Host, near: Path) -> None:
    host.add_command("Endless", ENDLESS)
    for signals, why in (
        ((signal.SIGTERM, signal.SIGTERM), "server stopped"),
        ((signal.SIGHUP,), "server stopped"),
    ):
        with serving(host, "--socket", str(near / "api.sock")) as server:
            made = server.run("Endless", "Running")
            for each in signals[:-1]:
                server.process.send_signal(each)
                until = time.monotonic() + 30
                while "Draining: 1" not in server.said.read_text():
                    assert time.monotonic() < until
                    time.sleep(0.05)
                # Nobody queues anything here any more.
                with socket.socket(socket.AF_UNIX) as late, pytest.raises(ConnectionRefusedError):
                    late.connect(str(near / "api.sock"))
            server.stop(signals[-1])
            ended = host.wait_for_status(made, ["Failed"])
            assert ended["error"] == why


def test_a_database_that_goes_away_comes_back_by_itself(host: Host, near: Path) -> None:
    host.add_command("Work", WORK)
    with serving(host, "--socket", str(near / "api.sock"), "--no-scheduler") as server:
        assert server.client.get("/jobs").json() == []
        away = host.folder / "away"
        away.mkdir()
        files = list(host.folder.glob("jobmon.db*"))
        for each in files:
            shutil.move(each, away / each.name)
        gone = _until_it_answers(server.client, "/jobs", 503)
        assert gone.json()["code"] == "storage_unavailable"
        assert str(host.folder) not in gone.text
        assert server.client.get("/ready").status_code == 503
        assert server.client.get("/health").status_code == 200
        for each in files:
            shutil.move(away / each.name, each)
        _until_it_answers(server.client, "/ready", 200)
        post(server.client, "/jobs", {"report": "Work"})
        server.stop(signal.SIGTERM)


def test_on_a_postgres_that_crashes_meanwhile(tmp_path: Path, near: Path) -> None:
    with postgres.own_server() as own:
        template = postgres.make_template(own.url)
        with postgres.database(own.url, template) as url:
            host = Host(tmp_path, PgSource(url, "jobmon"))
            in_postgres(url, add_people)
            host.environment["JOBMON_TOKEN"] = "admin-token"
            host.add_command("Work", WORK)
            with serving(host, "--socket", str(near / "api.sock")) as server:
                server.run("Work", "Succeeded")
                own.restart(crash=True)
                _until_it_answers(server.client, "/ready", 200)
                server.run("Work", "Succeeded")
                assert url not in server.said.read_text()
                server.stop(signal.SIGTERM)
            known = raw_at(host.place)("SELECT DISTINCT known FROM audit_log WHERE action = 'Job Run'")
            assert known == [(f"uid={os.getuid()} through the server",)]
            host.close()
