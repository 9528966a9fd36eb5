"""What happened in the table: facts, for the screen to act on."""

from textual.message import Message

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Execution


class RetryRequested(Message):
    """Somebody asked to retry a Failed execution."""

    def __init__(self, execution_id: int) -> None:
        super().__init__()
        self.execution_id = execution_id


class ActionRefused(Message):
    """Somebody asked to retry a row that has no Retry action."""

    def __init__(self, execution: Execution) -> None:
        super().__init__()
        self.execution = execution


class DetailsRequested(Message):
    """Somebody asked for an execution's details."""

    def __init__(self, execution_id: int) -> None:
        super().__init__()
        self.execution_id = execution_id


class RowHighlighted(Message):
    """The cursor stands on another row, or its row changed. None: there is no row, or it is being read."""

    def __init__(self, execution: Execution | None, *, on_action: bool) -> None:
        super().__init__()
        self.execution = execution
        self.on_action = on_action


class NewAbove(Message):
    """Another number of rows than before has come above the view since its newest end was seen."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


class LoadFailed(Message):
    """Rows could not be read."""

    def __init__(self, error: JobmonError) -> None:
        super().__init__()
        self.error = error
