"""A group of outcomes on PostgreSQL, in as few statements as can be: docs/decisions/0005-pgqueuer.md."""

from typing import Final

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from jobmon_tui.storage.policy_queries import NO_LIMITS

ENDED: Final = {
    "status": "text",
    "duration_ms": "bigint",
    "error": "text",
    "error_detail": "text",
    "output_path": "text",
    "output_rows": "bigint",
    "output_size": "bigint",
    "output_sha256": "text",
}
_IDS: Final = ARRAY(BigInteger())
# The worker first, as whoever reaps it does: a left join by loops reads, and so locks, its left side first.
HELD: Final = text(
    """
SELECT e.id, e.fencing_token, e.started_at
FROM (SELECT name FROM worker WHERE name = :by FOR KEY SHARE) AS held
LEFT JOIN LATERAL (
  SELECT id, fencing_token, started_at FROM job_execution_log
  WHERE id = ANY (:wanted) AND status = 'Running' ORDER BY id FOR UPDATE
) AS e ON true
"""
).bindparams(bindparam("by", type_=Text()), bindparam("wanted", type_=_IDS))
"""The worker, and what it has Running of these; no row at all where the worker is not registered."""
# Who wanted a cancel is asked only now, where the executions are locked: no request comes later. As JSON:
# asyncpg looks at every element of an array, and there would be nine of them. The ids once more: of JSON the
# planner does not know how few rows it has, and would rather read a small table whole.
_SET = ", ".join(f"{each} = e.{each}" for each in ENDED if each != "error")
_OF = ", ".join(f"{name} {kind}" for name, kind in ENDED.items())
_ASKED = """
asked AS (DELETE FROM cancel_request WHERE execution_id = ANY (:ids) RETURNING execution_id, requested_by)
"""
_END = f"""
UPDATE job_execution_log SET finished_at = :at, {_SET},
  error = CASE WHEN e.status = 'Cancelled' AND asked.requested_by IS NOT NULL
            THEN 'cancelled by ' || asked.requested_by ELSE e.error END
FROM json_to_recordset(CAST(:rows AS json)) AS e (ended bigint, {_OF})
  LEFT JOIN asked ON asked.execution_id = e.ended
WHERE id = e.ended AND id = ANY (:ids)
"""  # noqa: S608 - constants
_OUTCOMES = (
    bindparam("at", type_=TIMESTAMP(timezone=True)),
    bindparam("rows", type_=Text()),
    bindparam("ids", type_=_IDS),
)
END_ALL: Final = text(f"WITH {_ASKED} {_END}").bindparams(*_OUTCOMES)
"""Ends a group: the triggers that count and tell run once for each statement."""
# Both are rows of one table, and so the triggers run once for both.
END_AND_START: Final = text(
    f"""
WITH {_ASKED}, ended AS ({_END})
UPDATE job_execution_log
SET status = 'Running', worker = :by, started_at = :at, fencing_token = fencing_token + 1
WHERE id = ANY (:wanted) AND status = 'Queued' AND {NO_LIMITS}
RETURNING id, fencing_token, configuration
"""  # noqa: S608 - constants
).bindparams(*_OUTCOMES, bindparam("by", type_=Text()), bindparam("wanted", type_=_IDS))
"""Ends a group, whose worker is locked, and starts what it was handed, unless a report has a limit."""
