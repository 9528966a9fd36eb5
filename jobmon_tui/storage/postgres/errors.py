"""What asyncpg's errors mean, in plain words, with no address and no password in them."""

import asyncio
import os
import re
import ssl

import asyncpg

from jobmon_tui.domain.errors import JobmonError, storage_unavailable
from jobmon_tui.domain.text import one_line

BROKEN = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    # What was prepared on it is out of date: the schema was brought up to date meanwhile.
    asyncpg.InvalidCachedStatementError,
    # Said by the server as it hangs up.
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What says that the connection is of no more use. Where it was not about to commit, nothing was kept."""
AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)
"""What says that the same unit of work may well succeed the next time: it sees then who was first."""
FAILURES = (*BROKEN, asyncpg.PostgresError)
"""Whatever asyncpg raises of its own."""

_PLAIN: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (asyncpg.InvalidPasswordError,),
        "it refused the account or its password. Check the user name in the URL, and PGPASSWORD, ~/.pgpass "
        "(only you may read it: mode 0600) or what was kept by: jobmon db set-password",
    ),
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),
        "it does not let this account in from here. Check the user name in the URL; its pg_hba.conf may want "
        "sslmode=require, or name this machine.",
    ),
    (
        (asyncpg.TargetServerAttributeNotMatched,),
        "none of its servers is what target_session_attrs in the URL asks for. Is the primary gone?",
    ),
    ((asyncpg.InvalidCatalogNameError,), "there is no such database. Create it with: createdb NAME"),
    (
        (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError, asyncpg.UndefinedColumnError),
        "it has not been set up, or not completely. Run: jobmon db upgrade",
    ),
    (
        (asyncpg.InsufficientPrivilegeError,),
        "this account may not do that. See docs/postgresql.md for its rights.",
    ),
    ((asyncpg.ReadOnlySQLTransactionError,), "it can only be read now. Is it a standby? Name the primary."),
    ((asyncpg.CannotConnectNowError,), "it is starting or stopping. Try again in a moment."),
    (
        (asyncpg.TooManyConnectionsError,),
        "it has no connection left. Raise max_connections, or close some dashboards.",
    ),
    ((asyncpg.DiskFullError,), "its disk is full. Make room, then try again."),
    (
        (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError),
        "others hold what is needed. Try again in a moment.",
    ),
    (
        (asyncpg.QueryCanceledError, asyncio.TimeoutError),
        "it does not answer in time. Try again in a moment.",
    ),
    ((asyncpg.InvalidCachedStatementError,), "its schema has just changed. Try again."),
    ((ssl.SSLError,), "the encrypted connection could not be made. Check sslmode and the certificates."),
    (
        (
            asyncpg.AdminShutdownError,
            asyncpg.CrashShutdownError,
            asyncpg.PostgresConnectionError,
            asyncpg.IdleInTransactionSessionTimeoutError,
        ),
        "the connection was closed. Try again in a moment.",
    ),
    (
        (asyncpg.InsufficientResourcesError, asyncpg.PostgresSystemError, asyncpg.InternalServerError),
        "something is wrong with the server itself. Its log says what.",
    ),
    (
        (asyncpg.InterfaceError, asyncpg.InternalClientError),
        "the connection is of no more use. Try again in a moment.",
    ),
)


class SettingError(OSError):
    """Something that the URL or the environment names cannot be used; `strerror` says what, and why."""


def _unusable(error: BaseException) -> str | None:
    """Return what is wrong with the settings, in the words of whoever found out."""
    if isinstance(error, SettingError):
        return error.strerror
    if isinstance(error, asyncpg.ClientConfigurationError):
        said = str(error).splitlines()[0]
        # Some quote the URL.
        return "its URL or a PG* variable: " + (type(error).__name__ if "@" in said else one_line(said, 160))
    if isinstance(error, asyncpg.UndefinedObjectError | asyncpg.CantChangeRuntimeParamError):
        return f"its URL names a setting that the server does not take: {one_line(str(error), 120)}"
    return None


def _unreachable(error: OSError) -> str:
    # Of several addresses asyncio joins what each one said; asyncio's own words quote the address.
    number = error.errno or int((re.search(r"\[Errno (\d+)\]", str(error)) or [0, 0])[1])
    return os.strerror(number) if number > 0 else one_line(error.strerror or "the connection was closed", 80)


def pg_error(error: BaseException, name: str) -> JobmonError | None:
    """Return the plain error, None for a defect of ours. `name` is the database's, with no secrets."""
    reason = _unusable(error)
    if reason is not None:
        return storage_unavailable(f"The database {name} cannot be used: {reason}.")
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        return None  # an argument that fits its column not
    for kinds, plain in _PLAIN:
        if isinstance(error, kinds):
            return storage_unavailable(f"The database {name} cannot be used: {plain}")
    if isinstance(error, OSError):
        reason = _unreachable(error)
        return storage_unavailable(f"The database {name} cannot be reached: {reason}. Is the server running?")
    if isinstance(error, asyncpg.PostgresError) and not isinstance(error, asyncpg.SyntaxOrAccessError):
        # A rule of its own, or of whoever keeps it.
        reason = one_line(str(error.args[0] if error.args else type(error).__name__), 160)
        return storage_unavailable(f"The database {name} refused this: {reason}. Nothing was kept.")
    return None
