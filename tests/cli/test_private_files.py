"""Whatever is made is its owner's alone, whatever the umask; report files stay in their folder."""

import asyncio
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobmon_tui.log_file import write_log
from jobmon_tui.runners.execute import Execute
from jobmon_tui.runners.report_file import ReportFile, slug
from jobmon_tui.services.records import StoredOutput
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from jobmon_tui.tui.kept import Kept, kept_path
from scheduler.ports import Claimed, Outcome
from tests.cli.shell import Shell
from tests.conformance.world import queue_one

HOSTILE = [
    "../../escaped",
    "/etc/escaped",
    "..",
    ".",
    "a/../../b",
    "~root/x",
    "a\x00b",
    "con\n",
    "-rf",
    "",
    "é" * 300,
]


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


async def _ignored(_id: int, _token: int, _output: StoredOutput) -> None:
    return None


async def _report(folder: Path, name: str, number: int = 1) -> Outcome:
    with tempfile.TemporaryDirectory() as beside:
        source = Path(beside) / "source.db"
        sqlite3.connect(source).close()
        parameters = {"source": f"sqlite:///{source}", "query": "select 1 as one", "format": "csv"}
        claimed = Claimed(number, 1, {"name": name, "runner": "sql", "parameters": parameters}, None)
        return await Execute(folder, _ignored, environ={}).run(claimed)


async def _database_at_work(path: Path, seen: dict[str, int]) -> None:
    async with await SqliteDatabase.open(path) as database:
        await database.write(queue_one)
        seen |= {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}


def test_all_that_is_made_is_private(bare: Shell, umask: None) -> None:
    home = bare.folder / "home"
    database = home / "deep" / "er" / "jobmon.db"
    bare.set(
        HOME=str(home),
        XDG_STATE_HOME=str(home / "state" / "of"),
        JOBMON_DATABASE_URL=f"sqlite:///{database}",
        JOBMON_OUTPUT_DIR=str(home / "out" / "put"),
    )
    assert bare("init", "--admin", "ada", "--password-stdin", stdin="correct horse battery").code == 0
    token = bare(
        "login", "ada", "--password-stdin", "--print-token", stdin="correct horse battery"
    ).out.strip()
    bare.set(JOBMON_TOKEN=token)
    seen: dict[str, int] = {}
    asyncio.run(_database_at_work(database, seen))
    assert seen == {"jobmon.db": 0o600, "jobmon.db-wal": 0o600, "jobmon.db-shm": 0o600}
    assert bare("db", "backup", str(home / "deep" / "copy.db")).code == 0
    assert bare("audit", "export", "--output", str(home / "deep" / "audit.csv")).code == 0
    assert bare("audit", "anchor", "--file", str(home / "deep" / "anchors")).code == 0
    copied = bare("db", "copy", "--to", f"sqlite:///{home}/copied/to/other.db", "--while-workers-run")
    assert copied.code == 0, copied
    outcome = asyncio.run(_report(home / "out" / "put", "Sales"))
    assert outcome.status == "Succeeded", outcome
    Kept(kept_path()).keep(columns=["id"])
    assert write_log("a line") is not None

    made = [home, *home.rglob("*")]
    assert {each.name for each in made if each.is_file()} >= {
        *("jobmon.db", "copy.db", "audit.csv", "anchors", "other.db"),
        *("sales-1.csv", "dashboard.json", "jobmon.log"),
    }
    for each in made:
        mode = stat.S_IMODE(each.stat().st_mode)
        assert mode == (0o700 if each.is_dir() else 0o600), f"{each}: {mode:04o}"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_leads_out_of_the_output_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a" / "out"
    outcome = asyncio.run(_report(folder, name))
    assert outcome.output_path is not None
    assert Path(outcome.output_path).parent == folder
    assert [each.relative_to(tmp_path).parts[:2] for each in tmp_path.rglob("*") if each.is_file()] == [
        ("a", "out")
    ]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=500))
def test_a_names_part_of_a_file_name_is_never_a_path(name: str) -> None:
    made = slug(name)
    assert made
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(made) <= 60


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
@pytest.mark.parametrize("dangling", [True, False], ids=["to nothing", "to a file"])
def test_a_link_that_is_slipped_in_while_it_is_written_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool, dangling: bool
) -> None:
    folder, outside = tmp_path / "out", tmp_path / "outside.csv"
    folder.mkdir()
    if not dangling:
        outside.write_text("precious")
    if not links:

        def refuse(*_paths: object) -> None:
            raise PermissionError(1, "no hard links here")

        monkeypatch.setattr(os, "link", refuse)
    file = ReportFile(folder, "sales-1", "csv")
    file.columns(["one"])
    file.rows([(1,)])
    # Now its name is known, and not yet taken.
    (folder / "sales-1.csv").symlink_to(outside)
    published = file.publish()
    file.close()
    assert published == folder / "sales-1-2.csv"
    assert not published.is_symlink()
    assert stat.S_IMODE(published.stat().st_mode) == 0o600
    assert (outside.read_text() if outside.exists() else None) == (None if dangling else "precious")
