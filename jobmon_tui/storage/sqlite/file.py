"""A SQLite file as others see it: is it there, how it is named, and what its errors mean in plain words."""

import os
import sqlite3
import stat
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from jobmon_tui.domain.errors import JobmonError, storage_unavailable
from jobmon_tui.domain.text import one_line


def plain_error(error: sqlite3.Error, path: Path) -> JobmonError:
    """Turn SQLite's error into one line that says what to do next."""
    text = str(error)
    if "locked" in text or "busy" in text:
        reason = "it is locked by another program. Try again in a moment."
    elif "malformed" in text or "not a database" in text:
        reason = "the file is damaged or is not a jobmon database. Restore it from a backup."
    elif "readonly" in text:
        reason = "the file or its folder cannot be written. Check its owner and its rights."
    elif "full" in text:
        reason = "the disk is full. Make room, then try again."
    elif "disk I/O" in text:
        # A full disk too, where not even the lock's own file (-shm) fits any more.
        reason = "the disk is full or failing. See: jobmon doctor"
    elif "no such table" in text:
        reason = "it has not been set up. Run: jobmon init --admin NAME"
    else:
        reason = f"{text}. Check that the file and its folder exist and can be written."
    return storage_unavailable(f"The database {path.name} cannot be used: {reason}")


def sqlite_url(driver: str, path: Path) -> URL:
    """Return SQLAlchemy's URL; put together, since a path may hold what a written one takes for an escape."""
    return URL.create(driver, database=str(path))


def there_url(driver: str, path: Path) -> URL:
    """Return the same for a file that must be there: SQLite would put an empty one in its place."""
    return URL.create(driver, database=path.absolute().as_uri(), query={"uri": "true", "mode": "rw"})


def sqlite_error(error: BaseException) -> sqlite3.Error | None:
    """Return SQLite's own error where this is one, or carries one."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error):
        return error.orig
    return error if isinstance(error, sqlite3.Error) else None


def size_of(path: Path) -> int | None:
    """Return the size of the file in bytes, None where there is none. Raises `storage_unavailable`."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "this is no path of a file"
        raise storage_unavailable(
            f"The database {one_line(path.name, 60)} cannot be reached: {reason}. Check its path and rights."
        ) from error
    if stat.S_ISDIR(found.st_mode):
        raise storage_unavailable(f"{path} is a folder. Name a file in it as the database.")
    return found.st_size


Identity = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """Return what tells this file from any other that bears its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def there(path: Path) -> Identity:
    """Return the `identity` of a file. Raises `storage_unavailable` where it has gone, or is empty."""
    found = identity(path)
    if found is None or not size_of(path):
        raise _gone(path, "was moved or deleted")
    return found


def require_same(path: Path, opened: Identity | None) -> None:
    """Raise `storage_unavailable` where the name no longer leads to the file that was opened.

    SQLite goes on with a file that was moved or deleted, and would take a retry that nobody ever sees again.
    """
    found = identity(path)
    if found != opened:
        raise _gone(path, "was moved or deleted" if found is None else "was replaced by another file")


def _gone(path: Path, what: str) -> JobmonError:
    return storage_unavailable(
        f"The database {path.name} {what} while it was open. Put it back, or start jobmon again."
    )


def require_database(path: Path) -> None:
    """Raise `storage_unavailable` where there is no file, or an empty one: that is not a database yet."""
    if not size_of(path):
        raise storage_unavailable(f"There is no database at {path}. Create it with: jobmon init --admin NAME")


def log_of(path: Path) -> str:
    """Return where the database's write-ahead log is; SQLite puts it beside the file that a link leads to."""
    return f"{os.path.realpath(path)}-wal"


def glance(file: str) -> tuple[int, int, int] | None:
    """Return what differs after most writes to the file, in microseconds and without a thread.

    Two writes within one tick of the clock may leave the same: a hint, no proof.
    """
    try:
        found = os.stat(file)  # noqa: PTH116 - a Path would take as long again as the call itself
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
