"""Work that goes on beside the requests: begun again when it fails, ended with its block."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Final, TypeVar

import structlog

from libs.common.database import is_transient

RESTART_SECONDS: Final = 0.1
RESTART_SECONDS_MAX: Final = 10.0
LASTED_SECONDS: Final = 5.0
"""Work without an end that has not failed for so long is well again."""
CANCELS_MAX: Final = 3
CANCEL_SECONDS: Final = 5.0

log = structlog.get_logger()

T = TypeVar("T")

Well = Callable[[], None]
"""Called by work that has just succeeded."""
Work = Callable[[Well], Awaitable[None]]
Begin = Callable[[str, Work], None]


@contextlib.asynccontextmanager
async def crew(failing: set[str]) -> AsyncIterator[Begin]:
    """Background work that ends with the block.

    Args:
        failing: takes the names of what failed and is being tried again.
    """
    tasks: set[asyncio.Task[None]] = set()

    def begin(name: str, work: Work) -> None:
        tasks.add(asyncio.create_task(_supervised(failing, name, work), name=name))

    try:
        yield begin
    finally:
        await ended(tasks)


async def ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their end, in which they roll back what they had begun."""
    left = set(tasks)
    for _ in range(CANCELS_MAX):
        if not left:
            return
        # Again, because `wait_for` of Python 3.11 loses a cancellation that comes with its result.
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_SECONDS)
    if left:
        log.error("background_left", work=sorted(task.get_name() for task in left))


async def _supervised(failing: set[str], name: str, work: Work) -> None:
    """Do work for ever: what fails is logged once, marked as failing, and begun again."""
    delay = RESTART_SECONDS

    def well() -> None:
        if name in failing:
            failing.discard(name)
            log.info("background_recovered", work=name)

    while True:
        try:
            await work(well)
        except Exception as error:
            is_first = name not in failing
            delay = RESTART_SECONDS if is_first else min(delay * 2, RESTART_SECONDS_MAX)
            failing.add(name)
            if is_first and is_transient(error):
                log.warning("background_failed", work=name, error=type(error).__name__)
            elif is_first:
                log.exception("background_failed", work=name, error=type(error).__name__)
        else:
            well()
            return
        await asyncio.sleep(delay)


def once(act: Callable[[], Awaitable[None]]) -> Work:
    """Work that is done when it has succeeded."""

    async def run(_: Well) -> None:
        await act()

    return run


def lasting(act: Callable[[], Awaitable[None]]) -> Work:
    """Work without an end; it is well when it lasts."""

    async def run(well: Well) -> None:
        timer = asyncio.get_running_loop().call_later(LASTED_SECONDS, well)
        try:
            await act()
        finally:
            timer.cancel()

    return run


def periodic(seconds: float, act: Callable[[], Awaitable[None]]) -> Work:
    """Work done every so often; it is well when it succeeds."""

    async def run(well: Well) -> None:
        while True:
            await act()
            well()
            await asyncio.sleep(seconds)

    return run


async def in_thread(work: Callable[[], T]) -> T:
    """Something that cannot be cut off, in a thread; who cancels it waits for its end."""
    doing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        while not doing.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({doing})
        raise
