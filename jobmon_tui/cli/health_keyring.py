"""What `doctor` says of the keyring: which one there is, whether it answers, and how to get one that does."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from jobmon_tui.cli.finding import Finding, Grade
from jobmon_tui.security.keyring import KeyringEntry, NoKeyring, backend_name, is_lost_at_restart

_WITHOUT = 'Without one, sign in with: eval "$(jobmon login NAME --export)"'
_UNLOCK = (
    'read -rsp "Keyring password: " p; printf %s "$p" | '
    "gnome-keyring-daemon --replace --unlock --components=secrets; unset p"
)
_KERNEL = (
    "Or keep sessions in the kernel's memory until the machine restarts: "
    "export PYTHON_KEYRING_BACKEND=jobmon_tui.security.kernel_keyring.KernelKeyring"
)


def keyring(environment: Mapping[str, str] = os.environ) -> Finding:
    """Look whether sessions can be kept, by asking for an entry that is not there."""
    try:
        name = backend_name()
        KeyringEntry("doctor").load()
    except NoKeyring as error:
        return Finding("keyring", Grade.WARN, str(error), "\n".join(_mend(environment)))
    if is_lost_at_restart():
        return Finding(
            "keyring", Grade.OK, f"{name}: answers, and forgets everything when the machine restarts"
        )
    return Finding("keyring", Grade.OK, f"{name}: answers")


def _mend(environment: Mapping[str, str]) -> list[str]:
    chosen = environment.get("PYTHON_KEYRING_BACKEND")
    if chosen:
        return [f"PYTHON_KEYRING_BACKEND chooses {chosen}; unset it to have the best one found.", _WITHOUT]
    if sys.platform != "linux":
        return [_WITHOUT]
    return [*_secret_service(environment), _KERNEL, _WITHOUT]


def _secret_service(environment: Mapping[str, str]) -> list[str]:
    steps = []
    if shutil.which("gnome-keyring-daemon", path=environment.get("PATH")) is None:
        steps.append("Install a Secret Service, such as the package gnome-keyring.")
    if not has_bus(environment):
        steps.append(
            "There is no session bus, as often over SSH. Start a shell that has one: dbus-run-session -- bash"
        )
    return [*steps, f"Start or unlock it in this shell: {_UNLOCK}"]


def has_bus(environment: Mapping[str, str]) -> bool:
    """Tell whether programs here would find a session bus."""
    runtime = environment.get("XDG_RUNTIME_DIR")
    return bool(environment.get("DBUS_SESSION_BUS_ADDRESS")) or bool(
        runtime and (Path(runtime) / "bus").exists()
    )
