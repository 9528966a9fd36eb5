"""Where a query runs: the URL of a SQLite file or of a PostgreSQL database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationInfo

from jobmon_tui.runners.paths import absolute
from jobmon_tui.runners.secrets import has_reference

_HOW_TO_WRITE: Final = "must be sqlite:///file, sqlite:////absolute/file or postgresql://user@host/database"


@dataclass(frozen=True, slots=True)
class SqliteSource:
    """A SQLite file."""

    path: Path

    @property
    def label(self) -> str:
        """What failures call it."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class PostgresSource:
    """A PostgreSQL database. `dsn` may hold a password: never show it."""

    dsn: str
    label: str

    def __repr__(self) -> str:
        return f"PostgresSource({self.label})"


def parse(source: str) -> SqliteSource | PostgresSource:
    """Read a source whose references are resolved. Raises ValueError, without the source's text."""
    scheme, found, rest = source.partition("://")
    kind = scheme.lower().partition("+")[0]
    if not found or kind not in {"sqlite", "postgresql", "postgres"}:
        raise ValueError(_HOW_TO_WRITE)
    if kind == "sqlite":
        if not rest.startswith("/") or rest in {"/", "/:memory:"}:
            raise ValueError("must name a file, such as sqlite:///reports.db")
        return SqliteSource(Path(rest[1:]))
    try:
        parts = urlsplit(f"postgresql://{rest}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{_HOW_TO_WRITE}; the host or the port is not understood") from None
    where = f"{host or 'the default host'}{f':{port}' if port else ''}"
    return PostgresSource(parts.geturl(), f"PostgreSQL {parts.path.lstrip('/') or 'database'} on {where}")


def checked(source: str, info: ValidationInfo) -> str:
    """Check a source as it is written, and make the path of a SQLite file absolute. Raises ValueError."""
    if source.startswith("${") and has_reference(source):
        # The whole URL, or its scheme, is a secret: it is checked when the execution starts.
        return source
    if has_reference(source) and not source.lower().startswith("sqlite"):
        parse(_without_references(source))
        return source
    found = parse(source)
    if isinstance(found, PostgresSource):
        return source
    try:
        return f"sqlite:///{absolute(str(found.path), info)}"
    except ValueError:
        raise ValueError(
            "must name the file by an absolute path, with four slashes: sqlite:////path/to/file"
        ) from None


def _without_references(source: str) -> str:
    # A port may be a reference too, and has to look like one here.
    while (start := source.find("${")) >= 0 and (end := source.find("}", start)) >= 0:
        source = source[:start] + "1" + source[end + 1 :]
    return source
