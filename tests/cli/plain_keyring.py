"""Stands for the keyrings of other packages that write plain text: it would keep whatever it is given."""

from keyring.backend import KeyringBackend


class PlaintextKeyring(KeyringBackend):
    priority = 9  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        raise AssertionError("a plain text keyring was asked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("a plain text keyring was given a secret")
