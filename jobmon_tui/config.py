"""Settings: a flag, else the environment, else the configuration file, else the default. No secrets in it.

It imports pydantic, which costs more than the first paint may: the dashboard imports it afterwards.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from jobmon_tui.config_file import KEYS, config_path, expanded, read_config
from jobmon_tui.config_profiles import chosen
from jobmon_tui.database_location import (
    DatabaseLocation,
    absolute,
    default_folder,
    parse_location,
    refuse_password,
)
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.looks import DEFAULT_THEME, Glyphs, no_theme, theme_called
from jobmon_tui.domain.report import QUEUE_LIMIT
from jobmon_tui.domain.text import one_line
from jobmon_tui.toml_lines import TomlFile

_PREFIX = "JOBMON_"
_FLAGS = {"database_url": "database", "queues": "queue"}
_LONGEST = 86_400.0


def _not_a_flag(value: object) -> object:
    # TOML's `true` is no number of seconds, though Python would take it for 1.
    if isinstance(value, bool):
        raise ValueError("write a number")  # noqa: TRY004  # pydantic takes ValueError only
    return value


def _queue_names(value: object) -> object:
    # In the environment one text has to hold them all.
    names = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(each, str) for each in names):
        raise ValueError("write the names of queues, with commas between them")
    for each in names:
        if not each or each != one_line(each, QUEUE_LIMIT):
            raise ValueError(f"the name of a queue has 1 to {QUEUE_LIMIT} characters on one line")
    return tuple(dict.fromkeys(names))


def _theme(name: str) -> str:
    found = theme_called(name)
    if found is None:
        raise ValueError(no_theme(name).removesuffix("."))
    return found


def _absolute_or_none(path: Path | None) -> Path | None:
    return None if path is None else absolute(path)


Minutes = Annotated[float, BeforeValidator(_not_a_flag), Field(ge=0.1, le=1_440.0, allow_inf_nan=False)]
DayMinutes = Annotated[float, BeforeValidator(_not_a_flag), Field(ge=0, le=1_440.0, allow_inf_nan=False)]
"""Zero is never."""
Seconds = Annotated[float, BeforeValidator(_not_a_flag), Field(ge=0, le=_LONGEST, allow_inf_nan=False)]


class Settings(BaseSettings):
    """What is set. Make it with `load_settings`, which explains what is wrong. Times in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, extra="ignore", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    database_url: str = Field(default="", repr=False)
    server: str = ""
    server_ca: Annotated[Path | None, AfterValidator(_absolute_or_none)] = None
    output_dir: Annotated[Path, AfterValidator(absolute)] = Field(
        default_factory=lambda: default_folder() / "reports"
    )
    concurrency: Annotated[int, BeforeValidator(_not_a_flag)] = Field(default=4, ge=1, le=256)
    queues: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_queue_names)] = ()
    scheduler: Literal["auto", "on", "off"] = "auto"
    drain_seconds: Seconds = 30.0
    output_kib: Annotated[int, BeforeValidator(_not_a_flag)] = Field(default=64, ge=1, le=4096)
    theme: Annotated[str, AfterValidator(_theme)] = DEFAULT_THEME
    glyphs: Glyphs = "auto"
    linear: bool = False
    mouse: bool = True
    bell: bool = False
    slow: Literal["auto", "on", "off"] = "auto"
    toast_seconds: Seconds = 6.0
    error_toast_seconds: Seconds = 15.0
    read_only: bool = False
    lock_minutes: DayMinutes = 15.0
    session_idle_minutes: DayMinutes = 120.0
    audit_anchor_file: Annotated[Path | None, AfterValidator(_absolute_or_none)] = None
    audit_anchor_syslog: bool = False
    audit_anchor_minutes: Minutes = 10.0
    token: str = Field(default="", repr=False)

    @property
    def session_idle(self) -> timedelta | None:
        """How long a session may rest; None for ever."""
        return timedelta(minutes=self.session_idle_minutes) if self.session_idle_minutes else None

    @property
    def database(self) -> DatabaseLocation:
        """Where the database is. Raises `invalid_input`."""
        return parse_location(self.database_url)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources."""
        found = read_config()
        return init_settings, env_settings, InitSettingsSource(settings_cls, _from_file(found))


def _from_file(found: TomlFile | None) -> dict[str, object]:
    if found is None:
        return {}
    values: dict[str, object] = dict(found.values)
    for key in ("output_dir", "audit_anchor_file", "server_ca"):
        path = values.get(key)
        if isinstance(path, str):
            # Relative to the file, not to wherever the program was started.
            own = expanded(Path(path), f"{found.at(key)}: {key}")
            values[key] = str(found.path.absolute().parent / own)
    return values


def _origin(key: str, flags: Mapping[str, object], found: TomlFile | None) -> str:
    if key in flags:
        return "--" + _FLAGS.get(key, key.replace("_", "-"))
    if os.environ.get(_PREFIX + key.upper()):
        return _PREFIX + key.upper()
    if found is not None and key in found.values:
        return found.at(key)
    return "default"


def _complaint(error: ValidationError, flags: Mapping[str, object]) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    key = str(first["loc"][0]) if first["loc"] else "settings"
    reason = first["msg"].removeprefix("Value error, ").replace("Input should be ", "must be ")
    origin = _origin(key, flags, read_config())
    return f"{origin}: {reason}." if origin.startswith(("-", _PREFIX)) else f"{origin}: {key}: {reason}."


def load_settings(**flags: object) -> Settings:
    """Return the settings, where a flag of None says nothing.

    Raises `invalid_input`, in one line that names the flag, the variable, or the file with line and key.
    """
    given = {key: value for key, value in flags.items() if value is not None}
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise invalid_input(_complaint(error, given)) from None
    where = _origin("database_url", given, read_config())
    if not where.startswith(_PREFIX):
        # Only the environment may hold one: a command line and a file are read by others.
        refuse_password(settings.database_url, where)
    return settings


@dataclass(frozen=True, slots=True)
class Provenance:
    """One setting: its value as it may be shown, and where it comes from."""

    key: str
    value: str | int | float | None
    origin: str


def provenance(**flags: object) -> Sequence[Provenance]:
    """Return each setting with where it comes from, secrets masked. Raises `invalid_input`."""
    given = {key: value for key, value in flags.items() if value is not None}
    settings = load_settings(**flags)
    found = read_config()
    shown: dict[str, str | int | float | None] = {
        key: value if isinstance(value := getattr(settings, key), str | int | float) else str(value)
        for key in KEYS
    }
    shown["database_url"] = settings.database.url
    shown["audit_anchor_file"] = str(settings.audit_anchor_file or "none")
    shown["queues"] = ", ".join(settings.queues) or "all"
    rows = [Provenance(key, shown[key], _origin(key, given, found)) for key in KEYS]
    token = "********" if settings.token else None
    rows.append(Provenance("token", token, _origin("token", given, found) if token else "keyring, if any"))
    name, chosen_at = chosen(found)
    rows.append(Provenance("profile", name, chosen_at))
    where = "JOBMON_CONFIG" if os.environ.get("JOBMON_CONFIG") else "default"
    rows.append(Provenance("config_file", str(config_path()) + ("" if found else " (not there)"), where))
    return rows
