"""The write-ahead log cut short or with a bit turned: the program opens what is whole, or refuses.

What it opens has to be the state after some commit, never half of one and never anything else.
"""

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.chain import chain_report
from jobmon_tui.services.look import list_executions
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from tests.conformance.world import ADMIN, DRAFT, NOW, add_people
from tests.e2e.faults.size import quick_folder, rounds, seed
from tests.e2e.faults.truths import assert_sound

HISTORY = (
    "SELECT id, report, requested_by, configuration FROM job_execution_log ORDER BY id",
    "SELECT id, action, execution_id, new_execution_id, hash FROM audit_log ORDER BY id",
)
"""What only ever grows: of each, a damaged log may lose the end."""
LOST = "lost"


@dataclass(frozen=True)
class Crashed:
    """The two files as a power cut leaves them, and what was in them."""

    body: bytes
    wal: bytes
    history: list[list[tuple[object, ...]]]


def _read_history(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as reading:
        return [reading.execute(query).fetchall() for query in HISTORY]


async def _crashed(folder: Path) -> Crashed:
    """Do ten things, have them moved into the main file, do thirty more, and take copies of both."""
    path = folder / "jobmon.db"
    async with await SqliteDatabase.open(path) as database:
        await database.write(add_people)
        await database.write(lambda transaction: transaction.add_report(DRAFT, NOW))
        for number in range(40):
            if number == 10:
                with closing(sqlite3.connect(path)) as other:
                    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            queued = await run_report(database, ADMIN, "Sales")
            if number % 3 == 0:
                await cancel_execution(database, ADMIN, queued.execution.id)
        wal = path.with_name("jobmon.db-wal")
        return Crashed(path.read_bytes(), wal.read_bytes(), _read_history(path))


def _write(path: Path, body: bytes, wal: bytes) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    path.write_bytes(body)
    path.with_name(f"{path.name}-wal").write_bytes(wal)


async def _open(folder: Path, crashed: Crashed, wal: bytes) -> str:
    """Open the damaged copy as the program does, use it, and tell what became of it."""
    path = folder / "copy.db"
    _write(path, crashed.body, wal)
    try:
        async with await SqliteDatabase.open(path, create=False) as database:
            shown = await list_executions(database, ADMIN, ExecutionFilter(), 1000)
            chain = await database.read(chain_report)
            assert chain.first_bad is None
            found = _read_history(path)
            for whole, part in zip(crashed.history, found, strict=True):
                assert part == whole[: len(part)]
            assert [each.id for each in shown] == [row[0] for row in reversed(found[0])]
            await run_report(database, ADMIN, "Sales")
    except JobmonError as refusal:
        assert refusal.code is ErrorCode.STORAGE_UNAVAILABLE, refusal
        assert "\n" not in refusal.message
        return "refused"
    assert_sound(path)
    return "whole" if found == crashed.history else LOST


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir=quick_folder(tmp_path)))
    yield made
    shutil.rmtree(made)


async def test_a_log_cut_anywhere_opens_at_a_commit_or_is_refused(folder: Path) -> None:
    dice = random.Random(seed())
    crashed = await _crashed(folder / "made")
    assert await _open(folder, crashed, crashed.wal) == "whole"
    outcomes = [
        await _open(folder, crashed, crashed.wal[: dice.randrange(len(crashed.wal))])
        for _ in range(rounds(60, 1500))
    ]
    assert LOST in outcomes


async def test_a_log_with_a_bit_turned_opens_at_a_commit_or_is_refused(folder: Path) -> None:
    dice = random.Random(seed())
    crashed = await _crashed(folder / "made")
    outcomes = []
    for _ in range(rounds(20, 500)):
        wal = bytearray(crashed.wal)
        # One in ten in the log's own header: there all of it hangs on each bit.
        at = dice.randrange(32) if dice.random() < 0.1 else dice.randrange(len(wal))
        wal[at] ^= 1 << dice.randrange(8)
        outcomes.append(await _open(folder, crashed, bytes(wal)))
    assert LOST in outcomes


async def test_a_database_without_a_table_is_refused_not_begun_anew(folder: Path) -> None:
    # Begun anew, whoever comes first would sign in as its first Administrator.
    path = folder / "copy.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
    body = path.read_bytes()
    assert len(body) == 4096
    with pytest.raises(JobmonError) as refused:
        await SqliteDatabase.open(path, create=False)
    assert refused.value.code is ErrorCode.STORAGE_UNAVAILABLE
    assert "jobmon init" in refused.value.message
    assert path.read_bytes() == body
    async with await SqliteDatabase.open(path) as database:
        await database.write(add_people)
