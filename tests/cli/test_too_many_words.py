"""A password that was mistakenly given as an argument is refused, and not said again."""

import pytest

from tests.cli.shell import Shell

WORD = "s3cret-canary-9"


@pytest.mark.parametrize(
    "line",
    [
        "login ada",
        "init --admin eve",
        "logout",
        "whoami",
        "users add bob --role Viewer",
        "users passwd ada",
        "users sessions ada",
        "secrets set load",
        "secrets list",
        "secrets delete load",
        "db set-password",
    ],
)
def test_a_password_given_as_an_argument_is_not_repeated(shell: Shell, line: str) -> None:
    refused = shell(*line.split(), WORD, f"{WORD}-again")
    assert refused.code == 2
    assert WORD not in refused.out + refused.err
    assert "line" in refused.err
