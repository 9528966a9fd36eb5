"""Writes TOML, as much of it as report files need: text, numbers, flags, lists and tables."""

import re
from collections.abc import Mapping, Sequence

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPED = re.compile(
    r'[\x00-\x1f"\\\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]'
)
_SAFE_IN_LINES = frozenset("\n\t")


def _escape(character: str) -> str:
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def key_text(key: str) -> str:
    """Return a key, quoted where it must be."""
    return key if _BARE.fullmatch(key) else string_text(key)


def string_text(text: str) -> str:
    """Return text on one line."""
    return f'"{_ESCAPED.sub(lambda found: _escape(found[0]), text)}"'


def lines_text(text: str) -> str:
    """Return text over several lines, as a query reads best."""
    body = _ESCAPED.sub(
        lambda found: found[0] if found[0] in _SAFE_IN_LINES else _escape(found[0]),
        text,
    )
    return f'"""\n{body}"""'


def value_text(value: object) -> str:
    """Return a value. Raises TypeError for what TOML, or a report file, does not know."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return lines_text(value) if "\n" in value.strip("\n") else string_text(value)
        case Mapping():
            return (
                "{"
                + ", ".join(f"{key_text(str(key))} = {_inline(item)}" for key, item in value.items())
                + "}"
            )
        case Sequence():
            return f"[{', '.join(_inline(item) for item in value)}]"
    raise TypeError(f"a report file cannot hold a {type(value).__name__}")


def _inline(value: object) -> str:
    # Text within a list or an inline table stays on one line.
    return string_text(value) if isinstance(value, str) else value_text(value)


def pairs_text(values: Mapping[str, object]) -> str:
    """Return `key = value` lines; what is None is left out, since TOML has no null."""
    return "".join(
        f"{key_text(key)} = {value_text(value)}\n" for key, value in values.items() if value is not None
    )
