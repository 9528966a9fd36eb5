"""A visitor of `jobmon web` on a server: the server's services, and nobody's session."""

import json
import os
from pathlib import Path

import pytest

from jobmon_tui.cli import session
from jobmon_tui.cli.visitor import FLAGS, Pipe, connect_visitor
from jobmon_tui.client.remote import RemoteServices
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.services.audited import Caller
from tests.api.stage import PASSWORD, Served
from tests.conformance.world import ADMIN


@pytest.fixture
def flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, object]:
    """The flags before `web`, put by the test; around them a session of whoever started it."""
    given: dict[str, object] = {}
    monkeypatch.setattr(session, "flags", {})
    for name, value in (
        ("JOBMON_TOKEN", ADMIN.token),
        ("HOME", str(tmp_path)),
        ("XDG_STATE_HOME", str(tmp_path)),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("JOBMON_DATABASE_URL", raising=False)
    return given


async def test_a_visitor_gets_the_servers_services_and_has_to_sign_in(
    server: Served, flags: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    flags["server"] = server.url
    monkeypatch.setenv(FLAGS, json.dumps(flags))
    hears, says = os.pipe()
    opened = await connect_visitor(Pipe(says), "web from 192.0.2.7")
    assert isinstance(opened.services, RemoteServices)
    assert (opened.token, opened.worker) == (None, None)
    assert opened.options is not None
    assert (opened.options.origin, opened.options.kept) == ("web from 192.0.2.7", None)
    assert not opened.options.has_shell
    await opened.services.add_account(ADMIN, "zoe", (await opened.services.whoami(ADMIN)).role, PASSWORD * 2)
    signed_in = await opened.services.sign_in("zoe", PASSWORD * 2, opened.options.origin)
    assert await opened.keep_token(signed_in.token) is None
    assert json.loads(os.read(hears, 4096)) == {"kind": "signed_in", "text": ""}
    again = await connect_visitor(Pipe(says), "web from 192.0.2.8")
    caller = Caller(signed_in.token, "web")
    assert (await again.services.whoami(caller)).name == "zoe"
    await opened.close()
    # With the page the session ends.
    with pytest.raises(JobmonError, match="sign"):
        await again.services.whoami(caller)
    await again.close()
    for each in (hears, says):
        os.close(each)


async def test_a_visitor_of_an_empty_database_creates_no_administrator(
    flags: dict[str, object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    flags["database_url"] = f"sqlite:///{tmp_path}/none.db"
    monkeypatch.setenv(FLAGS, json.dumps(flags))
    with pytest.raises(JobmonError, match="no database"):
        await connect_visitor(Pipe(0), "web")
    assert not (tmp_path / "none.db").exists()
