"""One worker of the case service alone, for `steps`: embedded PostgreSQL, the log as the bus."""

import asyncio
import sys
from pathlib import Path

import uvloop

from libs.common.runtime import listening, running, serve
from libs.common.settings import Settings
from libs.common.telemetry import configure_logs
from services.cases.service import SERVICE


async def main(var: Path, port: int, management_port: int) -> None:
    """Serve until the input ends."""
    configure_logs()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, stop.set)
    async with running(Settings(var=var), [SERVICE]) as runtime:
        sockets = (listening("127.0.0.1", port), listening("127.0.0.1", management_port))
        await serve(runtime, sockets, stop, ready=lambda: print("ready", flush=True))  # noqa: T201


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
