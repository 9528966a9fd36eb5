"""`jobmon web` on the command line: when it starts, and when it says why not."""

import json

import pytest

from jobmon_tui.cli import web
from tests.cli.shell import Shell


@pytest.mark.parametrize("address", ["0.0.0.0:8000", "[::]:8000", "192.0.2.1:8000", "jobs.example.org:80"])
def test_beyond_loopback_it_refuses_unless_told_so_in_words(shell: Shell, address: str) -> None:
    refused = shell("web", "--listen", address)
    assert refused.code == 2
    assert "--public-url" in refused.err
    assert "--without-tls" in refused.err
    assert web._address(address, without_tls=True)[1] in {80, 8000}


def test_without_its_extra_it_says_what_to_install(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "find_spec", lambda _name: None)
    refused = shell("web")
    assert (refused.code, refused.out) == (2, "")
    assert 'pip install "jobmon-tui[web]"' in refused.err


def test_it_wants_an_account_first(bare: Shell) -> None:
    assert bare("web").code == 6  # there is no database at all
    bare.write(lambda _to: None)
    refused = bare("web")
    assert refused.code == 2
    assert "jobmon init" in refused.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--public-url", "jobs.example.org"), "--public-url"),
        (("--listen", "nowhere"), "HOST:PORT"),
        (("--visitors", "0"), "1"),
    ],
)
def test_what_it_cannot_understand_is_refused(shell: Shell, flags: tuple[str, ...], said: str) -> None:
    refused = shell("web", *flags)
    assert refused.code == 2
    assert said in refused.err


def test_a_visitors_process_gets_the_settings_and_nothing_of_who_started_it() -> None:
    handed_on = {
        "PATH": "/bin",
        "HOME": "/home/ann",
        "JOBMON_DATABASE_URL": "sqlite:///x.db",
        "JOBMON_SERVER": "https://jobs.example.org",
        "PGPASSWORD": "p",
        "XDG_CONFIG_HOME": "/c",
    }
    kept_back = {
        "JOBMON_TOKEN": "a session",
        "JOBMON_LINEAR": "1",
        "JOBMON_SCHEDULER": "on",
        "SSH_CONNECTION": "192.0.2.1 1 2 3",
        "SSH_AUTH_SOCK": "/tmp/agent",
        "AWS_SECRET_ACCESS_KEY": "s",
        "PAGER": "less",
        "NO_COLOR": "1",
        "TMUX": "x",
        "LANG": "C",
        "COLUMNS": "80",
    }
    made = web.visitor_environment(
        {**handed_on, **kept_back}, {"database_url": "sqlite:///y.db", "server": None}
    )
    flags = json.loads(made.pop("JOBMON_WEB_FLAGS"))
    assert flags == {"database_url": "sqlite:///y.db", "server": None}
    assert made == {**handed_on, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
