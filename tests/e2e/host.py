"""A user's shell with a database of its own: commands run as real processes."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PASSWORD = "correct horse battery"
ADMIN = "ada"


class Host:
    """One user on one machine: HOME, a database, a session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._workers = 0
        self.database = folder / "jobmon.db"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "JOBMON_DATABASE_URL": f"sqlite:///{self.database}",
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

    def add_command(self, name: str, script: str, **more: str) -> None:
        """Add a report that runs a Python script of these lines."""
        (self.folder / f"{name}.py").write_text(script, encoding="utf-8")
        lines = ["[[report]]", f'name = "{name}"', 'runner = "command"']
        lines += [f'{key} = "{value}"' for key, value in more.items()]
        lines += [
            "[report.parameters]",
            f"command = [{json.dumps(sys.executable)}, {json.dumps(name + '.py')}]",
        ]
        (self.folder / "reports.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.run("reports", "import", str(self.folder / "reports.toml"))

    def start_worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it says that it is ready."""
        self._workers += 1
        said = self.folder / f"worker-{self._workers}.log"
        with said.open("wb") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "jobmon_tui", "worker", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=self.environment,
            )
        until = time.monotonic() + 30
        while "reports at once" not in said.read_text(encoding="utf-8"):
            assert time.monotonic() < until
            assert started.poll() is None, said.read_text(encoding="utf-8")
            time.sleep(0.1)
        return started

    def wait_for_status(
        self, execution_id: int, wanted: Sequence[str], seconds: float = 30
    ) -> dict[str, Any]:
        """Look until the execution stands where it should; return what `show` says of it."""
        until = time.monotonic() + seconds
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            while True:
                asked = "SELECT status FROM job_execution_log WHERE id = ?"
                [status] = database.execute(asked, [execution_id]).fetchone()
                if status in wanted:
                    shown: dict[str, Any] = self.json("show", str(execution_id))
                    return shown
                assert time.monotonic() < until, f"still {status} after {seconds} s"
                time.sleep(0.1)
        finally:
            database.close()
