"""The formats of report files: CSV, JSON Lines and XLSX, written row by row in bounded memory.

Values are the same in all three: times as ISO 8601, bytes as lower-case hexadecimal digits, lists and other
composed values as JSON text. Nothing is quoted or changed for the sake of the program that opens the file.
"""

import csv
import importlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Final, Protocol

EXCEL_ROWS: Final = 1_048_576
EXCEL_COLUMNS: Final = 16_384
EXCEL_TEXT: Final = 32_767
_EXCEL_DIGITS: Final = 15
_SHOWN: Final = re.compile(r"<[A-Z]\w+ (.*)>", re.DOTALL)

Row = Sequence[object]


class ReportTooLargeError(Exception):
    """The rows do not fit the format; the message says what to do."""


class RowWriter(Protocol):
    """Writes rows of one report."""

    def rows(self, batch: Sequence[Row]) -> None:
        """Write these rows."""
        ...

    def close(self) -> None:
        """Complete the file's content; the file itself stays open."""
        ...

    def abandon(self) -> None:
        """Let go of what is open: the file will not be completed. Harmless after `close`."""
        ...


def plain(value: object) -> object:
    """Reduce a value to None, bool, int, float, Decimal or text."""
    if value is None or isinstance(value, (str, bool, int, float, Decimal)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(_jsonable(value), ensure_ascii=False)
    text = str(value)
    # A driver's own types (ranges, bit strings) show as <Range [1, 5)>; the inner part is the value.
    inner = _SHOWN.fullmatch(text)
    return inner[1] if inner else text


class CsvWriter:
    """CSV as Python's csv module writes it by default: commas, CRLF, quotes where needed, UTF-8.

    Always with a header, the column names as they are. NULL is empty; true and false are written so.
    """

    def __init__(self, file: IO[bytes], columns: Sequence[str]) -> None:
        self._file = file
        self._csv = csv.writer(_Encoded(file))
        self._csv.writerow(columns)

    def rows(self, batch: Sequence[Row]) -> None:
        """Write these rows."""
        self._csv.writerows([_csv_value(value) for value in row] for row in batch)

    def close(self) -> None:
        """Nothing is left to write."""

    def abandon(self) -> None:
        """Nothing else is open."""


class JsonLinesWriter:
    """JSON Lines: an object a line, UTF-8, NULL as null.

    A column name that comes twice gets a number: `id`, `id_2`. A decimal number that no JSON reader would
    give back unchanged, and an infinite one, is text.
    """

    def __init__(self, file: IO[bytes], columns: Sequence[str]) -> None:
        self._file = file
        self._names = unique(columns)

    def rows(self, batch: Sequence[Row]) -> None:
        """Write these rows."""
        lines = [
            json.dumps(
                dict(zip(self._names, map(_jsonable, row), strict=True)), ensure_ascii=False, allow_nan=False
            )
            for row in batch
        ]
        self._file.write(("\n".join(lines) + "\n").encode("utf-8", "replace") if lines else b"")

    def close(self) -> None:
        """Nothing is left to write."""

    def abandon(self) -> None:
        """Nothing else is open."""


class XlsxWriter:
    """One worksheet with a header. Text is never a formula or a link, whatever it begins with.

    Numbers of more than 15 digits are text, since Excel would round them.
    """

    def __init__(self, file: IO[bytes], columns: Sequence[str], scratch: Path) -> None:
        """`scratch` is a folder for temporary files."""
        if len(columns) > EXCEL_COLUMNS:
            raise ReportTooLargeError(
                f"an xlsx sheet holds {EXCEL_COLUMNS:,} columns, not {len(columns):,}; use csv"
            )
        self._columns = columns
        # Imported here: a worker that writes no xlsx does without.
        module = importlib.import_module("xlsxwriter")
        self._sink = _Sink(file)
        self._book = module.Workbook(
            self._sink,
            {
                "constant_memory": True,
                "tmpdir": str(scratch),
                "strings_to_numbers": False,
                "strings_to_formulas": False,
                "strings_to_urls": False,
            },
        )
        self._sheet = self._book.add_worksheet()
        self._next = 0
        self._row(columns)

    def rows(self, batch: Sequence[Row]) -> None:
        """Write these rows. Raises ReportTooLargeError."""
        for row in batch:
            self._row(row)

    def close(self) -> None:
        """Assemble the workbook."""
        self._book.close()

    def abandon(self) -> None:
        """Keep the workbook from completing itself when it is forgotten."""
        self._sink.abandoned = True
        self._book.fileclosed = True
        if self._sheet.row_data_fh is not None:
            self._sheet.row_data_fh.close()

    def _row(self, row: Row) -> None:
        if self._next >= EXCEL_ROWS:
            raise ReportTooLargeError(
                f"an xlsx sheet holds {EXCEL_ROWS - 1:,} rows below its header, and there are more; "
                "use csv or jsonl"
            )
        for column, value in enumerate(map(_excel_value, row)):
            if value is None:
                continue
            if isinstance(value, bool):
                self._sheet.write_boolean(self._next, column, value)
            elif isinstance(value, (int, float)):
                self._sheet.write_number(self._next, column, value)
            else:
                text = str(value)
                if len(text) > EXCEL_TEXT:
                    raise ReportTooLargeError(
                        f"row {self._next}, column “{self._columns[column]}” has {len(text):,} characters, "
                        f"an xlsx cell takes {EXCEL_TEXT:,}; use csv or jsonl"
                    )
                self._sheet.write_string(self._next, column, text)
        self._next += 1


def unique(names: Sequence[str]) -> list[str]:
    """Return the names with `_2`, `_3` ... behind those that came before."""
    taken = set(names)
    seen: set[str] = set()
    found = []
    for name in names:
        new, number = name, 2
        while new in seen or (new != name and new in taken):
            new, number = f"{name}_{number}", number + 1
        seen.add(new)
        found.append(new)
    return found


class _Sink:
    """What the workbook writes to.

    A zip archive that was left half-written tries to complete itself when it is forgotten, and complains on
    standard error, which is the dashboard's terminal. Once abandoned, this lets it, into nowhere.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._at = 0
        self.abandoned = False

    def write(self, data: bytes) -> int:
        if not self.abandoned:
            self._file.write(data)
        self._at += len(data)
        return len(data)

    def seek(self, offset: int) -> int:
        if not self.abandoned:
            self._file.seek(offset)
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        if not self.abandoned:
            self._file.flush()


class _Encoded:
    """What csv.writer writes to: encodes each row itself, so that there is no text layer to close."""

    def __init__(self, file: IO[bytes]) -> None:
        self._write: Callable[[bytes], object] = file.write

    def write(self, text: str) -> None:
        self._write(text.encode("utf-8", "replace"))


def _csv_value(value: object) -> object:
    value = plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else value


def _jsonable(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(key): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(inner) for inner in value]
    return plain(value)


def _number(value: Decimal) -> object:
    """A decimal as the JSON number that says the same, else as text."""
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value() and abs(value.adjusted()) < 30:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def _excel_value(value: object) -> object:
    value = plain(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**_EXCEL_DIGITS else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        fits = value.is_finite() and len(value.normalize().as_tuple().digits) <= _EXCEL_DIGITS
        return float(value) if fits and abs(value.adjusted()) < 300 else format(value, "f")
    return value
