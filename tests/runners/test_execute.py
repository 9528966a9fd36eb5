import asyncio
import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel

from jobmon_tui.runners.base import AnyRunner, Job, Result
from jobmon_tui.runners.execute import Execute
from jobmon_tui.runners.output import BoundedOutput
from jobmon_tui.runners.registry import Registry
from jobmon_tui.services.records import StoredOutput
from scheduler.ports import Claimed, Outcome, Unavailable
from tests.runners.files import lines, mode, read
from tests.runners.processes import mark, marked, wait_until_marked


class Saved:
    """Where outputs go; it may be ill."""

    def __init__(self) -> None:
        self.outputs: list[tuple[int, int, StoredOutput]] = []
        self.error: Exception | None = None
        self.hangs = False

    async def __call__(self, execution_id: int, token: int, output: StoredOutput) -> None:
        if self.hangs:
            await asyncio.sleep(3600)
        if self.error is not None:
            raise self.error
        self.outputs.append((execution_id, token, output))


async def no_keyring(name: str) -> str | None:
    return None


def execute(folder: Path, saved: Saved, environ: Mapping[str, str] | None = None, **more: object) -> Execute:
    registry = more.get("registry")
    assert registry is None or isinstance(registry, Registry)
    return Execute(folder, saved, registry, environ=environ or {}, lookup=no_keyring, save_every=0.1)


def claimed(runner: str, parameters: dict[str, object], number: int = 7) -> Claimed:
    payload = {"name": "Nightly", "runner": runner, "parameters": parameters, "schedule": None, "priority": 0}
    return Claimed(number, 3, payload, None)


def shell(script: str, *words: str) -> Claimed:
    return claimed("command", {"command": ["/bin/sh", "-c", script, "sh", *words]})


async def test_of_what_is_printed_as_much_of_each_end_is_kept_as_is_set(tmp_path: Path) -> None:
    saved = Saved()
    script = "yes 0123456 | head -c 100000"
    small = Execute(tmp_path, saved, environ={}, lookup=no_keyring, output_kib=1)
    assert (await small.run(shell(script))).status == "Succeeded"
    [kept] = [output for _id, _token, output in saved.outputs][-1:]
    assert (len(kept.head), len(kept.tail), kept.tail_start) == (1024, 1024, 100_000 - 1024)
    await execute(tmp_path, saved).run(shell(script))
    assert len(saved.outputs[-1][2].head) == 100_000


async def test_a_report_runs_and_its_output_is_saved(database: Path, tmp_path: Path) -> None:
    saved = Saved()
    folder = tmp_path / "deep" / "reports"
    query = {"source": f"sqlite:///{database}", "query": "select id from flight"}
    outcome = await execute(folder, saved).run(claimed("sql", query))
    written = read(folder / "nightly-7.csv")
    digest = hashlib.sha256(written).hexdigest()
    path = str(folder / "nightly-7.csv")
    assert outcome == Outcome("Succeeded", None, None, path, 1200, len(written), digest)
    assert len(lines(folder / "nightly-7.csv")) == 1201
    said = f"1,200 rows in {folder}/nightly-7.csv\n"
    assert saved.outputs == [(7, 3, StoredOutput(said, "", 0, len(said)))]
    assert [mode(made) for made in (folder, folder.parent)] == [0o700, 0o700]


async def test_output_is_saved_while_it_grows_and_only_then(tmp_path: Path) -> None:
    saved = Saved()
    await execute(tmp_path, saved).run(shell("echo one; sleep 0.5; echo two; sleep 0.3"))
    heads = [output.head for _, _, output in saved.outputs]
    assert heads == ["one\n", "one\ntwo\n", "one\ntwo\n"]


async def test_a_failure_is_told_with_its_reason(tmp_path: Path) -> None:
    outcome = await execute(tmp_path, Saved()).run(shell("echo boom >&2; exit 3"))
    assert (outcome.status, outcome.summary) == ("Failed", "boom (exit status 3)")


async def test_secrets_are_resolved_and_in_no_text(tmp_path: Path) -> None:
    saved = Saved()
    secret = "s3cr et\nwith  \t'lines'"
    runs = execute(tmp_path, saved, {"PASSWORD": secret})
    outcome = await runs.run(shell('printf "%s" "$1" >&2; exit 1', "${env:PASSWORD}"))
    assert outcome.summary == "*** (exit status 1)"
    assert saved.outputs[-1][2].head == "***"
    assert "s3cr" not in f"{outcome}{saved.outputs}"
    assert "lines" not in f"{outcome}{saved.outputs}"


async def test_a_secret_in_a_source_is_in_no_text(tmp_path: Path) -> None:
    source = {"source": "postgresql://me:${env:PW}@127.0.0.1:1/shop", "query": "select '${env:PW}'"}
    outcome = await execute(tmp_path, Saved(), {"PW": "hunter@2"}).run(claimed("sql", source))
    assert outcome.status == "Failed"
    assert "cannot be reached" in str(outcome.summary)
    assert "hunter" not in str(outcome)
    assert "select '***'" in str(outcome.detail)


@pytest.mark.parametrize(
    ("runner", "parameters", "summary"),
    [
        ("nope", {}, "runner: nope is not known; known are command, sql"),
        ("command", {"command": ["${env:GONE}"]}, "parameters.command[0]: ${env:GONE} is not set"),
        ("command", {"command": ["${keyring:gone}"]}, "parameters.command[0]: ${keyring:gone} is not in"),
        ("command", {"command": ["${env:JOBMON_TOKEN}"]}, "parameters.command[0]: ${env:JOBMON_TOKEN} is"),
        ("sql", {"query": "select 1"}, "parameters.source: is missing"),
    ],
)
async def test_what_cannot_be_run_says_why(
    tmp_path: Path, runner: str, parameters: dict[str, object], summary: str
) -> None:
    outcome = await execute(tmp_path, Saved(), {"JOBMON_TOKEN": "t"}).run(claimed(runner, parameters))
    assert outcome.status == "Failed"
    assert str(outcome.summary).startswith(summary)


async def test_a_damaged_snapshot_is_a_failure() -> None:
    outcome = await execute(Path("/tmp"), Saved()).run(Claimed(1, 1, {"name": "x"}, None))
    assert (outcome.status, "damaged" in str(outcome.summary)) == ("Failed", True)


async def test_an_output_folder_that_cannot_be_made_is_told(database: Path) -> None:
    outcome = await execute(database / "reports", Saved()).run(shell("true"))
    assert str(outcome.summary).startswith(
        f"the output folder {database}/reports cannot be made: Not a directory"
    )


async def test_a_cancel_stops_it_and_saves_what_was_printed(tmp_path: Path) -> None:
    saved, word = Saved(), mark()
    task = asyncio.create_task(execute(tmp_path, saved).run(shell(f"echo up; sleep 300; : {word}")))
    await asyncio.to_thread(wait_until_marked, word, 1)
    await asyncio.sleep(0.05)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 3
    assert marked(word) == []
    assert saved.outputs[-1][2].head.startswith("up\n")


@pytest.mark.parametrize("steps", range(0, 40, 4))
async def test_a_cancel_in_every_phase_leaves_nothing(tmp_path: Path, steps: int) -> None:
    word = mark()
    task = asyncio.create_task(execute(tmp_path, Saved()).run(shell(f"sleep 300; : {word}")))
    await asyncio.sleep(steps / 1000)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert marked(word) == []


@pytest.mark.parametrize("error", [Unavailable("locked"), OSError("gone")])
async def test_storage_that_is_ill_does_not_fail_the_report(tmp_path: Path, error: Exception) -> None:
    saved = Saved()
    saved.error = error
    outcome = await execute(tmp_path, saved).run(shell("echo hi; sleep 0.3"))
    assert outcome.status == "Succeeded"


async def test_storage_that_hangs_does_not_hold_up_a_cancel(tmp_path: Path) -> None:
    saved, word = Saved(), mark()
    saved.hangs = True
    task = asyncio.create_task(execute(tmp_path, saved).run(shell(f"echo up; sleep 300; : {word}")))
    await asyncio.to_thread(wait_until_marked, word, 1)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 5


class NoParameters(BaseModel):
    """The runners below ask for nothing but a secret."""

    secret: str = ""


class Raises:
    parameters = NoParameters

    async def run(self, job: Job[NoParameters], output: BoundedOutput) -> Result:
        raise ValueError(f"could not use {job.parameters.secret}")


class ReturnsNothing:
    parameters = NoParameters

    async def run(self, job: Job[NoParameters], output: BoundedOutput) -> Result:
        return None  # type: ignore[return-value]


class DoneBeforeTheStop:
    parameters = NoParameters

    async def run(self, job: Job[NoParameters], output: BoundedOutput) -> Result:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            output.say("already done")
        return Result("Succeeded", output_path=job.output_dir / "x")


class Only(Registry):
    """A registry whose one runner is given."""

    def __init__(self, runner: AnyRunner) -> None:
        super().__init__()
        self._loaded["own"] = runner


async def test_a_defect_in_a_runner_is_a_failure_without_its_secret(tmp_path: Path) -> None:
    runs = execute(tmp_path, Saved(), {"PW": "hunter2"}, registry=Only(Raises()))
    outcome = await runs.run(claimed("own", {"secret": "${env:PW}"}))
    assert outcome == Outcome("Failed", "unforeseen error", "ValueError: could not use ***")
    wrong = await execute(tmp_path, Saved(), registry=Only(ReturnsNothing())).run(claimed("own", {}))
    assert wrong == Outcome("Failed", "unforeseen error", "the runner returned NoneType, not a Result")


async def test_what_was_complete_before_the_stop_is_believed(tmp_path: Path) -> None:
    saved = Saved()
    task = asyncio.create_task(
        execute(tmp_path, saved, registry=Only(DoneBeforeTheStop())).run(claimed("own", {}))
    )
    await asyncio.sleep(0.05)
    task.cancel()
    assert await task == Outcome("Succeeded", None, None, str(tmp_path / "x"))
    assert saved.outputs[-1][2].head == "already done\n"
