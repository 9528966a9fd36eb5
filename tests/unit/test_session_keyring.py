"""Sessions in the keyring: only in good ones, never for longer than the bound, never in a file."""

import time
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import KeyringLocked, PasswordDeleteError

from jobmon_tui.security.keyring import KeyringEntry, NoKeyring, backend_name


class Memory(KeyringBackend):
    """A keyring as good ones behave."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]


class Good(Memory):
    """It says that it is one of the good ones."""


class Locked(Good):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the secret of hunter2")


class Hanging(Good):
    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(5)
        return None


for _each in (Good, Locked, Hanging):
    _each.__module__ = "keyring.backends.SecretService"


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_session_is_kept_for_its_database_alone_and_forgotten() -> None:
    good = Good()
    keyring.set_keyring(good)
    one, other = KeyringEntry("session:/a.db"), KeyringEntry("session:/b.db")
    assert one.load() is None
    one.keep("first")
    one.keep("second")
    assert (one.load(), other.load()) == ("second", None)
    assert list(good.kept) == [("jobmon-tui", "session:/a.db")]
    other.forget()
    one.forget()
    one.forget()
    assert good.kept == {}
    assert backend_name() == "SecretService"


@pytest.mark.parametrize("backend", [NullKeyring, FailKeyring, Memory])
def test_what_merely_calls_itself_a_keyring_is_refused(backend: type[KeyringBackend]) -> None:
    # Memory stands for the ones of other packages, which write plain text to a file.
    made = backend()
    keyring.set_keyring(made)
    for use in (lambda k: k.load(), lambda k: k.keep("token"), lambda k: k.forget()):
        with pytest.raises(NoKeyring, match="no keyring"):
            use(KeyringEntry("session:/a.db"))
    assert getattr(made, "kept", {}) == {}


def test_a_locked_keyring_is_told_without_its_words() -> None:
    keyring.set_keyring(Locked())
    with pytest.raises(NoKeyring, match="locked") as refusal:
        KeyringEntry("session:/a.db").load()
    assert "hunter2" not in str(refusal.value)


def test_a_hanging_keyring_is_given_up() -> None:
    keyring.set_keyring(Hanging())
    started = time.monotonic()
    with pytest.raises(NoKeyring, match="did not answer"):
        KeyringEntry("session:/a.db", wait=0.1).load()
    assert time.monotonic() - started < 2
