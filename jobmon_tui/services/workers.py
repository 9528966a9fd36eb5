"""The workers: who is registered, and whether they are heard from."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobmon_tui.domain.roles import Verb
from jobmon_tui.services.audited import Caller, may_look, utc_now
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.records import WorkerSeen

ALIVE = "alive"
NOT_HEARD_FROM = "not heard from"


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A registered worker. `state` is what this observer knows: `alive`, or `not heard from`."""

    worker: WorkerSeen
    state: str

    @property
    def is_alive(self) -> bool:
        """True where it is heard from."""
        return self.state == ALIVE


async def list_workers(database: Database, caller: Caller, liveness: Liveness) -> Sequence[WorkerState]:
    """Return every registered worker by name. Raises `not_signed_in`.

    One that is seen for the first time counts as alive, unless it is a process of this machine that has
    ended: that a counter stands still shows only after a while.
    """

    def work(transaction: Transaction) -> Sequence[WorkerState]:
        may_look(transaction, caller, utc_now(), Verb.VIEW)
        seen = transaction.workers()
        alive = {worker.name for worker in liveness.alive(seen)}
        return [WorkerState(worker, ALIVE if worker.name in alive else NOT_HEARD_FROM) for worker in seen]

    return await database.read(work)
