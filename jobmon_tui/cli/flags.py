"""The dashboard's flags, read with no library: plain `jobmon` paints before it could import one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jobmon_tui.domain.errors import invalid_input

_CHOICES = ("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class DashboardFlags:
    """What was said on the command line; None and False say nothing."""

    scheduler: str | None = None
    slow: bool = False
    linear: bool = False
    no_mouse: bool = False
    server: str | None = None
    read_only: bool = False
    profile: str | None = None

    def check(self) -> None:
        """Raise `invalid_input` where a value is none of its choices."""
        if self.scheduler not in {None, *_CHOICES}:
            raise invalid_input("--scheduler is one of auto, on, off.")

    @property
    def settings(self) -> dict[str, str | bool | None]:
        """The settings that the flags replace, as `load_settings` takes them."""
        return {
            "scheduler": self.scheduler,
            "slow": "on" if self.slow else None,
            "mouse": False if self.no_mouse else None,
            "server": self.server,
            "read_only": True if self.read_only else None,
        }


def dashboard_flags(arguments: Sequence[str]) -> DashboardFlags | None:
    """Return the flags where there is nothing else, None where Typer has to read what there is."""
    flags, rest = DashboardFlags(), list(arguments)
    while rest:
        match rest:
            case ["--scheduler", value, *others]:
                flags, rest = replace(flags, scheduler=value), others
            case [one, *others] if one.startswith("--scheduler="):
                flags, rest = replace(flags, scheduler=one.partition("=")[2]), others
            case ["--server", value, *others]:
                flags, rest = replace(flags, server=value), others
            case [one, *others] if one.startswith("--server="):
                flags, rest = replace(flags, server=one.partition("=")[2]), others
            case ["--slow", *others]:
                flags, rest = replace(flags, slow=True), others
            case ["--linear", *others]:
                flags, rest = replace(flags, linear=True), others
            case ["--read-only", *others]:
                flags, rest = replace(flags, read_only=True), others
            case ["--profile", value, *others]:
                flags, rest = replace(flags, profile=value), others
            case [one, *others] if one.startswith("--profile="):
                flags, rest = replace(flags, profile=one.partition("=")[2]), others
            case ["--no-mouse", *others]:
                flags, rest = replace(flags, no_mouse=True), others
            case _:
                return None
    return flags
