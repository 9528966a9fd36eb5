"""Where the database is: a SQLite file, or a PostgreSQL server. What is shown never holds a password."""

import getpass
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit, urlunsplit

from platformdirs import user_data_path

from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.domain.text import one_line

_POSTGRES = frozenset({"postgresql", "postgres"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_MALFORMED = (
    "The database URL is malformed. Write it as sqlite:///path, with four slashes where the path is "
    "absolute, or as postgresql://user@host/database."
)


@dataclass(frozen=True, slots=True)
class SqliteLocation:
    """A SQLite file."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

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
        return unquote(self._parts.path.lstrip("/")) or os.environ.get("PGDATABASE") or self.user

    @property
    def url(self) -> str:
        """The location as a URL, without the password."""
        parts = self._parts
        user, _, address = parts.netloc.rpartition("@")
        name = user.partition(":")[0]
        return urlunsplit(parts._replace(netloc=f"{name}@{address}" if name else address, query=self._kept()))

    def _kept(self) -> str:
        return "&".join(each for each in self._parts.query.split("&") if not _is_secret(each))

    @property
    def identity(self) -> str:
        """What tells this database from all others, as the keyring's entry is named."""
        return f"session:{self.url}"

    @property
    def holds_password(self) -> bool:
        """True where the URL itself has a password in it."""
        parts = self._parts
        return bool(parts.password) or any(_is_secret(each) for each in parts.query.split("&"))

    @property
    def password_identity(self) -> str:
        """Whose password this is, as the keyring's entry is named: the account's, on its server."""
        hosts = self._parts.netloc.rpartition("@")[2] or self._host
        return f"password:{self.user}@{hosts}"

    @property
    def user(self) -> str:
        """The account on the server."""
        asked = parse_qs(self._parts.query).get("user", [])
        return unquote(self._parts.username or "") or (asked[0] if asked else _own_name())

    @property
    def crosses_network(self) -> bool:
        """True unless the server is reached through a socket or this machine's own address."""
        hosts = self._parts.netloc.rpartition("@")[2].split(",") if self._parts.netloc else [self._host]
        names = [
            each.rpartition(":")[0] if not each.endswith("]") and ":" in each else each for each in hosts
        ]
        return any(each and not each.startswith("/") and each not in _LOOPBACK for each in names)

    @property
    def label(self) -> str:
        """What people call it."""
        host = self._host
        return f"PostgreSQL {self.name}" + ("" if host.startswith("/") else f" on {host}")

    @property
    def place(self) -> str:
        """Where people find it."""
        return self.url


def _is_secret(part: str) -> bool:
    return part.startswith(("password=", "sslpassword="))


def _own_name() -> str:
    return os.environ.get("PGUSER") or getpass.getuser()


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
        # Several hosts may stand there, of which the first that serves is taken.
        who, at, hosts = parts.netloc.rpartition("@")
        ports = [urlsplit(f"//{who}{at}{host}").port for host in hosts.split(",")]
        parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise invalid_input(_MALFORMED) from None
    if 0 in ports or parts.fragment:
        # A `#` in a password ends the URL there; it is written %23.
        raise invalid_input(f"{_MALFORMED} Write a # in it as %23.")
    return PostgresLocation(dsn)


def refuse_password(url: str, where: str) -> None:
    """Raise `invalid_input` where a database URL that was written at `where` has a password in it."""
    try:
        location = parse_location(url)
    except JobmonError:
        return  # said where it is used
    if isinstance(location, PostgresLocation) and location.holds_password:
        raise invalid_input(
            f"{where}: a password does not belong there, where others may read it. Leave it out, and use "
            "PGPASSWORD, ~/.pgpass, or: jobmon db set-password"
        )


def sqlite_path(location: DatabaseLocation, instead: str) -> Path:
    """Return the file. Raises `invalid_input` for PostgreSQL, which says what to do `instead`."""
    if isinstance(location, PostgresLocation):
        raise invalid_input(f"This is for SQLite files. {instead}")
    return location.path
