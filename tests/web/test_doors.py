"""Who may come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.web.doors import Doors, public_site, visitor

HERE = Doors("127.0.0.1")
PUBLIC = Doors("127.0.0.1", public_site("https://jobs.example.org"))


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "localhost:9000", "[::1]:8000", "10.1.2.3:8000"]
)
def test_it_answers_to_its_own_names_and_to_addresses(host: str) -> None:
    assert HERE.answers_to(host)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "a@localhost",
        "localhost/",
        "localhost:8000:1",
        "[::1",
        "2130706433",
        "0x7f.1",
        "localhost:99999",
        "localhost evil",
    ],
)
def test_it_answers_to_no_name_that_others_can_give_it(host: str | None) -> None:
    assert not HERE.answers_to(host)
    assert not HERE.lets_in(f"http://{host}", host)


@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=1).map(lambda name: f"{name}.example")
)
def test_no_name_is_taken_for_an_address(name: str) -> None:
    assert not HERE.answers_to(name)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost:9000", "localhost:9000"),
        ("http://localhost", "localhost:80"),
        ("https://[::1]:8000", "[::1]:8000"),
    ],
)
def test_its_own_page_may_connect(origin: str, host: str) -> None:
    assert HERE.lets_in(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "127.0.0.1:8000"),
        ("null", "127.0.0.1:8000"),
        ("", "127.0.0.1:8000"),
        ("https://evil.example", "127.0.0.1:8000"),
        ("http://127.0.0.1:8001", "127.0.0.1:8000"),
        ("http://localhost:8000", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000@evil.example", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000.evil.example", "127.0.0.1:8000"),
        ("ws://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://evil.example:8000", "evil.example:8000"),
        ("https://jobs.example.org", "127.0.0.1:8000"),
    ],
)
def test_no_other_page_may(origin: str | None, host: str) -> None:
    assert not HERE.lets_in(origin, host)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_claimed_is_answered(origin: str, host: str) -> None:
    if PUBLIC.lets_in(origin, host):
        assert PUBLIC.answers_to(host)


def test_behind_a_proxy_the_public_address_may_connect_whether_or_not_the_proxy_hands_it_on() -> None:
    for host in ("jobs.example.org", "jobs.example.org:443", "127.0.0.1:8000"):
        assert PUBLIC.lets_in("https://jobs.example.org", host)
        assert not PUBLIC.lets_in("https://evil.example", host)
    assert not PUBLIC.lets_in("http://jobs.example.org", "127.0.0.1:8000")
    assert not PUBLIC.lets_in("https://jobs.example.org:8443", "127.0.0.1:8000")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "jobs.example.org",
        "ftp://jobs.example.org",
        "https://",
        "https://a@b",
        "https://a/?b",
        "https://a:b",
    ],
)
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(JobmonError, match="--public-url"):
        public_site(url)


def test_a_visitor_is_named_by_where_the_connection_comes_from() -> None:
    assert visitor("127.0.0.1", "203.0.113.9", proxied=False) == "web from 127.0.0.1"
    assert visitor("127.0.0.1", None, proxied=True) == "web from 127.0.0.1"
    told = visitor("127.0.0.1", "10.9.9.9, 203.0.113.9", proxied=True)
    assert told == "web from 203.0.113.9 through 127.0.0.1"


@given(st.text(), st.text())
def test_no_header_writes_anything_but_an_address_into_the_audit_log(peer: str, forwarded: str) -> None:
    told = visitor(peer, forwarded, proxied=True)
    assert len(told) < 160
    assert all(each.isalnum() or each in " .:%" for each in told)
