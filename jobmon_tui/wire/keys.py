"""An idempotency key in a header: any text, though a header takes plain ASCII only."""

from urllib.parse import quote, unquote

_MARK = "utf-8''"


def key_header(key: str) -> str:
    """Return the key as the header's value: as it stands where it can, else in the form of RFC 8187."""
    is_plain = key.isascii() and key.isprintable() and key == key.strip() and bool(key)
    return key if is_plain and not key.startswith(_MARK) else _MARK + quote(key, errors="surrogatepass")


def key_of(header: str) -> str:
    """Return the key that a header holds."""
    return unquote(header[len(_MARK) :], errors="surrogatepass") if header.startswith(_MARK) else header
