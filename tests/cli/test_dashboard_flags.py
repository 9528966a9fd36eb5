"""What stands before the command holds for the dashboard too."""

from pathlib import Path

import pytest

from jobmon_tui.cli import session
from jobmon_tui.cli.dashboard import connect
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
