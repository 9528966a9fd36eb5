"""How fresh what is shown is: live, or old since when, and why."""

from dataclasses import dataclass
from datetime import UTC, datetime

from jobmon_tui.tui.times import reader


@dataclass(slots=True)
class Freshness:
    """What is known of the last reading. `old` is why nothing newer could be read, None while all is well."""

    old: str | None = None
    _read_at: datetime | None = None

    def fresh(self) -> None:
        """It was read just now."""
        self.old, self._read_at = None, datetime.now(UTC)

    @property
    def words(self) -> str | None:
        """What the header says of old data, such as `, data from 12:03:15: The server cannot be reached.`."""
        if self.old is None:
            return None
        since = (
            "" if self._read_at is None else f", data from {self._read_at.astimezone(reader.zone):%H:%M:%S}"
        )
        return f"{since}: {self.old}"
