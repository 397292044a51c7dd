"""What the program says: progress on standard output, JSON lines on standard error."""

import contextlib
import logging
import sys
from typing import Final, Protocol, TextIO, cast

import structlog

from libs.common.telemetry import configure_logs

LIBRARY_LEVEL: Final = logging.WARNING


class _Stream(Protocol):
    def write(self, words: str, /) -> object: ...

    def flush(self) -> object: ...


class _Lossy:
    """A stream that may lose words: its reader may go, its disk may be full."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def write(self, words: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(words)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def say(words: str) -> None:
    """One line for the person who waits; nobody there is no reason to stop."""
    print(words, file=_Lossy(sys.stdout), flush=True)


def complain(words: str) -> None:
    """One line for the person whose command cannot be done."""
    print(words, file=_Lossy(sys.stderr), flush=True)


def begin_logs() -> None:
    """Logs as JSON lines, those of libraries included; one that cannot be written is lost."""
    configure_logs()
    # structlog wants a text file and uses its `write` and `flush`.
    stream = cast("TextIO", _Lossy(sys.stderr))
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))
    logging.basicConfig(level=LIBRARY_LEVEL, handlers=[_Forward()], force=True)


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
