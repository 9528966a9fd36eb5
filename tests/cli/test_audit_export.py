"""The audit log is listed and written out as it is asked for."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.cli import audit_export
from jobmon_tui.cli.audit_export import COLUMNS, as_csv, cell
from jobmon_tui.domain.audit import AuditEntry, NewAuditEntry
from jobmon_tui.services.ports import Transaction
from tests.backends import raw_at
from tests.cli.shell import NOW, Shell, in_postgres
from tests.conformance.tampering import past_the_rules
from tests.postgres import execute

HOSTILE = '=HYPERLINK("http://x")\x1b]52;c;eA==\x07 \u202e"quoted", \ud800 \r\n\tz'


def entries(transaction: Transaction) -> None:
    """Add 30 entries, one a minute."""
    for number in range(1, 31):
        transaction.add_audit(
            NewAuditEntry(
                NOW + timedelta(minutes=number), "ada" if number % 3 else "Zoë €", "Administrator",
                "Job Retry" if number % 2 else "Job Cancel", "refused" if number % 10 == 0 else "allowed",
                "not_retryable" if number % 10 == 0 else None, number,
                number + 100 if number % 5 == 0 else None,
                "-pts/1", HOSTILE if number == 7 else None,
            )
        )  # fmt: skip


def ids(shell: Shell, *arguments: str) -> list[int]:
    return [each["id"] for each in shell("audit", "list", "--json", *arguments).json]


def test_a_list_is_narrowed(shell: Shell) -> None:
    shell.write(entries)
    assert ids(shell) == list(range(30, 0, -1))
    assert ids(shell, "--actor", "Zoë €", "--limit", "2") == [30, 27]
    assert ids(shell, "--action", "job cancel", "--before", "5") == [4, 2]
    assert ids(shell, "--outcome", "refused") == [30, 20, 10]
    assert ids(shell, "--execution", "105") == [5]
    assert ids(shell, "--since", "2026-01-02T00:28:00Z") == [30, 29, 28]
    assert ids(shell, "--until", "2026-01-02T00:02:00Z", "--actor", "ada") == [2, 1]
    nothing = shell("audit", "list", "--actor", "nobody")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "No entries match.\n")
    assert shell("audit", "list", "--outcome", "maybe").code == 2
    unread = shell("audit", "list", "--until", "soon")
    assert unread.code == 2
    assert unread.err.startswith("--until: “soon” is not a time.")


def test_an_export_is_for_its_owner_only_and_whole_or_not_there(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_export, "PAGE", 7)
    shell.write(entries)
    file = tmp_path / "audit.csv"
    before = os.umask(0)
    try:
        done = shell("audit", "export", "--output", str(file))
    finally:
        os.umask(before)
    assert (done.code, done.out) == (0, f"Wrote 30 entries to {file}.\n")
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_bytes().decode()
    heading, *rows = csv.reader(io.StringIO(text))
    assert tuple(heading) == COLUMNS
    assert [int(row[0]) for row in rows] == list(range(30, 0, -1))
    assert {row[heading.index("origin")] for row in rows} == {"'-pts/1"}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert rows[-7][heading.index("details")].startswith("'=HYPERLINK")
    # What is there stays, unless somebody says so.
    assert shell("audit", "export", "--output", str(file)).code == 5
    assert file.read_bytes().decode() == text
    shorter = shell("audit", "export", "--output", str(file), "--force", "--outcome", "refused")
    assert shorter.out.startswith("Wrote 3 entries")
    assert len(file.read_text().splitlines()) == 4
    gone = shell("audit", "export", "--output", str(tmp_path / "no" / "x.csv"))
    assert gone.code == 6
    assert "cannot be written: No such file or directory" in gone.err
    shell.set(JOBMON_TOKEN="stranger")
    assert shell("audit", "export", "--output", str(tmp_path / "other.csv")).code == 3
    assert sorted(each.name for each in tmp_path.iterdir() if "csv" in each.name) == ["audit.csv"]


def test_json_lines_go_to_standard_output(shell: Shell) -> None:
    shell.write(entries)
    done = shell("audit", "export", "--format", "jsonl", "--until", "2026-01-02T00:07:00Z")
    assert done.code == 0
    assert done.out.isascii()
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [each["id"] for each in found] == [7, 6, 5, 4, 3, 2, 1]
    assert tuple(found[0]) == COLUMNS
    assert all(newer["previous_hash"] == older["hash"] for newer, older in pairwise(found))


def test_what_was_put_there_past_the_rules_is_shown_all_the_same(shell: Shell) -> None:
    shell.write(entries)
    raw = raw_at(shell.path)
    past_the_rules(raw, "sqlite")
    raw("UPDATE audit_log SET actor = x'6576', details = 7.5 WHERE id = 29")
    raw("UPDATE audit_log SET at = 'once' WHERE id = 28")
    listed = shell("audit", "list", "--limit", "3")
    assert (listed.code, len(listed.out.splitlines())) == (0, 3)
    assert "b'ev'" in listed.out
    assert "b'ev'" in shell("audit", "export").out
    assert "breaks at entry 28: what it says does not fit" in shell("audit", "verify").err
    assert "breaks at entry 28: what it says does not fit" in shell("db", "check").err


@pytest.fixture
def verifier(tmp_path: Path) -> Path:
    """The verifier that stands in the documentation: it knows nothing of this program."""
    text = Path(__file__, "../../../docs/audit.md").resolve().read_text()
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "jobmon" not in code
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    path = tmp_path / "verifier.py"
    path.write_text(code)
    return path


def _verified(verifier: Path, exported: str) -> tuple[int, str]:
    file = verifier.with_name("export.jsonl")
    file.write_text(exported)
    done = subprocess.run([sys.executable, verifier, file], capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def test_somebody_elses_verifier_agrees(shell: Shell, verifier: Path) -> None:
    shell.write(entries)
    exported = shell("audit", "export", "--format", "jsonl").out
    head = shell("audit", "verify", "--json").json["head"]
    assert _verified(verifier, exported) == (0, f"30 {head}")
    assert _verified(verifier, exported.replace('"id": 7,', '"id": 70,')) == (1, "bad: 8")
    assert _verified(verifier, exported.replace("HYPERLINK", "HYPERL1NK")) == (1, "bad: 7")


def test_somebody_elses_verifier_agrees_on_postgresql(
    postgres_shell: Shell, postgres_database: str, verifier: Path
) -> None:
    in_postgres(postgres_database, entries)
    # As a process of the release before would write it.
    told = f',"{NOW:%Y-%m-%dT%H:%M:%S}.000000Z","ada","Viewer","Sign In","allowed",null,null,null,"p","€"]'
    execute(postgres_database, f"SELECT jobmon_audit('{told.encode().hex()}')")
    exported = postgres_shell("audit", "export", "--format", "jsonl").out
    assert json.loads(exported.splitlines()[0])["known"] is None
    head = postgres_shell("audit", "verify", "--json").json["head"]
    assert _verified(verifier, exported) == (0, f"31 {head}")


TEXTS = st.text(st.sampled_from("=+-@\t\r\n\x00\x1b\u202e\ud800,\"'a€ ") | st.characters(), max_size=12)


@given(TEXTS)
def test_no_cell_is_calculated(text: str) -> None:
    shown = cell(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", shown)


@given(TEXTS, TEXTS, st.none() | TEXTS)
def test_a_row_reads_back_as_its_cells(actor: str, origin: str, details: str | None) -> None:
    new = NewAuditEntry(NOW, actor, "Viewer", "=1", "allowed", None, 1, None, origin, details)
    [row] = csv.reader(io.StringIO(as_csv([AuditEntry(5, new, "p", "h")]), newline=""))
    read = dict(zip(COLUMNS, row, strict=True))
    assert (read["actor"], read["origin"], read["details"]) == (cell(actor), cell(origin), cell(details))
    assert (read["id"], read["action"], read["code"]) == ("5", "'=1", "")
