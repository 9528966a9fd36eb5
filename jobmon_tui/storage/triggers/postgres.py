"""The rules that PostgreSQL itself keeps: the same as SQLite's, and four things that only it needs.

They are the counters in slots (one row for each status would make all writers queue for it), the audit chain's
step as one call, the notes to whoever listens, and the tickets by which PgQueuer hands executions out
(docs/decisions/0005-pgqueuer.md). Every migration recreates all of them from this one list.
"""

from typing import Final

from jobmon_tui.storage.triggers.blocks import BLOCK_FUNCTIONS, BLOCK_TRIGGERS
from jobmon_tui.storage.triggers.sqlite import HEAD_BACKWARDS
from jobmon_tui.storage.triggers.work import FREED_ROWS, QUEUED_ROWS, WORK_FUNCTIONS, WORK_TRIGGERS

CHANNEL: Final = "jobmon"
"""What dashboards LISTEN to. The payload names executions' ids, or is empty: look at all."""
SLOTS: Final = 64
"""Counter rows for each status, chosen by the backend's pid: see docs/decisions/0006-postgresql.md."""
_MOST_NAMED: Final = 200
"""Ids in a payload, which may be 8,000 bytes long."""
TICKETS: Final = "jobmon_pgqueuer"
"""PgQueuer's table. A ticket's id is its execution's."""
_LOG = "job_execution_log"
_FINAL = "('Succeeded', 'Failed', 'Cancelled')"

_GUARD = f"""
CREATE OR REPLACE FUNCTION jobmon_execution_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT 1 FROM retention_pass) THEN
      RAISE EXCEPTION 'executions are deleted by retention only' USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.retry_of IS NOT NULL AND NEW.status = 'Queued'
       AND NOT EXISTS (SELECT 1 FROM {_LOG} WHERE id = NEW.retry_of AND status = 'Failed') THEN
      RAISE EXCEPTION 'only a Failed execution can be retried' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.status IN {_FINAL} THEN
    RAISE EXCEPTION 'a finished execution never changes' USING ERRCODE = 'check_violation';
  END IF;
  IF NOT (OLD.status = NEW.status
          OR (OLD.status = 'Queued' AND NEW.status IN ('Running', 'Cancelled'))
          OR (OLD.status = 'Running' AND NEW.status IN {_FINAL})) THEN
    RAISE EXCEPTION 'this change of status is not allowed' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.id <> NEW.id OR OLD.configuration <> NEW.configuration OR OLD.configuration_id <> NEW.configuration_id
     OR OLD.configuration_version <> NEW.configuration_version OR OLD.retry_of IS DISTINCT FROM NEW.retry_of THEN
    RAISE EXCEPTION 'an execution keeps its snapshot' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$
"""

# One statement's rows are counted and told of together. The slot is this backend's own, so that it may go below zero
# where another one has counted the row before: only the sums mean anything.
_COUNT = f"""
CREATE OR REPLACE FUNCTION jobmon_count(status_name text, change bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO status_count (status, slot, n) VALUES (status_name, pg_backend_pid() % {SLOTS}, change)
  ON CONFLICT (status, slot) DO UPDATE SET n = status_count.n + excluded.n
$$
"""
_TELL = f"""
CREATE OR REPLACE FUNCTION jobmon_tell(ids bigint[]) RETURNS void LANGUAGE sql AS $$
  SELECT pg_notify('{CHANNEL}', CASE WHEN cardinality(ids) <= {_MOST_NAMED} THEN array_to_string(ids, ',') ELSE '' END)
$$
"""
HAS_LIMIT: Final = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} AS each WHERE each.{key} = e.configuration_id AND each.max_concurrent IS NOT NULL)"
    for table, key in (("report_configuration", "id"), ("report_state", "configuration_id"))
)
# Executions of a report with a limit get none: a ticket that may not be used would only come back again and again.
# They are found by id: `status = 'Queued'` would let the planner read all that is queued, which it takes for next to
# nothing where its statistics are older than the queue.
_TICKET = f"""
CREATE OR REPLACE FUNCTION jobmon_ticket(wanted bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
BEGIN
  INSERT INTO {TICKETS} (id, priority, entrypoint, payload, execute_after, status)
  SELECT e.id, e.priority, e.queue, convert_to(e.id::text, 'UTF8'), coalesce(e.not_before, now()), 'queued'
  FROM {_LOG} AS e WHERE e.id = ANY (wanted) AND e.status || '' = 'Queued' AND NOT ({HAS_LIMIT})
  ORDER BY e.id ON CONFLICT (id) DO NOTHING;
  GET DIAGNOSTICS made = ROW_COUNT;
  RETURN made;
END $$
"""
# Those that are locked are just being handed out: to wait for that would be a deadlock, and who gets one that is of
# no use drops it.
_VOID = f"""
CREATE OR REPLACE FUNCTION jobmon_void(unwanted bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM {TICKETS}
  WHERE id IN (SELECT id FROM {TICKETS} WHERE id = ANY (unwanted) ORDER BY id FOR UPDATE SKIP LOCKED);
END $$
"""
_LIMIT = f"""
CREATE OR REPLACE FUNCTION jobmon_limit_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  waiting bigint[] := ARRAY(SELECT id FROM {_LOG} WHERE status = 'Queued' AND configuration_id = NEW.id);
BEGIN
  IF NEW.max_concurrent IS NULL THEN
    PERFORM jobmon_ticket(waiting);
  ELSE
    PERFORM jobmon_void(waiting);
  END IF;
  RETURN NULL;
END $$
"""
_COUNTED = {
    "inserted": "SELECT status, count(*) AS n FROM changed GROUP BY status",
    "deleted": "SELECT status, -count(*) AS n FROM gone GROUP BY status",
    "updated": "SELECT status, sum(n)::bigint AS n FROM (SELECT status, 1 AS n FROM changed "
    "UNION ALL SELECT status, -1 FROM gone) AS both_sides GROUP BY status HAVING sum(n) <> 0",
}
_IDS = {"inserted": "changed", "deleted": "gone", "updated": "changed"}
# Started or cancelled, whoever did it: what waits no more has no ticket.
_TICKETED = {
    "inserted": "PERFORM jobmon_ticket(array_agg(id)) FROM changed WHERE status = 'Queued' HAVING count(*) > 0;",
    "updated": "PERFORM jobmon_void(array_agg(id)) FROM changed WHERE status IN ('Running', 'Cancelled') "
    "HAVING count(*) > 0;",
}
_FOR_WORKERS = {"inserted": QUEUED_ROWS, "updated": FREED_ROWS}


def _after(event: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION jobmon_execution_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM jobmon_count(each.status, each.n) FROM ({_COUNTED[event]} ORDER BY status) AS each;
  PERFORM jobmon_tell(array_agg(id)) FROM {_IDS[event]} HAVING count(*) > 0;
  {_TICKETED.get(event, "")}
  {_FOR_WORKERS.get(event, "")}
  RETURN NULL;
END $$
"""


_NOTE = f"""
CREATE OR REPLACE FUNCTION jobmon_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('{CHANNEL}', '');
  RETURN NULL;
END $$
"""
_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION jobmon_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'check_violation';
END $$
"""
_NEVER_EMPTIED = """
CREATE OR REPLACE FUNCTION jobmon_never_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'executions are deleted by retention only' USING ERRCODE = 'check_violation';
END $$
"""
# The head is locked by a SELECT, in a statement of its own: each sees what was committed before it. What is said is the
# canonical text after the id, which only the database knows (domain/audit.py), in hexadecimal UTF-8. A process of the
# release before says nothing at its end of who wrote it: then there is no element 11.
_AUDIT = """
CREATE OR REPLACE FUNCTION jobmon_audit(said text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  rest text := convert_from(decode(said, 'hex'), 'UTF8');
  entry jsonb := '[0' || rest;
  head record;
  digest text;
BEGIN
  SELECT audit_id + 1 AS next_id, hash INTO STRICT head FROM audit_head WHERE id = 1 FOR UPDATE;
  digest := encode(sha256(convert_to(head.hash || E'\\n[' || head.next_id || rest, 'UTF8')), 'hex');
  INSERT INTO audit_log (id, at, actor, role, action, outcome, code, execution_id, new_execution_id, origin, details,
                         known, previous_hash, hash)
  VALUES (head.next_id, (entry ->> 1)::timestamptz, entry ->> 2, entry ->> 3, entry ->> 4, entry ->> 5, entry ->> 6,
          (entry ->> 7)::bigint, (entry ->> 8)::bigint, entry ->> 9, entry ->> 10, entry ->> 11, head.hash,
          digest);
  UPDATE audit_head SET audit_id = head.next_id, hash = digest WHERE id = 1;
END $$
"""

_FUNCTIONS = (
    _GUARD,
    _COUNT,
    *BLOCK_FUNCTIONS,
    *WORK_FUNCTIONS,
    _TELL,
    _TICKET,
    _VOID,
    _LIMIT,
    *(_after(event) for event in _COUNTED),
    _NOTE,
    _APPEND_ONLY,
    _NEVER_EMPTIED,
    _AUDIT,
)
_NEW, _OLD = "NEW TABLE AS changed", "OLD TABLE AS gone"
POSTGRES_TRIGGERS: dict[str, tuple[str, str]] = {
    "execution_guard": (
        _LOG,
        f"BEFORE INSERT OR UPDATE OR DELETE ON {_LOG} FOR EACH ROW EXECUTE FUNCTION jobmon_execution_guard()",
    ),
    "execution_never_emptied": (
        _LOG,
        f"BEFORE TRUNCATE ON {_LOG} FOR EACH STATEMENT EXECUTE FUNCTION jobmon_never_emptied()",
    ),
    "execution_counted": (
        _LOG,
        f"AFTER INSERT ON {_LOG} REFERENCING {_NEW} FOR EACH STATEMENT EXECUTE FUNCTION jobmon_execution_inserted()",
    ),
    "execution_recounted": (
        _LOG,
        f"AFTER UPDATE ON {_LOG} REFERENCING {_NEW} {_OLD} FOR EACH STATEMENT "
        "EXECUTE FUNCTION jobmon_execution_updated()",
    ),
    "execution_uncounted": (
        _LOG,
        f"AFTER DELETE ON {_LOG} REFERENCING {_OLD} FOR EACH STATEMENT EXECUTE FUNCTION jobmon_execution_deleted()",
    ),
    **BLOCK_TRIGGERS,
    **WORK_TRIGGERS,
    "report_limit_changed": (
        "report_configuration",
        "AFTER UPDATE OF max_concurrent ON report_configuration FOR EACH ROW "
        "WHEN ((OLD.max_concurrent IS NULL) <> (NEW.max_concurrent IS NULL)) EXECUTE FUNCTION jobmon_limit_changed()",
    ),
    "audit_append_only": (
        "audit_log",
        "BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION jobmon_append_only()",
    ),
    # Told apart in the trigger's own condition, which costs an append nothing.
    "audit_head_forward": (
        "audit_head",
        f"BEFORE UPDATE ON audit_head FOR EACH ROW WHEN ({HEAD_BACKWARDS}) EXECUTE FUNCTION jobmon_append_only()",
    ),
    "audit_head_only": (
        "audit_head",
        "BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION jobmon_append_only()",
    ),
    **{
        f"{table}_told": (
            table,
            f"AFTER {events} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION jobmon_note()",
        )
        for table, events in (
            ("report_configuration", "INSERT OR UPDATE OR DELETE"),
            ("cancel_request", "INSERT"),
            ("execution_output", "INSERT OR UPDATE"),
            # Not each beat: a worker's coming and going.
            ("worker", "INSERT OR DELETE"),
            ("user_account", "INSERT OR UPDATE OR DELETE"),
            ("session", "DELETE"),
        )
    },
}


def postgres_statements() -> list[str]:
    """Return the statements that create every function, and drop and create every trigger."""
    made = list(_FUNCTIONS)
    for name, (table, body) in POSTGRES_TRIGGERS.items():
        made += [f"DROP TRIGGER IF EXISTS {name} ON {table}", f"CREATE TRIGGER {name} {body}"]
    return made
