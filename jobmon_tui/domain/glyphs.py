"""One cell for each status, the same on the screen and on the command line.

Only such as the usual terminal fonts have. The word always stands beside it, so that neither colour nor font
carries the meaning.
"""

from collections.abc import Mapping

from jobmon_tui.domain.execution import Status

GLYPHS: Mapping[Status, str] = {
    Status.QUEUED: "○",
    Status.RUNNING: "▸",
    Status.SUCCEEDED: "✓",
    Status.FAILED: "✗",
    Status.CANCELLED: "⊘",
}


def status_text(status: Status) -> str:
    """Return glyph and word, such as `✗ Failed`."""
    return f"{GLYPHS[status]} {status.value}"
