"""How a key is written in the settings and shown to people, and which keys a terminal can send at all."""

from functools import lru_cache
from typing import Final

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import Keys, _character_to_key, format_key, key_to_character

_ALIASES: Final = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "page_up": "pageup",
    "pgdn": "pagedown",
    "page_down": "pagedown",
    "backtab": "shift+tab",
    "ctrl+at": "ctrl+@",
    "ctrl+space": "ctrl+@",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
}
# A terminal sends the same byte for each of these two.
_SAME_BYTE: Final = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
_WORDS: Final = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "insert": "Ins",
    "delete": "Del",
    "backspace": "Backspace",
}
# Textual shortens the names of some, such as `at`, and then does not find the character any more.
_SIGNS: Final = {_character_to_key(chr(code)): chr(code) for code in range(33, 127)}


@lru_cache(maxsize=1)
def named_keys() -> frozenset[str]:
    """Return the keys with names that a terminal sends, as Textual reads them: `escape`, `ctrl+d`, `f5`."""
    found = set()
    for keys in ANSI_SEQUENCES_KEYS.values():
        if isinstance(keys, tuple):
            found |= {key.value for key in keys if isinstance(key, Keys) and not key.value.startswith("<")}
    return frozenset(found)


def _character(key: str) -> str | None:
    return _SIGNS.get(key) or key_to_character(key)


def is_typed(key: str) -> bool:
    """Tell whether a key, as Textual names it, writes a character where text is typed."""
    return key not in named_keys() or key == "space"


def parse_key(written: str) -> str:
    """Return Textual's name of a key written as `r`, `R`, `?`, `Esc`, `PgDn` or `Ctrl+D`.

    Raises ValueError, whose text says why it is none.
    """
    text = written.strip() or written
    if len(text) == 1:
        if not text.isprintable():
            raise ValueError("it is no key that can be typed")
        key = _ALIASES.get(text) or ("space" if text == " " else _character_to_key(text))
        if key in named_keys() or _character(key) == text:
            return key
        raise ValueError("this sign cannot be a key: take a letter, a digit or a plainer sign")
    *modifiers, last = text.lower().split("+")
    last = _ALIASES.get(last) or (_character_to_key(last) if len(last) == 1 else last)
    key = "+".join([*modifiers, last])
    if key in _SAME_BYTE:
        raise ValueError(f"terminals cannot tell it from {_SAME_BYTE[key]}")
    if "alt" in modifiers or "meta" in modifiers:
        raise ValueError("keys with Alt do not come through: a slow line makes Esc and a letter of them")
    key = _ALIASES.get(key, key)
    if key in named_keys():
        return key
    # The names of characters that Textual uses itself, such as `question_mark`.
    character = _character(key) if not modifiers else None
    if character is not None and character.isprintable():
        return _character_to_key(character)
    raise ValueError("no terminal sends such a key")


def shown(key: str) -> str:
    """Return a key, as Textual names it, the way a text for people writes it: `Esc`, `Ctrl+D`, `?`, `↑`."""
    *modifiers, last = key.split("+")
    word = _WORDS.get(last) or key_to_character(last) or format_key(last)
    if (modifiers and len(word) == 1) or (word[:1] == "f" and word[1:].isdigit()):
        word = word.upper()
    return "+".join([*(each.capitalize() for each in modifiers), word])
