"""What `doctor` says of a PostgreSQL server."""

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobmon_tui.bootstrap import postgres_source
from jobmon_tui.cli.finding import Finding, Grade
from jobmon_tui.database_location import PostgresLocation
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.storage.schema import head_revision, require_newest

if TYPE_CHECKING:
    from jobmon_tui.storage.postgres.maintenance import PgFacts

_OLDEST: Final = 130_000
_CLOCK_SECONDS: Final = 2.0
_FEW: Final = 10
"""Free connections: a worker or a dashboard takes up to five."""
_ROLES: Final = "See docs/postgresql.md for the rights of each account."


def findings(location: PostgresLocation) -> Iterator[Finding]:
    """Look at the server without changing anything in it."""
    from jobmon_tui.storage.postgres.maintenance import look_at_server

    yield from _password_file()
    try:
        facts = asyncio.run(look_at_server(postgres_source(location)))
    except JobmonError as refusal:
        yield Finding("database", Grade.BAD, refusal.message)
        return
    yield _version(facts)
    yield _schema(location, facts)
    yield _rights(facts)
    yield _line(location, facts)
    yield _clock(facts)
    yield _notes(facts)
    yield _connections(facts)


def _password_file() -> Iterator[Finding]:
    path = Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        text = f"{path} is not used: others can read it"
        yield Finding("password file", Grade.WARN, text, f"chmod 600 {path}")


def _version(facts: "PgFacts") -> Finding:
    if facts.number < _OLDEST:
        return Finding("server", Grade.BAD, f"PostgreSQL {facts.server}", "PostgreSQL 13 or newer is needed.")
    return Finding("server", Grade.OK, f"PostgreSQL {facts.server}")


def _schema(location: PostgresLocation, facts: "PgFacts") -> Finding:
    try:
        require_newest(facts.schema, location.name)
    except JobmonError as refusal:
        return Finding("database", Grade.BAD, refusal.message)
    if facts.is_standby:
        return Finding(
            "database", Grade.WARN, f"{location.place} is a standby: only for looking", "Name the primary."
        )
    if facts.is_read_only:
        return Finding(
            "database",
            Grade.WARN,
            f"{location.place} is read-only by default",
            "See default_transaction_read_only on the server.",
        )
    return Finding("database", Grade.OK, f"{location.place}, schema {head_revision()}")


def _rights(facts: "PgFacts") -> Finding:
    if facts.unseen:
        return Finding(
            "database rights", Grade.BAD, f"“{facts.account}” may not read {', '.join(facts.unseen)}", _ROLES
        )
    if facts.lacking:
        return Finding(
            "database rights",
            Grade.WARN,
            f"“{facts.account}” may only look; it lacks {', '.join(facts.lacking)}",
            f"{_ROLES} Who only looks needs no more.",
        )
    may = "may do everything" if facts.is_owner else "may look, retry and run; not upgrade"
    return Finding("database rights", Grade.OK, f"“{facts.account}” {may}")


def _line(location: PostgresLocation, facts: "PgFacts") -> Finding:
    how = "Add to the URL: ?sslmode=verify-full&sslrootcert=FILE"
    if facts.cipher is not None:
        checked = (
            "the server's certificate is checked" if facts.is_verified else "its certificate is not checked"
        )
        weak = location.crosses_network and not facts.is_verified
        return Finding(
            "encryption",
            Grade.WARN if weak else Grade.OK,
            f"{facts.cipher}, {checked}",
            how if weak else None,
        )
    if location.crosses_network:
        text = "none: what is sent can be read on the way"
        return Finding("encryption", Grade.WARN, text, how)
    return Finding("encryption", Grade.OK, "none, and none is needed on this machine")


def _clock(facts: "PgFacts") -> Finding:
    ahead = facts.clock_ahead
    if abs(ahead) < _CLOCK_SECONDS:
        return Finding("clock", Grade.OK, "agrees with the server's")
    which = "ahead of" if ahead > 0 else "behind"
    return Finding(
        "clock",
        Grade.WARN,
        f"the server's is {abs(ahead):,.1f} s {which} this machine's",
        "Set both by NTP: schedules and the times shown follow the clock of each machine.",
    )


def _notes(facts: "PgFacts") -> Finding:
    if facts.is_heard:
        return Finding("LISTEN", Grade.OK, "changes are told at once")
    return Finding(
        "LISTEN",
        Grade.WARN,
        "a standby tells of nothing" if facts.is_standby else "a note did not arrive",
        "Changes show within seconds all the same. Behind PgBouncer, pool sessions: see docs/postgresql.md.",
    )


def _connections(facts: "PgFacts") -> Finding:
    text = f"{facts.used} of {facts.most} in use"
    if facts.most - facts.used >= _FEW:
        return Finding("connections", Grade.OK, text)
    return Finding("connections", Grade.WARN, text, "Raise max_connections, or close some dashboards.")
