"""Anchors as they are kept and held against the log, on a real database."""

import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jobmon_tui.domain.anchors import read_anchor
from jobmon_tui.domain.audit import GENESIS
from jobmon_tui.security import anchors
from tests.backends import raw_at
from tests.cli.shell import Shell
from tests.cli.test_audit_export import entries
from tests.conformance.tampering import past_the_rules


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "jobmon.anchors"


def test_anchors_fit_the_log_as_it_grows(shell: Shell, file: Path) -> None:
    before = os.umask(0)
    try:
        first = shell("audit", "anchor", "--file", str(file))
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert first.out == file.read_text()
    shell.write(entries)
    told = shell("audit", "anchor", "--file", str(file), "--json").json
    assert shell("audit", "anchor", "--file", str(file)).code == 0
    empty, one, other = (read_anchor(line) for line in file.read_text().splitlines())
    assert empty is not None
    assert one is not None
    assert other is not None
    assert (empty.id, empty.hash) == (0, GENESIS)
    assert (one.id, one.hash) == (other.id, other.hash) == (told["id"], told["hash"]) == (30, told["hash"])
    assert one.database == told["database"] == f"sqlite:///{shell.path}"
    shell.write(entries)
    verified = shell("audit", "verify", "--anchors", str(file))
    assert (verified.code, verified.err) == (0, "")
    assert verified.out.endswith(f"Anchors of {file} that fit: all 3.\n")
    assert shell("audit", "verify", "--anchors", str(file), "--json").json["anchors"] == {
        "checked": 3,
        "bad_line": None,
        "problem": None,
    }
    # Nowhere: it is printed all the same, for a pipe.
    assert shell("audit", "anchor").out.startswith("jobmon-audit-anchor ")
    assert len(file.read_text().splitlines()) == 3


def test_a_log_that_was_cut_off_or_rewritten_contradicts_its_anchors(shell: Shell, file: Path) -> None:
    shell.write(entries)
    assert shell("audit", "anchor", "--file", str(file)).code == 0
    raw = raw_at(shell.path)
    past_the_rules(raw, "sqlite")
    raw("DELETE FROM audit_log WHERE id > 28")
    raw("UPDATE audit_head SET audit_id = 28, hash = (SELECT hash FROM audit_log WHERE id = 28)")
    assert shell("audit", "verify").code == 0
    cut = shell("audit", "verify", "--anchors", str(file))
    assert (cut.code, cut.out) == (5, "")
    said = r"line 1: the anchor of \S+Z: entry 30 is not there: the log was cut off\.\n"
    assert re.fullmatch(f"The log contradicts {file}, {said}", cut.err)
    # It grows again, and is as long as before.
    shell.write(entries)
    rewritten = shell("audit", "verify", "--anchors", str(file), "--json")
    assert rewritten.code == 5
    assert rewritten.json["ok"] is False
    assert rewritten.json["first_bad"] is None
    assert rewritten.json["anchors"]["bad_line"] == 1
    assert "entry 30 has another hash: the log was rewritten" in rewritten.json["anchors"]["problem"]
    file.write_text(file.read_text().replace("sqlite:///", "postgresql://elsewhere/"))
    assert "The anchor is of postgresql://elsewhere" in shell("audit", "verify", "--anchors", str(file)).err


def test_a_line_that_is_no_anchor_is_told_of(shell: Shell, file: Path) -> None:
    missing = shell("audit", "verify", "--anchors", str(file))
    assert missing.code == 2
    assert "cannot be read: No such file or directory" in missing.err
    file.write_text("\n")
    assert "holds no anchor" in shell("audit", "verify", "--anchors", str(file)).err
    file.unlink()
    shell("audit", "anchor", "--file", str(file))
    whole = file.read_text()
    # A crash has left a part of a line: the next one does not grow into it.
    file.write_text(whole + whole[:40])
    assert shell("audit", "anchor", "--file", str(file)).code == 0
    garbled = shell("audit", "verify", "--anchors", str(file))
    assert garbled.code == 2
    assert f"{file}, line 2 is no anchor: “jobmon-audit-anchor " in garbled.err
    file.write_text("".join(line for line in file.read_text().splitlines(True) if len(line) > 41))
    assert shell("audit", "verify", "--anchors", str(file)).code == 0
    file.write_bytes(b"\xff\x00" * 9_000)
    assert "line 1 is no anchor" in shell("audit", "verify", "--anchors", str(file)).err


def test_what_cannot_be_kept_is_told(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "link"
    link.symlink_to(shell.path)
    os.mkfifo(tmp_path / "pipe")
    for place, said in (
        (tmp_path / "no" / "x", "No such file or directory"),
        (link, "Too many levels of symbolic links"),
        (tmp_path, "Is a directory"),
        (tmp_path / "pipe", "is no file"),
    ):
        refused = shell("audit", "anchor", "--file", str(place))
        assert refused.code == 6, place
        assert said in refused.err
    monkeypatch.setattr(anchors, "SYSLOG", (str(tmp_path / "log"),))
    refused = shell("audit", "anchor", "--syslog")
    assert refused.code == 6
    assert "cannot be written to the system's log" in refused.err
    for length in ("soon", "0", "0.5s"):
        assert shell("audit", "anchor", "--every", length).code == 2


def test_the_systems_log_gets_it(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.write(entries)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.settimeout(10)
        log.bind(str(tmp_path / "log"))
        monkeypatch.setattr(anchors, "SYSLOG", (str(tmp_path / "no"), str(tmp_path / "log")))
        assert shell("audit", "anchor", "--syslog").code == 0
        heard = log.recv(10_000).decode()
    found = re.fullmatch(r"<85>(\w{3} [ 1-3]\d \d\d:\d\d:\d\d) jobmon\[\d+\]: (.*)", heard)
    assert found
    # As the log's own file would have it.
    (tmp_path / "kept").write_text(f"{found[1]} web1 jobmon[7]: {found[2]}\n")
    assert shell("audit", "verify", "--anchors", str(tmp_path / "kept")).code == 0


def test_the_settings_say_where(shell: Shell, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('audit_anchor_file = "kept/anchors"\naudit_anchor_minutes = 5\n')
    (tmp_path / "kept").mkdir()
    shell.set(JOBMON_CONFIG=str(config))
    shown = shell("config", "show", "--json").json
    assert shown["audit_anchor_file"]["value"] == str(tmp_path / "kept" / "anchors")
    assert (shown["audit_anchor_minutes"]["value"], shown["audit_anchor_syslog"]["value"]) == (5, False)
    assert shell("audit", "anchor").code == 0
    assert len((tmp_path / "kept" / "anchors").read_text().splitlines()) == 1
    config.write_text("audit_anchor_minutes = 0\n")
    assert "audit_anchor_minutes" in shell("audit", "anchor").err
    config.write_text("")
    assert shell("config", "show", "--json").json["audit_anchor_file"]["value"] == "none"


def test_many_at_once_write_whole_lines(file: Path) -> None:
    file.write_text("begun")

    def write(number: int) -> None:
        for _ in range(20):
            anchors.append_line(file, str(number) * 200)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    begun, *lines = file.read_text().splitlines()
    assert begun == "begun"
    assert len(lines) == 160
    assert {len(line) for line in lines} == {200}
