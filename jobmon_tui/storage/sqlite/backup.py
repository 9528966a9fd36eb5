"""A consistent copy of the database while everything runs, by SQLite's online backup.

The source is read in one transaction, so that the copy is of one moment and never has to start again, however
much is written meanwhile. The copy appears under its name only when it is whole, on the disk and checked.
"""

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jobmon_tui.domain.errors import ErrorCode, JobmonError, invalid_input, storage_unavailable
from jobmon_tui.domain.text import one_line
from jobmon_tui.storage.sqlite.database import current_revision
from jobmon_tui.storage.sqlite.file import plain_error, require_database
from jobmon_tui.storage.sqlite.health import integrity_problems

_PAGES: Final = 1_000
_BUSY_SECONDS: Final = 5.0
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})

Tell = Callable[[int, int], None]
"""Hears how many pages are copied, and of how many."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made: where it is, its bytes, its schema."""

    path: Path
    size: int
    schema: str | None


def back_up(
    source: Path, target: Path, *, force: bool = False, tell: Tell = lambda _done, _all: None
) -> Backup:
    """Copy the database to `target` (0600); an existing file is replaced with `force` only.

    Raises `already_exists`, `invalid_input` where the target cannot be one, `storage_unavailable`.
    """
    require_database(source)
    target = target.absolute()
    schema = current_revision(source)
    try:
        _refuse(source, target, force=force)
        scratch = Path(tempfile.mkdtemp(prefix=".jobmon-backup-", dir=target.parent))
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        copy = scratch / "copy.db"
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(source, copy, target, tell)
        _verify(copy, schema)
        _sync(copy)
        size = copy.stat().st_size
        _publish(copy, target, force=force)
        _sync(target.parent)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Backup(target, size, schema)


def _refuse(source: Path, target: Path, *, force: bool) -> None:
    own = {f"{source.resolve()}{end}" for end in ("", "-wal", "-shm", "-journal")}
    if str(target.resolve()) in own or (target.exists() and target.samefile(source)):
        raise invalid_input(f"{target} belongs to the database itself. Name another file.")
    if target.is_dir():
        raise invalid_input(f"{target} is a folder. Name a file in it.")
    if not force and os.path.lexists(target):
        raise _exists(target)


def _exists(target: Path) -> JobmonError:
    return JobmonError(
        ErrorCode.ALREADY_EXISTS, f"{target} is there already and was left as it is. Replace it with --force."
    )


def _unwritable(target: Path, error: OSError) -> JobmonError:
    where, why = one_line(str(target), 120), error.strerror or type(error).__name__
    return storage_unavailable(f"The copy {where} cannot be written: {why}. Nothing was left there.")


def _copy(source: Path, copy: Path, target: Path, tell: Tell) -> None:
    try:
        reading = sqlite3.connect(
            f"{source.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=_BUSY_SECONDS
        )
    except sqlite3.Error as error:
        raise plain_error(error, source) from error
    writing = sqlite3.connect(copy, isolation_level=None)
    try:
        # Held to the end: without it every commit of somebody else would start the copy anew.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        # Nobody reads the copy before it is whole, and it is synced once at the end.
        writing.execute("PRAGMA synchronous = OFF")
        reading.backup(writing, pages=_PAGES, progress=lambda _status, left, total: tell(total - left, total))
        # One file from now on: nobody who takes it away has to think of a -wal beside it.
        writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        if "full" in str(error):
            raise storage_unavailable(
                f"The disk is full: {one_line(str(target), 120)} needs {source.stat().st_size:,} bytes. "
                "Make room, or name another disk."
            ) from error
        raise plain_error(error, source) from error
    finally:
        writing.close()
        reading.close()


def _verify(copy: Path, schema: str | None) -> None:
    connection = sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        problems = integrity_problems(connection, quick=True)
    except sqlite3.DatabaseError as error:
        problems = [str(error)]
    finally:
        connection.close()
    if problems or current_revision(copy) != schema:
        reason = problems[0] if problems else "its schema differs"
        raise storage_unavailable(
            f"The copy was thrown away: {one_line(reason, 160)}. See what is wrong with: jobmon db check"
        )


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError:
        # Some file systems cannot sync a folder; a file that cannot be synced is not safe.
        if not path.is_dir():
            raise
    finally:
        os.close(opened)


def _publish(copy: Path, target: Path, *, force: bool) -> None:
    if force:
        copy.replace(target)
        return
    try:
        # Not a rename, which replaces: the name may have been taken since it was looked at.
        os.link(copy, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _take(target)
        copy.replace(target)


def _take(target: Path) -> None:
    """Where there are no hard links: take the name with an empty file first."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise _exists(target) from None
