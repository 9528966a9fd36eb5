"""Who writes to the audit log, as the operating system knows it: beside what a caller claims."""

import os
import pwd
from functools import cache

from jobmon_tui.domain.text import one_line


@cache
def process_origin() -> str:
    """Return the account that this process runs as, and its machine, such as `uid=1000(ann) on web1`."""
    return f"{account(os.getuid())} on {one_line(os.uname().nodename, 100) or '?'}"


def account(user_id: int) -> str:
    """Return an account of the operating system by its number, with its name where it has one."""
    try:
        return f"uid={user_id}({one_line(pwd.getpwuid(user_id).pw_name, 60)})"
    except KeyError:
        return f"uid={user_id}"
