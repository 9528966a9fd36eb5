"""The form of a report in a real terminal, on a real database: what it adds is there for everybody."""

from tests.e2e.host import Host
from tests.e2e.terminal import Terminal


def test_a_report_that_is_added_in_the_form_is_known_to_the_command_line(host: Host) -> None:
    opened = Terminal(["--scheduler", "off"], host.environment, columns=80, rows=24)
    try:
        opened.wait_for("No reports have run yet")
        opened.press("s")
        opened.wait_for("There are no reports yet. Press c to add one")
        opened.press("c")
        opened.wait_for("A new report", "Ctrl+O Save")
        opened.press("Stock", "enter", "c", "enter", "echo 'two words'", "tab", "tab", "tab")
        opened.press("0 6 * * 1", "enter")
        opened.wait_for("fires Mon")
        opened.press("\x0f")
        opened.wait_for("“Stock” was added.", "›Stock")
    finally:
        opened.close()
    added = host.json("reports", "show", "Stock")
    assert added["parameters"]["command"] == ["echo", "two words"]
    assert (added["schedule"], added["version"]) == ("0 6 * * 1", 1)
