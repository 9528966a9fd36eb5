"""Which schemas this program knows, and the step from one to the next."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobmon_tui.domain.errors import storage_unavailable

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent / "migrations"
UNFINISHED: Final = "copying "
"""Stands before the schema's name while `db copy` fills the database: nobody else may open it."""


def alembic_config() -> "Config":
    """Return Alembic's configuration; there is no file of it."""
    # Imported where a schema is changed: most commands find theirs as it should be.
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


@cache
def known_revisions() -> tuple[str, ...]:
    """Return every schema this program knows, newest first."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*.py")
    return tuple(sorted((each.name.partition("_")[0] for each in files), reverse=True))


def head_revision() -> str:
    """Return the newest schema this program knows."""
    return known_revisions()[0]


def require_known(revision: str | None, name: str) -> None:
    """Raise `storage_unavailable` for a schema that this program does not know, or an unfinished copy."""
    if revision is not None and revision.startswith(UNFINISHED):
        raise storage_unavailable(
            f"A copy into the database {name} has not been finished. Run the same jobmon db copy again: "
            "it goes on where it stopped."
        )
    if revision is not None and revision not in known_revisions():
        raise storage_unavailable(
            f"The database {name} was made by a newer jobmon (schema {revision}). Upgrade this program."
        )


def require_newest(revision: str | None, name: str) -> None:
    """Raise `storage_unavailable` unless the schema is the one that this program needs."""
    require_known(revision, name)
    if revision is None:
        raise storage_unavailable(f"The database {name} has not been set up. Run: jobmon init --admin NAME")
    if revision != head_revision():
        raise storage_unavailable(
            f"The database {name} has the schema {revision}, this program needs {head_revision()}. "
            "Run: jobmon db upgrade"
        )


def migrate(connection: "Connection", to: str = "head") -> None:
    """Bring the schema up to `to`, in the connection's transaction."""
    from alembic import command  # noqa: PLC0415

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)
