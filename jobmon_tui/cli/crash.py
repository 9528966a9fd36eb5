"""What happens when something unforeseen does: one line for people, the details in the log file."""

import sys
import traceback
from types import TracebackType

from jobmon_tui.domain.text import one_line
from jobmon_tui.log_file import log_path, log_to_file, write_log


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    # Without local variables, which hold passwords.
    path = write_log("".join(traceback.format_exception(kind, error, trace)))
    where = f"The details are in {path}." if path else f"The log file {log_path()} cannot be written."
    sys.stderr.write(f"jobmon met something unforeseen ({one_line(kind.__name__, 60)}). {one_line(where)}\n")


def install() -> None:
    """From now on no traceback reaches the terminal; Python's exit code for it is 1, as it should be.

    Libraries' warnings, and asyncio's about tasks, go to the log file as well.
    """
    sys.excepthook = _hook
    log_to_file()
