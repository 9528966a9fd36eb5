"""Who claims from which queues: so that one of many workers looks for what was queued, not all at once."""

from collections.abc import Sequence

from jobmon_tui.services.records import WorkerSeen


class Crew:
    """The workers as this one last saw them, a few seconds ago; at first nobody."""

    def __init__(self, queues: Sequence[str]) -> None:
        """`queues` are those that this worker serves itself; all of them where none is named."""
        self.queues = tuple(queues)
        self._seen: Sequence[WorkerSeen] = ()

    def saw(self, workers: Sequence[WorkerSeen]) -> None:
        """Take note of who is registered."""
        self._seen = sorted(workers, key=lambda worker: worker.name)

    def serves(self, queue: str) -> bool:
        """Tell whether this worker serves a queue."""
        return not self.queues or queue in self.queues

    def is_first(self, worker: str, execution_id: int, queue: str) -> bool:
        """Tell whether it is this worker's turn to look for an execution in a queue.

        The turn goes around with the ids, over those who serve the queue. Who knows of nobody else, or is not
        known himself yet, is first. It is no promise: the one whose turn it is may be busy, or dead.
        """
        able = [each.name for each in self._seen if each.serves(queue)]
        return worker not in able or able[execution_id % len(able)] == worker
