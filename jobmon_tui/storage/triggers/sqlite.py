"""The rules that SQLite itself keeps. Every migration recreates all of them from this one list.

A batch migration drops a table's triggers without a word; INSERT OR REPLACE walks past UPDATE and DELETE triggers, so
an id that exists is refused before the insert.
"""

from jobmon_tui.storage.listing.blocks import BLOCK

_LOG = "job_execution_log"
_FINAL = "('Succeeded', 'Failed', 'Cancelled')"
_FINAL_BLOCK = f"SELECT 1 FROM execution_block WHERE block = OLD.id / {BLOCK} AND is_final"
_LESS = ", ".join(
    f"{each} = {each} - (OLD.status = '{each.title()}')" for each in ("succeeded", "failed", "cancelled")
)
HEAD_BACKWARDS = "NEW.id <> OLD.id OR NEW.audit_id < OLD.audit_id OR (NEW.audit_id = OLD.audit_id AND NEW.hash <> OLD.hash)"
"""True where the audit log's head would move other than forward; in the words of both backends."""
_EMPTY = "succeeded + failed + cancelled = 0"


def _less_of(table: str, its: str) -> str:
    which = f"block = OLD.id / {BLOCK}{its}"
    return f"UPDATE {table} SET {_LESS} WHERE {which}; DELETE FROM {table} WHERE {which} AND {_EMPTY}; "


SQLITE_TRIGGERS: dict[str, str] = {
    "execution_final_update": f"BEFORE UPDATE ON {_LOG} WHEN OLD.status IN {_FINAL} BEGIN "
    "SELECT RAISE(ABORT, 'a finished execution never changes'); END",
    "execution_final_delete": f"BEFORE DELETE ON {_LOG} WHEN NOT EXISTS (SELECT 1 FROM retention_pass) BEGIN "
    "SELECT RAISE(ABORT, 'executions are deleted by retention only'); END",
    "execution_no_replace": f"BEFORE INSERT ON {_LOG} WHEN EXISTS (SELECT 1 FROM {_LOG} WHERE id = NEW.id) BEGIN "
    "SELECT RAISE(ABORT, 'an execution is never replaced'); END",
    "execution_status": f"BEFORE UPDATE OF status ON {_LOG} WHEN NOT (OLD.status = NEW.status "
    "OR (OLD.status = 'Queued' AND NEW.status IN ('Running', 'Cancelled')) "
    f"OR (OLD.status = 'Running' AND NEW.status IN {_FINAL})) BEGIN "
    "SELECT RAISE(ABORT, 'this change of status is not allowed'); END",
    "execution_frozen": f"BEFORE UPDATE OF id, configuration, configuration_id, configuration_version, retry_of ON {_LOG} "
    "WHEN OLD.id <> NEW.id OR OLD.configuration <> NEW.configuration OR OLD.configuration_id <> NEW.configuration_id "
    "OR OLD.configuration_version <> NEW.configuration_version OR OLD.retry_of IS NOT NEW.retry_of BEGIN "
    "SELECT RAISE(ABORT, 'an execution keeps its snapshot'); END",
    "execution_retry_failed_only": f"BEFORE INSERT ON {_LOG} WHEN NEW.retry_of IS NOT NULL AND NEW.status = 'Queued' "
    f"AND NOT EXISTS (SELECT 1 FROM {_LOG} WHERE id = NEW.retry_of AND status = 'Failed') BEGIN "
    "SELECT RAISE(ABORT, 'only a Failed execution can be retried'); END",
    "execution_counted": f"AFTER INSERT ON {_LOG} BEGIN "
    "INSERT INTO status_count (status, slot, n) VALUES (NEW.status, 0, 1) "
    "ON CONFLICT (status, slot) DO UPDATE SET n = n + 1; END",
    "execution_recounted": f"AFTER UPDATE OF status ON {_LOG} WHEN OLD.status <> NEW.status BEGIN "
    "UPDATE status_count SET n = n - 1 WHERE status = OLD.status AND slot = 0; "
    "INSERT INTO status_count (status, slot, n) VALUES (NEW.status, 0, 1) "
    "ON CONFLICT (status, slot) DO UPDATE SET n = n + 1; END",
    "execution_uncounted": f"AFTER DELETE ON {_LOG} BEGIN "
    "UPDATE status_count SET n = n - 1 WHERE status = OLD.status AND slot = 0; END",
    # No row comes to a block that is counted, but by hand: then it is counted anew.
    "execution_late": f"AFTER INSERT ON {_LOG} WHEN NEW.id / {BLOCK} <= (SELECT max(block) FROM execution_block) BEGIN "
    f"DELETE FROM report_block WHERE block = NEW.id / {BLOCK}; DELETE FROM hour_block WHERE block = NEW.id / {BLOCK}; "
    "INSERT INTO execution_block (block, queued_from, queued_to, is_final, succeeded, failed, cancelled) "
    f"VALUES (NEW.id / {BLOCK}, NEW.queued_at, NEW.queued_at, 0, 0, 0, 0) ON CONFLICT (block) DO UPDATE SET is_final = 0, succeeded = 0, "
    "failed = 0, cancelled = 0, queued_from = min(queued_from, excluded.queued_from), "
    "queued_to = max(queued_to, excluded.queued_to); END",
    "execution_pruned": f"AFTER DELETE ON {_LOG} WHEN EXISTS ({_FINAL_BLOCK}) BEGIN "
    + _less_of("report_block", " AND report = OLD.report")
    + _less_of("hour_block", " AND hour = substr(OLD.finished_at, 1, 13) || ':00:00.000000Z'")
    + _less_of("execution_block", "")
    + "END",
    "audit_no_update": "BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "audit_no_delete": "BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "audit_no_replace": "BEFORE INSERT ON audit_log WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id) BEGIN "
    "SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "audit_head_forward": f"BEFORE UPDATE ON audit_head WHEN {HEAD_BACKWARDS} BEGIN "
    "SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "audit_head_no_delete": "BEFORE DELETE ON audit_head BEGIN "
    "SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "audit_head_no_replace": "BEFORE INSERT ON audit_head WHEN EXISTS (SELECT 1 FROM audit_head) BEGIN "
    "SELECT RAISE(ABORT, 'the audit log is append-only'); END",
}


def sqlite_statements() -> list[str]:
    """Return the statements that drop and create every trigger."""
    made: list[str] = []
    for name, body in SQLITE_TRIGGERS.items():
        made += [f"DROP TRIGGER IF EXISTS {name}", f"CREATE TRIGGER {name} {body}"]
    return made
