"""A shell with job control and one job: `python -m tests.tui.little_shell PROGRAM ARGUMENT...`.

While the job is stopped it takes `fg` and `bg`, a line each.
"""

import os
import signal
import subprocess
import sys

_OF_JOBS = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def _as_a_job() -> None:
    os.tcsetpgrp(0, os.getpgrp())
    for each in _OF_JOBS:
        signal.signal(each, signal.SIG_DFL)


def main() -> int:
    """Run the job to its end; return its exit code."""
    for each in _OF_JOBS:
        signal.signal(each, signal.SIG_IGN)
    job = subprocess.Popen(sys.argv[1:], process_group=0, preexec_fn=_as_a_job)  # noqa: PLW1509  # no threads
    while True:
        _, status = os.waitpid(job.pid, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        if input("[stopped] ") == "fg":
            os.tcsetpgrp(0, job.pid)
        os.killpg(job.pid, signal.SIGCONT)


if __name__ == "__main__":
    code = main()
    print(f"[ended {code}]")
