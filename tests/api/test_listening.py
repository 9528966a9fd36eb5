"""Where the server listens, and what it refuses to listen on."""

import os
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from jobmon_tui.api.listening import Tls, is_loopback, listen_tcp, listen_unix, parse_address
from jobmon_tui.cli.serve import _default_socket
from jobmon_tui.domain.errors import ErrorCode, JobmonError


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")


def _refused(path: Path) -> str:
    with pytest.raises(JobmonError) as refusal:
        listen_unix(path)
    assert refusal.value.code is ErrorCode.INVALID_INPUT
    return refusal.value.message


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_socket_is_for_its_owner_and_group_under_any_umask(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with listen_unix(folder / "between" / "api" / "api.sock"):
            assert not (folder / "between").stat().st_mode & 0o022
        with listen_unix(folder / "new" / "api.sock"):
            assert (folder / "new" / "api.sock").stat().st_mode & 0o777 == 0o660
            assert (folder / "new").stat().st_mode & 0o777 == 0o750
            assert os.umask(umask) == umask
    finally:
        os.umask(before)


def test_what_a_killed_server_has_left_is_replaced_and_nothing_else(folder: Path) -> None:
    path = folder / "api.sock"
    listen_unix(path).close()
    assert path.is_socket()
    with listen_unix(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        assert "listens on" in _refused(path)
    path.unlink()
    path.write_text("mine")
    assert "no socket" in _refused(path)
    assert path.read_text() == "mine"
    link = folder / "link.sock"
    link.symlink_to(folder / "elsewhere")
    assert "no socket" in _refused(link)
    assert "Cannot listen" in _refused(folder / ("x" * 120))
    assert "Cannot listen" in _refused(path / "below" / "api.sock")


def test_a_folder_in_which_others_could_take_its_place_is_refused(folder: Path) -> None:
    shared = folder / "shared"
    shared.mkdir()
    for mode in (0o777, 0o1777):
        shared.chmod(mode)
        assert "Others may write" in _refused(shared / "api.sock")
    (shared / "below").mkdir(0o700)
    listen_unix(shared / "below" / "api.sock").close()
    shared.chmod(0o777)
    assert "Others may write" in _refused(shared / "below" / "api.sock")
    link = folder / "link"
    link.symlink_to(shared)
    assert "Others may write" in _refused(link / "api.sock")


def test_a_socket_that_nobody_named_is_never_in_a_folder_that_another_could_have_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert _default_socket() == folder / "data" / "jobmon-tui" / "api.sock"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "gone"))
    assert _default_socket() == folder / "data" / "jobmon-tui" / "api.sock"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert _default_socket() == folder / "jobmon-tui" / "api.sock"
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/jobmon:/run/other")
    assert _default_socket() == Path("/run/jobmon/api.sock")


def test_addresses() -> None:
    assert parse_address("127.0.0.1:8080") == ("127.0.0.1", 8080)
    assert parse_address("[::1]:0") == ("::1", 0)
    assert parse_address(":80") == ("127.0.0.1", 80)
    for wrong in ("", "8080", "a", "::1:80", "a:", "a:65536", "a:-1", "a:٣", "[::1]", "http://a:1"):
        with pytest.raises(JobmonError):
            parse_address(wrong)
    assert [is_loopback(each) for each in ("127.9.9.9", "::1", "localhost")] == [True] * 3
    assert not any(is_loopback(each) for each in ("0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.1"))
    with listen_tcp("127.0.0.1", 0) as taken, pytest.raises(JobmonError) as refusal:
        listen_tcp("127.0.0.1", taken.getsockname()[1])
    assert "in use" in refusal.value.message
    with pytest.raises(JobmonError):
        listen_tcp("no.such.host.invalid", 80)


def test_a_certificate_and_its_key_are_looked_at_before_anything_listens(folder: Path) -> None:
    authority = trustme.CA()
    mine, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    chain, key, wrong, empty = (folder / name for name in ("chain.pem", "key.pem", "other.pem", "empty.pem"))
    mine.cert_chain_pems[0].write_to_path(str(chain))
    mine.private_key_pem.write_to_path(str(key))
    other.private_key_pem.write_to_path(str(wrong))
    empty.touch()
    made = Tls(chain, key).context()
    assert made.minimum_version is ssl.TLSVersion.TLSv1_2
    for certificate, its in (
        (chain, wrong),
        (chain, empty),
        (empty, key),
        (chain, folder / "no"),
        (folder, key),
    ):
        with pytest.raises(JobmonError) as refusal:
            Tls(certificate, its).context()
        assert refusal.value.message.startswith("TLS: ")
        assert "BEGIN" not in refusal.value.message
