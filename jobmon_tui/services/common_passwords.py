"""Whether a password is one of the first that anybody would try."""

import re
from functools import cache
from pathlib import Path
from typing import Final

_LIST: Final = Path(__file__).with_name("common_passwords.txt")
_AS_LETTERS: Final = str.maketrans("0134578@$!|+", "oieastbasiit")
"""Digits and signs that stand for letters."""
_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LONG: Final = 64
"""Characters: what is longer, nobody tries, though it were one said again and again."""
_BETWEEN: Final = re.compile(r"[\W_]+")
_RUNS: Final = tuple(
    run
    for row in (
        "01234567890123456789",
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiop",
        "qwertzuiop",
        "azertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "yxcvbnm",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
        "1q2w3e4r5t6y7u8i9o0p",
        "qazwsxedcrfvtgbyhnujm",
        "!@#$%^&*()_+",
    )
    for run in (row, row[::-1])
)
"""What fingers run along."""


@cache
def _words() -> frozenset[str]:
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _unit(text: str) -> str:
    """Return the shortest text that makes this one by being said again and again."""
    # The second place where a doubled text begins to be itself.
    return text[: (text + text).index(text, 1)] if text else text


def _is_word(text: str, name: str) -> bool:
    """Tell whether it is a well-known word or the name: as it stands, plain, backwards, or said again."""
    core = _AROUND.sub("", text)
    forms = (text, core, core.translate(_AS_LETTERS), _AROUND.sub("", text.translate(_AS_LETTERS)))
    for form in (*forms, *(_BETWEEN.sub("", each) for each in forms)):
        word = _unit(form)
        if word in _words() or (word and word in {name, name[::-1]}):
            return True
    return False


def is_common(password: str, name: str = "") -> bool:
    """Tell whether a password is well known, or is made of the account's own `name`.

    Digits and signs before and behind, capitals, digits for letters and saying it twice do not make a word
    another one; nor is what fingers run along on a keyboard a secret, or a text of one or two characters.
    """
    text, own = password.casefold().strip(), name.casefold()
    if own and text in {own, own[::-1]}:
        return True
    if len(text) > _LONG:
        return False
    unit = _unit(text)
    if len(set(text)) <= 2 or (len(unit) < len(text) and len(unit) <= 4):
        return True
    return any(text in run or unit in run for run in _RUNS) or _is_word(text, own)
