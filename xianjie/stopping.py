"""How a person or a supervisor asks the program to stop."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - it is what happened, nothing went wrong
    """Told to stop before it was done."""


class Stop:
    """SIGINT, SIGTERM and SIGHUP ask to stop, from its making until the process has ended.

    A repeat changes nothing: whoever presses Ctrl-C twice must not leave a database behind.
    """

    def __init__(self) -> None:
        self._is_asked = False
        self._numbers = [
            number
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            # `nohup` wants the hanging-up of the terminal to be passed over.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
        ]
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        for number in self._numbers:
            signal.signal(number, self._ask)

    def event(self) -> asyncio.Event:
        """Set once it has been asked; for the running loop."""
        self._loop = asyncio.get_running_loop()
        if self._is_asked:
            self._event.set()
        return self._event

    def is_over(self) -> None:
        """Nothing is left to stop; the last moments of Python itself know no handler of ours."""
        for number in self._numbers:
            signal.signal(number, signal.SIG_IGN)

    def _ask(self, _: int, __: FrameType | None) -> None:
        self._is_asked = True
        if self._loop is not None:
            # A loop that has closed has nothing left to stop.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._event.set)


async def unless(stop: asyncio.Event, work: Awaitable[T]) -> T:
    """Do something unless told to stop; what was begun has ended, cleanly, when this returns.

    Raises:
        Stopped: told to stop before it was done.
    """
    doing = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            doing.cancel()
            await asyncio.wait({doing})
    finally:
        stopping.cancel()
    if doing.cancelled():
        raise Stopped
    return doing.result()
