"""Settings from the environment. No secrets in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from platformdirs import user_data_path
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobmon_tui.domain.errors import invalid_input

_SQLITE = "sqlite"


class Settings(BaseSettings):
    """What is set; every field is read from `JOBMON_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="JOBMON_", extra="ignore")
    database_url: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseLocation:
    """Where the SQLite file is."""

    path: Path

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a database URL; empty means the user's data folder. Raises `invalid_input`."""
        if not url:
            return cls(user_data_path("jobmon-tui", appauthor=False) / "jobmon.db")
        scheme, separator, rest = url.partition("://")
        kind = scheme.partition("+")[0]
        if separator and kind in {"postgresql", "postgres"}:
            raise invalid_input("PostgreSQL is not supported yet. Use sqlite:///path.")
        if not separator or kind != _SQLITE or not rest.startswith("/") or rest == "/":
            raise invalid_input("JOBMON_DATABASE_URL is malformed. Write it as sqlite:///path.")
        return cls(Path(rest[1:]).absolute())
