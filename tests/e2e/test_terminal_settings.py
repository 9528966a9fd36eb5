"""What the configuration file says of keys and mouse, in the real program."""

import io
import re
from pathlib import Path

import pytest

from tests.e2e.host import Host
from tests.e2e.terminal import Terminal

MOUSE = re.compile(rb"\x1b\[\?(?:9|1000|1001|1002|1003|1005|1006|1015|1016)h")
NO_MOUSE = {
    "a setting": ([], 'mouse = false\n[keys]\nhelp = ["H", "f1"]\n', "H"),
    "a flag, and wrong keys": (["--no-mouse"], "[keys]\nhelp = 'a'\n", "?"),
}


@pytest.mark.parametrize("case", NO_MOUSE)
def test_keys_and_mouse_are_as_the_file_says(host: Host, tmp_path: Path, case: str) -> None:
    arguments, settings, help_key = NO_MOUSE[case]
    (tmp_path / "config.toml").write_text(settings)
    written = io.BytesIO()
    terminal = Terminal(arguments, {**host.environment, "JOBMON_CONFIG": str(tmp_path / "config.toml")})
    try:
        terminal.child.logfile_read = written
        terminal.wait_for("No reports have run yet", f" {help_key} Help")
        if "wrong" in case:
            terminal.wait_for("The keys stay as they come", "config.toml:2", "keys.help")
        terminal.press(help_key)
        terminal.wait_for("Show or hide the details")
        assert not MOUSE.search(written.getvalue())
    finally:
        terminal.close()
