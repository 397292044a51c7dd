"""What the program says: progress on standard output, JSON lines on standard error."""

import contextlib
import logging
import sys
from typing import Final

import structlog

LIBRARY_LEVEL: Final = logging.WARNING


class Lossy:
    """A stream that may lose words: its reader may go, its disk may be full; the program goes on."""

    def __init__(self, stream: "SupportsWrite") -> None:
        self._stream = stream
