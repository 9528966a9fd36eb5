"""The pages about the API and its deployment: commands are run, tables and units held to what is there."""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jobmon_tui.wire.problems import HTTP_STATUS
from tests.api.stage import PASSWORD, Served
from tests.backends import Store
from tests.conformance.world import NOW, many, queue_one
from tests.e2e.faults.size import need

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs/api.md").read_text(encoding="utf-8")
DEPLOYMENT = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
READ_TOKEN = f"{sys.executable} -c 'import json, sys; print(json.load(sys.stdin)[\"token\"])'"


def _blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_the_commands_of_the_page_do_what_it_says(server: Served, store: Store, tmp_path: Path) -> None:
    need(shutil.which("curl") is not None, "needs curl")
    await store.write(queue_one)
    await store.write(many(range(2, 4), "Failed", NOW))
    await store.write(lambda to: to.change_account("ada", password_hash=f"<{PASSWORD}>"))
    script = "\n".join(["set -e", "exec 2>&1", *_blocks(API, "sh")])
    script = script.replace("/run/jobmon/api.sock", str(server.path)).replace("jq -r .token", READ_TOKEN)
    script = script.replace("/jobs/1/retry", "/jobs/2/retry").replace(
        "/api/v1/events", "/api/v1/events?seconds=0"
    )
    shell = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        script,
        env={"HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin", "PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
    )
    out, _ = await shell.communicate()
    said = out.decode()
    assert shell.returncode == 0, said
    for wanted in ('"name":"ada"', '"retry_of":2', "retry: 1000", '"head":', "#4 was cancelled"):
        assert wanted in said, said
    assert (tmp_path / ".jobmon-curl").stat().st_mode & 0o777 == 0o600


def test_the_table_of_refusals_is_whole() -> None:
    told = {}
    for status, codes in re.findall(r"^\| (\d{3}) \| (.*) \|$", API, re.MULTILINE):
        told |= dict.fromkeys(re.findall(r"`(\w+)`", codes), int(status))
    assert told == {code.value: status for code, status in HTTP_STATUS.items()}


def test_the_units_are_such_as_systemd_takes(tmp_path: Path) -> None:
    units = dict(
        re.findall(r"^`(jobmon[\w@-]*\.\w+)`:\n\n```ini\n(.*?)^```", DEPLOYMENT, re.MULTILINE | re.DOTALL)
    )
    assert set(units) == {"jobmon-serve.service", "jobmon-worker.service"}
    need(shutil.which("systemd-analyze") is not None, "needs systemd-analyze")
    for name, text in units.items():
        assert "User=jobmon" in text
        program = re.search(r"^ExecStart=(\S+)", text, re.MULTILINE)
        assert program is not None
        (tmp_path / name).write_text(text.replace(program[1], "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    ours = [line for line in done.stderr.splitlines() if "jobmon" in line and "man:" not in line]
    assert (done.returncode, ours) == (0, []), done.stderr
