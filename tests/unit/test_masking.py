"""No form of a secret survives: encoded, quoted, in pieces, anywhere in what is printed."""

import base64
import html
import json
import textwrap
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.masking import SHORTEST, Masker, mask_text

SECRET = "p@ss/wörd+'1\"<&"
secrets = st.text(st.characters(codec="utf-8"), min_size=4, max_size=40).filter(
    lambda text: len(text.strip().encode()) >= 4
)
ascii_bytes = st.binary(max_size=12)

FORMS = {
    "plain": lambda s: s,
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
    "JSON": lambda s: json.dumps(s)[1:-1],
    "JSON as UTF-8": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "Python": lambda s: repr(s)[1:-1],
    "SQL": lambda s: s.replace("'", "''"),
    "HTML": html.escape,
    "URL": lambda s: quote(s, safe=""),
    "URL path": quote,
    "URL form": quote_plus,
}


@pytest.mark.parametrize("form", FORMS)
@given(secret=secrets)
def test_each_form_is_masked(form: str, secret: str) -> None:
    assert mask_text(f"[{FORMS[form](secret)}]", [secret]) == "[***]"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@given(secret=secrets, before=ascii_bytes, after=ascii_bytes)
def test_base64_is_masked_wherever_the_secret_begins(
    encode: object, secret: str, before: bytes, after: bytes
) -> None:
    encoded = encode(before + secret.encode() + after).decode()  # type: ignore[operator]
    masked = mask_text(encoded, [secret])
    assert "***" in masked
    # What is left of it holds at most the bits that its first and last byte share with their neighbours.
    kept = sum(len(part) for part in masked.split("***"))
    own = (len(before + secret.encode() + after) * 8 + 5) // 6
    assert kept - encoded.count("=") <= own - (len(secret.encode()) * 8 - 10) // 6


@given(secret=secrets, where=st.lists(st.integers(0, 400), max_size=6), form=st.sampled_from(sorted(FORMS)))
def test_pieces_never_show_what_the_whole_hides(secret: str, where: list[int], form: str) -> None:
    data = f"head {FORMS[form](secret)} tail".encode()
    masker, shown, start = Masker([secret]), b"", 0
    for end in [*sorted(at % (len(data) + 1) for at in where), len(data)]:
        shown += b"".join(piece.kept for piece in masker.feed(data[start:end]))
        start = end
    shown += b"".join(piece.kept for piece in masker.finish())
    assert shown == b"head *** tail"


@pytest.mark.parametrize("width", [64, 76])
def test_a_long_key_is_masked_in_wrapped_base64_too(width: int) -> None:
    key = "\n".join(f"line {number} of a key that nobody may see" for number in range(8))
    wrapped = "\n".join(textwrap.wrap(base64.b64encode(key.encode()).decode(), width))
    kept = [line for line in mask_text(wrapped, [key]).splitlines() if line.rstrip("=").replace("***", "")]
    # The very last character depends on what follows.
    assert all(len(line.replace("***", "").rstrip("=")) <= 8 for line in kept), kept


def test_short_secrets_are_masked_from_three_bytes_on_and_encoded_from_four() -> None:
    assert (SHORTEST, mask_text("12 in 3124", ["12"])) == (3, "12 in 3124")
    assert mask_text("x123x 313233", ["123"]) == "x***x 313233"
    assert mask_text("x1234x 31323334", ["1234"]) == "x***x ***"


def test_what_is_no_secret_stays() -> None:
    text = f"{'x' * 5000}\n\ufffd {SECRET[:-1]} {SECRET[1:]}\n"
    assert mask_text(text, [SECRET]) == text


def test_a_line_of_a_key_that_is_its_own_beginning_over_and_over() -> None:
    masker = Masker(["a" * 2000])
    kept = b"".join(piece.kept for _ in range(50) for piece in masker.feed(b"a" * 1000 + b"b")) + b"".join(
        piece.kept for piece in masker.finish()
    )
    assert kept == (b"a" * 1000 + b"b") * 50
