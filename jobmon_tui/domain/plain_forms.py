"""ASCII forms, each as wide as what it stands for, where a terminal lacks our glyphs, lines and dots.

As an error handler for encoding it does the same for whatever an encoding lacks:
`text.encode("ascii", PLAIN)`, or `stream.reconfigure(errors=PLAIN)`.
"""

import codecs
import unicodedata
from collections.abc import Mapping

PLAIN = "jobmon.plain"
"""The name of the error handler."""

FORMS: Mapping[str, str] = {
    # Statuses and marks: no two statuses look alike.
    **dict(zip("○▸✓✗⊘●›↻", "o>+x-*>r", strict=True)),
    # What stands in sentences.
    **dict(zip("…·•×−–—‘’“”«»→←↑↓⇒≤≥≠\u00a0", '~-*x---\'\'""""><^v>{}# ', strict=True)),
    # Lines, as borders have them.
    **dict.fromkeys("─━╌╍═╴╶╸╺", "-"),
    **dict.fromkeys("│┃╎╏║╵╷╹╻▏▎▍▌▋▊▉▐▕", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬▛▜▙▟▗▖▝▘▞▚", "+"),
    # Bars and sparklines, the higher the darker.
    **dict(zip("▁▂▃▄▅▆▇█▀▔░▒▓", "_.-=+*%#-- :#", strict=True)),
}
TABLE = str.maketrans(dict(FORMS))
"""For `str.translate`: ours only, so that names in other scripts stay as they are."""

# Consoles that know UTF-8 perhaps, but whose fonts have a few hundred signs.
_POOR_FONTS = frozenset(
    {"linux", "vt52", "vt100", "vt102", "vt220", "vt320", "vt420", "ansi", "pcansi", "cons25", "sun"}
)


def plain_form(character: str) -> str:
    """Return what stands for one character in ASCII, in as many cells: its own form, its letter, or `?`."""
    if character.isascii():
        return character
    form = FORMS.get(character)
    if form is not None:
        return form
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return ""
    if "\u2800" <= character <= "\u28ff":  # braille, of which charts are made
        return " " if character == "\u2800" else ":"
    letter = unicodedata.normalize("NFKD", character)[0]
    cells = 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
    return (letter if letter.isascii() and letter.isprintable() and cells == 1 else "?") * cells


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain_form, error.object[error.start : error.end])), error.end


codecs.register_error(PLAIN, _replace)


def as_ascii(text: str) -> str:
    """Return the text in ASCII, in as many cells."""
    return text if text.isascii() else text.encode("ascii", PLAIN).decode("ascii")


def is_ascii_locale(environ: Mapping[str, str]) -> bool:
    """Tell whether the locale asks for ASCII in so many words: `C` or `POSIX`.

    Python takes both for UTF-8 (PEP 538, PEP 540), and writes that into LC_CTYPE. No locale at all says
    nothing.
    """
    said = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if said == "C.UTF-8" and not environ.get("LC_ALL"):
        said = environ.get("LANG") or said
    return said in {"C", "POSIX"}


def has_poor_font(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal's kind, by TERM, is one whose font lacks our glyphs."""
    return environ.get("TERM", "").split("-")[0] in _POOR_FONTS
