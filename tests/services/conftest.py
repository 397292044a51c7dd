"""One running installation for all tests that leave its clock and its rights alone."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.running import Office, disposable_var, office


@pytest.fixture(scope="session")
def shared_var() -> Iterator[Path]:
    with disposable_var() as directory:
        yield directory


@pytest.fixture(scope="session")
async def shared(shared_var: Path) -> AsyncIterator[Office]:
    """The installation that most tests share; it is always Tuesday 2026-11-10, 09:00."""
    async with office(shared_var) as running:
        yield running


@pytest.fixture
def var() -> Iterator[Path]:
    """A directory of the test's own."""
    with disposable_var() as directory:
        yield directory
