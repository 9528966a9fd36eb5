"""What happens by itself after a failure, as pure functions."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.automation import (
    JITTER,
    LONGEST_BACKOFF,
    LOST_IN_A_ROW,
    Step,
    after_failure,
    backoff,
    follow_up,
    is_lost_too_often,
    requeues_in_a_row,
)
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import (
    AUTOMATION,
    ConfigurationState,
    Execution,
    ExecutionDetails,
    Status,
    Trigger,
    plan_retry,
)
from jobmon_tui.domain.report import DEFAULTS, ReportDraft, policy_problems, snapshot_text

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DRAFT = ReportDraft("Sales", "sql", {"query": "select 1"})
EXECUTION = Execution(
    7, "Sales", Status.FAILED, Trigger.SCHEDULE, AUTOMATION, None, 1, NOW, NOW, NOW, 0, "w", 3, 2,
    ConfigurationState.UNCHANGED, "no", None,
)  # fmt: skip
MANUAL = Step("manual", "ada", None)
RETRY = Step("retry", AUTOMATION, NOW)
REQUEUE = Step("retry", AUTOMATION, None)
BY_HAND = Step("retry", "ada", None)
STEPS = st.lists(st.sampled_from([RETRY, REQUEUE, BY_HAND]), max_size=30).map(lambda line: [*line, MANUAL])
DRAFTS = st.builds(
    lambda retries, delay, on_lost: replace(DRAFT, max_retries=retries, retry_delay=delay, on_lost=on_lost),
    st.integers(0, 20),
    st.floats(0, 1e7),
    st.sampled_from(["fail", "requeue"]),
)


def _details(draft: ReportDraft, execution: Execution = EXECUTION) -> ExecutionDetails:
    return ExecutionDetails(execution, snapshot_text(draft), None, "default", 0)


def test_a_snapshot_of_defaults_is_to_the_byte_what_it_was_before_there_were_policies() -> None:
    assert snapshot_text(DRAFT) == (
        '{"name":"Sales","parameters":{"query":"select 1"},"priority":0,"queue":"default","runner":"sql",'
        '"schedule":null,"timeout":null,"timezone":"UTC"}'
    )
    assert after_failure(snapshot_text(DRAFT)) == after_failure("{}")
    assert (after_failure("{}").max_retries, after_failure("{}").on_lost) == (0, "fail")


@given(DRAFTS)
def test_a_snapshot_tells_its_policies_and_no_default(draft: ReportDraft) -> None:
    said = json.loads(snapshot_text(draft))
    assert {key for key in DEFAULTS if key in said} == {
        key for key in DEFAULTS if getattr(draft, key) != DEFAULTS[key]
    }
    policies = after_failure(snapshot_text(draft))
    assert (policies.max_retries, policies.retry_delay, policies.on_lost) == (
        draft.max_retries,
        draft.retry_delay,
        draft.on_lost,
    )


def test_a_report_that_speaks_of_policies_in_its_query_has_none() -> None:
    assert (
        after_failure(snapshot_text(replace(DRAFT, parameters={"query": '"max_retries": 9'}))).max_retries
        == 0
    )


@given(st.floats(0, 1e7), st.integers(1, 10**6), st.floats(-1, 1))
def test_a_backoff_doubles_within_bounds(delay: float, number: int, spread: float) -> None:
    seconds = backoff(delay, number, spread)
    middle = backoff(delay, number, 0)
    assert abs(seconds - middle) <= middle * JITTER + 1e-6
    assert min(delay, LONGEST_BACKOFF) <= middle <= max(delay, LONGEST_BACKOFF)
    if number <= 40 and middle < LONGEST_BACKOFF:
        assert middle == delay * 2 ** (number - 1)


@given(DRAFTS, STEPS, st.booleans(), st.floats(-1, 1))
def test_automation_never_exceeds_its_bounds(
    draft: ReportDraft, line: list[Step], lost: bool, spread: float
) -> None:
    made = follow_up(_details(draft), line, lost=lost, now=NOW, spread=spread)
    retries, requeues = sum(step.is_retry for step in line), requeues_in_a_row(line)
    if lost and draft.on_lost == "requeue":
        assert (made is None) == (requeues >= LOST_IN_A_ROW)
        assert made is None or made.new.not_before is None
        assert (made is None) == is_lost_too_often(after_failure(snapshot_text(draft)), line)
    else:
        assert (made is None) == (retries >= draft.max_retries)
        assert made is None or (made.new.not_before is not None and made.new.not_before >= NOW)
    if made is not None:
        assert made.new.configuration == snapshot_text(draft)
        assert (made.new.retry_of, made.new.attempt, made.new.requested_by) == (7, 2, AUTOMATION)
        assert made.new.trigger is Trigger.RETRY


@given(DRAFTS, st.lists(st.sampled_from(["fail", "lose"]), max_size=200))
def test_a_line_that_only_ever_fails_ends(draft: ReportDraft, fates: list[str]) -> None:
    line = [MANUAL]
    for fate in [*fates, *["fail"] * 30]:
        made = follow_up(_details(draft), line, lost=fate == "lose", now=NOW, spread=0.0)
        if made is None:
            break
        line.insert(0, Step(made.new.trigger.value, made.new.requested_by, made.new.not_before))
    else:
        pytest.fail("it goes on for ever")
    assert len(line) <= (draft.max_retries + 1) * (LOST_IN_A_ROW + 1)


@given(DRAFTS, STEPS, st.booleans())
def test_a_deleted_report_is_left_alone(draft: ReportDraft, line: list[Step], lost: bool) -> None:
    deleted = replace(EXECUTION, configuration_state=ConfigurationState.DELETED)
    assert follow_up(_details(draft, deleted), line, lost=lost, now=NOW, spread=0.0) is None


@given(
    st.sampled_from(list(Status)),
    st.sampled_from(list(Trigger)),
    st.sampled_from([AUTOMATION, "ada"]),
    st.sampled_from([None, NOW, NOW + timedelta(microseconds=1), NOW - timedelta(days=1)]),
)
def test_only_an_automatic_retry_that_still_waits_makes_way(
    status: Status, trigger: Trigger, who: str, not_before: datetime | None
) -> None:
    child = replace(EXECUTION, id=8, status=status, trigger=trigger, requested_by=who, not_before=not_before)
    makes_way = (status, trigger, who) == (Status.QUEUED, Trigger.RETRY, AUTOMATION) and (
        not_before is not None and not_before > NOW
    )
    if makes_way:
        assert plan_retry(_details(DRAFT), child, "bob", NOW).not_before is None
    else:
        with pytest.raises(JobmonError) as refusal:
            plan_retry(_details(DRAFT), child, "bob", NOW)
        assert refusal.value.code is ErrorCode.ALREADY_RETRIED


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"misfire": "twice"}, "misfire"),
        ({"on_lost": ""}, "on_lost"),
        ({"max_concurrent": 0}, "max_concurrent"),
        ({"max_concurrent": 10_001}, "max_concurrent"),
        ({"max_concurrent": True}, "max_concurrent"),
        ({"max_retries": -1}, "max_retries"),
        ({"max_retries": 101}, "max_retries"),
        ({"retry_delay": -0.1}, "retry_delay"),
        ({"retry_delay": float("nan")}, "retry_delay"),
        ({"retry_delay": 4e7}, "retry_delay"),
    ],
)
def test_a_policy_that_cannot_be_kept_is_named(changes: dict[str, object], key: str) -> None:
    assert [found for found, _reason in policy_problems(replace(DRAFT, **changes))] == [key]  # type: ignore[arg-type]


def test_policies_at_their_bounds_are_fine() -> None:
    assert policy_problems(DRAFT) == []
    at_most = replace(
        DRAFT, max_concurrent=10_000, max_retries=100, retry_delay=366 * 86_400.0, misfire="skip"
    )
    assert policy_problems(at_most) == []
    assert policy_problems(replace(DRAFT, max_concurrent=1, retry_delay=0.0, on_lost="requeue")) == []
