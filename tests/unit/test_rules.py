"""The rules of retry, of roles and of cleaning, as pure functions."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.audit import GENESIS, NewAuditEntry, canonical, chain_hash, rfc3339
from jobmon_tui.domain.errors import EXIT_CODES, ErrorCode, JobmonError
from jobmon_tui.domain.execution import (
    TRANSITIONS,
    ConfigurationState,
    Execution,
    ExecutionDetails,
    Status,
    Trigger,
    check_cancellable,
    plan_retry,
)
from jobmon_tui.domain.report import ReportDraft, snapshot_text
from jobmon_tui.domain.roles import CHANGES, PERMISSIONS, Actor, Role, Verb, may, require
from jobmon_tui.domain.text import clean, one_line

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FAILED = Execution(
    id=7,
    report="Sales",
    status=Status.FAILED,
    trigger=Trigger.MANUAL,
    requested_by="ada",
    retry_of=None,
    attempt=1,
    queued_at=NOW,
    started_at=NOW,
    finished_at=NOW,
    duration_ms=0,
    worker="w",
    configuration_id=3,
    configuration_version=2,
    configuration_state=ConfigurationState.UNCHANGED,
    error="no",
    output_path=None,
)
DETAILS = ExecutionDetails(FAILED, '{"b":1, "a" : 2}', None, "default", 0)


@pytest.mark.story("AC-001")
@pytest.mark.parametrize("state", [ConfigurationState.UNCHANGED, ConfigurationState.CHANGED])
def test_ac_001_a_retry_carries_the_failed_snapshot_to_the_byte(state: ConfigurationState) -> None:
    planned = plan_retry(
        replace(DETAILS, execution=replace(FAILED, configuration_state=state)), None, "bob", NOW
    )
    assert planned.configuration == DETAILS.configuration
    assert (planned.retry_of, planned.attempt, planned.requested_by) == (7, 2, "bob")
    assert planned.configuration_version == FAILED.configuration_version


@pytest.mark.story("BR-001")
@pytest.mark.parametrize("status", [s for s in Status if s is not Status.FAILED])
def test_br_001_only_failed_can_be_retried(status: Status) -> None:
    with pytest.raises(JobmonError, match="only a Failed execution") as refusal:
        plan_retry(replace(DETAILS, execution=replace(FAILED, status=status)), None, "bob", NOW)
    assert refusal.value.code is ErrorCode.NOT_RETRYABLE


@pytest.mark.story("AC-005")
def test_ac_005_a_deleted_configuration_is_refused_by_name() -> None:
    deleted = replace(FAILED, configuration_state=ConfigurationState.DELETED)
    with pytest.raises(JobmonError, match=r"original configuration could not be found.*Sales") as refusal:
        plan_retry(replace(DETAILS, execution=deleted), None, "bob", NOW)
    assert refusal.value.code is ErrorCode.CONFIGURATION_DELETED


def test_a_second_retry_names_the_child_and_who_asked() -> None:
    child = replace(FAILED, id=8, status=Status.RUNNING, requested_by="eve")
    with pytest.raises(JobmonError, match=r"#8 \(Running\), asked by eve") as refusal:
        plan_retry(DETAILS, child, "bob", NOW)
    assert refusal.value.code is ErrorCode.ALREADY_RETRIED


@pytest.mark.parametrize("status", list(Status))
def test_final_means_no_way_on_and_cannot_be_cancelled(status: Status) -> None:
    assert status.is_final == (TRANSITIONS[status] == frozenset())
    if status.is_final:
        with pytest.raises(JobmonError):
            check_cancellable(replace(FAILED, status=status))
    else:
        check_cancellable(replace(FAILED, status=status))


def test_every_verb_stands_in_the_table_and_a_viewer_changes_only_what_is_their_own() -> None:
    assert set(PERMISSIONS) == set(Verb)
    assert [verb for verb in Verb if may(Role.VIEWER, verb)] == [
        Verb.VIEW,
        Verb.READ_AUDIT,
        Verb.CHANGE_PASSWORD,
        Verb.SEE_OWN_SESSIONS,
        Verb.END_OWN_SESSIONS,
        Verb.UNLOCK,
    ]
    assert all(may(Role.ADMINISTRATOR, verb) for verb in Verb)
    with pytest.raises(JobmonError, match="needs the role Administrator"):
        require(Actor("v", Role.VIEWER), Verb.RETRY)


@pytest.mark.parametrize("role", list(Role))
def test_who_only_looks_changes_nothing_whatever_the_role(role: Role) -> None:
    actor = Actor("a", role, read_only=True)
    for verb in Verb:
        assert actor.may(verb) == (may(role, verb) and verb not in CHANGES)
        if verb in CHANGES:
            with pytest.raises(JobmonError) as refusal:
                require(actor, verb)
            assert refusal.value.code is ErrorCode.READ_ONLY


def test_every_error_code_has_an_exit_code() -> None:
    assert set(EXIT_CODES) == set(ErrorCode)


@given(st.text(st.characters()))
def test_cleaned_text_holds_no_control_and_can_be_stored(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert all(unicodedata.category(c) not in {"Cc", "Cs"} or c in "\t\n" for c in cleaned)
    assert clean(cleaned) == cleaned


def test_text_in_ascii_which_goes_another_way_is_cleaned_as_any_other() -> None:
    for code in range(0x80):
        assert clean(f"a{chr(code)}b") == clean(f"é{chr(code)}b").replace("é", "a")


@given(st.text(), st.integers(2, 50))
def test_one_line_is_one_short_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line


def test_escape_sequences_and_bidi_marks_do_not_survive() -> None:
    hostile = "\x1b]52;c;AAAA\x07\u202egpj.exe\x9b31m"
    assert not set("\x1b\x07\u202e\x9b") & set(clean(hostile))


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5))
def test_equal_configurations_have_byte_equal_snapshots(parameters: dict[str, object]) -> None:
    turned = dict(reversed(list(parameters.items())))
    assert snapshot_text(ReportDraft("n", "sql", parameters)) == snapshot_text(
        ReportDraft("n", "sql", turned)
    )


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_times_as_text_sort_as_times_in_any_year(one: datetime, other: datetime) -> None:
    assert (rfc3339(one) < rfc3339(other)) == (one < other)
    assert rfc3339(datetime(987, 6, 5, 4, 3, 2, 1, tzinfo=UTC)) == "0987-06-05T04:03:02.000001Z"


def test_the_chain_changes_with_every_field_and_with_what_came_before() -> None:
    entry = NewAuditEntry(NOW, "ada", "Administrator", "Job Retry", "allowed", None, 7, 8, "tty")
    head = chain_hash(GENESIS, canonical(1, entry))
    others = [
        chain_hash("1" * 64, canonical(1, entry)),
        chain_hash(GENESIS, canonical(2, entry)),
        chain_hash(GENESIS, canonical(1, replace(entry, actor="eve"))),
        chain_hash(GENESIS, canonical(1, replace(entry, new_execution_id=9))),
        chain_hash(GENESIS, canonical(1, replace(entry, outcome="refused"))),
    ]
    assert len({head, *others}) == 6
