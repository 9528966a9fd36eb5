"""From the program's name to the dashboard or to a command: plain `jobmon` paints before heavy imports."""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from jobmon_tui.cli.flags import DashboardFlags, dashboard_flags
from jobmon_tui.domain.errors import EXIT_CODES, JobmonError, invalid_input
from jobmon_tui.domain.plain_forms import PLAIN, is_ascii_locale


def fill_streams() -> None:
    """Put /dev/null in the place of standard streams that were closed before this program was started.

    They would be None, and the next file that is opened, the database say, would get their number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def spell_plainly() -> None:
    """Write by its ASCII form what the streams' encoding lacks, and on a terminal what the locale lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            ascii_only = stream.isatty() and is_ascii_locale(os.environ)
            stream.reconfigure(encoding="ascii" if ascii_only else None, errors=PLAIN)


def refuse_without_terminal() -> None:
    """Raise `invalid_input` where no dashboard can be shown."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise invalid_input("The dashboard needs a terminal. Without one, use the commands: jobmon --help")


def to_dashboard(flags: DashboardFlags) -> int:
    """Open the dashboard, as lines where that is wanted, and return its exit code. Raises `invalid_input`."""
    flags.check()
    from jobmon_tui.config_profiles import choose_profile

    choose_profile(flags.profile)
    from jobmon_tui.cli.lines_wanted import are_wanted

    if not flags.linear:
        refuse_without_terminal()
    if flags.linear or are_wanted():
        from jobmon_tui.cli.linear import open_linear

        return open_linear(flags)
    from jobmon_tui.cli.dashboard import open_dashboard

    return open_dashboard(flags)


def enter(arguments: Sequence[str]) -> int:
    """Run the dashboard, or the command that was asked for; return the exit code."""
    fill_streams()
    spell_plainly()
    flags = dashboard_flags(arguments)
    if flags is not None:
        try:
            return to_dashboard(flags)
        except JobmonError as refusal:
            sys.stderr.write(f"{refusal.message}\n")
            return EXIT_CODES[refusal.code]
    import typer.main

    from jobmon_tui.cli import crash, loading
    from jobmon_tui.cli.app import app

    loading.done()
    crash.install()
    # Not app(): that one puts a hook of its own in place of ours, and prints tracebacks.
    try:
        typer.main.get_command(app)(args=list(arguments), prog_name="jobmon")
    except SystemExit as ended:
        return _flushed(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
    return _flushed(0)


def _flushed(code: int) -> int:
    """Send what is still held back; the interpreter would complain about it in its own words."""
    from jobmon_tui.cli.output import complain, unwritable

    try:
        sys.stdout.flush()
    except OSError as error:
        # Once more at the very end, but into nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            return code or 1
        refusal = unwritable(error)
        complain(refusal.message)
        return code or EXIT_CODES[refusal.code]
    return code
