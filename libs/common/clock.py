"""What time it is, as a value that is passed in: rules never read a clock of their own."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present moment."""

    def now(self) -> datetime:
        """Return the present moment in UTC, with microseconds."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is told to move; tests and imports use it."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self._now

    def set(self, now: datetime) -> None:
        """Set it to a moment, earlier or later."""
        self._now = now.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move it on."""
        self._now += by
