"""How a server is named, and what is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.client.address import parse_server
from jobmon_tui.client.line import Line
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.wire.keys import key_header, key_of


@pytest.mark.parametrize(
    ("url", "base", "socket", "label"),
    [
        ("unix:///run/jobmon/api.sock", "http://jobmon", "/run/jobmon/api.sock", "server api.sock"),
        ("https://reports.example:8443", "https://reports.example:8443", None, "server reports.example:8443"),
        ("https://reports.example/", "https://reports.example", None, "server reports.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", None, "server 127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080", None, "server [::1]:8080"),
    ],
)
def test_the_forms(url: str, base: str, socket: str | None, label: str) -> None:
    found = parse_server(url)
    assert (found.base, found.socket, found.label) == (base, socket, label)
    assert parse_server(found.url) == found


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nix",
        "unix://relative/x.sock",
        "unix:x.sock",
        "ftp://a",
        "https://",
        "https://u:p@host",
        "https://host/path",
        "https://host?x",
        "https://host:99999",
        "https://ho\nst",
        "http://reports.example",
        "sqlite:///x",
        "unix:///a\0b",
    ],
)
def test_what_is_refused(url: str) -> None:
    with pytest.raises(JobmonError) as refusal:
        parse_server(url)
    assert refusal.value.code is ErrorCode.INVALID_INPUT
    assert "u:p" not in refusal.value.message


def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    bad = tmp_path / "ca.pem"
    bad.write_text("nothing of the kind")
    for path in (bad, tmp_path / "missing.pem"):
        with pytest.raises(JobmonError) as refusal:
            Line(parse_server("https://reports.example"), path)
        assert refusal.value.code is ErrorCode.INVALID_INPUT


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=50))
def test_any_key_comes_through_a_header(key: str) -> None:
    header = key_header(key)
    assert header.isascii()
    assert header.isprintable()
    assert header == header.strip() != ""
    assert key_of(header) == key
