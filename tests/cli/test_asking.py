"""What is asked on a terminal: passwords unseen, and before anything is destroyed."""

import sys

import pexpect

from tests.cli.shell import Shell

PASSWORD = "correct horse"


def _on_terminal(*arguments: str) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable, ["-m", "jobmon_tui", *arguments], encoding="utf-8", timeout=20, dimensions=(24, 80)
    )


def _code(child: pexpect.spawn) -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus) if child.exitstatus is not None else None


def test_a_password_is_asked_twice_and_not_shown(shell: Shell) -> None:
    child = _on_terminal("users", "add", "bob", "--role", "Viewer")
    child.expect("Password: ")
    child.sendline(PASSWORD)
    child.expect("Repeat for confirmation: ")
    child.sendline(PASSWORD)
    child.expect("Added “bob” as Viewer.")
    assert PASSWORD not in (child.before or "")
    assert _code(child) == 0


def test_no_means_no_and_yes_means_yes(shell: Shell) -> None:
    assert shell("reports", "add", "Sales", "--", "true").code == 0
    child = _on_terminal("reports", "delete", "Sales")
    child.expect("Delete the report “Sales”.*: ")
    child.sendline("n")
    child.expect("Nothing was changed.")
    assert _code(child) == 1
    assert shell("reports", "show", "Sales").code == 0
    child = _on_terminal("reports", "delete", "Sales")
    child.expect("Delete the report “Sales”.*: ")
    child.sendline("y")
    assert _code(child) == 0
    assert shell("reports", "show", "Sales").code == 4
