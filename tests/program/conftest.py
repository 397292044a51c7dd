"""Data directories of programs under test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.program import Program, started


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory of the test's own, not under pytest's.

    Root runs PostgreSQL as another user, who must pass through the directories above; every session
    of pytest that begins closes those of all sessions again.
    """
    directory = Path(tempfile.mkdtemp(prefix="xianjie-program-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    """A program that runs with its demo data, for all tests of a module."""
    with (
        tempfile.TemporaryDirectory(prefix="xianjie-program-") as directory,
        started(Path(directory) / "var", "run") as running,
    ):
        yield running.until_ready()
        running.stop()
        running.assert_clean()
