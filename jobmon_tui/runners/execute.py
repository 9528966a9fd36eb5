"""The scheduler's `Runner`: resolves the secrets, runs the report, and keeps what it printed."""

import asyncio
import errno
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.domain.masking import mask_text
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.log_file import hiding
from jobmon_tui.private_files import make_folder
from jobmon_tui.runners.base import DETAIL_LIMIT, AnyRunner, Job, Result
from jobmon_tui.runners.bounded import in_thread, settle
from jobmon_tui.runners.keyring_lookup import from_keyring
from jobmon_tui.runners.leftovers import sweep
from jobmon_tui.runners.output import OUTPUT_KIB, BoundedOutput
from jobmon_tui.runners.registry import Registry
from jobmon_tui.runners.secrets import Lookup, resolve
from jobmon_tui.services.records import StoredOutput
from scheduler.ports import Claimed, Outcome, Unavailable

_log = logging.getLogger(__name__)

SaveOutput = Callable[[int, int, StoredOutput], Awaitable[None]]
"""Keeps what an execution (its id, its fencing token) printed. May raise Unavailable or OSError."""

SAVE_EVERY: Final = 1.0
_SAVE_BOUND: Final = 5.0
_STOP_BOUND: Final = 12.5
_LAST_SAVE: Final = 2.0
"""Together under the 15 seconds that the engine gives to what it stops."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    name: str
    runner: str
    parameters: Mapping[str, object]


class Execute:
    """Runs what the scheduler has claimed. One object serves all executions of a worker."""

    def __init__(
        self,
        output_dir: Path,
        save_output: SaveOutput,
        registry: Registry | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        lookup: Lookup = from_keyring,
        save_every: float = SAVE_EVERY,
        output_kib: int = OUTPUT_KIB,
    ) -> None:
        """Reports go to `output_dir`, made with mode 0700 if it is not there. `lookup` asks the keyring.

        Of what is printed the first and the last `output_kib` KiB are kept.
        """
        self._registry = registry or Registry()
        self._output_dir = output_dir
        self._save_output = save_output
        self._environ = environ
        self._lookup = lookup
        self._save_every = save_every
        self._limit = 1024 * output_kib
        self._swept = False

    async def run(self, claimed: Claimed) -> Outcome:
        """Run it to its end. Whatever goes wrong is an Outcome, with every secret masked in it."""
        try:
            snapshot = _snapshot(claimed.payload)
            runner = await in_thread(lambda: self._registry.runner(snapshot.runner), "import of the runner")
            resolved = await resolve(snapshot.parameters, self._environ, self._lookup)
        except JobmonError as error:
            return Outcome("Failed", one_line(error.message), clean(error.message))
        try:
            parameters = self._registry.resolved(snapshot.runner, resolved.parameters, Path.cwd())
            folder = await in_thread(self._make_folder, "output folder")
        except JobmonError as error:
            message = mask_text(error.message, resolved.secrets)
            return Outcome("Failed", one_line(message), clean(message))
        except OSError as error:
            return Outcome("Failed", _no_folder(self._output_dir, error))
        job = Job(claimed.id, snapshot.name, parameters, folder, claimed.timeout)
        with hiding(resolved.secrets):
            return await self._run(runner, job, claimed, resolved.secrets)

    async def _run(
        self, runner: AnyRunner, job: Job[Any], claimed: Claimed, secrets: frozenset[str]
    ) -> Outcome:
        output = BoundedOutput(secrets, self._limit, self._limit)
        running = asyncio.ensure_future(runner.run(job, output))
        saving = asyncio.create_task(self._save_while_growing(claimed, output))
        stopped = False
        try:
            # Not awaited itself: its exception is looked at below, whatever it is.
            await asyncio.wait({running})
        except asyncio.CancelledError:
            stopped = True
            running.cancel()
            await settle(running, _STOP_BOUND)
        saving.cancel()
        output.finish()
        await settle(asyncio.gather(saving, return_exceptions=True), _LAST_SAVE / 2)
        last = asyncio.create_task(self._save(claimed, output.snapshot()))
        if not await settle(last, _LAST_SAVE if stopped else _SAVE_BOUND):
            last.cancel()
            _log.warning("what execution %d printed could not be saved in time", claimed.id)
        if stopped and (not running.done() or running.cancelled()):
            raise asyncio.CancelledError
        return _outcome(running, secrets)

    def _make_folder(self) -> Path:
        folder = self._output_dir.absolute()
        make_folder(folder)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        if not self._swept:
            # Once in a worker's life: before its first report is written.
            self._swept = True
            sweep(folder)
        return folder

    async def _save_while_growing(self, claimed: Claimed, output: BoundedOutput) -> None:
        saved = 0
        while True:
            await asyncio.sleep(self._save_every)
            if output.total != saved:
                saved = output.total
                await self._save(claimed, output.snapshot())

    async def _save(self, claimed: Claimed, output: StoredOutput) -> None:
        try:
            async with asyncio.timeout(_SAVE_BOUND):
                await self._save_output(claimed.id, claimed.token, output)
        except (Unavailable, OSError, JobmonError) as error:
            # What was printed is worth less than the execution: it goes on, and the next save may succeed.
            _log.warning("what execution %d printed could not be saved: %s", claimed.id, type(error).__name__)


def _snapshot(payload: Mapping[str, object]) -> _Snapshot:
    name, runner, parameters = payload.get("name"), payload.get("runner"), payload.get("parameters")
    if not isinstance(name, str) or not isinstance(runner, str) or not isinstance(parameters, Mapping):
        raise invalid_input(
            "the configuration of this execution is damaged: it names no runner or parameters"
        )
    return _Snapshot(name, runner, parameters)


def _outcome(running: "asyncio.Future[Result]", secrets: frozenset[str]) -> Outcome:
    if running.cancelled():
        return Outcome("Failed", "unforeseen error", "the runner cancelled itself")
    error = running.exception()
    if error is not None:
        told = mask_text(f"{type(error).__name__}: {error}", secrets)
        return Outcome("Failed", "unforeseen error", clean(told)[:DETAIL_LIMIT])
    result: object = running.result()
    if not isinstance(result, Result):
        return Outcome(
            "Failed", "unforeseen error", f"the runner returned {type(result).__name__}, not a Result"
        )
    summary = None if result.summary is None else one_line(mask_text(result.summary, secrets))
    detail = None if result.detail is None else clean(mask_text(result.detail, secrets))[:DETAIL_LIMIT]
    path = None if result.output_path is None else str(result.output_path)
    return Outcome(result.status, summary, detail, path, result.rows, result.size, result.sha256)


def _no_folder(folder: Path, error: OSError) -> str:
    return one_line(f"the output folder {folder} cannot be made: {error.strerror}; set JOBMON_OUTPUT_DIR")
