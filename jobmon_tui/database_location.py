"""Where the database is: a SQLite file, or a PostgreSQL server. What is shown never holds a password."""

import getpass
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit, urlunsplit

from platformdirs import user_data_path

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line

_POSTGRES = frozenset({"postgresql", "postgres"})
_MALFORMED = (
    "The database URL is malformed. Write it as sqlite:///path, with four slashes where the path is "
    "absolute, or as postgresql://user@host/database."
)


@dataclass(frozen=True, slots=True)
class SqliteLocation:
    """A SQLite file."""

    path: Path

    @property
    def url(self) -> str:
        """The location as a URL."""
        return f"sqlite:///{self.path}"

    @property
    def identity(self) -> str:
        """What tells this database from all others, as the keyring's entry is named."""
        return f"session:{self.path.resolve()}"

    @property
    def label(self) -> str:
        """What people call it."""
        return f"SQLite {self.path.name}"

    @property
    def place(self) -> str:
        """Where people find it."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class PostgresLocation:
    """A database on a PostgreSQL server. `dsn` is libpq's URL, and may hold a password."""

    dsn: str = field(repr=False)

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.dsn)

    @property
    def _host(self) -> str:
        asked = parse_qs(self._parts.query).get("host", [])
        return self._parts.hostname or (asked[0] if asked else "localhost")

    @property
    def name(self) -> str:
        """The database's own name."""
        return unquote(self._parts.path.lstrip("/")) or unquote(self._parts.username or getpass.getuser())

    @property
    def url(self) -> str:
        """The location as a URL, without the password."""
        parts = self._parts
        user, _, address = parts.netloc.rpartition("@")
        name = user.partition(":")[0]
        return urlunsplit(parts._replace(netloc=f"{name}@{address}" if name else address, query=self._kept()))

    def _kept(self) -> str:
        return "&".join(each for each in self._parts.query.split("&") if not each.startswith("password="))

    @property
    def identity(self) -> str:
        """What tells this database from all others, as the keyring's entry is named."""
        return f"session:{self.url}"

    @property
    def label(self) -> str:
        """What people call it."""
        host = self._host
        return f"PostgreSQL {self.name}" + ("" if host.startswith("/") else f" on {host}")

    @property
    def place(self) -> str:
        """Where people find it."""
        return self.url


DatabaseLocation: TypeAlias = SqliteLocation | PostgresLocation


def default_folder() -> Path:
    """Return the user's data folder of this program."""
    return user_data_path("jobmon-tui", appauthor=False)


def absolute(path: Path) -> Path:
    """Return the path with `~` filled in, absolute. Raises ValueError where `~` is nobody's."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError(f"{one_line(path.parts[0], 60)} is the home folder of nobody here") from None


def parse_location(url: str) -> DatabaseLocation:
    """Read a database URL; empty means a file in the user's data folder. Raises `invalid_input`."""
    if not url:
        return SqliteLocation(default_folder() / "jobmon.db")
    scheme, separator, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if separator and kind in _POSTGRES and "\0" not in rest:
        return _postgres(rest)
    path = rest[1:]
    if not separator or kind != "sqlite" or not rest.startswith("/") or not path or "\0" in path:
        raise invalid_input(_MALFORMED)
    if path == ":memory:" or "?" in path:
        raise invalid_input(f"The database must be a plain file: {one_line(path.partition('?')[0], 60)}")
    try:
        return SqliteLocation(absolute(Path(path)))
    except ValueError as error:
        raise invalid_input(f"The database URL cannot be used: {error}.") from None


def _postgres(rest: str) -> PostgresLocation:
    dsn = f"postgresql://{rest}"
    try:
        parts = urlsplit(dsn)
        port = parts.port
    except ValueError:
        raise invalid_input(_MALFORMED) from None
    if port == 0 or parts.fragment:
        # A `#` in a password ends the URL there; it is written %23.
        raise invalid_input(f"{_MALFORMED} Write a # in it as %23.")
    return PostgresLocation(dsn)


def sqlite_path(location: DatabaseLocation, instead: str) -> Path:
    """Return the file. Raises `invalid_input` for PostgreSQL, which says what to do `instead`."""
    if isinstance(location, PostgresLocation):
        raise invalid_input(f"This is for SQLite files. {instead}")
    return location.path
