"""Whatever is done to the audit log past its rules, verifying finds, with an anchor where it must."""

import pytest

from jobmon_tui.services import chain
from jobmon_tui.services.chain import ChainReport, verify_audit
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
from tests.conformance.world import VIEWER


class Log:
    """A log whose rules are gone, and which is put back after each tampering."""

    def __init__(self, store: Store, raw: Raw, backend: str) -> None:
        self.store = store
        self._raw = raw
        past_the_rules(raw, backend)
        raw("CREATE TABLE kept_log AS SELECT * FROM audit_log")
        raw("CREATE TABLE kept_head AS SELECT * FROM audit_head")

    async def after(self, steps: Steps) -> ChainReport:
        """Verify what it has become, and put it back."""
        for step in steps:
            self._raw(step)
        report = await verify_audit(self.store, VIEWER)
        for step in (
            "DELETE FROM audit_log",
            "DELETE FROM audit_head",
            f"INSERT INTO audit_log ({COLUMNS}) SELECT {COLUMNS} FROM kept_log",
            "INSERT INTO audit_head SELECT * FROM kept_head",
        ):
            self._raw(step)
        return report


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
        report = await log.after(steps)
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
    report = await log.after(DUPLICATED[backend])
    assert report.first_bad == 3
    assert any(said in str(report.problem) for said in ("entry 3 is there twice", "beside the chain"))


async def test_what_a_chain_alone_cannot_show(log: Log) -> None:
    for name, steps in UNSEEN.items():
        assert (await log.after(steps)).first_bad is None, name
