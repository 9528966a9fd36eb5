"""Where a command or dashboard runs, as its surroundings claim it: no proof, but a trace to follow."""

import os

from jobmon_tui.domain.text import one_line


def claimed_origin(face: str) -> str:
    """Return face, account, terminal, machine, and the other end of an SSH connection with its port."""
    try:
        terminal = os.ttyname(0)
    except OSError:
        terminal = "no terminal"
    said = f"{face} uid={os.getuid()} {terminal} on {one_line(os.uname().nodename, 60) or '?'}"
    # The other end's address and port, then those of this one: sshd's own log names the first two.
    other = one_line(os.environ.get("SSH_CONNECTION", ""), 120).split(" ")
    if not other[0]:
        return said
    return f"{said} from {other[0]}" + (f" port {other[1]}" if len(other) > 1 else "")
