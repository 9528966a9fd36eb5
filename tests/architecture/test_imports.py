"""What each face loads: a heavy import that creeps in is seen here."""

import json
import subprocess
import sys

import pytest
from alembic.script import ScriptDirectory

from jobmon_tui.storage.schema import alembic_config, known_revisions

HEAVY = {
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "aiosqlite",
    "asyncpg",
    "keyring",
    "pydantic",
    "typer",
    "xlsxwriter",
}


def _said(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()[-1]


def _modules_after(statement: str) -> set[str]:
    said = _said(f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))")
    return {name.partition(".")[0] for name in json.loads(said)}


@pytest.mark.parametrize(
    "module", ["jobmon_tui.cli.dashboard", "jobmon_tui.__main__", "jobmon_tui.services.facade"]
)
def test_nothing_heavy_lies_on_the_path_to_the_first_paint(module: str) -> None:
    assert _modules_after(f"import {module}") & HEAVY == set()


def test_what_the_first_frame_does_not_show_is_loaded_behind_it() -> None:
    said = _said(
        "import sys, json\nimport jobmon_tui.cli.dashboard, jobmon_tui.tui.app\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('jobmon_tui.')]))"
    )
    services = {name for name in json.loads(said) if name.startswith("jobmon_tui.services.")}
    assert services == {"jobmon_tui.services.departure"}
    screens = {name for name in json.loads(said) if name.startswith("jobmon_tui.tui.screens.")}
    assert screens == {"jobmon_tui.tui.screens.waiting"}


def test_the_domain_and_the_services_need_the_standard_library_only() -> None:
    loaded = _modules_after("import jobmon_tui.services.local, jobmon_tui.domain.execution")
    at_start = _modules_after("pass")
    foreign = loaded - at_start - set(sys.stdlib_module_names) - {"jobmon_tui"}
    assert foreign == set()


def test_a_worker_loads_no_screen_and_the_engine_no_house() -> None:
    assert "textual" not in _modules_after("import jobmon_tui.bootstrap")
    assert _modules_after("import scheduler.engine") & (HEAVY | {"jobmon_tui", "textual"}) == set()


def test_the_lines_load_no_screen() -> None:
    assert _modules_after("import jobmon_tui.cli.linear") & (HEAVY | {"textual", "rich"}) == set()


def test_the_web_server_loads_no_screen_no_database_and_only_when_it_is_wanted() -> None:
    assert _modules_after("import jobmon_tui.web.serving") & (HEAVY | {"textual", "rich", "jinja2"}) == set()
    assert "aiohttp" not in _modules_after("import jobmon_tui.cli.app")


def test_a_command_loads_nothing_of_the_migrations_and_knows_them_all() -> None:
    # Alembic and all that it brings are a sixth of what a command costs; few change a schema.
    assert _modules_after("import jobmon_tui.cli.app") & {"alembic", "mako"} == set()
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    assert known_revisions() == tuple(script.revision for script in scripts)


@pytest.mark.parametrize(
    "load",
    [
        "from jobmon_tui.cli.way_in import enter; enter(['--version'])",
        "import asyncio; from jobmon_tui.cli import dashboard; asyncio.run(dashboard._import('json'))",
    ],
    ids=["a command", "the dashboard"],
)
def test_garbage_is_looked_for_once_all_is_loaded(load: str) -> None:
    begin = "import gc; from jobmon_tui.cli import loading; loading.begin(); assert not gc.isenabled()"
    # What is loaded is left out of it from then on.
    assert _said(f"{begin}; {load}; print(gc.isenabled(), gc.get_freeze_count() > 1000)") == "True True"
