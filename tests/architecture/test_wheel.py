"""The wheel carries everything that a user without a checkout needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_sample_data_the_migrations_and_the_styles(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "jobmon_tui/_data/flights-2013-01.csv.gz" in names
    assert "jobmon_tui/_data/demo/reports.toml" in names
    assert "jobmon_tui/_data/demo/scripts/delay_targets.py" in names
    assert "jobmon_tui/storage/migrations/versions/0001_first.py" in names
    assert "jobmon_tui/runners/supervisor.py" in names
    assert "jobmon_tui/tui/jobmon.tcss" in names
    assert {f"jobmon_tui/web/page/page.{kind}" for kind in ("html", "css", "js")} <= names
    assert "scheduler/engine.py" in names
    assert not [name for name in names if name.startswith("tests/")]


def test_the_demo_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "import jobmon_tui\n"
        f"assert jobmon_tui.__file__.startswith({str(installed)!r}), jobmon_tui.__file__\n"
        "import asyncio\n"
        "from jobmon_tui.cli.demo import run_headless\n"
        "asyncio.run(run_headless(4, 'test'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Departures by airport" in done.stdout
