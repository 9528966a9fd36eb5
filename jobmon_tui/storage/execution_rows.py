"""Executions as rows: which columns are read, and what is built of them."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
)

from jobmon_tui.domain.execution import ConfigurationState, Execution, ExecutionDetails, Status, Trigger
from jobmon_tui.storage.tables import executions, reports

_children = executions.alias("child")
_retried_by = (
    select(func.max(_children.c.id))
    .where(_children.c.retry_of == executions.c.id)
    .correlate(executions)
    .scalar_subquery()
    .label("retried_by")
)


def _of_newest_retry(column: str) -> Label[Any]:
    return (
        select(_children.c[column])
        .where(_children.c.retry_of == executions.c.id)
        .order_by(_children.c.id.desc())
        .limit(1)
        .correlate(executions)
        .scalar_subquery()
        .label(f"retried_by_{column}")
    )


# Locked where a decision hangs on it: an edit or a deletion waits until this transaction has ended.
_held = (
    select(reports.c.id, reports.c.version)
    .where(reports.c.id == executions.c.configuration_id)
    .with_for_update(read=True)
    .lateral("held")
)


def _state(report: FromClause) -> Label[Any]:
    return case(
        (report.c.id.is_(None), "deleted"),
        (report.c.version == executions.c.configuration_version, "unchanged"),
        else_="changed",
    ).label("configuration_state")


_listed = (
    executions.c.id,
    executions.c.report,
    executions.c.status,
    executions.c.trigger,
    executions.c.requested_by,
    executions.c.retry_of,
    executions.c.attempt,
    executions.c.queued_at,
    executions.c.started_at,
    executions.c.finished_at,
    executions.c.duration_ms,
    executions.c.worker,
    executions.c.configuration_id,
    executions.c.configuration_version,
    _state(reports),
    executions.c.error,
    executions.c.output_path,
    _retried_by,
    _of_newest_retry("status"),
    executions.c.not_before,
    _of_newest_retry("not_before"),
)
_joined = executions.outerjoin(reports, reports.c.id == executions.c.configuration_id)
LIST: Select[Any] = select(*_listed).select_from(_joined)
"""Executions with what `execution_of` needs."""
_wide = (
    executions.c.configuration,
    executions.c.error_detail,
    executions.c.queue,
    executions.c.priority,
    executions.c.output_rows,
    executions.c.output_size,
    executions.c.output_sha256,
)
# Both in the order of the fields of what is built of them, so that a row needs no look at its names.
_WIDTH = len(_listed) + len(_wide)
# By value: an enumeration that is called takes three times as long, and a page has hundreds of them.
_KINDS = tuple(
    (place, {None: None, **{str(each): each for each in kind}})
    for name, kind in (
        ("status", Status),
        ("trigger", Trigger),
        ("configuration_state", ConfigurationState),
        ("retried_by_status", Status),
    )
    for place, column in enumerate(_listed)
    if column.name == name
)
DETAILS: Select[Any] = select(*_listed, *_wide).select_from(_joined)
"""Executions with what `details_of` needs."""
ONE_LOCKED: Select[Any] = (
    select(*(_state(_held) if column.name == "configuration_state" else column for column in _listed), *_wide)
    .select_from(executions.outerjoin(_held, true()))
    .where(executions.c.id == bindparam("wanted"))
    .with_for_update(key_share=True, of=executions)
)
"""One execution that nobody else can change or retry meanwhile, of a report that nobody can edit or delete.

For a backend where others write at the same time.
"""


def found_as(status: Status) -> ColumnElement[bool]:
    """Return what is true of an execution in this status, to be found by an id.

    Without the concatenation PostgreSQL's planner may read the index of all that is queued instead, which it
    takes for next to nothing where its statistics are older than the queue.
    """
    written_out: ColumnElement[str] = executions.c.status + literal_column("''")
    return written_out == literal_column(f"'{status}'")


def execution_of(row: Any) -> Execution:
    """Build an execution from a row of `LIST`, or one that begins with its columns."""
    values = list(row[: len(_listed)])
    for place, kinds in _KINDS:
        values[place] = kinds[values[place]]
    return Execution(*values)


def details_of(row: Any) -> ExecutionDetails:
    """Build an execution with its snapshot from a row of `DETAILS`, or one that begins with its columns."""
    return ExecutionDetails(execution_of(row), *row[len(_listed) : _WIDTH])
