"""One running installation for all tests that leave its clock and its rights alone."""

import io
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from libs.common.telemetry import configure_logs
from tests.support.running import Office, disposable_var, office


@pytest.fixture(scope="session", autouse=True)
def logged() -> Iterator[io.StringIO]:
    """Every line that is logged, as the program logs it."""
    lines, kept, before = io.StringIO(), sys.stderr, structlog.get_config()
    sys.stderr = lines
    configure_logs(level=0)
    sys.stderr = kept
    yield lines
    structlog.configure(**before)


@pytest.fixture(scope="session")
def shared_var() -> Iterator[Path]:
    with disposable_var() as directory:
        yield directory


@pytest.fixture(scope="session")
async def shared(shared_var: Path, logged: io.StringIO) -> AsyncIterator[Office]:
    """The installation that most tests share; it is always Tuesday 2026-11-10, 09:00."""
    del logged
    async with office(shared_var) as running:
        yield running


@pytest.fixture
def var() -> Iterator[Path]:
    """A directory of the test's own."""
    with disposable_var() as directory:
        yield directory
