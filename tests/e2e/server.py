"""`jobmon serve` as a real process, and requests to it."""

import contextlib
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.host import Host


@dataclass
class Running:
    """A server that runs. `url` is where it says that it serves."""

    process: subprocess.Popen[bytes]
    url: str
    said: Path
    client: httpx.Client

    def stop(self, number: int) -> float:
        """Send a signal; return how many seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(30) == 0, self.said.read_text()
        return time.monotonic() - began

    def run(
        self, report: str, wanted: str, seconds: float = 40, meanwhile: Callable[[], object] = int
    ) -> int:
        """Listen, queue a report, and follow it until it stands where it should; give its id."""
        found: list[str] = []
        with self.client.stream("GET", "/events", timeout=seconds) as response:
            assert response.status_code == 200
            lines = response.iter_lines()
            assert next(lines) == "retry: 1000"
            made: int = post(self.client, "/jobs", {"report": report})["id"]
            meanwhile()
            for line in lines:
                if line.startswith("data: ") and f'"id":{made},' in line:
                    found.append(json.loads(line[6:])["status"])
                    if found[-1] == wanted:
                        break
        assert found == ["Queued", "Running", "Succeeded"][: len(found)]
        assert found[-1] == wanted
        return made


@contextmanager
def serving(
    host: Host, *arguments: str, umask: int = 0o022, authority: ssl.SSLContext | None = None
) -> Iterator[Running]:
    """Start a server and wait until it says where it serves; its end is the test's, or this one's."""
    said = host.folder / f"serve-{time.monotonic_ns()}.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jobmon_tui", "serve", *arguments],
            stdout=log,
            stderr=log,
            env=host.environment,
            umask=umask,
        )
    try:
        until = time.monotonic() + 60
        while "Serving on " not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        url = said.read_text().partition("Serving on ")[2].split(";")[0].split(". ")[0].strip()
        path = url.removeprefix("unix://") if url.startswith("unix://") else None
        transport = httpx.HTTPTransport(uds=path, verify=authority or True)
        with httpx.Client(
            transport=transport,
            base_url=("http://jobmon" if path else url) + "/api/v1",
            headers={"Authorization": f"Bearer {host.environment['JOBMON_TOKEN']}"},
            timeout=20,
            trust_env=False,
        ) as client:
            yield Running(process, url, said, client)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        with contextlib.suppress(FileNotFoundError):
            assert "Traceback" not in said.read_text()


def post(client: httpx.Client, path: str, body: Any = None, status: int = 201) -> Any:
    """Post, and give the answer."""
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()
