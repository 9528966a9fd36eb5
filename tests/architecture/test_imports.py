"""What each face loads: a heavy import that creeps in is seen here."""

import json
import subprocess
import sys

import pytest

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


def _modules_after(statement: str) -> set[str]:
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "module", ["jobmon_tui.cli.dashboard", "jobmon_tui.__main__", "jobmon_tui.services.facade"]
)
def test_nothing_heavy_lies_on_the_path_to_the_first_paint(module: str) -> None:
    assert _modules_after(f"import {module}") & HEAVY == set()


def test_the_domain_and_the_services_need_the_standard_library_only() -> None:
    loaded = _modules_after("import jobmon_tui.services.local, jobmon_tui.domain.execution")
    at_start = _modules_after("pass")
    foreign = loaded - at_start - set(sys.stdlib_module_names) - {"jobmon_tui"}
    assert foreign == set()


def test_a_worker_loads_no_screen_and_the_engine_no_house() -> None:
    assert "textual" not in _modules_after("import jobmon_tui.bootstrap")
    assert _modules_after("import scheduler.engine") & (HEAVY | {"jobmon_tui", "textual"}) == set()
