"""The forms in which a secret turns up in what programs print: as it is, quoted, encoded, line by line."""

import html
import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

_SHORTEST_LINE: Final = 8
_SHORTEST_ENCODED: Final = 4
"""Bytes. Of a shorter secret an encoded form is too common a word to be masked wherever it stands."""
_WIDTHS: Final = (64, 76)
"""Characters to a line in the base64 of PEM (RFC 7468) and of MIME and coreutils (RFC 2045)."""
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def forms(secret: str) -> Iterator[bytes]:
    """Yield the bytes to look for: some twice, some too short to be masked.

    Known are: plain, without the spaces around it, each of its longer lines, percent-encoded, as a string of
    JSON, Python, SQL and HTML, in hexadecimal digits, and in base64 (RFC 4648, both alphabets) wherever in
    the encoded bytes it begins. Not known are forms that scatter it: reversed, compressed, encrypted, spaced.
    """
    for text in (secret, secret.strip()):
        yield _bytes(text)
        yield from (_bytes(quoted) for quoted in _quoted(text))
        if len(_bytes(text)) >= _SHORTEST_ENCODED:
            yield from _encoded(_bytes(text))
    # A key of several lines is printed line by line.
    for line in secret.splitlines():
        if len(line.strip()) >= _SHORTEST_LINE:
            yield _bytes(line.strip())


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half a character that stands for no byte of the environment.
        return text.encode("utf-8", "replace")


def _quoted(text: str) -> Iterator[str]:
    percent = quote(text, safe="", errors="replace")
    yield percent
    yield quote(text, errors="replace")
    yield quote_plus(text, errors="replace")
    yield _lower_digits(percent)
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield json.dumps(text)[1:-1].replace("/", "\\/")
    yield repr(text)[1:-1]
    yield text.replace("'", "''")
    yield html.escape(text)


def _lower_digits(percent: str) -> str:
    parts = percent.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def _encoded(secret: bytes) -> Iterator[bytes]:
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for before in range(3):
        # Only the characters that the secret alone decides; those at its ends depend on its neighbours too.
        first = -(-before * 8 // 6)
        end = (before + len(secret)) * 8 // 6
        core = b64encode(bytes(before) + secret)[first:end]
        yield from (core, core.translate(_URL_SAFE))
        if before == 0:
            for width in _WIDTHS:
                lines = [core[at : at + width] for at in range(0, len(core), width)]
                yield from (line for line in lines[1:] if len(line) >= _SHORTEST_LINE)
                yield from lines[:1]
