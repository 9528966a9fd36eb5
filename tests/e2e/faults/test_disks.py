"""A disk that is full, and one that is read-only: a tmpfs of 8 MiB, which needs root to mount."""

import contextlib
import errno
import os
from pathlib import Path

from jobmon_tui.domain.report import ReportDraft
from tests.e2e.faults.mounts import remount
from tests.e2e.faults.stage import Stage, sh, wait_until
from tests.e2e.faults.truths import assert_sound

ROWS = "with recursive n(i) as (select 1 union all select i + 1 from n limit 20000) select i, hex(i) from n"


def _fill(folder: Path) -> Path:
    """Leave not one byte free, in files that nobody has open."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (64 * 1024, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    assert os.statvfs(folder).f_bavail == 0
    return filler


def _sql(source: Path) -> ReportDraft:
    source.touch()
    return ReportDraft("Rows", "sql", {"source": f"sqlite:///{source}", "query": ROWS, "format": "csv"})


def test_a_full_disk_of_reports_leaves_no_half_file_and_a_retry_succeeds_once_there_is_room(
    tmp_path: Path, small_disk: Path
) -> None:
    output = small_disk / "reports"
    output.mkdir(mode=0o700)
    stage = Stage(tmp_path, [_sql(tmp_path / "source.db")], JOBMON_OUTPUT_DIR=str(output))
    with stage.working():
        filler = _fill(small_disk)
        failed = stage.queue("Rows")
        ended = stage.wait_for_status(failed, ["Failed", "Succeeded"])
        assert ended["status"] == "Failed"
        assert "the disk is full: make room in" in ended["error"]
        assert list(output.iterdir()) == []
        filler.unlink()
        [answer] = stage.json("retry", str(failed))
        ended = stage.wait_for_status(answer["new_id"], ["Failed", "Succeeded"])
        assert ended["status"] == "Succeeded", ended
        assert Path(ended["output_path"]).read_text(encoding="utf-8").count("\n") == 20_001
    assert_sound(stage.database)


def test_a_full_disk_of_the_database_refuses_a_retry_and_loses_no_outcome(
    small_disk: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    waits = f"echo started; while [ ! -e {go} ]; do sleep 0.1; done; echo done"
    stage = Stage(small_disk, [sh("Waits", waits), sh("Fails", "exit 3")])
    with stage.working() as worker:
        failed, waiting = stage.queue("Fails"), stage.queue("Waits")
        stage.wait_for_status(failed, ["Failed"])
        stage.wait_for_status(waiting, ["Running"])
        before = stage.ask("SELECT count(*) FROM job_execution_log")
        filler = _fill(small_disk)
        # The log reuses what it has: only once it has to grow is the disk's end felt.
        refused = stage.run("retry", str(failed), expect=None)
        acknowledged = 0
        while refused.returncode == 0:
            acknowledged += 1
            refused = stage.run("run", "Fails", expect=None)
        assert refused.returncode == 6, refused
        assert "Make room" in refused.stderr or "disk is full" in refused.stderr
        assert "Traceback" not in refused.stderr
        go.touch()
        assert worker.poll() is None
        filler.unlink()
        ended = stage.wait_for_status(waiting, ["Succeeded", "Failed"])
        assert ended["status"] == "Succeeded", ended
        [answer] = stage.json("retry", str(failed))
        assert answer["ok"] or answer["code"] == "already_retried"
        wait_until(
            lambda: not stage.ask("SELECT 1 FROM job_execution_log WHERE status IN ('Queued', 'Running')"), 30
        )
        assert stage.ask("SELECT count(*) FROM job_execution_log") == [
            (before[0][0] + acknowledged + bool(answer["ok"]),)
        ]
    assert_sound(stage.database)


def test_a_read_only_remount_is_said_plainly_and_everything_goes_on_afterwards(
    small_disk: Path, tmp_path: Path
) -> None:
    data, output = small_disk / "data", small_disk / "reports"
    for folder in (data, output):
        folder.mkdir(mode=0o700)
    stage = Stage(data, [_sql(tmp_path / "source.db")], JOBMON_OUTPUT_DIR=str(output))
    queued = stage.queue("Rows")
    remount(small_disk, "ro")
    for command in (["retry", "1"], ["run", "Rows"], ["worker"]):
        refused = stage.run(*command, expect=6)
        assert "Traceback" not in refused.stderr
        assert "written" in refused.stderr, refused
    remount(small_disk, "rw")
    elsewhere = Stage(tmp_path, [_sql(tmp_path / "source.db")], JOBMON_OUTPUT_DIR=str(output))
    remount(small_disk, "ro")
    with elsewhere.working():
        failed = elsewhere.queue("Rows")
        ended = elsewhere.wait_for_status(failed, ["Failed", "Succeeded"])
        assert ended["status"] == "Failed"
        assert os.strerror(errno.EROFS) in ended["error"]
        remount(small_disk, "rw")
        [answer] = elsewhere.json("retry", str(failed))
        assert elsewhere.wait_for_status(answer["new_id"], ["Failed", "Succeeded"])["status"] == "Succeeded"
    with stage.working():
        assert stage.wait_for_status(queued, ["Failed", "Succeeded"])["status"] == "Succeeded"
    for each in (stage, elsewhere):
        assert_sound(each.database)
