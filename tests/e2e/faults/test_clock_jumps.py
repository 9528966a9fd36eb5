"""A worker whose clock jumps while it works, by libfaketime; another one's clock is right all the time."""

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.faults.size import WHOLE, faketime_library, rounds
from tests.e2e.faults.stage import Stage, sh, wait_until
from tests.e2e.faults.truths import assert_sound

HOUR, DAY = 3600, 86_400
EVERY = 2
TICK = f"*/{EVERY} * * * * *"


class FalseClock:
    """The clock of one worker: the machine's, and so many seconds more."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.environment = {
            "LD_PRELOAD": faketime_library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # A clock that is put right does not move the monotonic one.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        self.jump(0)

    def jump(self, by: int) -> None:
        """Be this many seconds ahead (or, negative, behind) from now on."""
        other = self._file.with_suffix(".new")
        other.write_text(f"{by:+d}\n", encoding="ascii")
        other.replace(self._file)


@contextlib.contextmanager
def _lying(stage: Stage, clock: FalseClock) -> Iterator[int]:
    true = stage.environment
    stage.environment = {**true, **clock.environment}
    try:
        with stage.working("--concurrency", "3") as worker:
            stage.environment = true
            yield worker.pid
    finally:
        stage.environment = true


def _beat_at(stage: Stage, pid: int) -> datetime:
    [(at,)] = stage.ask("SELECT beat_at FROM worker WHERE pid = ?", pid)
    return datetime.fromisoformat(at)


@pytest.mark.parametrize(
    "other", [True, False] if WHOLE else [True], ids=lambda other: "two" if other else "one"
)
def test_a_jump_of_the_clock_loses_no_worker_and_fires_nothing_twice(tmp_path: Path, other: bool) -> None:
    clock = FalseClock(tmp_path)
    stage = Stage(tmp_path, [sh("Long", "sleep 600"), sh("Tick", "exit 0", schedule=TICK, overlap=True)])
    jumps = [HOUR, 0, -HOUR, 0, DAY, 0, -DAY, 0] if WHOLE else [DAY, -HOUR]
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        pid = stack.enter_context(_lying(stage, clock))
        long = [stage.queue("Long")]
        stage.wait_for_status(long[0], ["Running"])
        if other:
            stack.enter_context(stage.working("--concurrency", "3"))
            long.append(stage.queue("Long"))
            stage.wait_for_status(long[1], ["Running"])
        workers = stage.ask("SELECT name FROM worker")
        before = _beat_at(stage, pid)
        for jump in jumps:
            clock.jump(jump)
            if jump == jumps[0]:
                # It does live by the clock that it is given, from its next beat on.
                wait_until(lambda: abs(_beat_at(stage, pid) - before) > timedelta(minutes=30), 15)
            # The others look each 5 seconds.
            time.sleep(rounds(6, 16))
            assert [stage.status_of(each)[0] for each in long] == ["Running"] * len(long)
            assert stage.ask("SELECT name FROM worker") == workers
        clock.jump(0)
        stage.run("cancel", *map(str, long))
        wait_until(lambda: not stage.ask("SELECT 1 FROM job_execution_log WHERE status = 'Running'"), 15)
        took = time.monotonic() - started
    assert [stage.status_of(each)[0] for each in long] == ["Cancelled"] * len(long)
    fired = [
        at for (at,) in stage.ask("SELECT due_at FROM job_execution_log WHERE due_at IS NOT NULL ORDER BY id")
    ]
    assert fired
    assert len(fired) == len(set(fired)), "a due time has fired twice"
    # A jump makes up for what it skipped once, not for each due time in between.
    assert len(fired) <= took / EVERY + len(jumps) + 2, fired
    assert stage.ask("SELECT id, error FROM job_execution_log WHERE error LIKE '%lost%'") == []
    assert_sound(stage.database)
