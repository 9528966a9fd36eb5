"""What `jobmon serve` refuses before it listens."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen", "0.0.0.0:0"), "--tls-cert FILE and --tls-key FILE"),
        (("--listen", "[::]:0"), "--without-tls"),
        (("--listen", "nowhere"), "HOST:PORT"),
        (("--listen", "127.0.0.1:0", "--socket", "a.sock"), "either --listen or --socket"),
        (("--listen", "127.0.0.1:0", "--tls-cert", "a.pem"), "needs both"),
        (("--listen", "127.0.0.1:0", "--tls-cert", "a.pem", "--tls-key", "b.pem"), "there is no file"),
        (("--socket", "jobmon.db"), "is no socket"),
        (("--socket", "a.sock", "--tls-cert", "a.pem", "--tls-key", "b.pem"), "A Unix socket needs none"),
        (("--concurrency", "0"), "concurrency"),
    ],
)
def test_where_it_will_not_listen(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = shell("serve", *arguments)
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err
    assert "Traceback" not in refused.err
    assert not (shell.folder / "a.sock").exists()


def test_a_database_without_an_account_is_not_served(bare: Shell) -> None:
    bare.write(lambda _transaction: None)
    refused = bare("serve", "--socket", str(bare.folder / "a.sock"))
    assert refused.code == 2
    assert "jobmon init --admin NAME" in refused.err
    assert bare("serve", "--listen", "127.0.0.1:0").code == 2


def test_a_plain_install_says_what_is_missing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def without(name: str, *more: Any) -> Any:
        return None if name == "uvicorn" else real(name, *more)

    monkeypatch.setattr("jobmon_tui.cli.serve.find_spec", without)
    refused = shell("serve", "--socket", str(Path("a.sock")))
    assert refused.code == 2
    assert 'pip install "jobmon-tui[api]"' in refused.err
