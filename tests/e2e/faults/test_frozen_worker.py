"""A worker that stands still so long that others take it for lost, and then goes on as if nothing were."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.faults.size import WHOLE
from tests.e2e.faults.stage import LOST_WITHIN, Stage, sh, wait_until
from tests.e2e.faults.truths import assert_sound

LOST = ("Failed", "worker lost")


@pytest.mark.skipif(not WHOLE, reason="stands still for most of a minute: runs in make faults")
def test_what_a_worker_says_after_it_was_taken_for_lost_is_refused(tmp_path: Path) -> None:
    waits = "echo $JOBMON_EXECUTION_ID >> starts; while [ ! -e go ]; do sleep 0.1; done"
    reports = [sh("Once", waits), sh("Anew", waits, on_lost="requeue")]
    for report in reports:
        report.parameters.update({"directory": str(tmp_path)})  # type: ignore[attr-defined]
    log = tmp_path / "log"
    stage = Stage(tmp_path, reports, JOBMON_LOG_FILE=str(log))
    with stage.working() as frozen:
        lost = [stage.queue("Once"), stage.queue("Anew")]
        wait_until(lambda: {stage.status_of(each)[0] for each in lost} == {"Running"}, 20)
        with stage.working() as other:
            os.kill(frozen.pid, signal.SIGSTOP)
            try:
                wait_until(lambda: [stage.status_of(each) for each in lost] == [LOST] * 2, LOST_WITHIN)
                before = stage.ask("SELECT * FROM job_execution_log WHERE id IN (?, ?)", *lost)
                # Its commands run on: both end well while it cannot say so.
                (tmp_path / "go").touch()
                anew = "SELECT status, worker FROM job_execution_log WHERE id NOT IN (?, ?)"
                wait_until(lambda: "Succeeded" in str(stage.ask(anew, *lost)), 20, "it was not queued anew")
                [(_, ran_on)] = stage.ask(anew, *lost)
                assert f":{other.pid}:" in ran_on
            finally:
                os.kill(frozen.pid, signal.SIGCONT)
            wait_until(
                lambda: stage.ask("SELECT 1 FROM worker WHERE pid = ?", frozen.pid),
                20,
                "it has not come back",
            )
            assert "was taken for lost" in log.read_text(encoding="utf-8")
        # Alone again, and as good as new.
        stage.wait_for_status(stage.queue("Once"), ["Succeeded"])
    assert stage.ask("SELECT * FROM job_execution_log WHERE id IN (?, ?)", *lost) == before
    starts = Counter((tmp_path / "starts").read_text(encoding="utf-8").split())
    assert set(starts.values()) == {1}, starts
    assert len(starts) == 4, starts
    assert_sound(stage.database)
