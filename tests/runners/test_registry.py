import json
import subprocess
import sys
from pathlib import Path

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.runners.registry import Registry

SQL = {"source": "sqlite:////data/a.db", "query": "select 1"}


def refusal(runner: str, parameters: dict[str, object]) -> str:
    with pytest.raises(JobmonError) as refused:
        Registry().check(runner, parameters)
    assert refused.value.code is ErrorCode.INVALID_INPUT
    return refused.value.message


def test_parameters_come_back_checked_with_their_defaults() -> None:
    assert Registry().check("sql", SQL) == {**SQL, "format": "csv"}
    command = Registry().check("command", {"command": ["ls", "-l"]})
    assert command == {"command": ["ls", "-l"], "environment": {}}
    assert Registry().check("command", command) == command
    json.dumps(command)


@pytest.mark.parametrize(
    ("runner", "parameters", "message"),
    [
        ("sql", {**SQL, "format": "pdf"}, "parameters.format: must be one of csv, jsonl, xlsx"),
        ("sql", {**SQL, "fromat": "csv"}, "parameters.fromat: is not known; did you mean format?"),
        ("sql", {**SQL, "zzz": 1}, "parameters.zzz: is not known; known are filename, format, query, source"),
        ("sql", {"source": SQL["source"]}, "parameters.query: is missing"),
        ("sql", {**SQL, "query": " ; "}, "parameters.query: must be a SELECT statement"),
        ("sql", {**SQL, "query": 7}, "parameters.query: must be text"),
        (
            "sql",
            {**SQL, "filename": "../x"},
            "parameters.filename: must be a name without folders; the folder is "
            "the setting JOBMON_OUTPUT_DIR",
        ),
        ("sql", {**SQL, "filename": ".hidden"}, "parameters.filename: must be a plain file name"),
        (
            "sql",
            {**SQL, "source": "mysql://h/d"},
            "parameters.source: must be sqlite:///file, "
            "sqlite:////absolute/file or postgresql://user@host/database",
        ),
        (
            "sql",
            {**SQL, "source": "sqlite://"},
            "parameters.source: must name a file, such as sqlite:///reports.db",
        ),
        (
            "sql",
            {**SQL, "source": "sqlite:///rel.db"},
            "parameters.source: must name the file by an absolute path, "
            "with four slashes: sqlite:////path/to/file",
        ),
        (
            "command",
            {"command": []},
            'parameters.command: must name a program, such as ["program", "argument"]',
        ),
        ("command", {"command": ["a", 1]}, "parameters.command[1]: must be text"),
        ("command", {"command": ["a"], "directory": "sub"}, "parameters.directory: must be an absolute path"),
        (
            "command",
            {"command": ["a"], "directory": "~nobody-of-that-name/x"},
            "parameters.directory: ~nobody-of-that-name is the home folder of nobody here",
        ),
        ("command", {"command": ["a"], "environment": {"A": 1}}, "parameters.environment.A: must be text"),
        (
            "command",
            {"command": ["a"], "environment": {"JOBMON_TOKEN": "x"}},
            "parameters.environment: JOBMON_TOKEN is refused; names with JOBMON_ belong to jobmon itself",
        ),
        (
            "command",
            {"command": ["${env:JOBMON_TOKEN}"]},
            "parameters.command[0]: ${env:JOBMON_TOKEN} is refused; "
            "what begins with JOBMON_ belongs to jobmon itself, such as its own sign-in token.",
        ),
        ("sqll", {}, "runner: sqll is not known; known are command, sql"),
    ],
)
def test_a_refusal_names_the_key_and_what_it_may_be(
    runner: str, parameters: dict[str, object], message: str
) -> None:
    assert refusal(runner, parameters) == message


def test_a_shell_string_is_refused_with_the_way_to_write_it() -> None:
    message = refusal("command", {"command": "mysqldump -phunter2 shop | gzip"})
    assert message.startswith('parameters.command: must be a list, such as ["program", "argument"]')
    assert '["sh", "-c", "..."]' in message
    assert "hunter2" not in message


def test_a_refusal_never_repeats_a_value() -> None:
    for source in ("postgresql://me:hunter2@host/db", "postgresql://me:hunter2@host:port/db", "hunter2"):
        assert "hunter2" not in refusal("sql", {**SQL, "source": source})


@pytest.mark.parametrize(
    "source",
    [
        "sqlite+aiosqlite:////data/a.db",
        "postgresql+asyncpg://me@h:5/d",
        "postgres:///d?host=/run/pg",
        "postgresql://me:${keyring:x}@${env:H}:${env:P}/d",
        "${keyring:whole_url}",
        "sqlite:///${env:DATA}/a.db",
    ],
)
def test_sources_with_drivers_and_references_are_accepted(source: str) -> None:
    checked = Registry().check("sql", {**SQL, "source": source})["source"]
    assert checked == source.replace("sqlite+aiosqlite", "sqlite")


def test_relative_paths_are_made_absolute_against_the_base(tmp_path: Path) -> None:
    checked = Registry().check("sql", {**SQL, "source": "sqlite:///data/a.db"}, tmp_path)
    assert checked["source"] == f"sqlite:///{tmp_path}/data/a.db"
    assert Registry().check("command", {"command": ["x"], "directory": "sub"}, tmp_path)["directory"] == (
        f"{tmp_path}/sub"
    )


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with runners of its own, as pip leaves one."""
    (tmp_path / "added_runner.py").write_text(
        "from pydantic import BaseModel, Field\n"
        "from jobmon_tui.runners.base import Result\n"
        "class Parameters(BaseModel):\n    copies: int = Field(default=1, le=9)\n"
        "class Added:\n    parameters = Parameters\n"
        "    async def run(self, job, output):\n"
        "        return Result('Succeeded', rows=job.parameters.copies)\n"
        "nothing = 7\n"
    )
    info = tmp_path / "added-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: added\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[jobmon_tui.runners]\nadded = added_runner:Added\nbroken = no_such_module:X\n"
        "nothing = added_runner:nothing\nsql = added_runner:Added\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("packages")
def test_other_packages_add_runners_but_replace_none() -> None:
    registry = Registry()
    assert registry.names() == ["added", "broken", "command", "nothing", "sql"]
    assert registry.check("added", {}) == {"copies": 1}
    assert refusal("added", {"copies": 10}).startswith("parameters.copies: ")
    assert refusal("added", {"copies": "x"}) == "parameters.copies: must be a number"
    assert registry.check("sql", SQL)["format"] == "csv"


@pytest.mark.usefixtures("packages")
def test_a_package_that_is_broken_is_told() -> None:
    assert refusal("broken", {}).startswith("runner: broken cannot be loaded (ModuleNotFoundError")
    assert refusal("nothing", {}) == "runner: nothing is not a runner: it needs `parameters` and `run`."


def test_naming_the_runners_imports_none_of_them() -> None:
    code = (
        "import sys; from jobmon_tui.runners.registry import Registry; print(*Registry().names());"
        "print([m for m in ('pydantic', 'asyncpg', 'xlsxwriter', 'keyring', 'sqlalchemy', 'textual') "
        "if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split("\n")[1] == "[]"


def test_a_sql_report_imports_no_driver_that_it_does_not_need(tmp_path: Path) -> None:
    code = (
        "import sys; from jobmon_tui.runners.registry import Registry;"
        "from jobmon_tui.runners import execute;"
        "Registry().check('sql', {'source': 'sqlite:////a', 'query': 'select 1'});"
        "print([m for m in ('asyncpg', 'xlsxwriter', 'keyring', 'sqlalchemy', 'textual') "
        "if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
