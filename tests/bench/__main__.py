"""`make bench`: measures everything in one run and writes docs/benchmarks.md.

Seconds depend on the machine; what gates a build elsewhere is a count or a ratio of one run.
"""

import asyncio
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil
import uvloop

from tests.bench import eventpath, kafka_latency, process
from tests.bench.step_pgbench import bench_step_pgbench
from tests.bench.steps import bench_steps
from tests.support.kafka import KafkaServer, KafkaUnavailable
from tests.support.postgres import PostgresServer, embedded_cluster

PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"
Figures = Mapping[str, Any]


def tell(sentence: str) -> None:
    """Say what is being measured."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


async def measure() -> dict[str, Figures]:
    """Every figure, by name."""
    found: dict[str, Figures] = {}
    tell("appends, and pgbench with the same statement")
    async with eventpath.durable() as database:
        found["append"] = {
            f"connections_{count}": await eventpath.bench_append(database, connections=count)
            for count in (1, 8, 32)
        }
    async with eventpath.durable() as database:
        found["append_pgbench"] = await asyncio.to_thread(eventpath.bench_pgbench, database)
    tell("relay and consumer")
    async with eventpath.durable() as database:
        found["relay"] = await eventpath.bench_relay(database)
        found["consumer"] = await eventpath.bench_consumer(database)
    tell("whole steps over HTTP, and pgbench with the same statements")
    found["step_http"] = await bench_steps()
    found["step_pgbench"] = await bench_step_pgbench()
    tell("Kafka")
    found |= await _kafka()
    tell("the embedded process")
    found["process"] = await asyncio.to_thread(process.measure)
    return found


async def _kafka() -> dict[str, Figures]:
    try:
        broker = await asyncio.to_thread(KafkaServer().__enter__)
    except KafkaUnavailable as error:
        tell(str(error))
        return {}
    found: dict[str, Figures] = {}
    try:
        with embedded_cluster(max_connections="100") as cluster:
            server = PostgresServer(cluster.address("postgres"))
            async with server.database() as database:
                found["kafka_commit_to_effect"] = await kafka_latency.commit_to_effect(
                    broker.bootstrap, database
                )
            async with server.database() as database:
                found["kafka_relay_drain"] = await kafka_latency.relay_drain(
                    broker.bootstrap, database
                )
            await server.close()
    finally:
        await asyncio.to_thread(broker.stop)
    return found


def page(found: Mapping[str, Figures]) -> str:
    """The figures as a page."""
    machine = (
        f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total // 2**30} GiB,"
        f" {platform.system()}, Python {platform.python_version()}"
    )
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; every figure below comes from one run.",
        "Machines are noisy: read the ratios.",
        "",
        f"- day: {datetime.now(UTC).date()}; machine: {machine}",
        *ratios(found),
        "",
    ]
    for name, figures in found.items():
        lines += [f"## {name}", "", "| figure | value |", "|---|---|"]
        lines += [f"| {key} | {value} |" for key, value in flat(figures)]
        lines.append("")
    return "\n".join(lines)


def flat(figures: Figures, prefix: str = "") -> list[tuple[str, Any]]:
    """Nested figures as one list."""
    found: list[tuple[str, Any]] = []
    for key, value in figures.items():
        name = f"{prefix}{key}"
        found += flat(value, f"{name}.") if isinstance(value, Mapping) else [(name, value)]
    return found


def ratios(found: Mapping[str, Figures]) -> list[str]:
    """What is judged: our share of what pgbench reaches with the same statements."""
    append = found["append"]["connections_32"]["pooled_per_second"]
    plain = found["append_pgbench"]["clients_32_per_second"]
    step = found["step_http"]["flag_suspicion"]["per_second"]
    twin = found["step_pgbench"]["per_second"]
    return [
        (
            f"- appends, 32 connections: {append / plain:.0%} of pgbench at 32 clients with the"
            " same statement (target 50 %)"
        ),
        (
            f"- a whole step over HTTP, 16 connections: {step / twin:.0%} of pgbench at 16 clients"
            " with the same statements (target 20 %)"
        ),
    ]


if __name__ == "__main__":
    figures_found = uvloop.run(measure())  # the loop of the program
    PAGE.write_text(page(figures_found))
    tell(PAGE.read_text())
