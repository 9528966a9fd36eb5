"""What `doctor` looks at: each finding is ok, a warning or bad, with the way to mend it."""

import locale
import os
import platform
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from jobmon_tui.bootstrap import open_database
from jobmon_tui.cli.finding import Finding, Grade
from jobmon_tui.config import Settings
from jobmon_tui.database_location import DatabaseLocation, PostgresLocation
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.storage.sqlite.file import size_of
from jobmon_tui.storage.sqlite.health import check_file

_NARROWEST, _LOWEST = 80, 24
_LITTLE_ROOM = 200 * 1024 * 1024
_NO_ROOM = 20 * 1024 * 1024


def python() -> Finding:
    """Name the interpreter; one that is too old would not have come so far."""
    return Finding("python", Grade.OK, f"{platform.python_version()} on {platform.system()}")


def terminal(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Look at what the dashboard would be shown on."""
    if not sys.stdout.isatty():
        yield Finding(
            "terminal", Grade.WARN, "this is no terminal", "The dashboard needs one; commands do not."
        )
    elif environment.get("TERM", "") in {"", "dumb"}:
        yield Finding(
            "terminal",
            Grade.WARN,
            f"TERM is “{environment.get('TERM', '')}”",
            "Set TERM to your terminal's name, such as xterm-256color.",
        )
    else:
        width, height = shutil.get_terminal_size()
        small = width < _NARROWEST or height < _LOWEST
        true_colour = environment.get("COLORTERM", "") in {"truecolor", "24bit"}
        colours = (
            "no colours (NO_COLOR)"
            if environment.get("NO_COLOR")
            else "16 million colours"
            if true_colour
            else "256 colours"
            if "256" in environment["TERM"]
            else "16 colours"
        )
        yield Finding(
            "terminal",
            Grade.WARN if small else Grade.OK,
            f"{environment['TERM']}, {width}x{height}, {colours}",
            f"Make it at least {_NARROWEST}x{_LOWEST}." if small else None,
        )
    encoding = locale.getpreferredencoding(do_setlocale=False)
    if encoding.lower().replace("-", "") == "utf8":
        yield Finding("locale", Grade.OK, encoding)
    else:
        yield Finding("locale", Grade.WARN, f"{encoding}, not UTF-8", "Set LANG, such as LANG=C.UTF-8.")


def _rights(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if path.stat().st_uid == os.getuid() and mode & 0o077:
        return Finding("database rights", Grade.WARN, f"{mode:04o}: others can read it", f"chmod 600 {path}")
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
        return Finding(
            "database rights",
            Grade.BAD,
            "the file or its folder cannot be written",
            f"Check the owner and the rights of {path} and its folder.",
        )
    return Finding("database rights", Grade.OK, f"{mode:04o}")


def _room(path: Path) -> Finding:
    free = shutil.disk_usage(path.parent).free
    text = f"{free // (1024 * 1024):,} MiB free"
    if free < _NO_ROOM:
        return Finding("disk", Grade.BAD, text, f"Make room on the disk of {path.parent}.")
    if free < _LITTLE_ROOM:
        return Finding("disk", Grade.WARN, text, f"Make room on the disk of {path.parent} soon.")
    return Finding("disk", Grade.OK, text)


def database(location: DatabaseLocation) -> Iterator[Finding]:
    """Look at the database without changing it."""
    if isinstance(location, PostgresLocation):
        from jobmon_tui.cli.health_postgres import findings

        yield from findings(location)
        return
    path = location.path
    try:
        if not size_of(path):
            yield Finding("database", Grade.BAD, f"there is none at {path}", "Run: jobmon init --admin NAME")
            return
        yield _rights(path)
        yield _room(path)
        health = check_file(path, quick=True)
    except OSError as error:
        yield Finding("database", Grade.BAD, f"{path}: {error.strerror}", "Check the rights of its folder.")
    except JobmonError as refusal:
        yield Finding("database", Grade.BAD, refusal.message)
    else:
        if health.problems:
            yield Finding("database", Grade.BAD, health.problems[0], "See: jobmon db check")
        else:
            yield Finding("database", Grade.OK, str(path))


async def workers(location: DatabaseLocation) -> Finding:
    """Look whether somebody is there to run reports. Call it on a sound database only."""
    async with await open_database(location) as opened:
        seen = await opened.read(lambda transaction: transaction.workers())
    alive = Liveness().alive(seen)
    if not alive:
        return Finding("worker", Grade.WARN, "no worker is alive", "Start one with: jobmon worker")
    return Finding("worker", Grade.OK, ", ".join(f"{each.host} (pid {each.pid})" for each in alive))


def output_folder(settings: Settings) -> Finding:
    """Look whether report files can be written; a folder that is not there yet is made when needed."""
    folder = settings.output_dir
    nearest = folder
    try:
        while not nearest.exists():
            nearest = nearest.parent
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        return Finding(
            "output folder",
            Grade.BAD,
            f"{folder}: {error.strerror}",
            "Check its rights, or set JOBMON_OUTPUT_DIR to a folder that you can write.",
        )
    text = str(folder) if nearest == folder else f"{folder} (made when needed)"
    return Finding("output folder", Grade.OK, text)
