"""A database whose file is away for a while: nothing is put in its place, and it is itself afterwards."""

from pathlib import Path

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.storage.sqlite import SqliteDatabase
from tests.conformance.world import queue_one


def _files_in(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_file()]


@pytest.mark.parametrize("was_read", [False, True])
@pytest.mark.parametrize("was_written", [False, True])
async def test_it_is_not_made_anew_by_who_looks_for_it_first(
    tmp_path: Path, was_read: bool, was_written: bool
) -> None:
    place, away = tmp_path / "jobmon.db", tmp_path / "away"
    away.mkdir()
    async with await SqliteDatabase.open(place) as database:
        if was_read:
            await database.read(lambda transaction: transaction.counts())
        if was_written:
            await database.write(queue_one)
        files = _files_in(tmp_path)
        for each in files:
            each.rename(away / each.name)
        for _ in range(2):
            for ask in (
                lambda: database.read(lambda transaction: transaction.counts()),
                lambda: database.write(queue_one),
            ):
                with pytest.raises(JobmonError) as refusal:
                    await ask()
                assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
                assert str(tmp_path) not in refusal.value.message
                assert not place.exists()
        for each in files:
            (away / each.name).rename(each)
        await database.write(queue_one)
        counted = await database.read(lambda transaction: transaction.counts())
        assert sum(counted.values()) == was_written + 1
