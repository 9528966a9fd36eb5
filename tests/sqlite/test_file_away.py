"""A database whose file is away for a while: nothing is put in its place, and it is itself afterwards."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.storage.sqlite import lane
from jobmon_tui.storage.sqlite.database import SqliteDatabase
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


@pytest.mark.parametrize("moment", ["there", "_prepared"])
async def test_it_is_moved_away_in_the_very_moment_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    place, away = tmp_path / "jobmon.db", tmp_path / "away"
    real: Callable[[object], object] = getattr(lane, moment)

    def then_moved(argument: object) -> object:
        answer = real(argument)
        place.rename(away)
        return answer

    async with await SqliteDatabase.open(place) as database:
        monkeypatch.setattr(lane, moment, then_moved)
        with pytest.raises(JobmonError) as refusal:
            await database.write(queue_one)
        monkeypatch.undo()
        assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
        with pytest.raises(JobmonError):
            await database.write(queue_one)
        assert not place.exists()
        away.rename(place)
        await database.write(queue_one)
        assert sum((await database.read(lambda transaction: transaction.counts())).values()) == 1


async def test_another_is_there_in_the_very_moment_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, other, away = (tmp_path / name for name in ("jobmon.db", "other.db", "away"))
    async with await SqliteDatabase.open(other) as theirs:
        for _ in range(3):
            await theirs.write(queue_one)
    real = lane.there

    def then_changed(path: Path) -> object:
        answer = real(path)
        place.rename(away)
        other.rename(place)
        return answer

    async with await SqliteDatabase.open(place) as database:
        monkeypatch.setattr(lane, "there", then_changed)
        with pytest.raises(JobmonError):
            await database.write(queue_one)
        monkeypatch.undo()
        place.rename(other)
        away.rename(place)
        await database.write(queue_one)
    async with await SqliteDatabase.open(place) as again:
        assert sum((await again.read(lambda transaction: transaction.counts())).values()) == 1


async def test_one_that_could_not_be_opened_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_raw: object) -> object:
        raise sqlite3.OperationalError("database is locked")

    async with await SqliteDatabase.open(tmp_path / "jobmon.db") as database:
        monkeypatch.setattr(lane, "_prepared", locked)
        with pytest.raises(JobmonError) as refusal:
            await database.write(queue_one)
        assert "locked by another program" in refusal.value.message
        monkeypatch.undo()
        await database.write(queue_one)
