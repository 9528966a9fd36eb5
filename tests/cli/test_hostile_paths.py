"""Where the database and the files may lie, and what is said where they cannot."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.shell import Shell

PASSWORD = "correct horse"


@pytest.mark.parametrize("name", ["a b/ü%41#x/my jobs.db", "%00.db", "it's “ours”;.db", "line\nbreak.db"])
def test_any_path_is_a_database(bare: Shell, name: str) -> None:
    path = bare.folder / name
    bare.set(JOBMON_DATABASE_URL=f"sqlite:///{path}")
    assert bare("init", "--admin", "ada", "--password-stdin", stdin=PASSWORD).code == 0
    token = bare("login", "ada", "--password-stdin", "--print-token", stdin=PASSWORD).out.strip()
    bare.set(JOBMON_TOKEN=token)
    assert bare("whoami").code == 0
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT name FROM user_account").fetchall() == [("ada",)]
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    made = [each for each in bare.folder.rglob("*") if each.is_file()]
    assert {each.name.removesuffix("-wal").removesuffix("-shm") for each in made} == {path.name}


@pytest.mark.parametrize(
    ("url", "code", "word"),
    [
        ("sqlite:///~nobody-of-that-name/x.db", 2, "home folder"),
        ("sqlite:///" + "x" * 300, 6, "name too long"),
        ("sqlite:////dev/null/x.db", 6, "no database"),
        ("sqlite:///folder", 6, "is a folder"),
    ],
)
def test_a_path_that_cannot_be_one_is_told(bare: Shell, url: str, code: int, word: str) -> None:
    (bare.folder / "folder").mkdir()
    bare.set(JOBMON_DATABASE_URL=url)
    for command in (("list",), ("db", "current"), ("db", "check"), ("db", "upgrade")):
        refused = bare(*command)
        assert (refused.code, refused.out) == (code, ""), command
        assert word in refused.err
        assert refused.err.count("\n") == 1
    assert bare("doctor", "--json").code == 6


def test_folders_of_nobody_in_the_settings_are_told(bare: Shell) -> None:
    bare.set(JOBMON_OUTPUT_DIR="~nobody-of-that-name/reports")
    refused = bare("config", "show")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("JOBMON_OUTPUT_DIR: ")
    (bare.folder / "c.toml").write_text('\noutput_dir = "~nobody-of-that-name"\n')
    bare.set(JOBMON_OUTPUT_DIR=None, JOBMON_CONFIG="c.toml")
    refused = bare("config", "show")
    assert (refused.code, refused.err.startswith("c.toml:2: output_dir: ")) == (2, True), refused
    bare.set(JOBMON_CONFIG="~nobody-of-that-name/c.toml")
    refused = bare("config", "show")
    assert (refused.code, refused.err.startswith("JOBMON_CONFIG: ")) == (2, True), refused


def test_an_empty_file_is_no_database_but_init_may_fill_it(bare: Shell) -> None:
    bare.path.touch(mode=0o600)
    for command in (("list",), ("worker",), ("db", "check"), ("db", "current"), ("db", "upgrade")):
        refused = bare(*command)
        assert (refused.code, "no database" in refused.err) == (6, True), (command, refused)
    assert bare("doctor").code == 6
    assert bare.path.stat().st_size == 0
    assert bare("init", "--admin", "ada", "--password-stdin", stdin=PASSWORD).code == 0


def _lock(path: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA locking_mode = EXCLUSIVE")
    raw.execute("BEGIN EXCLUSIVE")
    return raw


def test_check_calls_nothing_damaged_that_is_only_locked_or_not_ours(shell: Shell) -> None:
    shell("whoami")
    with closing(_lock(shell.path)):
        locked = shell("db", "check")
    with closing(sqlite3.connect(shell.path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = shell("db", "check")
    shell.set(JOBMON_DATABASE_URL="sqlite:///other.db")
    with closing(sqlite3.connect("other.db")) as raw, raw:
        raw.execute("CREATE TABLE mine (a)")
    foreign = shell("db", "check")
    for answer, word in ((locked, "locked"), (newer, "newer jobmon"), (foreign, "another program")):
        assert (answer.code, word in answer.err, "backup" in answer.err) == (6, True, False), answer
