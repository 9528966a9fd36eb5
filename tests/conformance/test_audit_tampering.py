"""Whatever is done to the audit log past its rules, verifying finds, with an anchor where it must."""

from collections.abc import Sequence

import pytest

from jobmon_tui.domain.anchors import Anchor, contradiction
from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.services import chain
from jobmon_tui.services.audit_search import search_audit
from jobmon_tui.services.chain import ChainReport, verify_audit
from jobmon_tui.services.look import list_audit
from tests.backends import Raw, Store
from tests.conformance.tampering import (
    COLUMNS,
    COUNT,
    DUPLICATED,
    FOUND,
    ON_SQLITE,
    UNSEEN,
    Steps,
    add_entries,
    past_the_rules,
)
from tests.conformance.world import NOW, VIEWER


class Log:
    """A log whose rules are gone, and which is put back after each tampering."""

    def __init__(self, store: Store, raw: Raw, backend: str) -> None:
        self.store = store
        self._raw = raw
        past_the_rules(raw, backend)
        raw("CREATE TABLE kept_log AS SELECT * FROM audit_log")
        raw("CREATE TABLE kept_head AS SELECT * FROM audit_head")

    async def after(self, steps: Steps, upto: int = 0) -> tuple[ChainReport, Sequence[AuditEntry]]:
        """Verify what it has become, read the newest entry up to this one, and put it back."""
        for step in steps:
            self._raw(step)
        report = await verify_audit(self.store, VIEWER)
        newest = await list_audit(self.store, VIEWER, 1, upto + 1)
        for step in (
            "DELETE FROM audit_log",
            "DELETE FROM audit_head",
            f"INSERT INTO audit_log ({COLUMNS}) SELECT {COLUMNS} FROM kept_log",
            "INSERT INTO audit_head SELECT * FROM kept_head",
        ):
            self._raw(step)
        return report, newest


@pytest.fixture
async def log(store: Store, raw: Raw, backend: str) -> Log:
    await store.write(add_entries)
    return Log(store, raw, backend)


async def test_every_tampering_is_found(log: Log, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # As long a log would be looked at: in several reads of several pages.
    monkeypatch.setattr(chain, "PAGE", 2)
    monkeypatch.setattr(chain, "STEP", 1)
    whole = await verify_audit(log.store, VIEWER)
    assert (whole.entries, whole.first_bad, whole.problem) == (COUNT, None, None)
    missed = []
    for name, (steps, bad, said) in {**FOUND, **(ON_SQLITE if backend == "sqlite" else {})}.items():
        report, _ = await log.after(steps)
        if report.first_bad != bad or said not in str(report.problem):
            missed.append(f"{name}: {report}")
        assert await verify_audit(log.store, VIEWER) == whole, name
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("page", [2, 3, 10])
async def test_an_id_that_is_there_twice_is_found(
    log: Log, backend: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Also where the first one is the last of its page.
    monkeypatch.setattr(chain, "PAGE", page)
    report, _ = await log.after(DUPLICATED[backend])
    assert report.first_bad == 3
    assert any(said in str(report.problem) for said in ("entry 3 is there twice", "beside the chain"))


async def test_what_a_chain_alone_cannot_show_an_anchor_shows(
    log: Log, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(head,)] = raw("SELECT hash FROM audit_head")
    anchor = Anchor(NOW, COUNT, str(head), "here")
    monkeypatch.setattr(chain, "PAGE", 2)
    for name, steps in UNSEEN.items():
        report, newest = await log.after(steps, COUNT)
        assert report.first_bad is None, name
        entry = (newest[0].id, newest[0].hash) if newest else (None, None)
        assert contradiction(anchor, *entry) is not None, name
    _, untouched = await log.after([], COUNT)
    assert contradiction(anchor, untouched[0].id, untouched[0].hash) is None


async def test_a_search_goes_on_over_what_is_no_text(store: Store, raw: Raw, backend: str) -> None:
    await store.write(add_entries)
    past_the_rules(raw, backend)
    # PostgreSQL makes a text of it.
    shown = {"sqlite": "b'eve'", "postgres": f"{0x657665:024b}"}
    raw("UPDATE audit_log SET actor = x'657665' WHERE id = 3")
    found = await search_audit(store, VIEWER, "retry", 10)
    assert [each.id for each in found.entries] == [6, 5, 4, 3, 2, 1]
    assert found.entries[3].entry.actor == shown[backend]
