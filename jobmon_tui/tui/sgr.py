"""How cells look, and the shortest way from one look to another (ECMA-48 SGR, with xterm's colours)."""

from functools import lru_cache
from typing import NamedTuple

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "8": "28", "9": "29"}
_FOR_LETTERS_ONLY = frozenset({"1", "2", "3"})
"""Bold, dim and italic cannot be seen where there is no letter."""


class Look(NamedTuple):
    """Attributes and colours, as the parameters that set them; empty for the terminal's own colour."""

    attributes: tuple[str, ...] = ()
    text: str = ""
    ground: str = ""

    def on(self, ground: str) -> "Look":
        """Return the nearest look in which a blank shows this ground and nothing else."""
        return Look(tuple(each for each in self.attributes if each in _FOR_LETTERS_ONLY), self.text, ground)


PLAIN = Look()
RESET = "\x1b[0m"


@lru_cache(1024)
def of_blank(look: Look) -> Look:
    """Return what is left of a look where nothing is written."""
    return Look(ground=look.ground) if _FOR_LETTERS_ONLY.issuperset(look.attributes) else look


@lru_cache(4096)
def changed(look: Look, parameters: str) -> Look:
    """Return the look after a sequence with these parameters."""
    attributes, text, ground = dict.fromkeys(look.attributes), look.text, look.ground
    codes = iter((parameters or "0").split(";"))
    for code in codes:
        if code in {"", "0"}:
            attributes, text, ground = {}, "", ""
        elif code in {"38", "48"}:
            kind = next(codes, "")
            colour = ";".join([code, kind, *(next(codes, "0") for _ in range(1 if kind == "5" else 3))])
            text, ground = (colour, ground) if code == "38" else (text, colour)
        elif code == "39":
            text = ""
        elif code == "49":
            ground = ""
        elif len(code) >= 2 and code[:-1] in {"3", "9"}:
            text = code
        elif len(code) >= 2 and code[:-1] in {"4", "10"}:
            ground = code
        elif code in _OFF.values():
            attributes = {each: None for each in attributes if _OFF.get(each) != code}
        else:
            attributes[code] = None
    return Look(tuple(sorted(attributes)), text, ground)


@lru_cache(4096)
def change(before: Look, after: Look) -> str:
    """Return the shorter way from one look to the other: what differs, or all of it after a reset."""
    if before == after:
        return ""
    anew = ["0", *after.attributes, *filter(None, (after.text, after.ground))]
    whole = f"\x1b[{';'.join(anew)}m"
    off = {_OFF.get(each, "") for each in before.attributes if each not in after.attributes}
    if "" in off:
        return whole
    steps = [
        *sorted(off),
        # Bold and dim have one way off for both.
        *(each for each in after.attributes if each not in before.attributes or _OFF.get(each) in off),
    ]
    if before.text != after.text:
        steps.append(after.text or "39")
    if before.ground != after.ground:
        steps.append(after.ground or "49")
    return min(f"\x1b[{';'.join(steps)}m", whole, key=len)
