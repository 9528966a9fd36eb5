"""`jobmon demo`: sample reports that really run, on a throw-away database."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jobmon_tui.bootstrap import House, open_house, start_worker
from jobmon_tui.cli.demo_folder import make_folder, remove_folder
from jobmon_tui.cli.demo_setup import DOOMED, MISSING, lay_out, mend, move_in
from jobmon_tui.cli.output import execution_line, say
from jobmon_tui.database_location import SqliteLocation
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.records import ExecutionFilter

CONCURRENCY = 3
MENDABLE = "Delay targets"
_PAGE = 100

MEND_KEY = "p"
MEND_LABEL = "Put file"
MEND_HINT = f"“{MENDABLE}” fails: no {MISSING}. {MEND_KEY} puts it there, then r retries."
"""It stands in one line at 80 cells."""


@asynccontextmanager
async def throw_away_folder() -> AsyncIterator[Path]:
    """Make the demo's folder, and remove it at the end."""
    made = await asyncio.to_thread(make_folder)
    try:
        yield made
    finally:
        await asyncio.to_thread(remove_folder, made)


@dataclass(slots=True)
class Caretaker:
    """Watches the demo's executions: tells of each that ends, and plays the parts that the story needs."""

    house: House
    caller: Caller
    folder: Path
    plays_operator: bool
    tell: Callable[[str], None] = lambda _line: None
    _told: set[int] = field(default_factory=set)
    _deleted: bool = False
    _retried: bool = False

    async def watch(self) -> None:
        """Watch until cancelled."""
        changes = self.house.services.changes()
        try:
            while True:
                await self.look()
                await changes.wait(1.0)
        finally:
            changes.close()

    async def look(self) -> None:
        """Look once at what has ended since."""
        newest = await self.house.services.executions(self.caller, ExecutionFilter(), _PAGE)
        for execution in reversed(newest):
            if execution.status.is_final and execution.id not in self._told:
                self._told.add(execution.id)
                self.tell(execution_line(execution))
                await self._play(execution)

    async def _play(self, ended: Execution) -> None:
        if ended.status is not Status.FAILED:
            return
        if ended.report == DOOMED and not self._deleted:
            self._deleted = True
            await self.house.services.delete_report(self.caller, DOOMED)
            self.tell(f"The configuration of “{DOOMED}” was deleted.")
            if self.plays_operator:
                await self._retry(ended)
        elif ended.report == MENDABLE and self.plays_operator and not self._retried:
            self._retried = True
            await asyncio.to_thread(mend, self.folder)
            self.tell(f"The operator puts {MISSING} in place and retries #{ended.id}.")
            await self._retry(ended)

    async def _retry(self, ended: Execution) -> None:
        try:
            receipt = await self.house.services.retry(self.caller, ended.id)
        except JobmonError as refusal:
            self.tell(f"Retry of #{ended.id} was refused: {refusal.message}")
        else:
            self.tell(receipt.message)


def _asked_to_end() -> asyncio.Event:
    """Return what is set once somebody asks this process to end, for as long as the loop runs.

    From before the folder is made until after it is removed: a signal in between must not leave it behind.
    """
    asked = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(each, asked.set)
    return asked


async def run_headless(seconds: float, origin: str, tell: Callable[[str], None] = say) -> None:
    """Run the demo with no screen for `seconds`, telling of each execution that ends."""
    asked = _asked_to_end()
    async with throw_away_folder() as folder:
        await asyncio.to_thread(lay_out, folder)
        if asked.is_set():
            return
        async with open_house(SqliteLocation(folder / "jobmon.db"), create=True) as house:
            caller = Caller(await move_in(house, folder, origin), origin)
            worker = start_worker(house, folder / "reports", CONCURRENCY)
            caretaker = Caretaker(house, caller, folder, plays_operator=True, tell=tell)
            watching = asyncio.create_task(caretaker.watch())
            waiting = asyncio.create_task(asked.wait())
            try:
                # The caretaker's own end is a failure, such as of whoever read what it tells.
                await asyncio.wait({watching, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await worker.stop(2.0, "the demo ended")
                for task in (watching, waiting):
                    task.cancel()
                await asyncio.wait({watching, waiting})
            if not watching.cancelled():
                await watching
            await caretaker.look()
            counts = (await house.services.overview(caller, ExecutionFilter())).counts
            tell(", ".join(f"{count} {status.value}" for status, count in counts.items()))
