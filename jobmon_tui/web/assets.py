"""What the page is made of: our own files, and the terminal and its font from textual-serve's package.

All of it is read once, at the start, and nothing else of any folder can be asked for.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_OURS = Path(__file__).with_name("page")
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
_OWN = ("page.css", "page.js", "icon.svg")
_THEIRS = ("js/textual.js", "css/xterm.css", "fonts/RobotoMono-VariableFont_wght.ttf")
_COMPRESSION = 6


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    compressed: bytes
    type: str
    tag: str
    """Its ETag: the beginning of its SHA-256."""


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    packed = gzip.compress(content, _COMPRESSION, mtime=0)
    return Asset(content, packed, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])


def _terminal_folder() -> Path:
    # Not imported: its server brings Jinja and Rich with it.
    found = find_spec("textual_serve")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("textual-serve is not installed")
    return Path(found.submodule_search_locations[0]) / "static"


def read_assets() -> Mapping[str, Asset]:
    """Return the files by the name under which they are asked for. Raises `OSError` where one is missing."""
    theirs = _terminal_folder()
    paths = [*(_OURS / name for name in _OWN), *(theirs / name for name in _THEIRS)]
    return {path.name: _read(path) for path in paths}


def read_page() -> Asset:
    """Return the page itself. Raises `OSError`."""
    return _read(_OURS / "page.html")
