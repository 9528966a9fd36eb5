"""Getting at a PostgreSQL that asks for passwords and speaks TLS: what is used, and what is refused how."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from jobmon_tui import trusted_keyrings
from tests import postgres
from tests.cli.shell import Answer, Shell
from tests.postgres_guarded import PASSWORD, SUPERUSER, Guarded, guarded_server

OTHER = "p@ss:word/#%"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    """A server with passwords and TLS, with an account of its own and a database that is set up."""
    with guarded_server() as made:
        quoted = OTHER.replace("'", "''")
        postgres.execute(made.url(), f"CREATE ROLE bob LOGIN PASSWORD '{quoted}'")
        postgres.execute(made.url(), f"CREATE ROLE plain LOGIN PASSWORD '{quoted}'")
        postgres.execute(made.url(), "CREATE DATABASE jobmon OWNER bob")
        yield made


@pytest.fixture
def door(bare: Shell, guarded: Guarded) -> Shell:
    """A shell whose database is on that server, and which knows no password."""
    bare.set(PGPASSWORD=None, PGPASSFILE=None, PGSSLMODE=None, PGSSLROOTCERT=None)
    bare.set(JOBMON_DATABASE_URL=guarded.url("bob", None, "jobmon"))
    return bare


def tried(shell: Shell) -> Answer:
    answer = shell("db", "current")
    assert OTHER not in answer.out + answer.err
    assert PASSWORD not in answer.out + answer.err
    assert answer.err.count("\n") <= 1
    return answer


def let_in(answer: Answer) -> bool:
    return (answer.code, answer.err) == (0, "") and ": schema " in answer.out


def test_passwords_are_found_where_libpq_finds_them(door: Shell, guarded: Guarded) -> None:
    refused = tried(door)
    assert refused.code == 6
    assert "refused the account or its password" in refused.err
    assert "jobmon db set-password" in refused.err
    door.set(PGPASSWORD=OTHER)
    assert let_in(tried(door))
    door.set(PGPASSWORD="wrong")
    assert tried(door).code == 6
    door.set(PGPASSWORD=None)
    passes = door.folder / ".pgpass"
    passes.write_text(f"localhost:{guarded.port}:jobmon:bob:{OTHER}\n")
    passes.chmod(0o600)
    assert let_in(tried(door))
    door.set(JOBMON_DATABASE_URL=guarded.url("bob", OTHER, "jobmon"), HOME="/nonexistent")
    assert let_in(tried(door))
    shown = door("config", "show")
    assert f"postgresql://bob@localhost:{guarded.port}/jobmon " in shown.out
    assert OTHER not in shown.out
    assert "p%40ss" not in shown.out


@pytest.mark.filterwarnings("ignore:password file:UserWarning")
def test_a_password_file_that_others_read_is_named(door: Shell, guarded: Guarded) -> None:
    passes = door.folder / ".pgpass"
    passes.write_text(f"*:*:*:*:{OTHER}\n")
    passes.chmod(0o644)
    assert "only you may read it: mode 0600" in tried(door).err
    looked = door("doctor")
    assert f"{passes} is not used: others can read it" in looked.out
    assert f"chmod 600 {passes}" in looked.out


class Kept(KeyringBackend):
    """A keyring in this process."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, door: Shell) -> Kept:
    """A keyring that is trusted. The shell puts the earlier one back."""
    made = Kept()
    good = trusted_keyrings._GOOD | {Kept.__module__}
    monkeypatch.setattr(trusted_keyrings, "_GOOD", good)
    keyring.set_keyring(made)
    return made


def test_a_password_is_kept_in_the_keyring_and_used_from_there(
    door: Shell, kept: Kept, guarded: Guarded
) -> None:
    wrong = door("db", "set-password", "--password-stdin", stdin="wrong\n")
    assert (wrong.code, kept.held) == (6, {})
    assert "refused the account or its password" in wrong.err
    done = door("db", "set-password", "--password-stdin", stdin=f"{OTHER}\n")
    assert (done.code, done.err) == (0, "")
    assert OTHER not in done.out
    assert list(kept.held) == [("jobmon-tui", f"password:bob@localhost:{guarded.port}")]
    assert let_in(tried(door))
    # The account's on its server, whatever the database and the settings are.
    door.set(JOBMON_DATABASE_URL=guarded.url("bob", None, "postgres", sslmode="require"))
    assert let_in(tried(door))
    door.set(PGPASSWORD="wrong")
    assert tried(door).code == 6
    door.set(PGPASSWORD=None)
    assert door("db", "set-password", "--forget").code == 0
    assert kept.held == {}
    assert tried(door).code == 6
    door.set(JOBMON_DATABASE_URL=f"sqlite:///{door.path}")
    assert door("db", "set-password", "--password-stdin", stdin="x\n").code == 2


def test_without_a_keyring_it_says_what_to_use_instead(door: Shell) -> None:
    refused = door("db", "set-password", "--password-stdin", stdin=f"{OTHER}\n")
    assert (refused.code, refused.out) == (2, "")
    assert "Use ~/.pgpass or PGPASSWORD" in refused.err


def test_a_password_on_the_command_line_or_in_the_file_is_refused(door: Shell, guarded: Guarded) -> None:
    url = guarded.url("bob", OTHER, "jobmon")
    query = guarded.url("bob", None, "jobmon", sslpassword=OTHER)
    for each in (url, query):
        for arguments in (("--database", each, "db", "current"), ("db", "copy", "--to", each)):
            refused = door(*arguments)
            assert (refused.code, refused.out) == (2, "")
            assert f"{arguments[-2] if arguments[-1] == each else '--database'}: a password" in refused.err
            assert "jobmon db set-password" in refused.err
            assert OTHER not in refused.err
    config = door.folder / "config.toml"
    config.write_text(f'database_url = "{url}"\n')
    door.set(JOBMON_CONFIG=str(config), JOBMON_DATABASE_URL=None)
    refused = door("db", "current")
    assert refused.code == 2
    assert "config.toml:1: a password" in refused.err
    assert door("--database", guarded.url("bob", None), "db", "current").code == 6


@dataclass(frozen=True)
class Line:
    """How to connect, and what comes of it."""

    how: dict[str, str]
    said: str = ""
    account: str = "bob"
    environment: dict[str, str] = field(default_factory=dict)


LINES = {
    "prefer": Line({}),
    "require": Line({"sslmode": "require"}),
    "checked": Line({"sslmode": "verify-full", "sslrootcert": "{own}"}),
    "checked, by the environment": Line(
        {}, environment={"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "{own}"}
    ),
    "the authority only": Line({"sslmode": "verify-ca", "sslrootcert": "{own}", "host": "127.0.0.1"}),
    "another name": Line(
        {"sslmode": "verify-full", "sslrootcert": "{own}", "host": "127.0.0.1"},
        "Check sslmode and the certificates",
    ),
    "another authority": Line(
        {"sslmode": "verify-full", "sslrootcert": "{other}"}, "Check sslmode and the certificates"
    ),
    "no such file": Line(
        {"sslmode": "verify-full", "sslrootcert": "/no/such.pem"}, "sslrootcert names /no/such.pem"
    ),
    "no such file, by the environment": Line(
        {"sslmode": "verify-full"},
        "sslrootcert names /no/such.pem",
        environment={"PGSSLROOTCERT": "/no/such.pem"},
    ),
    "no authority": Line({"sslmode": "verify-full"}, "root certificate file"),
    "no such mode": Line({"sslmode": "verify-it"}, "`sslmode` parameter must be one of"),
    "no such setting": Line({"sslmod": "require"}, 'unrecognized configuration parameter "sslmod"'),
    "in the clear": Line({"sslmode": "disable"}, "may want sslmode=require"),
    "in the clear, as that account may": Line({"sslmode": "disable"}, account="plain"),
    "no standby here": Line(
        {"target_session_attrs": "read-only"}, "what target_session_attrs in the URL asks for"
    ),
    "the primary": Line({"target_session_attrs": "read-write"}),
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_tls_settings_are_libpqs(door: Shell, guarded: Guarded, line: Line) -> None:
    files = {"own": str(guarded.authority), "other": str(guarded.other_authority)}
    how = {key: value.format(**files) for key, value in line.how.items()}
    door.set(**{key: value.format(**files) for key, value in line.environment.items()})
    door.set(PGPASSWORD=OTHER, JOBMON_DATABASE_URL=guarded.url(line.account, None, "jobmon", **how))
    answer = tried(door)
    if line.said:
        assert (answer.code, answer.out) == (6, "")
        assert line.said in answer.err
        assert "Is the server running" not in answer.err
    else:
        assert let_in(answer), answer


def test_of_several_hosts_the_first_that_serves_is_taken(door: Shell, guarded: Guarded) -> None:
    door.set(
        PGPASSWORD=OTHER, JOBMON_DATABASE_URL=f"postgresql://bob@127.0.0.1:1,localhost:{guarded.port}/jobmon"
    )
    assert let_in(tried(door))


def test_what_cannot_be_reached_is_named_plainly(door: Shell, guarded: Guarded, tmp_path: Path) -> None:
    door.set(PGPASSWORD=OTHER)
    for url, said in (
        (
            "postgresql://bob@127.0.0.1:1/jobmon",
            "cannot be reached: Connection refused. Is the server running?",
        ),
        (f"postgresql://bob@/jobmon?host={tmp_path}", "cannot be reached: No such file or directory."),
        ("postgresql://bob@host.invalid/jobmon", "cannot be reached: "),
        (guarded.url("bob", None, "nowhere"), "there is no such database. Create it with: createdb NAME"),
        (guarded.url("nobody", None, "jobmon"), "refused the account or its password"),
    ):
        door.set(JOBMON_DATABASE_URL=url)
        refused = tried(door)
        assert (refused.code, refused.out) == (6, "")
        assert said in refused.err
        # doctor says the same, and goes on.
        assert said in door("doctor").out


def test_doctor_tells_of_the_line(door: Shell, guarded: Guarded) -> None:
    door.set(PGPASSWORD=PASSWORD)

    def lines(**how: str) -> dict[str, str]:
        door.set(JOBMON_DATABASE_URL=guarded.url(SUPERUSER, None, "jobmon", **how))
        return {each["what"]: each["grade"] + " " + each["text"] for each in door("doctor", "--json").json}

    assert lines()["encryption"] == "ok TLSv1.3, its certificate is not checked"
    checked = lines(sslmode="verify-full", sslrootcert=str(guarded.authority))
    assert checked["encryption"] == "ok TLSv1.3, the server's certificate is checked"
    assert checked["server"].startswith("ok PostgreSQL 17.")
    assert checked["LISTEN"] == "ok changes are told at once"
    assert checked["clock"] == "ok agrees with the server's"


def test_nothing_of_a_password_reaches_the_log(
    door: Shell, guarded: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    door.set(JOBMON_DATABASE_URL=guarded.url("bob", OTHER, "jobmon", sslmode="disable"))
    assert tried(door).code == 6
    assert OTHER not in caplog.text
