"""The words of a search in the audit log."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter, AuditSearch, parse_search

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def entry(**changed: object) -> NewAuditEntry:
    values = {
        "at": NOW, "actor": "Zoë", "role": "Viewer", "action": "Job Retry", "outcome": "refused",
        "code": "not_retryable", "execution_id": 12, "new_execution_id": 34, "origin": "", **changed,
    }  # fmt: skip
    return NewAuditEntry(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("", AuditSearch()),
        ("ZOË  retry", AuditSearch(("zoë", "retry"))),
        ("actor:ZO outcome:ref", AuditSearch((), {"actor": ("zo",), "outcome": ("ref",)})),
        ('action:"Job Re" x', AuditSearch(("x",), {"action": ("job re",)})),
        ("execution:12", AuditSearch((), {}, AuditFilter(execution_id=12))),
        ("execution:#12 #34", AuditSearch(("#34",), {}, AuditFilter(execution_id=12))),
        ("since:2h", AuditSearch((), {}, AuditFilter(since=NOW - timedelta(hours=2)))),
        (
            "until:2026-01-01t00:00:00z",
            AuditSearch((), {}, AuditFilter(until=datetime(2026, 1, 1, tzinfo=UTC))),
        ),
        # What is not understood is looked for as it stands.
        ("since:soon", AuditSearch(("since:soon",))),
        ("execution:twelve pts:3", AuditSearch(("execution:twelve", "pts:3"))),
        (f"execution:{'9' * 30}", AuditSearch((f"execution:{'9' * 30}",))),
        # A word that is only begun narrows nothing.
        ("actor: retry", AuditSearch(("retry",))),
    ],
)
def test_words_are_read(text: str, search: AuditSearch) -> None:
    assert parse_search(text, NOW) == search


def test_each_part_has_to_be_there() -> None:
    def finds(text: str) -> bool:
        return parse_search(text, NOW).finds(entry())

    assert finds("zoë RETRY refused #34")
    assert finds("actor:zo action:retry outcome:refused")
    assert finds("actor:zo actor:oë")
    assert not finds("actor:retry")
    assert not finds("actor:zo actor:ada")
    assert not finds("action:retry bob")


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    search = parse_search(text, NOW)
    search.finds(entry())
    # What people have typed before goes on to mean the same.
    if ":" not in text and '"' not in text:
        assert search.wanted == EVERY_ENTRY
        assert not search.within


@given(st.text(string.ascii_letters + "ëß", min_size=1, max_size=8), st.booleans())
def test_an_entry_is_found_by_its_own_actor(actor: str, upper: bool) -> None:
    typed = actor.upper() if upper else actor
    assert parse_search(f"actor:{typed}", NOW).finds(entry(actor=actor))
    assert not parse_search(f"actor:{typed}x", NOW).finds(entry(actor=actor))
