"""What every service says on its topic of reads: who saw what, and why."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from libs.common.contracts import CODE_PATTERN, Code, Digest, Event, Number, line

Shown = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.:/@-]{1,120}$")]
"""An identifier of something that an answer shows."""


class ReadRecorded(Event):
    """An answer showed something to somebody, or refused to."""

    name: ClassVar[str] = "read_recorded"
    person: Shown
    organ: Code
    duties: tuple[Code, ...]
    purpose: Code
    article: Annotated[str, line(200)] | None = None
    """The rule that the reader gave for reading."""
    case: Number | None = None
    """The number of the case for which it was read, as the reader gave it."""
    method: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,16}$")]
    route: Annotated[str, StringConstraints(pattern=r"^/[0-9A-Za-z_./{}-]{0,200}$")]
    shown: tuple[Shown, ...] = ()
    query: dict[Code, Number] = Field(default={})
    """What was searched for: codes and filters, never words."""
    count: int | None = Field(default=None, ge=0)
    digest: Digest | None = None
    """Of the bytes that an export gave away; it names no row, its filter and count stand here."""
    denied: Annotated[str, StringConstraints(pattern=CODE_PATTERN)] | None = None
    """The code of the refusal, where nothing was shown."""
