"""A small Secret Service on a real session bus: what gnome-keyring is to programs, in memory.

`python -m tests.secret_service [locked]` answers on the bus of DBUS_SESSION_BUS_ADDRESS; `locked` is one
whose password somebody would have to type into a window that nobody sees.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME, ROOT = "org.freedesktop.secrets", "/org/freedesktop/secrets"
COLLECTION = f"{ROOT}/collection/login"
_CONFIGURATION = """<busconfig><type>session</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy>
</busconfig>"""


class Store:
    """Answers the calls that python's SecretStorage makes."""

    def __init__(self, locked: bool) -> None:
        self.locked = locked
        self.items: dict[str, tuple[dict[str, str], bytes]] = {}
        self.made = 0

    def answer(self, member: str, path: str, body: Any) -> tuple[str, tuple[Any, ...]] | None:
        """Return signature and body of the answer, None where there never is one."""
        match member:
            case "OpenSession":
                if body[0] != "plain":
                    raise NotImplementedError
                return "vo", (("s", ""), f"{ROOT}/session/1")
            case "ReadAlias":
                return "o", (COLLECTION,)
            case "Get" if body[1] == "Locked":
                return "v", (("b", self.locked),)
            case "Get" if body[1] == "Label":
                return "v", (("s", "Login"),)
            case "Get" if body[1] == "Attributes":
                return "v", (("a{ss}", self.items[path][0]),)
            case "Unlock":
                return "aoo", ([], f"{ROOT}/prompt/1") if self.locked else (body[0], "/")
            case "Prompt":
                return None
            case "SearchItems":
                return "ao", (self._found(body[0]),)
            case "CreateItem":
                return "oo", (self._keep(body), "/")
            case "GetSecret":
                return "(oayays)", ((f"{ROOT}/session/1", b"", self.items[path][1], "text/plain"),)
            case "Delete":
                del self.items[path]
                return "o", ("/",)
        return "", ()

    def _found(self, wanted: dict[str, str]) -> list[str]:
        return [path for path, (has, _) in self.items.items() if wanted.items() <= has.items()]

    def _keep(self, body: Any) -> str:
        attributes = dict(body[0]["org.freedesktop.Secret.Item.Attributes"][1])
        (path,) = self._found(attributes)[:1] or [f"{COLLECTION}/{self.made}"]
        self.made += 1
        self.items[path] = (attributes, bytes(body[1][2]))
        return path


def main(locked: bool) -> None:
    from jeepney import HeaderFields, MessageType, new_error, new_method_return
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import open_dbus_connection

    connection = open_dbus_connection()
    connection.send_and_get_reply(message_bus.RequestName(NAME))
    store = Store(locked)
    print("ready", flush=True)
    while True:
        asked = connection.receive()
        if asked.header.message_type is not MessageType.method_call:
            continue
        fields = asked.header.fields
        try:
            said = store.answer(fields[HeaderFields.member], fields[HeaderFields.path], asked.body)
        except NotImplementedError:
            connection.send(new_error(asked, "org.freedesktop.DBus.Error.NotSupported"))
            continue
        if said is not None:
            connection.send(new_method_return(asked, said[0] or None, said[1]))


@contextlib.contextmanager
def session_bus(folder: Path) -> Iterator[str]:
    """Run a session bus; give its address. It needs dbus-daemon."""
    program = shutil.which("dbus-daemon")
    assert program is not None
    (folder / "bus.conf").write_text(_CONFIGURATION.format(folder=folder))
    bus = subprocess.Popen(
        [program, f"--config-file={folder / 'bus.conf'}", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert bus.stdout is not None
        yield bus.stdout.readline().strip()
    finally:
        bus.kill()
        bus.communicate()


@contextlib.contextmanager
def secret_service(address: str, *, locked: bool = False) -> Iterator[None]:
    """Run the Secret Service on a bus."""
    service = subprocess.Popen(
        [sys.executable, "-m", "tests.secret_service", *(["locked"] if locked else [])],
        env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": address},
        cwd=Path(__file__).resolve().parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert service.stdout is not None
        assert service.stdout.readline() == "ready\n"
        yield
    finally:
        service.kill()
        service.communicate()


if __name__ == "__main__":
    main("locked" in sys.argv)
