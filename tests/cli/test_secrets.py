"""Secrets and the keyring: on a Secret Service of a real bus, in the kernel, and where nothing is good."""

import asyncio
import gc
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends import SecretService, null

from jobmon_tui.cli import health_keyring
from jobmon_tui.cli.finding import Grade
from jobmon_tui.runners.execute import Execute
from jobmon_tui.security.kernel_keyring import KernelKeyring
from jobmon_tui.services.records import StoredOutput
from scheduler.ports import Claimed
from tests.cli.plain_keyring import PlaintextKeyring
from tests.cli.shell import Shell
from tests.e2e.terminal import Terminal
from tests.secret_service import secret_service, session_bus

KERNEL = "jobmon_tui.security.kernel_keyring.KernelKeyring"
VALUE = "hunter2-hunter2"
needs_kernel = pytest.mark.skipif(
    not KernelKeyring.viable, reason="this kernel, or what this container may call, has no keyring"
)
# What keyring and SecretStorage leave open when the bus ends is theirs.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="there is no dbus-daemon")


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """See to it that what is left open is found here, where it is known, and in no later test."""
    yield
    for thread in threading.enumerate():
        if thread.name == "keyring":
            thread.join(5)
    gc.collect()


def _in_kernel() -> Iterator[None]:
    keyring.set_keyring(KernelKeyring())
    yield
    for name in ("warehouse", "pem", "unused", "typed", "index:secrets"):
        if KernelKeyring().get_password("jobmon-tui", name) is not None:
            KernelKeyring().delete_password("jobmon-tui", name)


@pytest.fixture
def kernel(shell: Shell) -> Iterator[None]:
    yield from _in_kernel()


@pytest.fixture(
    params=[pytest.param("Secret Service", marks=needs_bus), pytest.param("kernel", marks=needs_kernel)]
)
def kept(request: pytest.FixtureRequest, shell: Shell, tmp_path: Path) -> Iterator[None]:
    """One working keyring after the other; the shell puts the earlier one back."""
    if request.param == "kernel":
        yield from _in_kernel()
        return
    with session_bus(tmp_path) as address, secret_service(address):
        shell.set(DBUS_SESSION_BUS_ADDRESS=address)
        keyring.set_keyring(SecretService.Keyring())
        yield


def _run_report(folder: Path, parameters: dict[str, object]) -> tuple[str, str]:
    saved: list[StoredOutput] = []

    async def save(_id: int, _token: int, output: StoredOutput) -> None:
        saved.append(output)

    claimed = Claimed(1, 1, {"name": "Load", "runner": "command", "parameters": parameters}, None)
    outcome = asyncio.run(Execute(folder, save, environ={"PATH": os.environ["PATH"]}).run(claimed))
    return f"{outcome}", saved[-1].head if saved else ""


def test_a_secret_is_set_used_masked_listed_and_deleted(shell: Shell, kept: None, tmp_path: Path) -> None:
    script = 'echo "$PASS"; printf %s "x$PASS" | base64; echo "$PASS" >&2; exit 1'
    assert shell("secrets", "set", "warehouse", "--stdin", stdin=f"{VALUE}\n").code == 0
    assert shell("secrets", "set", "unused", "--stdin", stdin="a\nb\n").code == 0
    environment = ("--env", "PASS=${keyring:warehouse}", "--env", "X=${keyring:missing}")
    assert shell("reports", "add", "Load", *environment, "--", "sh", "-c", script).code == 0
    listed = shell("secrets", "list", "--json")
    assert listed.json == [
        {"name": "missing", "kept": False, "reports": ["Load"]},
        {"name": "unused", "kept": True, "reports": []},
        {"name": "warehouse", "kept": True, "reports": ["Load"]},
    ]
    assert "Missing: missing" in listed.err
    assert "used by Load" in shell("secrets", "list").out

    command: dict[str, object] = {"command": ["sh", "-c", script], "directory": str(tmp_path)}
    error, printed = _run_report(
        tmp_path / "out", {**command, "environment": {"PASS": "${keyring:warehouse}"}}
    )
    assert printed.startswith("***\n")
    assert printed.endswith("***\n")
    for hidden in (VALUE, "odW50ZXIy"):  # the value, and base64 of it after one byte
        assert hidden not in printed + error
    error, _ = _run_report(tmp_path / "out", {**command, "environment": {"X": "${keyring:missing}"}})
    assert "jobmon secrets set missing" in error

    assert shell("secrets", "delete", "warehouse").code == 2  # nobody can be asked
    assert shell("secrets", "delete", "warehouse", "--yes").code == 0
    assert shell("secrets", "delete", "warehouse", "--yes").code == 4
    shell.set(JOBMON_TOKEN=None)
    signed_out = shell("secrets", "list", "--json")
    assert signed_out.json == [{"name": "unused", "kept": True, "reports": None}]
    assert "Sign in" in signed_out.err
    found = health_keyring.keyring()
    assert (found.grade, "answers" in found.text) == (Grade.OK, True)
    assert VALUE.encode() not in b"".join(e.read_bytes() for e in tmp_path.rglob("*") if e.is_file())


def test_a_session_is_kept_and_forgotten(shell: Shell, kept: None, tmp_path: Path) -> None:
    shell.set(JOBMON_TOKEN=None, JOBMON_DATABASE_URL=f"sqlite:///{tmp_path}/fresh.db")
    for command in (("init", "--admin", "ada"), ("login", "ada")):
        assert shell(*command, "--password-stdin", stdin="correct horse battery").code == 0
    assert shell("whoami", "--json").json["name"] == "ada"
    assert shell("logout").code == 0
    assert shell("whoami").code == 3


@needs_bus
def test_a_locked_keyring_is_given_up_after_three_seconds(shell: Shell, tmp_path: Path) -> None:
    with session_bus(tmp_path) as bus, secret_service(bus, locked=True):
        shell.set(DBUS_SESSION_BUS_ADDRESS=bus)
        keyring.set_keyring(SecretService.Keyring())
        began = time.monotonic()
        found = health_keyring.keyring()
        took = time.monotonic() - began
    assert 3 <= took < 6
    assert (found.grade, "did not answer within 3 s" in found.text) == (Grade.WARN, True)
    assert found.mend is not None
    assert "--unlock" in found.mend
    assert "dbus-run-session" not in found.mend  # there is a bus


@needs_bus
def test_a_service_that_goes_away_is_a_sentence(shell: Shell, tmp_path: Path) -> None:
    with session_bus(tmp_path) as bus:
        shell.set(DBUS_SESSION_BUS_ADDRESS=bus)
        keyring.set_keyring(SecretService.Keyring())
        refused = shell("secrets", "set", "warehouse", "--stdin", stdin=VALUE)
    gc.collect()
    assert (refused.code, "the keyring failed" in refused.err, refused.err.count("\n")) == (2, True, 1)


def test_doctor_tells_how_to_get_a_bus_a_service_and_what_does_without(bare: Shell, tmp_path: Path) -> None:
    over_ssh = {"PATH": "/nowhere", "XDG_RUNTIME_DIR": str(tmp_path)}
    mend = health_keyring.keyring(over_ssh).mend or ""
    for said in ("package gnome-keyring", "dbus-run-session", "--unlock", KERNEL, "login NAME --export"):
        assert said in mend, said
    (tmp_path / "bus").touch()
    assert "dbus-run-session" not in (health_keyring.keyring(over_ssh).mend or "")
    told = bare("doctor").out
    assert told.count("→") >= mend.count("\n")
    chosen = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    assert "unset it" in (health_keyring.keyring(chosen).mend or "")


@pytest.mark.parametrize(
    ("backend", "said"), [(null.Keyring, "keeps nothing"), (PlaintextKeyring, "not known to keep secrets")]
)
def test_what_is_no_keyring_is_refused_by_name(shell: Shell, backend: type, said: str) -> None:
    keyring.set_keyring(backend())
    assert said in health_keyring.keyring().text
    for command in (("set", "a", "--stdin"), ("list",), ("delete", "a", "--yes")):
        refused = shell("secrets", *command, stdin=VALUE)
        assert (refused.code, said in refused.err, VALUE in refused.err) == (2, True, False), refused


def test_a_choice_that_cannot_be_is_told(bare: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring import core

    for wrong in ("no.such.Keyring", "os.path", "nothing"):
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", wrong)
        monkeypatch.setattr(core, "_keyring_backend", None)
        found = health_keyring.keyring()
        assert (found.grade, "cannot be used here" in found.text) == (Grade.WARN, True), wrong


@needs_kernel
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("a b", "x", "letters, digits"),
        ("index:secrets", "x", "letters, digits"),
        ("a\x1b]0;x\x07", "x", "letters, digits"),
        ("a", "", "empty"),
        ("a", "x\0y", "NUL"),
        ("a", b"\xff", "UTF-8"),
        ("a", "x" * 32_001, "longer"),
    ],
)
def test_what_cannot_be_a_secret_is_refused(
    shell: Shell, kernel: None, name: str, value: str, said: str
) -> None:
    refused = shell("secrets", "set", name, "--stdin", stdin=value)
    assert (refused.code, said in refused.err, "\x1b" in refused.err) == (2, True, False), refused


def test_a_value_on_the_command_line_is_refused_and_not_repeated(shell: Shell) -> None:
    refused = shell("secrets", "set", "warehouse", VALUE)
    assert (refused.code, VALUE in refused.err + refused.out) == (2, False)


@needs_kernel
def test_a_typed_value_is_asked_for_twice_and_not_shown(shell: Shell, kernel: None) -> None:
    terminal = Terminal(
        ["secrets", "set", "typed"],
        {"HOME": str(shell.folder), "PYTHON_KEYRING_BACKEND": KERNEL},
    )
    try:
        terminal.wait_for("Value:")
        terminal.press(VALUE, "enter")
        terminal.wait_for("Repeat")
        terminal.press(VALUE, "enter")
        assert terminal.wait_end() == 0
        assert b"hunter" not in terminal.written
        assert KernelKeyring().get_password("jobmon-tui", "typed") == VALUE
    finally:
        terminal.close()
