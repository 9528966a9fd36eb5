"""Paths in parameters are stored absolute: a report means the same wherever its worker was started."""

from pathlib import Path

from pydantic import ValidationInfo

from jobmon_tui.domain.text import one_line
from jobmon_tui.runners.secrets import has_reference


def base_of(info: ValidationInfo) -> Path | None:
    """The folder that relative paths are relative to, as whoever validates has said; None if nobody did."""
    base = info.context.get("base") if isinstance(info.context, dict) else None
    return base if isinstance(base, Path) else None


def absolute(path: str, info: ValidationInfo) -> str:
    """Return `path` absolute. Raises ValueError where it is empty, or relative to nothing known."""
    if not path or "\0" in path:
        raise ValueError("must be a path")
    try:
        expanded = Path(path).expanduser() if path.startswith("~") else Path(path)
    except RuntimeError:
        raise ValueError(
            f"{one_line(path.partition('/')[0], 60)} is the home folder of nobody here"
        ) from None
    if expanded.is_absolute():
        return str(expanded)
    if path.startswith("${") and has_reference(path):
        return path
    base = base_of(info)
    if base is None:
        raise ValueError("must be an absolute path")
    return str((base / expanded).resolve())
