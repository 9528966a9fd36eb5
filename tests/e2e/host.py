"""A user's shell with a database of its own: commands run as real processes."""

import asyncio
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.ports import Transaction
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.postgres.source import PgSource
from tests.backends import Place, open_at
from tests.conformance.world import NOW

T = TypeVar("T")

PASSWORD = "correct horse battery"
ADMIN = "ada"


class Host:
    """One user on one machine: HOME, a database, a session."""

    def __init__(self, folder: Path, place: Place | None = None) -> None:
        """The database is a SQLite file in the folder unless another `place` is given."""
        self.folder = folder
        self._workers: list[subprocess.Popen[bytes]] = []
        self.database = folder / "jobmon.db"
        self.place = place or self.database
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "JOBMON_DATABASE_URL": place.dsn if isinstance(place, PgSource) else f"sqlite:///{self.database}",
            "JOBMON_OUTPUT_DIR": str(folder / "reports"),
        }

    def run(
        self, *arguments: str, stdin: str = "", expect: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "jobmon_tui", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
            timeout=60,
        )
        assert expect is None or done.returncode == expect, (arguments, done.stdout, done.stderr)
        return done

    def json(self, *arguments: str) -> Any:
        """Run a command with --json and read its answer."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def sign_up(self) -> None:
        """Create the first Administrator and keep a session for the commands."""
        self.run("init", "--admin", ADMIN, "--password-stdin", stdin=PASSWORD + "\n")
        token = self.run("login", ADMIN, "--password-stdin", "--print-token", stdin=PASSWORD + "\n").stdout
        self.environment["JOBMON_TOKEN"] = token.strip()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Write to the database as another process would; starting one would cost half a second each."""

        async def main() -> T:
            async with await open_at(self.place) as database:
                return await database.write(work)

        return asyncio.run(main())

    def add_command(self, name: str, script: str, **more: Any) -> None:
        """Add a report that runs a Python script of these lines, in a file of its own."""
        file = self.folder / f"{name}.py"
        file.write_text(script, encoding="utf-8")
        parameters = {"command": [sys.executable, str(file)], "directory": str(self.folder)}
        self.write(lambda to: to.add_report(ReportDraft(name, "command", parameters, **more), NOW))

    def queue(self, report: str) -> int:
        """Queue a report as another process would, and give the execution's id."""

        async def main() -> int:
            async with await open_at(self.place) as database:
                caller = Caller(self.environment["JOBMON_TOKEN"], "pts/1")
                return (await run_report(database, caller, report)).execution.id

        return asyncio.run(main())

    def start_worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it says that it is ready."""
        said = self.folder / f"worker-{len(self._workers)}.log"
        with said.open("wb") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "jobmon_tui", "worker", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=self.environment,
            )
        self._workers.append(started)
        until = time.monotonic() + 30
        while "reports at once" not in said.read_text(encoding="utf-8"):
            assert time.monotonic() < until
            assert started.poll() is None, said.read_text(encoding="utf-8")
            time.sleep(0.1)
        return started

    def close(self) -> None:
        """End the workers that a failed test has left."""
        for worker in self._workers:
            worker.kill()
            worker.wait()

    def wait_for_status(
        self, execution_id: int, wanted: Sequence[str], seconds: float = 30
    ) -> dict[str, Any]:
        """Look until the execution stands where it should; return its row, with `show`'s names."""
        until = time.monotonic() + seconds
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            asked = "SELECT * FROM job_execution_log WHERE id = ?"
            while True:
                row = dict(database.execute(asked, [execution_id]).fetchone())
                if row["status"] in wanted:
                    return row
                assert time.monotonic() < until, f"still {row['status']} after {seconds} s"
                time.sleep(0.1)
