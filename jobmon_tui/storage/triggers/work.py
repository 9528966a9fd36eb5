"""What workers on PostgreSQL are told: of work that waits in a queue, and of a cancel that one of them must heed.

Dashboards hear of every change on a channel of their own (triggers_postgres.py). A worker that heard all of it
would look in vain each time: docs/scale.md.
"""

from typing import Final

WORK_CHANNEL: Final = "jobmon_work"
"""What workers LISTEN to. The payload is one of the three below."""
ANY_WORK: Final = ""
"""Something may be ready in any queue."""
QUEUED_WORD: Final = "queued"
"""`queued ID QUEUE`: this execution, the first of those that one statement brought, waits in this queue."""
CANCEL_WORD: Final = "cancel"
"""`cancel WORKER`: somebody asked for an execution to stop that this worker runs."""
MOST_TOLD: Final = 200
"""Characters of a name in a payload, which may be 8,000 bytes long."""
_LOG = "job_execution_log"
_TOLD = f"pg_notify('{WORK_CHANNEL}', '{QUEUED_WORD} ' || %s || ' ' || left(%s, {MOST_TOLD}))"

QUEUED_ROWS: Final = (
    f"PERFORM {_TOLD % ('min(id)', 'queue')} FROM changed WHERE status = 'Queued' GROUP BY queue;"
)
"""In the trigger of what one statement has added."""
_LIMITS = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} WHERE max_concurrent IS NOT NULL)"
    for table in ("report_configuration", "report_state")
)
# One place is free, and so the first that waits for it is named. Asked only where any report has a limit.
FREED_ROWS: Final = f"""
  IF {_LIMITS} THEN
    PERFORM {_TOLD % ("first.id", "first.queue")}
    FROM (SELECT DISTINCT configuration_id FROM changed WHERE status IN ('Succeeded', 'Failed', 'Cancelled')) AS ended
    CROSS JOIN LATERAL (SELECT id, queue FROM {_LOG}
                        WHERE status = 'Queued' AND configuration_id = ended.configuration_id LIMIT 1) AS first
    WHERE EXISTS (SELECT 1 FROM report_configuration
                  WHERE id = ended.configuration_id AND max_concurrent IS NOT NULL)
       OR EXISTS (SELECT 1 FROM report_state
                  WHERE configuration_id = ended.configuration_id AND max_concurrent IS NOT NULL);
  END IF;
"""
"""In the trigger of what one statement has changed: an end makes room where a report has a limit."""
_CANCEL_TOLD = f"""
CREATE OR REPLACE FUNCTION jobmon_cancel_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('{WORK_CHANNEL}', '{CANCEL_WORD} ' || left(worker, {MOST_TOLD}))
  FROM {_LOG} WHERE id = NEW.execution_id AND worker IS NOT NULL;
  RETURN NULL;
END $$
"""
_LIMIT_TOLD = f"""
CREATE OR REPLACE FUNCTION jobmon_limit_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('{WORK_CHANNEL}', '{ANY_WORK}');
  RETURN NULL;
END $$
"""
WORK_FUNCTIONS: Final = (_CANCEL_TOLD, _LIMIT_TOLD)
WORK_TRIGGERS: Final = {
    "cancel_told": (
        "cancel_request",
        "AFTER INSERT ON cancel_request FOR EACH ROW EXECUTE FUNCTION jobmon_cancel_told()",
    ),
    "report_limit_told": (
        "report_configuration",
        "AFTER DELETE OR UPDATE OF max_concurrent ON report_configuration FOR EACH STATEMENT "
        "EXECUTE FUNCTION jobmon_limit_told()",
    ),
}
