"""What the program says: progress on standard output, JSON lines on standard error."""

import contextlib
import logging
import os
from typing import Final, TextIO, cast

import structlog

from libs.common.telemetry import configure_logs

STANDARD_OUTPUT: Final = 1
STANDARD_ERROR: Final = 2
LIBRARY_LEVEL: Final = logging.WARNING


def say(words: str) -> None:
    """One line for the person who waits."""
    _Lossy(STANDARD_OUTPUT).write(f"{words}\n")


def complain(words: str) -> None:
    """One line for the person whose command cannot be done."""
    _Lossy(STANDARD_ERROR).write(f"{words}\n")


def begin_logs() -> None:
    """Logs as JSON lines, those of libraries included."""
    configure_logs()
    # structlog uses no more of a text file than we have.
    stream = cast("TextIO", _Lossy(STANDARD_ERROR))
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(stream))
    logging.basicConfig(level=LIBRARY_LEVEL, handlers=[_Forward()], force=True)


class _Lossy:
    """A stream that may lose words: its reader may go, its disk may be full; neither stops us."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, words: str) -> None:
        with contextlib.suppress(OSError):
            # Nothing is kept in a buffer, which Python would fail to write at its end.
            os.write(self._descriptor, words.encode())

    def flush(self) -> None:
        """Everything is written at once."""


class _Forward(logging.Handler):
    """Gives what libraries log to our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            "library_spoke",
            library=record.name,
            message=record.getMessage(),
            exc_info=record.exc_info,
        )
