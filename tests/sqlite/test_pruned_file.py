"""What pruning leaves of a SQLite file."""

from jobmon_tui.storage.retention import Pruning
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from jobmon_tui.storage.sqlite.health import check_file
from tests.backends import Raw
from tests.conformance.test_retention import OLD, RULE
from tests.conformance.world import many


async def test_a_pruned_file_is_whole_and_its_room_is_used_again(store: SqliteDatabase, raw: Raw) -> None:
    await store.write(many(range(1, 2_001), "Succeeded", OLD))
    size = store.path.stat().st_size
    await Pruning(store, RULE, "cli").run()
    assert check_file(store.path).is_good
    # The file is made smaller by nobody.
    assert raw("PRAGMA freelist_count")[0][0] > 0  # type: ignore[operator]
    assert store.path.stat().st_size >= size
