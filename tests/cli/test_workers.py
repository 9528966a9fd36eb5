"""`workers` as it is typed, on a real database."""

import os
import platform

from jobmon_tui.storage.transaction import SqlTransaction
from scheduler.ports import WorkerInfo
from tests.cli.shell import NOW, Shell

GONE = 2**22 + 1
"""No process has this id: the kernel's own limit lies below."""


def test_workers_are_listed_with_their_load_and_whether_they_are_heard_from(shell: Shell) -> None:
    def register(transaction: SqlTransaction) -> None:
        transaction.register(WorkerInfo("a", platform.node(), os.getpid(), "0.1.0", 4), NOW)
        transaction.register(WorkerInfo("b", platform.node(), GONE, "0.1.0", 2), NOW)
        transaction.beat("a", NOW)

    nobody = shell("workers")
    assert (nobody.code, nobody.out) == (0, "")
    assert "jobmon worker" in nobody.err
    assert shell("workers", "--json").json == []
    shell.write(register)
    moment = "2026-01-02T00:00:00.000000Z"
    own, gone = shell("workers", "--json").json
    assert own == {
        "name": "a",
        "host": platform.node(),
        "pid": os.getpid(),
        "version": "0.1.0",
        "concurrency": 4,
        "running": 0,
        "queues": [],
        "beats": 1,
        "started_at": moment,
        "beat_at": moment,
        "state": "alive",
    }
    assert (gone["name"], gone["state"]) == ("b", "not heard from")
    heading, first, second = shell("workers").out.splitlines()
    assert heading.startswith("HOST")
    assert "0/4" in first
    assert first.endswith(" alive")
    assert second.endswith(" not heard from")


def test_workers_are_shown_to_who_is_signed_in_only(shell: Shell) -> None:
    shell.set(JOBMON_TOKEN="viewer-token")
    assert shell("workers", "--json").code == 0
    shell.set(JOBMON_TOKEN=None)
    refused = shell("workers", "--json")
    assert (refused.code, refused.out) == (3, "")
