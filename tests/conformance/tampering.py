"""What somebody may do to the audit log who owns the database, and so can drop its rules."""

from collections.abc import Sequence
from datetime import timedelta

from jobmon_tui.domain.audit import GENESIS, NewAuditEntry, canonical, chain_hash
from jobmon_tui.services.ports import Transaction
from tests.backends import Raw
from tests.conformance.world import NOW

COUNT = 6
ENTRIES = [
    NewAuditEntry(
        NOW + timedelta(seconds=number),
        "ada",
        "Administrator",
        "Job Retry",
        "refused",
        "not_retryable",
        number,
        number + 10,
        "pts/1",
        f"#{number} is Running",
        "uid=1000(ada) on web1",
    )
    for number in range(1, COUNT + 1)
]
COLUMNS = (
    "id, at, actor, role, action, outcome, code, execution_id, new_execution_id, origin, details, known, "
    "previous_hash, hash"
)
_WITHOUT_ID = COLUMNS.removeprefix("id, ")
_X = "x" * 64
UNFIT = "does not fit its hash"
UNLINKED = "not written after the entry before it"
UNHEARD = "what no entry can hold"
Steps = Sequence[str]


def add_entries(transaction: Transaction) -> None:
    """Write the entries, as a process does."""
    for entry in ENTRIES:
        transaction.add_audit(entry)


def past_the_rules(raw: Raw, backend: str) -> None:
    """Let the audit log's own rules be gone."""
    if backend == "sqlite":
        for (name,) in raw(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
        ):
            raw(f"DROP TRIGGER {name}")
        return
    for table in ("audit_log", "audit_head"):
        raw(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


def rehashed(first: int, actor: str, entries: Sequence[NewAuditEntry] = ENTRIES) -> tuple[Steps, str]:
    """Return what rewrites the actor of `first` and every hash from there on, and the new head's hash."""
    before, steps = GENESIS, []
    for number, entry in enumerate(entries, 1):
        who = actor if number == first else entry.actor
        told = NewAuditEntry(**{**{f: getattr(entry, f) for f in entry.__dataclass_fields__}, "actor": who})
        digest = chain_hash(before, canonical(number, told))
        if number >= first:
            steps.append(
                f"UPDATE audit_log SET actor = '{who}', previous_hash = '{before}', hash = '{digest}' "
                f"WHERE id = {number}"
            )
        before = digest
    return steps, before


def _copied(to: int, **changed: str) -> str:
    values = ", ".join(changed.get(each, each) for each in _WITHOUT_ID.split(", "))
    return f"INSERT INTO audit_log ({COLUMNS}) SELECT {to}, {values} FROM audit_log"


def _head(audit_id: int, digest: str) -> str:
    return f"UPDATE audit_head SET audit_id = {audit_id}, hash = {digest}"


_HASH_OF = "(SELECT hash FROM audit_log WHERE id = {})"
_FORGED = chain_hash(rehashed(1, "ada")[1], canonical(COUNT + 1, ENTRIES[0]))

FOUND: dict[str, tuple[Steps, int, str]] = {
    **{
        f"{column} edited": ([f"UPDATE audit_log SET {column} = {value} WHERE id = 3"], 3, said)
        for column, value, said in (
            ("at", "'2026-01-02T03:04:08.000001Z'", UNFIT),
            ("actor", "'eve'", UNFIT),
            ("role", "'Viewer'", UNFIT),
            ("action", "'Job Run'", UNFIT),
            ("outcome", "'allowed'", UNFIT),
            ("code", "NULL", UNFIT),
            ("execution_id", "4", UNFIT),
            ("new_execution_id", "NULL", UNFIT),
            ("origin", "'pts/2'", UNFIT),
            ("details", "details || ' '", UNFIT),
            ("known", "'uid=0(root) on web1'", UNFIT),
            ("previous_hash", f"'{_X}'", UNLINKED),
            ("hash", f"'{_X}'", UNFIT),
        )
    },
    "known taken away, as if an earlier version had written it": (
        ["UPDATE audit_log SET known = NULL WHERE id = 3"],
        3,
        UNFIT,
    ),
    "one deleted in the middle": (["DELETE FROM audit_log WHERE id = 3"], 4, "entry 3 is missing before it"),
    "two deleted at the start": (["DELETE FROM audit_log WHERE id < 3"], 3, "entries 1 to 2 are missing"),
    "one deleted, the others moved up": (
        [
            "DELETE FROM audit_log WHERE id = 3",
            *(
                f"UPDATE audit_log SET id = {number - 1} WHERE id = {number}"
                for number in range(4, COUNT + 1)
            ),
            _head(5, _HASH_OF.format(5)),
        ],
        3,
        UNLINKED,
    ),
    "two ids swapped": (
        [
            "UPDATE audit_log SET id = 99 WHERE id = 3",
            "UPDATE audit_log SET id = 3 WHERE id = 4",
            "UPDATE audit_log SET id = 4 WHERE id = 99",
        ],
        3,
        UNLINKED,
    ),
    "two entries reordered, with their places in the chain": (
        [
            "UPDATE audit_log SET id = 99 WHERE id = 3",
            "UPDATE audit_log SET id = 3 WHERE id = 4",
            "UPDATE audit_log SET id = 4 WHERE id = 99",
            f"UPDATE audit_log SET previous_hash = {_HASH_OF.format(2)} WHERE id = 3",
            f"UPDATE audit_log SET previous_hash = {_HASH_OF.format(3)} WHERE id = 4",
        ],
        3,
        UNFIT,
    ),
    "one replaced": (
        [
            _copied(99, actor="'eve'") + " WHERE id = 3",
            "DELETE FROM audit_log WHERE id = 3",
            "UPDATE audit_log SET id = 3 WHERE id = 99",
        ],
        3,
        UNFIT,
    ),
    "one inserted in the middle": (
        [
            *(
                f"UPDATE audit_log SET id = {number + 1} WHERE id = {number}"
                for number in range(COUNT, 3, -1)
            ),
            _copied(4, previous_hash=_HASH_OF.format(3)) + " WHERE id = 3",
            _head(7, _HASH_OF.format(7)),
        ],
        4,
        UNFIT,
    ),
    "one inserted before the first": ([_copied(0) + " WHERE id = 1"], 0, "entry 0 stands beside the chain"),
    "one inserted far below": ([_copied(-7) + " WHERE id = 1"], -7, "entry -7 stands beside the chain"),
    "a fitting one appended, the head left": (
        [
            _copied(
                7,
                at="(SELECT at FROM audit_log WHERE id = 1)",
                execution_id="1",
                new_execution_id="11",
                details="'#1 is Running'",
                previous_hash="hash",
                hash=f"'{_FORGED}'",
            )
            + " WHERE id = 6"
        ],
        7,
        "past the log's head, which names entry 6",
    ),
    "one duplicated at the end": (
        [_copied(7) + " WHERE id = 6", _head(7, _HASH_OF.format(7))],
        7,
        UNLINKED,
    ),
    "a gap in the ids": (
        ["UPDATE audit_log SET id = id + 10 WHERE id = 6", "UPDATE audit_log SET id = id + 10 WHERE id = 5"],
        15,
        "entries 5 to 14 are missing",
    ),
    "the end cut off": (
        ["DELETE FROM audit_log WHERE id > 4"],
        5,
        "it is missing; the log's head names entry 6",
    ),
    "emptied": (["DELETE FROM audit_log"], 1, "the log is empty; its head names entry 6"),
    "the head's hash edited": ([_head(6, f"'{_X}'")], 6, "the log's head has another hash"),
    "the head moved back": ([_head(5, _HASH_OF.format(5))], 6, "past the log's head, which names entry 5"),
    "the head moved on": ([_head(7, f"'{_X}'")], 7, "it is missing; the log's head names entry 7"),
    "the tail rehashed, the head left": (rehashed(3, "eve")[0], 6, "the log's head has another hash"),
}
"""How, the first bad entry, and what is said of it."""

ON_SQLITE: dict[str, tuple[Steps, int, str]] = {
    "the same time in other words": (
        ["UPDATE audit_log SET at = '2026-01-02T03:04:08.000000+00:00' WHERE id = 3"],
        3,
        UNFIT,
    ),
    "no time at all": (["UPDATE audit_log SET at = 'once' WHERE id = 3"], 3, UNFIT),
    "a number for a time": (["UPDATE audit_log SET at = x'00' WHERE id = 3"], 3, UNFIT),
    "bytes for a text": (["UPDATE audit_log SET actor = x'616461' WHERE id = 3"], 3, UNHEARD),
    "text that is no UTF-8": (
        ["UPDATE audit_log SET actor = CAST(x'ff' AS TEXT) WHERE id = 3"],
        3,
        UNHEARD,
    ),
    "a text for a number": (["UPDATE audit_log SET execution_id = 'x' WHERE id = 3"], 3, UNFIT),
}
"""What only SQLite keeps."""

_WITHOUT_KEY = {
    "sqlite": [
        "CREATE TABLE kept AS SELECT * FROM audit_log",
        "DROP TABLE audit_log",
        "ALTER TABLE kept RENAME TO audit_log",
    ],
    "postgres": ["ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey"],
}
DUPLICATED: dict[str, Steps] = {
    backend: [*steps, _copied(3) + " WHERE id = 3"] for backend, steps in _WITHOUT_KEY.items()
}
"""Twice the same id, for which the table has to lose its key; last, for it stays so."""

UNSEEN: dict[str, Steps] = {
    "the end cut off, the head adjusted": [
        "DELETE FROM audit_log WHERE id > 4",
        _head(4, _HASH_OF.format(4)),
    ],
    "emptied, the head as at the beginning": ["DELETE FROM audit_log", _head(0, f"'{GENESIS}'")],
    "the tail rehashed, the head adjusted": [*rehashed(3, "eve")[0], _head(6, f"'{rehashed(3, 'eve')[1]}'")],
    "cut off and written anew, the head adjusted": [
        "DELETE FROM audit_log WHERE id > 5",
        *rehashed(5, "eve", ENTRIES[:5])[0],
        _head(5, f"'{rehashed(5, 'eve', ENTRIES[:5])[1]}'"),
    ],
}
"""What no chain can tell from a log that was written so: only an anchor that was kept elsewhere."""
