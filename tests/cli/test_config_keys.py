"""The keys in the configuration file, as the command line tells of them."""

from pathlib import Path

import pytest

from jobmon_tui.cli.keymap import keys_or_complaint
from tests.cli.shell import Shell


@pytest.fixture
def written(shell: Shell, tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    shell.set(JOBMON_CONFIG=str(path))
    return path


def test_every_key_is_listed_with_the_name_that_changes_it(shell: Shell, written: Path) -> None:
    written.write_text('theme = "jobmon-light"\n\n[keys]\nretry = ["R", "ctrl+r"]\naudit = []\n')
    lines = shell("config", "keys", "--json").json
    by_name = {(each["part"], each["action"]): each for each in lines}
    assert by_name["Executions", "retry"] == {
        "part": "Executions",
        "action": "retry",
        "keys": ["R", "ctrl+r"],
        "does": "Retry the Failed execution under the cursor",
        "from": "config.toml:4",
    }
    assert by_name["Everywhere", "audit"]["keys"] == []
    assert by_name["Everywhere", "help"]["from"] == "default"
    said = shell("config", "keys").out
    assert "\n\nExecutions\n" in said
    assert "  retry              R Ctrl+R           Retry the Failed" in said
    assert "  audit              -                  Audit  (config.toml:5)" in said


def test_config_show_has_the_changed_keys(shell: Shell, written: Path) -> None:
    written.write_text("")
    assert "as they come; all of them: jobmon config keys  (default)" in shell("config", "show").out
    assert shell("config", "show", "--json").json["keys"] == {}
    written.write_text('[keys]\nretry = "R"\n')
    assert "keys.retry           R  (config.toml:2)" in shell("config", "show").out
    assert shell("config", "show", "--json").json["keys"] == {
        "retry": {"value": ["R"], "from": "config.toml:2"}
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[keys]\nretry = 'x'\n", "config.toml:2: keys.retry: x is the key of “cancel” (Cancel the Queued"),
        ("[keys]\nhelp = 'F1'\nretri = 'R'\n", "config.toml:3: keys: there is no action “retri”; did you"),
        ("keys = 3\n", "config.toml:1: keys: write a table: [keys], then a line such as"),
        ("[[keys]]\nretry = 'R'\n", "config.toml:1: keys: write a table: [keys], then a line such as"),
    ],
)
def test_wrong_keys_are_refused_and_stop_no_other_command(
    shell: Shell, written: Path, text: str, said: str
) -> None:
    written.write_text(text)
    for command in ("keys", "show"):
        refused = shell("config", command)
        assert refused.code == 2
        assert refused.err.startswith(said)
    assert shell("whoami").code == 0
    doctor = shell("doctor")
    assert "warn  keys" in doctor.out
    assert said in doctor.out
    keys, complaints = keys_or_complaint()
    assert keys == {}
    assert complaints[0].startswith(f"The keys stay as they come. {said}")


def test_mouse_and_bell_are_settings_and_the_flag_is_the_dashboards(shell: Shell, written: Path) -> None:
    written.write_text("mouse = false\n")
    shown = shell("config", "show").out
    assert "mouse                false  (config.toml:1)" in shown
    assert "bell                 false  (default)" in shown
    shell.set(JOBMON_BELL="true")
    assert shell("config", "show", "--json").json["bell"] == {"value": True, "from": "JOBMON_BELL"}
    written.write_text('mouse = "perhaps"\n')
    assert shell("config", "show").err.startswith("config.toml:1: mouse: ")
    refused = shell("--no-mouse", "list")
    assert (refused.code, refused.err) == (2, "--no-mouse is for the dashboard; leave the command out.\n")
