"""How PostgreSQL keeps the counts of final blocks right where a row comes late, or goes: see `block_tables`."""

from typing import Final

from jobmon_tui.storage.listing.blocks import BLOCK

BLOCKS_LOCK: Final = "7091, 6"
"""The advisory lock of whoever counts blocks, or deletes executions."""
_COUNTS = ("succeeded", "failed", "cancelled")
_GONE = ", ".join(f"count(*) FILTER (WHERE status = '{each.title()}') AS {each}" for each in _COUNTS)
_LESS = ", ".join(f"{each} = its.{each} - gone.{each}" for each in _COUNTS)
_EMPTY = " + ".join(_COUNTS) + " = 0"

# No row comes to a block that is counted, but by hand: then it is counted anew.
_LATE = f"""
CREATE OR REPLACE FUNCTION jobmon_late(late bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  theirs bigint[] := ARRAY(SELECT DISTINCT each / {BLOCK} FROM unnest(late) AS each);
BEGIN
  PERFORM pg_advisory_xact_lock({BLOCKS_LOCK});
  DELETE FROM report_block WHERE block = ANY (theirs);
  DELETE FROM hour_block WHERE block = ANY (theirs);
  INSERT INTO execution_block AS its (block, queued_from, queued_to, is_final, succeeded, failed, cancelled)
  SELECT id / {BLOCK}, min(queued_at), max(queued_at), false, 0, 0, 0 FROM job_execution_log
  WHERE id = ANY (late) GROUP BY 1 ORDER BY 1
  ON CONFLICT (block) DO UPDATE SET is_final = false, succeeded = 0, failed = 0, cancelled = 0,
    queued_from = least(its.queued_from, excluded.queued_from),
    queued_to = greatest(its.queued_to, excluded.queued_to);
END $$
"""
_LATE_ROWS: Final = f"""
CREATE OR REPLACE FUNCTION jobmon_execution_late() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  newest bigint := (SELECT max(block) FROM execution_block);
BEGIN
  IF (SELECT min(id) / {BLOCK} FROM changed) <= newest THEN
    PERFORM jobmon_late(array_agg(id)) FROM changed WHERE id / {BLOCK} <= newest;
  END IF;
  RETURN NULL;
END $$
"""


def _less_of(table: str, key: str, its: str) -> str:
    return f"""
  UPDATE {table} AS its SET {_LESS}
  FROM (SELECT id / {BLOCK} AS block, {its}{_GONE} FROM gone GROUP BY {", ".join(str(n + 1) for n in range(len(key.split(", "))))}) AS gone
  WHERE its.block = gone.block{"".join(f" AND its.{each} = gone.{each}" for each in key.split(", ")[1:])}
    AND EXISTS (SELECT 1 FROM execution_block AS b WHERE b.block = gone.block AND b.is_final);
  DELETE FROM {table} AS its WHERE {_EMPTY} AND its.block IN (SELECT id / {BLOCK} FROM gone)
    AND EXISTS (SELECT 1 FROM execution_block AS b WHERE b.block = its.block AND b.is_final);
"""


# Whoever counts a block meanwhile has it counted before, or waits until these are gone.
_PRUNED_ROWS: Final = f"""
CREATE OR REPLACE FUNCTION jobmon_execution_pruned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock({BLOCKS_LOCK});
  {_less_of("report_block", "block, report", "report, ")}
  {_less_of("hour_block", "block, hour", "date_trunc('hour', finished_at, 'UTC') AS hour, ")}
  {_less_of("execution_block", "block", "")}
  RETURN NULL;
END $$
"""
BLOCK_FUNCTIONS: Final = (_LATE, _LATE_ROWS, _PRUNED_ROWS)
BLOCK_TRIGGERS: Final = {
    name: (
        "job_execution_log",
        f"AFTER {event} ON job_execution_log REFERENCING {rows} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION jobmon_{name}()",
    )
    for name, event, rows in (
        ("execution_late", "INSERT", "NEW TABLE AS changed"),
        ("execution_pruned", "DELETE", "OLD TABLE AS gone"),
    )
}
