"""`workers`: who runs reports."""

from typing import Any

from jobmon_tui.cli.options import Json
from jobmon_tui.cli.output import complain, local_time, print_json, say
from jobmon_tui.cli.session import with_services
from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.workers import WorkerState

_COLUMNS = f"{'HOST':<20} {'PID':>7}  {'RUNNING':>7}  {'LAST BEAT':<19}  {'VERSION':<10} STATE"


def workers(json: Json = False) -> None:
    """List the workers with their load and last beat.

    A worker of another machine counts as alive at first sight; its last beat, by its own clock, says more.

    Example: jobmon workers --json
    """
    found = with_services(lambda services, caller: services.workers(caller))
    if json:
        print_json([_json(each) for each in found])
        return
    if not found:
        complain("No worker is registered. Start one with: jobmon worker")
        return
    say(_COLUMNS)
    for each in found:
        say(_line(each))


def _json(known: WorkerState) -> dict[str, Any]:
    worker = known.worker
    return {
        "name": worker.name,
        "host": worker.host,
        "pid": worker.pid,
        "version": worker.version,
        "concurrency": worker.concurrency,
        "running": worker.running,
        "queues": list(worker.queues),
        "beats": worker.beats,
        "started_at": rfc3339(worker.started_at),
        "beat_at": rfc3339(worker.beat_at),
        "state": known.state,
    }


def _line(known: WorkerState) -> str:
    worker = known.worker
    load = f"{worker.running}/{worker.concurrency}"
    beat = local_time(worker.beat_at)
    name = one_line(worker.host, 20)
    return (
        f"{name:<20} {worker.pid:>7}  {load:>7}  {beat:<19}  {one_line(worker.version, 10):<10} {known.state}"
        + (f", only {', '.join(one_line(each, 40) for each in worker.queues)}" if worker.queues else "")
    )
