"""Workers and dashboards killed at random moments while clients queue and retry."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from tests.e2e.faults.size import rounds, seed
from tests.e2e.faults.stage import LOST_WITHIN, Stage, sh, wait_until
from tests.e2e.faults.truths import assert_sound
from tests.e2e.terminal import Terminal
from tests.runners.processes import mark, wait_until_gone

_START = "echo $JOBMON_EXECUTION_ID >> starts; : {}; sleep 0.{}; exit 1"


class Clients:
    """Two shells that queue reports and retry what has failed, one command after another."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=[number]) for number in range(2)]
        self.acknowledged: list[tuple[int | None, int]] = []
        """What was retried, if it was a retry, and the id of what was queued."""
        self.broken: list[object] = []
        for thread in self._threads:
            thread.start()

    def _work(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            failed = self._stage.ask("SELECT id FROM job_execution_log WHERE status = 'Failed'")
            count += 1
            if failed and count % 3:
                chosen = [str(each) for (each,) in failed[-3:]]
                done = self._stage.run("retry", *chosen, "--key", f"{number}-{count}", "--json", expect=None)
                told = [each for each in json.loads(done.stdout or "[]") if each["ok"]]
                self.acknowledged += [(each["id"], each["new_id"]) for each in told]
            else:
                done = self._stage.run("run", ("Fails", "Again")[count % 2], "--json", expect=None)
                self.acknowledged += [(None, json.loads(done.stdout)["id"])] if not done.returncode else []
            # 5: another client was first, or a retry of it is under way.
            if done.returncode not in {0, 5} or "Traceback" in done.stderr:
                self.broken.append(done)

    def stop(self) -> None:
        """Let each end its command."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


def _kill_a_worker(stage: Stage, after: float) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "jobmon_tui", "worker"],
        env=stage.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    worker.kill()
    assert worker.wait() == -signal.SIGKILL


def _kill_a_dashboard(stage: Stage, after: float) -> None:
    terminal = Terminal(["--scheduler", "on"], stage.environment)
    try:
        until = time.monotonic() + after
        while time.monotonic() < until:
            terminal.read(0.05)
        terminal.child.kill(signal.SIGKILL)
        assert terminal.wait_end() == 128 + signal.SIGKILL
    finally:
        terminal.close()


def _kill_them(stage: Stage, chosen: int, count: int) -> None:
    dice = random.Random(chosen)
    for _ in range(count):
        # The start takes about a second: some die in it, most at work.
        after = dice.uniform(0.2, 4.0)
        dice.choice([_kill_a_worker, _kill_a_worker, _kill_a_dashboard])(stage, after)


def test_nothing_acknowledged_is_lost_and_nothing_runs_twice_whoever_is_killed(tmp_path: Path) -> None:
    word = mark()
    parameters = {"directory": str(tmp_path)}
    reports = [sh("Fails", _START.format(word, 3)), sh("Again", _START.format(word, 1), on_lost="requeue")]
    for report in reports:
        report.parameters.update(parameters)  # type: ignore[attr-defined]
    stage = Stage(tmp_path, reports)
    chosen = seed()
    clients = Clients(stage)
    try:
        # Two at once, so that they also take from each other.
        half = rounds(6, 200) // 2
        killers = [threading.Thread(target=_kill_them, args=[stage, chosen + n, half]) for n in range(2)]
        for killer in killers:
            killer.start()
        for killer in killers:
            killer.join()
    finally:
        clients.stop()
    assert clients.broken == []
    assert clients.acknowledged
    wait_until_gone(word, 10)
    fresh = stage.start_worker()
    others = "SELECT name FROM worker WHERE pid <> ?"
    wait_until(lambda: not stage.ask(others, fresh.pid), LOST_WITHIN, "a dead worker still stands there")
    stuck = (
        "SELECT id FROM job_execution_log WHERE status = 'Running' "
        "AND worker NOT IN (SELECT name FROM worker)"
    )
    assert stage.ask(stuck) == []
    waiting = "SELECT id FROM job_execution_log WHERE status IN ('Queued', 'Running')"
    wait_until(lambda: not stage.ask(waiting), 60, "what was queued was not run")
    fresh.terminate()
    assert fresh.wait(timeout=30) == 0
    assert stage.ask("SELECT * FROM worker") == []
    assert_sound(stage.database)
    rows = dict(stage.ask("SELECT id, retry_of FROM job_execution_log"))
    assert [each for each in clients.acknowledged if each[1] not in rows or rows[each[1]] != each[0]] == []
    starts = Counter((tmp_path / "starts").read_text(encoding="utf-8").split())
    assert [each for each, times in starts.items() if times > 1] == [], "started twice"
    errors = dict(stage.ask("SELECT coalesce(error, ''), count(*) FROM job_execution_log GROUP BY 1"))
    print(len(clients.acknowledged), "acknowledged;", sum(starts.values()), "started;", errors)
    # Each was started, or lost before it could be; none has ended as if it had run when it had not.
    never = [each for each in rows if str(each) not in starts]
    told = dict(stage.ask("SELECT id, error FROM job_execution_log"))
    assert [each for each in never if not told[each].startswith("worker lost")] == []
