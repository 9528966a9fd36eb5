"""What stands before the command holds for the dashboard too."""

from pathlib import Path

import pytest

from jobmon_tui.cli import session
from jobmon_tui.cli.dashboard import _looks_of_demo, connect
from jobmon_tui.cli.flags import DashboardFlags


async def test_the_dashboard_opens_the_database_that_the_flag_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBMON_DATABASE_URL", f"sqlite:///{tmp_path}/other.db")
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("JOBMON_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("JOBMON_TOKEN", "a-token")
    monkeypatch.setattr(session, "flags", {"database_url": f"sqlite:///{tmp_path}/named.db"})
    connection = await connect(DashboardFlags(scheduler="off"))
    try:
        assert connection.services.database_name == "SQLite named.db"
    finally:
        await connection.close()
    assert not (tmp_path / "other.db").exists()


async def test_the_demo_looks_as_the_users_own_dashboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('theme = "light"\nglyphs = "ascii"\nbell = true\n\n[keys]\nretry = "R"\n')
    monkeypatch.setenv("JOBMON_CONFIG", str(config))
    monkeypatch.setenv("JOBMON_SLOW", "on")
    options = await _looks_of_demo(DashboardFlags(no_mouse=True))
    assert (options.theme, options.glyphs, options.bell) == ("jobmon-light", "ascii", True)
    assert (options.slow, options.mouse, options.keys) == ("on", False, {"retry": ("R",)})


async def test_the_demo_opens_with_a_file_that_is_wrong_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('theme = "neon"\n')
    monkeypatch.setenv("JOBMON_CONFIG", str(config))
    options = await _looks_of_demo(DashboardFlags(slow=True))
    assert (options.theme, options.slow) == ("jobmon-dark", "on")
    (complaint,) = options.complaints
    assert complaint.startswith("The demo looks as it comes. ")
    assert "neon" in complaint
