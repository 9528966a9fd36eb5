"""A user's shell made in a moment: accounts, session and reports put into the database directly."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.ports import Transaction
from jobmon_tui.storage.postgres.source import PgSource
from tests.backends import Place, raw_at
from tests.conformance.world import ADMIN, NOW, add_people
from tests.e2e.host import Host

LOST_WITHIN = 45.0
"""Seconds; what the README promises."""


def sh(name: str, script: str, **more: Any) -> ReportDraft:
    """Describe a report that runs a shell's script."""
    return ReportDraft(name, "command", {"command": ["/bin/sh", "-c", script]}, **more)


def py(name: str, script: str, *arguments: str, **more: Any) -> ReportDraft:
    """Describe a report that runs a Python script."""
    command = [sys.executable, "-I", "-S", "-c", script, *arguments]
    return ReportDraft(name, "command", {"command": command}, **more)


class Stage(Host):
    """A `Host` whose Administrator is signed in, with these reports."""

    def __init__(
        self,
        folder: Path,
        reports: Sequence[ReportDraft] = (),
        place: Place | None = None,
        **environment: str,
    ) -> None:
        super().__init__(folder, place)
        self.environment |= {"JOBMON_TOKEN": ADMIN.token, **environment}

        def prepare(transaction: Transaction) -> None:
            add_people(transaction)
            for report in reports:
                transaction.add_report(report, NOW)

        self.write(prepare)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from the database, as another program would."""
        if isinstance(self.place, PgSource):
            return raw_at(self.place)(query, *values)
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as reading:
            return reading.execute(query, values).fetchall()

    def status_of(self, execution_id: int) -> tuple[str, str | None]:
        """Give an execution's status and error."""
        [found] = self.ask("SELECT status, error FROM job_execution_log WHERE id = ?", execution_id)
        return found[0], found[1]

    @contextlib.contextmanager
    def working(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Have a worker that drains in the end; where the test failed it is killed."""
        worker = self.start_worker(*arguments)
        try:
            yield worker
            worker.terminate()
            assert worker.wait(timeout=30) == 0
        finally:
            worker.kill()
            worker.wait()


def wait_until(condition: Callable[[], object], seconds: float, words: str = "") -> None:
    """Look until it holds; fail with `words` after `seconds`."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, words or f"not within {seconds:g} s"
        time.sleep(0.1)


def cpu_seconds(pid: int) -> float | None:
    """Give the processor time used so far; None for a process that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
