"""A report file comes into being whole or not at all: written aside, synced, then named."""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import threading
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, Literal

from jobmon_tui.domain.text import one_line
from jobmon_tui.runners.leftovers import hold
from jobmon_tui.runners.writers import CsvWriter, JsonLinesWriter, Row, RowWriter, XlsxWriter

Format = Literal["csv", "jsonl", "xlsx"]
_CHUNK: Final = 1 << 20
_OTHER: Final = re.compile(r"[^a-z0-9]+")


class AbandonedError(Exception):
    """The file was given up while it was being written."""


def slug(name: str) -> str:
    """Return a report's name as part of a file name: lower-case ASCII letters, digits and `-`."""
    ascii_only = unicodedata.normalize("NFKD", name[:400]).encode("ascii", "ignore").decode()
    return _OTHER.sub("-", ascii_only.lower()).strip("-")[:60].strip("-") or "report"


class ReportFile:
    """One report file in the making, in a hidden folder next to where it will be.

    Written from one thread. `discard` may come from another: it takes effect at the next write, and after it
    nothing is ever published.
    """

    def __init__(self, folder: Path, stem: str, kind: Format) -> None:
        """`stem` is the name without extension. Raises OSError where the folder cannot be written."""
        self._folder = folder
        self._stem = stem
        self._kind = kind
        self._lock = threading.Lock()
        self._discarded = False
        self.published: Path | None = None
        self.count = 0
        """How many rows were written."""
        self.size: int | None = None
        self.sha256: str | None = None
        """Bytes and digest of the whole file, known before it is published."""
        self._scratch = folder / f".{stem}-{secrets.token_hex(4)}.part"
        self._scratch.mkdir(mode=0o700)
        self._path = self._scratch / f"report.{kind}"
        try:
            # Exclusive and private from the first moment, under any umask.
            opened = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            os.fchmod(opened, 0o600)
            hold(opened)
        except OSError:
            self.discard()
            raise
        self._raw: IO[bytes] = os.fdopen(opened, "w+b", buffering=1 << 16)
        self._writer: RowWriter | None = None

    def columns(self, names: Sequence[str]) -> None:
        """Say what the columns are called; once, before any row."""
        match self._kind:
            case "csv":
                self._writer = CsvWriter(self._raw, names)
            case "jsonl":
                self._writer = JsonLinesWriter(self._raw, names)
            case "xlsx":
                self._writer = XlsxWriter(self._raw, names, self._scratch)

    def rows(self, batch: Sequence[Row]) -> None:
        """Write these rows. Raises AbandonedError, ReportTooLargeError, OSError."""
        self._go_on()
        self._open_writer().rows(batch)
        self.count += len(batch)

    def publish(self) -> Path:
        """Complete the file and give it its name, which no other file has; return that, absolute."""
        self._open_writer().close()
        self._raw.flush()
        self._read_through()
        os.fsync(self._raw.fileno())
        self._raw.close()
        with self._lock:
            self._go_on()
            self.published = self._take_name()
        shutil.rmtree(self._scratch, ignore_errors=True)
        _sync_folder(self._folder)
        return self.published

    def discard(self) -> None:
        """Leave nothing behind, unless it is published already. Repeating it does no harm."""
        with self._lock:
            if self.published is None:
                self._discarded = True
                shutil.rmtree(self._scratch, ignore_errors=True)

    def close(self) -> None:
        """Let go of the open file; from the thread that writes."""
        # A full disk fails again here; it was told already.
        with contextlib.suppress(OSError):
            if self._writer is not None:
                self._writer.abandon()
            self._raw.close()
        if self._discarded:
            # What this thread made while the other one was removing.
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _read_through(self) -> None:
        # Not while it is written: an xlsx file is a zip archive, whose parts are written over.
        digest = hashlib.sha256()
        self._raw.seek(0)
        while chunk := self._raw.read(_CHUNK):
            self._go_on()
            digest.update(chunk)
        self.size = self._raw.tell()
        self.sha256 = digest.hexdigest()

    def _go_on(self) -> None:
        if self._discarded:
            raise AbandonedError

    def _open_writer(self) -> RowWriter:
        if self._writer is None:
            raise AssertionError("a report file needs its columns first")
        return self._writer

    def _take_name(self) -> Path:
        for number in range(1, 1000):
            again = "" if number == 1 else f"-{number}"
            path = (self._folder / f"{self._stem}{again}.{self._kind}").absolute()
            try:
                # Not rename, which replaces: databases that share a folder have the same execution ids.
                os.link(self._path, path)
            except FileExistsError:
                continue
            except OSError as error:
                if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
                    raise
                if not _rename_to_free(self._path, path):
                    continue
            return path
        raise FileExistsError(errno.EEXIST, "too many files of this name", str(self._folder / self._stem))


def _rename_to_free(source: Path, path: Path) -> bool:
    """Where there are no hard links: take the name with an empty file first, then replace that."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    source.replace(path)
    return True


def _sync_folder(folder: Path) -> None:
    # The name is safe only when the folder is; some file systems know no such thing.
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def plain_failure(error: OSError, folder: Path) -> str:
    """Say why a report file could not be written, and what to do."""
    where = one_line(str(folder), 120)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk is full: make room in {where} and retry"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"the output folder {where} cannot be written: {error.strerror}"
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return f"the output folder {where} is not there, or not a folder"
    return f"the report file in {where} cannot be written: {error.strerror or type(error).__name__}"
