"""The flags of plain `jobmon`, which are read before any library is."""

import pytest

from jobmon_tui.cli.flags import DashboardFlags, dashboard_flags
from jobmon_tui.domain.errors import JobmonError


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ([], DashboardFlags()),
        (["--slow"], DashboardFlags(slow=True)),
        (["--scheduler", "off", "--slow"], DashboardFlags("off", slow=True)),
        (["--slow", "--scheduler=on"], DashboardFlags("on", slow=True)),
        (["--no-mouse", "--linear"], DashboardFlags(linear=True, no_mouse=True)),
        (["--slow", "list"], None),
        (["--scheduler"], None),
        (["--help"], None),
    ],
)
def test_what_asks_for_the_dashboard_alone(arguments: list[str], flags: DashboardFlags | None) -> None:
    assert dashboard_flags(arguments) == flags


def test_a_flag_replaces_a_setting_only_where_it_says_something() -> None:
    assert set(DashboardFlags().settings.values()) == {None}
    assert DashboardFlags("on", slow=True).settings == {
        "scheduler": "on",
        "slow": "on",
        "mouse": None,
        "server": None,
        "read_only": None,
    }
    assert DashboardFlags(read_only=True).settings["read_only"] is True


def test_no_other_choice_is_taken() -> None:
    with pytest.raises(JobmonError, match="auto, on, off"):
        DashboardFlags("sometimes").check()
