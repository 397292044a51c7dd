"""Memory of the embedded process after the demo, for `docs/benchmarks.md`."""

import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from tests.program.program import servers, started

MEBIBYTE: Final = 2**20


def measure() -> dict[str, float]:
    """Start everything embedded, load the demo, look, stop, start again.

    Returns:
        `first_start_seconds` and `later_start_seconds` until ready, demo data included,
        `stop_seconds`, `python_mib` (resident), `postgres_mib` (sum of what each of its processes
        has for itself and its share of what they have together), `postgres_processes`.
    """
    with tempfile.TemporaryDirectory(prefix="xianjie-bench-") as directory:
        var = Path(directory) / "var"
        began = time.perf_counter()
        with started(var, "run") as program:
            program.until_ready()
            first = time.perf_counter() - began
            python = psutil.Process(program.process.pid).memory_info().rss
            its_servers = servers(var)
            postgres = sum(each.memory_full_info().pss for each in its_servers)
            began = time.perf_counter()
            program.stop()
            stop = time.perf_counter() - began
        began = time.perf_counter()
        with started(var, "run") as program:
            program.until_ready()
            later = time.perf_counter() - began
            program.stop()
    return {
        "first_start_seconds": round(first, 1),
        "later_start_seconds": round(later, 1),
        "stop_seconds": round(stop, 1),
        "python_mib": round(python / MEBIBYTE, 1),
        "postgres_mib": round(postgres / MEBIBYTE, 1),
        "postgres_processes": len(its_servers),
    }
