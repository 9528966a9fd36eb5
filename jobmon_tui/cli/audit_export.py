"""Writing the audit log for others to read: pages of it, one after the other, in bounded memory."""

import csv
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from jobmon_tui.cli.output import audit_json, put_file
from jobmon_tui.cli.progress import BarProgress
from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.errors import ErrorCode, JobmonError, storage_unavailable
from jobmon_tui.domain.text import clean
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services

PAGE: Final = 1_000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS: Final = (
    "id", "at", "actor", "role", "action", "outcome", "code", "execution_id", "new_execution_id", "origin",
    "details", "known", "previous_hash", "hash",
)  # fmt: skip


def entry_values(audited: AuditEntry) -> dict[str, Any]:
    """Return an entry with all that its hash is made of, in a fixed order."""
    values = {**audit_json(audited), "previous_hash": audited.previous_hash}
    return {name: values[name] for name in COLUMNS}


def cell(value: object) -> str:
    """Return what stands in a cell of a CSV file: cleaned, and nothing that a spreadsheet would calculate.

    As OWASP's page on CSV injection has it: an apostrophe before what begins with = + - @, a tab or a CR,
    which cleaning has made a line feed.
    """
    if value is None:
        return ""
    text = clean(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_csv(entries: Sequence[AuditEntry]) -> str:
    """Return rows of a CSV file."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerows([cell(value) for value in entry_values(each).values()] for each in entries)
    return written.getvalue()


def as_lines(entries: Sequence[AuditEntry]) -> str:
    """Return JSON Lines, in ASCII: what is no letter there is escaped, so that nothing is lost."""
    return "".join(json.dumps(entry_values(each)) + "\n" for each in entries)


@contextmanager
def _target(file: Path | None, force: bool) -> Iterator[Any]:
    """Give what takes texts: standard output, or a file that is there once it is whole."""
    if file is None:
        yield put_file
        return
    if file.exists() and not force:
        raise JobmonError(ErrorCode.ALREADY_EXISTS, f"{file} is there already. Name another, or add --force.")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    try:
        opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(opened, "w", encoding="utf-8", newline="") as stream:
                os.fchmod(opened, 0o600)
                yield stream.write
                stream.flush()
                os.fsync(opened)
            unfinished.replace(file)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise storage_unavailable(f"{file} cannot be written: {error.strerror or error}.") from error


async def export(
    services: Services,
    caller: Caller,
    wanted: AuditFilter,
    *,
    form: str,
    file: Path | None,
    force: bool = False,
) -> int:
    """Write the entries that are wanted, newest first; return how many. Raises `storage_unavailable`."""
    bar = BarProgress("Exporting")
    # Where the export itself is on the screen a bar would stand in it.
    draws = file is not None or not sys.stdout.isatty()
    count, before, top = 0, None, 0
    try:
        with _target(file, force) as write:
            if form == "csv":
                write(",".join(COLUMNS) + "\n")
            while True:
                page = await services.audit(caller, PAGE, before, wanted)
                write((as_csv if form == "csv" else as_lines)(page))
                count += len(page)
                if len(page) < PAGE:
                    return count
                top, before = top or page[0].id, page[-1].id
                if draws:
                    bar.tell(top - before, top)
    finally:
        bar.end()
