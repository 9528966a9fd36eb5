"""Lines of the lists of records fit any width, whatever stands in them."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from jobmon_tui.domain.audit import GENESIS, AuditEntry, NewAuditEntry
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.services.facade import ReportOverview
from jobmon_tui.services.records import WorkerSeen
from jobmon_tui.services.workers import ALIVE, WorkerState
from jobmon_tui.tui.audit_story import AuditFace
from jobmon_tui.tui.report_story import ReportFace
from jobmon_tui.tui.screens.workers import WorkerFace
from jobmon_tui.tui.widgets.cells import Line
from jobmon_tui.tui.widgets.record_list import Held
from tests.tui.memory_tables import START

HOSTILE = st.text(st.characters(), max_size=60) | st.sampled_from(
    ["[/x]", "日本語のレポート" * 4, "\u202eRTL", "x" * 5_000, "a\x1b]0;t\x07b", "e\u0301" * 40, "\ud800", ""]
)
WIDTHS = st.integers(60, 300)


def fits(line: Line, width: int) -> bool:
    text = "".join(cell.text for cell in line)
    assert "\x1b" not in text
    assert "\n" not in text
    return cell_len(text) == width


@given(name=HOSTILE, schedule=st.none() | HOSTILE, width=WIDTHS, paused=st.booleans())
def test_a_report_fits(name: str, schedule: str | None, width: int, paused: bool) -> None:
    report = Report(1, 1, ReportDraft(name, name, {}, schedule=schedule), START, START, paused)
    assert fits(ReportFace().line(ReportOverview(report, START, None), width), width)
    assert fits(ReportFace().heading(width), width)


@given(host=HOSTILE, version=HOSTILE, width=WIDTHS, pid=st.integers(0, 2**31))
def test_a_worker_fits(host: str, version: str, width: int, pid: int) -> None:
    worker = WorkerSeen("w", host, pid, version, 2, 1, START, 1, START + timedelta(days=1))
    assert fits(WorkerFace().line(WorkerState(worker, ALIVE), width), width)


@given(actor=HOSTILE, action=HOSTILE, width=WIDTHS, number=st.none() | st.integers(0, 2**63 - 1))
def test_an_entry_fits(actor: str, action: str, width: int, number: int | None) -> None:
    entry = NewAuditEntry(START, actor, "Viewer", action, actor, action, number, number, actor, action)
    assert fits(AuditFace().line(AuditEntry(1, entry, GENESIS, GENESIS), width), width)


@given(st.lists(st.integers(), unique=True, max_size=30))
def test_records_are_found_by_their_keys(keys: list[int]) -> None:
    held = Held([str(key) for key in keys], keys)
    assert held.total == len(keys)
    for at, key in enumerate(keys):
        assert (held.position_of(key), held.key_at(at), held.at(at)) == (at, key, str(key))
    assert (held.at(len(keys)), held.at(-1), held.position_of("x")) == (None, None, None)
