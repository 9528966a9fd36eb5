"""Small looks at files, apart from the tests' event loop."""

from pathlib import Path


def inside(folder: Path) -> list[Path]:
    """Everything in a folder, hidden ones too."""
    return sorted(folder.iterdir())


def read(path: Path | None) -> bytes:
    """A report's bytes; there has to be a report."""
    assert path is not None
    return path.read_bytes()


def lines(path: Path | None) -> list[str]:
    """A report's lines."""
    return read(path).decode().splitlines()


def there(path: Path) -> bool:
    """Whether a file exists."""
    return path.exists()


def write(path: Path, text: str) -> None:
    """Make a file."""
    path.write_text(text)


def moved(path: Path, to: Path) -> Path:
    """Rename a file and return its new path."""
    return path.rename(to)


def mode(path: Path) -> int:
    """Who may do what with it."""
    return path.stat().st_mode & 0o777
