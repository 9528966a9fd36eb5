"""Report configurations: look at them, add, edit, delete and import them."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Protocol

from jobmon_tui.domain.errors import ErrorCode, JobmonError, changed_meanwhile, report_not_found
from jobmon_tui.domain.report import Report, ReportDraft, policy_problems, snapshot_text
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller, Done, change, may_look, utc_now
from jobmon_tui.services.facade import Imported
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.problems import InvalidReport, Problem, problems_of

NAME_LIMIT = 200
SNAPSHOT_LIMIT = 1024**2
"""Bytes of a configuration in its canonical form."""


class ReportCatalog(Protocol):
    """What can run here, and what each of it needs."""

    def check(self, draft: ReportDraft) -> ReportDraft:
        """Return the draft with its parameters normalised.

        Checks the runner, its parameters, the schedule, the timezone and the timeout; raises
        `invalid_input`, as `InvalidReport` where the key at fault is known.
        """
        ...

    def next_due(self, draft: ReportDraft, after: datetime) -> datetime | None:
        """Return the schedule's first due time after `after`, in UTC; None where there is none."""
        ...


def clean_name(name: str) -> str:
    """Return a report's name as it is kept: hostile ones are cleaned, an empty one is `InvalidReport`."""
    cleaned = one_line(name, NAME_LIMIT)
    if not cleaned:
        raise InvalidReport([Problem("name", "a report needs a name.")])
    return cleaned


def check_draft(catalog: ReportCatalog, draft: ReportDraft) -> ReportDraft:
    """Return the draft as it will be kept. Raises `invalid_input`, naming the key."""
    name = clean_name(draft.name)
    problems = [Problem(key, reason) for key, reason in policy_problems(draft)]
    try:
        checked = catalog.check(replace(draft, name=name))
    except JobmonError as refusal:
        if problems:
            raise InvalidReport([*problems_of(refusal), *problems]) from refusal
        raise
    if problems:
        raise InvalidReport(problems)
    checked = replace(checked, retry_delay=float(checked.retry_delay))
    if checked.timeout is not None:
        checked = replace(checked, timeout=float(checked.timeout))
    try:
        size = len(snapshot_text(checked).encode())
    except (TypeError, ValueError) as error:
        # Lone surrogates, NaN, dates: nothing that a snapshot can carry.
        raise InvalidReport([Problem("parameters", "they hold a value that cannot be stored.")]) from error
    if size > SNAPSHOT_LIMIT:
        reason = f"they are longer than {SNAPSHOT_LIMIT // 1024**2} MiB, and each execution keeps a copy."
        raise InvalidReport([Problem("parameters", reason)])
    return checked


def _outcome(catalog: ReportCatalog, draft: ReportDraft) -> ReportDraft | JobmonError:
    # Checked before the write lock is taken, told only once the caller is known to be allowed to ask.
    try:
        return check_draft(catalog, draft)
    except JobmonError as refusal:
        return refusal


def _or_raise(outcome: ReportDraft | JobmonError) -> ReportDraft:
    if isinstance(outcome, JobmonError):
        raise outcome
    return outcome


def changed_keys(old: ReportDraft, new: ReportDraft) -> list[str]:
    """Return which keys differ, dotted, never their values: an audit log is read by many."""
    found = [
        field.name
        for field in fields(ReportDraft)
        if field.name != "parameters" and getattr(old, field.name) != getattr(new, field.name)
    ]
    keys = sorted(set(old.parameters) | set(new.parameters))
    missing = object()
    found += [
        f"parameters.{key}"
        for key in keys
        if old.parameters.get(key, missing) != new.parameters.get(key, missing)
    ]
    return found


def _reread(transaction: Transaction, name: str) -> Report:
    report = transaction.report(name)
    if report is None:
        raise RuntimeError("the report that was just written is gone")
    return report


def find_report(transaction: Transaction, name: str) -> Report:
    """Return a report by its name, cleaned as names are kept. Raises `report_not_found`."""
    report = transaction.report(one_line(name, NAME_LIMIT))
    if report is None:
        raise report_not_found(one_line(name, NAME_LIMIT))
    return report


async def list_reports(database: Database, caller: Caller) -> Sequence[Report]:
    """Return every report by name."""

    def work(transaction: Transaction) -> Sequence[Report]:
        may_look(transaction, caller, utc_now(), Verb.VIEW)
        return transaction.reports()

    return await database.read(work)


async def show_report(database: Database, caller: Caller, name: str) -> Report:
    """Return one report. Raises `report_not_found`."""

    def work(transaction: Transaction) -> Report:
        may_look(transaction, caller, utc_now(), Verb.VIEW)
        return find_report(transaction, name)

    return await database.read(work)


async def add_report(
    database: Database, caller: Caller, catalog: ReportCatalog, draft: ReportDraft
) -> Report:
    """Add a report. Raises `invalid_input`, `already_exists` and the usual."""
    outcome = _outcome(catalog, draft)

    def work(transaction: Transaction, _actor: Actor, now: datetime) -> tuple[Report, Done]:
        checked = _or_raise(outcome)
        _refuse_taken(transaction, checked.name)
        transaction.add_report(checked, now)
        return _reread(transaction, checked.name), Done(details=f"added “{checked.name}”")

    return await change(database, caller, Verb.EDIT_REPORTS, work)


def _refuse_taken(transaction: Transaction, name: str) -> None:
    if transaction.report(name) is not None:
        raise JobmonError(ErrorCode.ALREADY_EXISTS, f"There is already a report named “{name}”.")


async def edit_report(
    database: Database,
    caller: Caller,
    catalog: ReportCatalog,
    name: str,
    draft: ReportDraft,
    *,
    version: int | None = None,
) -> Report:
    """Replace a report's configuration, its name too; one that says the same raises no version.

    `version` is the one that `draft` was made from: where the report has another by now nothing is changed,
    so that two who edit at once lose nothing of each other's (None: whatever it has). Raises
    `changed_meanwhile` then, `invalid_input`, `report_not_found`, `already_exists` and the usual.
    """
    outcome = _outcome(catalog, draft)

    def work(transaction: Transaction, _actor: Actor, now: datetime) -> tuple[Report, Done | None]:
        old = find_report(transaction, name)
        checked = _or_raise(outcome)
        if snapshot_text(old.draft) == snapshot_text(checked):
            return old, None
        if version is not None and version != old.version:
            raise changed_meanwhile(old.draft.name, old.version)
        if checked.name != old.draft.name:
            _refuse_taken(transaction, checked.name)
        transaction.replace_report(old.draft.name, checked, now)
        details = f"changed “{old.draft.name}”: {', '.join(changed_keys(old.draft, checked))}"
        if checked.name != old.draft.name:
            details += f"; it is “{checked.name}” now"
        return _reread(transaction, checked.name), Done(details=details)

    return await change(database, caller, Verb.EDIT_REPORTS, work)


async def delete_report(database: Database, caller: Caller, name: str) -> None:
    """Really delete a report; its executions keep their snapshots. Raises `report_not_found`."""

    def work(transaction: Transaction, _actor: Actor, _now: datetime) -> tuple[None, Done]:
        old = find_report(transaction, name)
        transaction.delete_report(old.draft.name)
        return None, Done(details=f"deleted “{old.draft.name}” (id {old.id}, version {old.version})")

    await change(database, caller, Verb.EDIT_REPORTS, work)


async def import_reports(
    database: Database, caller: Caller, catalog: ReportCatalog, drafts: Sequence[ReportDraft]
) -> Sequence[Imported]:
    """Add or replace each report by name, all or none; what says the same raises no version.

    Raises `invalid_input` for a bad draft, or for a name that comes twice, and the usual.
    """
    outcomes = [_outcome(catalog, draft) for draft in drafts]

    def work(
        transaction: Transaction, _actor: Actor, now: datetime
    ) -> tuple[Sequence[Imported], Done | None]:
        checked = [_or_raise(outcome) for outcome in outcomes]
        seen: set[str] = set()
        for draft in checked:
            if draft.name in seen:
                raise InvalidReport([Problem("name", f"“{draft.name}” comes twice.")])
            seen.add(draft.name)
        answers, told = [], []
        for draft in checked:
            old = transaction.report(draft.name)
            if old is None:
                transaction.add_report(draft, now)
                answers.append(Imported(draft.name, "added"))
                told.append(f"added “{draft.name}”")
            elif snapshot_text(old.draft) == snapshot_text(draft):
                answers.append(Imported(draft.name, "unchanged"))
            else:
                transaction.replace_report(draft.name, draft, now)
                answers.append(Imported(draft.name, "changed"))
                told.append(f"changed “{draft.name}” ({', '.join(changed_keys(old.draft, draft))})")
        return answers, Done(details="imported: " + "; ".join(told)) if told else None

    return await change(database, caller, Verb.EDIT_REPORTS, work)
