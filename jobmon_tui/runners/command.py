"""The `command` runner: a program with its arguments, never a shell string."""

import errno
import os
import signal
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.runners.base import DETAIL_LIMIT, Job, Result, failed
from jobmon_tui.runners.output import BoundedOutput
from jobmon_tui.runners.paths import absolute
from jobmon_tui.runners.supervised import Command, Ending, supervise

_INHERITED: Final = ("PATH", "HOME", "LANG", "TZ")
_END_LIMIT: Final = 8 * 1024
_HOW_TO_WRITE: Final = (
    'must be a list, such as ["program", "argument"], never one string; '
    'what needs a shell is written ["sh", "-c", "..."]'
)


class CommandParameters(BaseModel):
    """`command` is the program and its arguments. Without `directory` it runs in the home folder.

    The program gets PATH, HOME, LANG and TZ of the worker, `environment`, and JOBMON_EXECUTION_ID; no more.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    command: list[str]
    directory: str | None = None
    environment: dict[str, str] = {}

    @field_validator("command", mode="before")
    @classmethod
    def _no_string(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(_HOW_TO_WRITE)  # noqa: TRY004 - pydantic takes ValueError only
        return value

    @field_validator("command")
    @classmethod
    def _a_program(cls, value: list[str]) -> list[str]:
        if not value or not value[0]:
            raise ValueError('must name a program, such as ["program", "argument"]')
        if any("\0" in word for word in value):
            raise ValueError("must not hold NUL characters")
        return value

    @field_validator("directory")
    @classmethod
    def _absolute(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else absolute(value, info)

    @field_validator("environment")
    @classmethod
    def _own_names(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not name or "=" in name or "\0" in name or "\0" in text:
                raise ValueError(f"{one_line(name, 40) or 'an empty name'} cannot be a variable")
            if name.upper().startswith("JOBMON_"):
                raise ValueError(
                    f"{one_line(name, 40)} is refused; names with JOBMON_ belong to jobmon itself"
                )
        return value


class CommandRunner:
    """Runs a program beneath the supervisor, so that nothing of it outlives the worker or a cancel."""

    parameters = CommandParameters

    async def run(self, job: Job[CommandParameters], output: BoundedOutput) -> Result:
        """Run it to its end. Any exit status but 0 is a failure."""
        wanted = job.parameters
        command = Command(
            argv=wanted.command,
            directory=wanted.directory or os.environ.get("HOME") or "/",
            environment=_environment(wanted.environment, job.execution_id),
            label=f"execution {job.execution_id}",
        )
        try:
            ending = await supervise(command, output.append)
        except OSError as error:
            return failed(f"no process could be started: {error.strerror}")
        output.finish()
        return _result(ending, command, output)


def _environment(own: dict[str, str], execution_id: int) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {"PATH": os.defpath, **inherited, **own, "JOBMON_EXECUTION_ID": str(execution_id)}


def _result(ending: Ending, command: Command, output: BoundedOutput) -> Result:
    if ending.how == "exit" and ending.number == 0:
        return Result("Succeeded")
    if ending.how == "refused":
        return failed(one_line(output.mask(_refusal(ending, command))))
    what = _what(ending)
    line = output.last_line()
    # The reason comes first: a narrow table shows only the start.
    summary = what if line is None else f"{one_line(line, 160)} ({what})"
    shown = one_line(output.mask(" ".join(command.argv)), 2000)
    story = f"{what}\ncommand: {shown}\ndirectory: {one_line(output.mask(command.directory))}\n"
    end = clean(output.end(_END_LIMIT)).rstrip()
    if end:
        story += f"\nthe end of its output:\n{end}\n"
    return failed(summary, story[:DETAIL_LIMIT])


def _what(ending: Ending) -> str:
    if ending.how == "exit":
        return f"exit status {ending.number}"
    if ending.how == "signal":
        try:
            return f"killed by {signal.Signals(ending.number).name}"
        except ValueError:
            return f"killed by signal {ending.number}"
    return "its supervisor was killed"


def _refusal(ending: Ending, command: Command) -> str:
    """Say why the command could not be started, in words for whoever has to mend it."""
    why = os.strerror(ending.number)
    if ending.stage == "directory":
        where = command.directory
        reasons = {
            errno.ENOENT: f"there is no directory {where}",
            errno.ENOTDIR: f"{where} is not a directory",
            errno.EACCES: f"the directory {where} may not be entered",
        }
        return reasons.get(ending.number, f"the directory {where} cannot be used: {why}")
    program = command.argv[0]
    path = Path(command.directory, command.argv[0])
    if ending.number == errno.ENOENT:
        if "/" not in command.argv[0]:
            return f"there is no program {program} on the PATH"
        if path.exists():
            return f"{program} needs an interpreter that is not there: see its first line"
        return f"there is no program {program}"
    if ending.number == errno.EACCES:
        if path.is_dir():
            return f"{program} is a directory, not a program"
        return f"{program} may not be executed; permit it with: chmod +x"
    if ending.number == errno.ENOEXEC:
        return f"{program} is not a program; a script needs a first line such as #!/bin/sh"
    if ending.number == errno.E2BIG:
        return f"{program}: the arguments are longer than this system allows"
    return f"{program} cannot be started: {why}"
