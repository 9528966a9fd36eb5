import asyncio
import os
import signal
import stat
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from jobmon_tui.runners.base import Job, Result
from jobmon_tui.runners.command import CommandParameters, CommandRunner
from jobmon_tui.runners.output import BoundedOutput
from tests.runners.processes import mark, marked, parent_of, wait_until_gone, wait_until_marked

SHELL = "/bin/sh"


async def run(
    *command: str,
    directory: str | None = None,
    environment: dict[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> tuple[Result, BoundedOutput]:
    output = BoundedOutput(secrets)
    parameters = CommandParameters(command=list(command), directory=directory, environment=environment or {})
    result = await CommandRunner().run(Job(7, "r", parameters, Path("/tmp")), output)
    return result, output


async def test_output_and_errors_arrive_in_the_order_written() -> None:
    result, output = await run(SHELL, "-c", "echo one; echo two >&2; echo three; echo four >&2")
    assert result == Result("Succeeded")
    assert output.snapshot().head == "one\ntwo\nthree\nfour\n"


async def test_a_failure_is_told_by_its_last_line_and_its_status() -> None:
    result, _ = await run(SHELL, "-c", "echo loading; echo 'no such \033[31mtable' >&2; echo >&2; exit 3")
    assert result.status == "Failed"
    assert result.summary == "no such \ufffd[31mtable (exit status 3)"
    assert result.detail is not None
    assert "loading" in result.detail


async def test_a_silent_failure_is_told_by_its_status() -> None:
    assert (await run("false"))[0].summary == "exit status 1"


async def test_a_signal_is_named() -> None:
    assert (await run(SHELL, "-c", "kill -KILL $$"))[0].summary == "killed by SIGKILL"


async def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo hi\n")
    no_interpreter = tmp_path / "broken"
    no_interpreter.write_text("#!/no/such/interpreter\n")
    no_interpreter.chmod(0o755)
    cases = {
        ("no-such-program-here",): "there is no program no-such-program-here on the PATH",
        (f"{tmp_path}/none",): f"there is no program {tmp_path}/none",
        (str(script),): f"{script} may not be executed; permit it with: chmod +x",
        (str(tmp_path),): f"{tmp_path} is a directory, not a program",
        (
            str(no_interpreter),
        ): f"{no_interpreter} needs an interpreter that is not there: see its first line",
    }
    for command, summary in cases.items():
        assert (await run(*command))[0] == Result("Failed", summary), command
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    assert "a script needs a first line" in str((await run(str(script)))[0].summary)
    there = (await run("true", directory=f"{tmp_path}/nowhere"))[0].summary
    assert there == f"there is no directory {tmp_path}/nowhere"
    assert (await run("true", directory=str(script)))[0].summary == f"{script} is not a directory"


async def test_it_gets_its_own_environment_and_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOBMON_TOKEN", "JOBMON_DATABASE_URL", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "must-not-be-seen")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    _, output = await run("/usr/bin/env", environment={"PGUSER": "reader", "LANG": "C"})
    seen = dict(line.split("=", 1) for line in output.snapshot().head.splitlines())
    assert set(seen) <= {"PATH", "HOME", "LANG", "TZ", "PGUSER", "JOBMON_EXECUTION_ID"}
    assert (seen["PGUSER"], seen["LANG"], seen["TZ"], seen["JOBMON_EXECUTION_ID"]) == (
        "reader",
        "C",
        "Europe/Berlin",
        "7",
    )


async def test_it_runs_in_its_directory_with_nothing_to_read(tmp_path: Path) -> None:
    _, output = await run(SHELL, "-c", "pwd; wc -c; ls /proc/self/fd | wc -l", directory=str(tmp_path))
    lines = output.snapshot().head.split()
    # Standard input, output and errors, and the folder that ls reads: no pipe of ours.
    assert lines == [str(tmp_path), "0", "4"]


async def test_a_broken_pipe_ends_a_program_quietly_as_in_a_shell() -> None:
    result, output = await run(SHELL, "-c", "yes | head -n 1")
    assert (result.status, output.snapshot().head) == ("Succeeded", "y\n")


async def test_a_secret_of_the_command_is_in_no_text(tmp_path: Path) -> None:
    result, output = await run(
        SHELL, "-c", 'echo using "$1" >&2; exit 1', "sh", "hunter2  'x", secrets=("hunter2  'x",)
    )
    assert result.summary == "using *** (exit status 1)"
    assert "hunter2" not in f"{result}{output.snapshot()}"


async def test_50_megabytes_are_read_in_bounded_memory() -> None:
    tracemalloc.start()
    start = time.monotonic()
    result, output = await run(SHELL, "-c", "head -c 52428800 /dev/zero | tr '\\0' x; echo; echo the end")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = output.snapshot()
    assert result.status == "Succeeded"
    assert kept.total == 52428800 + 9
    assert kept.tail.endswith("x\nthe end\n")
    assert peak < 4_000_000
    assert time.monotonic() - start < 20


async def test_a_line_of_200_kilobytes_and_binary_output_arrive() -> None:
    _, output = await run(
        sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'\\xff\\x00' * 100_000)"
    )
    assert output.total == 200_000
    assert set(output.snapshot().head) == {"\ufffd"}


async def test_what_is_left_behind_is_ended() -> None:
    word = mark()
    result, _ = await run(SHELL, "-c", f"setsid sleep 300 {word} >/dev/null 2>&1 & sleep 0.2; exit 0")
    del result
    assert marked(word) == []


STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(300)
"""


async def something_printed(output: BoundedOutput) -> None:
    async with asyncio.timeout(10):
        while not output.total:  # noqa: ASYNC110 - printed by another process, which sets no event
            await asyncio.sleep(0.01)


async def started(command: list[str]) -> tuple["asyncio.Task[Result]", BoundedOutput]:
    output = BoundedOutput()
    job = Job(8, "r", CommandParameters(command=command), Path("/tmp"))
    return asyncio.create_task(CommandRunner().run(job, output)), output


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems cannot follow setsid")
async def test_a_cancel_ends_the_whole_tree_setsid_and_double_forks_too() -> None:
    word = mark()
    python = f"setsid python3 -c 'import time; time.sleep(300)' {word} &"
    forks = f"(setsid sh -c 'sleep 300; : {word}' & ) ; {python} sleep 300; : {word}"
    task, _ = await started([SHELL, "-c", forks])
    await asyncio.to_thread(wait_until_marked, word, 3)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert marked(word) == []
    assert time.monotonic() - start < 2


async def test_a_cancel_lets_a_command_say_goodbye() -> None:
    task, output = await started(
        [SHELL, "-c", "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done"]
    )
    await something_printed(output)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert output.snapshot().head.endswith("bye\n")


async def test_what_ignores_term_is_killed_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobmon_tui.runners.supervised.Command.__init__.__defaults__", (0.5, "tree"))
    word = mark()
    task, output = await started([sys.executable, "-c", STUBBORN, word])
    await something_printed(output)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert marked(word) == []
    assert 0.4 < time.monotonic() - start < 3


async def test_without_linux_features_the_process_group_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobmon_tui.runners.supervised.Command.__init__.__defaults__", (0.5, "group"))
    word = mark()
    task, _ = await started(
        [SHELL, "-c", f"sleep 300 {word} & python3 -c 'import time; time.sleep(300)' {word}"]
    )
    await asyncio.to_thread(wait_until_marked, word, 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert marked(word) == []
    assert (await run("true"))[0].status == "Succeeded"


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancel_at_any_early_moment_leaves_nothing(steps: int) -> None:
    word = mark()
    task, _ = await started([SHELL, "-c", f"sleep 300; : {word}"])
    for _ in range(steps):
        await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert marked(word) == []


async def test_a_second_cancel_does_not_break_into_the_cleaning_up() -> None:
    word = mark()
    task, _ = await started([SHELL, "-c", f"trap 'sleep 0.3' TERM; echo up; sleep 300; : {word}"])
    await asyncio.to_thread(wait_until_marked, word, 1)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert marked(word) == []


async def test_a_supervisor_that_is_killed_is_told_and_takes_its_command_with_it() -> None:
    word = mark()
    task, _ = await started([SHELL, "-c", f"sleep 300; : {word}"])
    (shell,) = await asyncio.to_thread(wait_until_marked, word, 1)
    os.kill(parent_of(shell), signal.SIGKILL)
    result = await asyncio.wait_for(task, 5)
    assert (result.status, result.summary) == ("Failed", "its supervisor was killed")
    await asyncio.to_thread(wait_until_gone, word, 2)


WORKER = """
import asyncio, sys
from pathlib import Path
from jobmon_tui.runners.base import Job
from jobmon_tui.runners.command import CommandParameters, CommandRunner
from jobmon_tui.runners.output import BoundedOutput
job = Job(9, "r", CommandParameters(command=["/bin/sh", "-c", sys.argv[1]]), Path("/tmp"))
asyncio.run(CommandRunner().run(job, BoundedOutput()))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems cannot follow setsid")
async def test_a_worker_killed_by_sigkill_takes_everything_with_it() -> None:
    word = mark()
    script = f"setsid sleep 300 {word} & (setsid sh -c 'sleep 300; : {word}' &); sleep 300; : {word}"
    script = script.replace(f"sleep 300 {word}", f"sh -c 'sleep 300; : {word}'")
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, script, cwd=Path(__file__).parents[2]
    )
    # The worker itself bears the mark in its arguments too.
    await asyncio.to_thread(wait_until_marked, word, 4)
    worker.kill()
    await worker.wait()
    await asyncio.to_thread(wait_until_gone, word, 4)
