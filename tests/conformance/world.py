"""Who and what stands in the conformance tests' databases."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Text, bindparam, insert, text

from jobmon_tui.domain.execution import NewExecution, Status, Trigger
from jobmon_tui.domain.report import ReportDraft, snapshot_text
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.audited import Caller, token_hash
from jobmon_tui.services.ports import Transaction
from jobmon_tui.storage.column_types import BIG, UtcText
from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.tables import executions, outputs
from jobmon_tui.storage.transaction import SqlTransaction
from jobmon_tui.storage.triggers.postgres import TICKETS
from tests.backends import Raw

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADMIN = Caller("admin-token", "pts/1")
VIEWER = Caller("viewer-token", "pts/2")
DRAFT = ReportDraft("Sales", "sql", {"query": "select 1"}, timeout=30.0)
FINAL = "('Succeeded', 'Failed', 'Cancelled')"


# Ids that are given by hand leave PostgreSQL's sequence where it was.
_MOVE_ON = text("SELECT setval('job_execution_log_id_seq', max(id)) FROM job_execution_log")
_MANY = text(
    """
    INSERT INTO job_execution_log (id, report, status, "trigger", requested_by, attempt, queue, priority,
      queued_at, started_at, finished_at, fencing_token, configuration_id, configuration_version,
      configuration)
    WITH RECURSIVE n(i) AS (SELECT CAST(:low AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :high)
    SELECT i, :report || CASE WHEN :reports > 1 THEN CAST(i % :reports AS TEXT) ELSE '' END, :status,
      'manual', 'ada', 1, 'default', 0, :at, :at, :at, 1, 1, 1, :snapshot FROM n
    """
).bindparams(
    bindparam("at", type_=UtcText),
    bindparam("low", type_=BIG),
    bindparam("high", type_=BIG),
    bindparam("report", type_=Text),
    bindparam("reports", type_=BIG),
)
_PRINTED = text(
    "INSERT INTO execution_output (execution_id, part, start, total, body) "
    "SELECT id, 'head', 0, 4, 'text' FROM job_execution_log WHERE id BETWEEN :low AND :high"
).bindparams(bindparam("low", type_=BIG), bindparam("high", type_=BIG))


def add_people(transaction: Transaction) -> None:
    """Add an Administrator and a Viewer, both signed in for ever."""
    for name, role, caller in (("ada", Role.ADMINISTRATOR, ADMIN), ("vic", Role.VIEWER, VIEWER)):
        transaction.add_account(name, role, "hash", NOW)
        transaction.add_session(name, token_hash(caller.token), NOW, NOW + timedelta(days=40_000))


def queue_one(transaction: Transaction, priority: int = 0, queue: str = "default") -> int:
    """Queue an execution of the report “Sales”, which is added where it is missing."""
    report = transaction.report("Sales")
    configuration_id = report.id if report else transaction.add_report(DRAFT, NOW)
    return transaction.add_execution(
        NewExecution(
            "Sales",
            Trigger.MANUAL,
            "ada",
            configuration_id,
            1,
            snapshot_text(DRAFT),
            NOW,
            priority=priority,
            queue=queue,
        )
    )


def end_raw(raw: Raw, execution_id: int, status: Status = Status.FAILED) -> None:
    """Let a Queued execution end, past every service."""
    steps = () if status is Status.QUEUED else (Status.RUNNING, status)
    for step in dict.fromkeys(steps):
        raw("UPDATE job_execution_log SET status = ? WHERE id = ?", step.value, execution_id)


Past = tuple[int, str, int | None, datetime | None]
"""An execution's id, its status, what it retries, and when it has ended."""


def history(rows: Sequence[Past], begun: datetime = NOW) -> Callable[[SqlTransaction], None]:
    """Give a unit of work that adds executions as they are, each with output."""
    common = {"report": "Sales", "trigger": "manual", "requested_by": "ada", "fencing_token": 1}
    snapshot = {"configuration_id": 1, "configuration_version": 1, "configuration": snapshot_text(DRAFT)}

    def add(transaction: SqlTransaction) -> None:
        connection = transaction._connection
        connection.execute(
            insert(executions),
            [
                {
                    **common,
                    **snapshot,
                    "id": number,
                    "status": status,
                    "retry_of": parent,
                    "queued_at": at or begun,
                    "started_at": at or begun,
                    "finished_at": at,
                }
                for number, status, parent, at in rows
            ],
        )
        printed = {"part": "head", "total": 4, "body": "text"}
        connection.execute(insert(outputs), [{"execution_id": row[0], **printed} for row in rows])
        if isinstance(connection, PgConnection):
            connection.execute(_MOVE_ON)

    return add


def many(
    ids: range, status: str, at: datetime, report: str = "Sales", reports: int = 1
) -> Callable[[SqlTransaction], None]:
    """Give a unit of work that adds a lot of finished executions at once, each with output.

    With `reports` they are of so many reports in turns, whose names end with a number.
    """

    def add(transaction: SqlTransaction) -> None:
        connection = transaction._connection
        span = {"low": ids[0], "high": ids[-1]}
        values = {
            **span,
            "report": report,
            "reports": reports,
            "status": status,
            "at": at,
            "snapshot": snapshot_text(DRAFT),
        }
        connection.execute(_MANY, values)
        connection.execute(_PRINTED, span)
        if isinstance(connection, PgConnection):
            connection.execute(_MOVE_ON)

    return add


def let_come_due(raw: Raw, backend: str, now: datetime) -> None:
    """Let come due what is due by a clock that is set by hand, where the server's own clock decides."""
    if backend == "postgres":
        raw(f"UPDATE {TICKETS} SET execute_after = now() - interval '1 s' WHERE execute_after <= ?", now)


def break_it(raw: Raw, backend: str, table: str, event: str, when: str) -> Callable[[], object]:
    """Let the database refuse some writes from now on; returns what ends it."""
    if backend == "sqlite":
        refusing = "BEGIN SELECT RAISE(ABORT, 'no'); END"
        raw(f"CREATE TRIGGER broken BEFORE {event} ON {table} WHEN {when} {refusing}")
        return lambda: raw("DROP TRIGGER broken")
    body = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
    raw(f"CREATE FUNCTION broken() RETURNS trigger {body}")
    each = f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION broken()"
    raw(f"CREATE TRIGGER broken BEFORE {event} ON {table} {each}")
    return lambda: raw("DROP FUNCTION broken CASCADE")
