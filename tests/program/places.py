"""File systems of a test's own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

needs_mount: Final = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None, reason="needs the right to mount"
)


@contextmanager
def mounted(directory: Path, options: str) -> Iterator[Path]:
    """A small file system in memory; where the kernel forbids it the test is passed over."""
    directory.mkdir(exist_ok=True)
    mount = ["/usr/bin/env", "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)  # noqa: S603 - our own words
    if done.returncode:
        pytest.skip(f"no mount: {done.stderr.strip()}")
    try:
        yield directory
    finally:
        unmount = ["/usr/bin/env", "umount", "--lazy", str(directory)]
        subprocess.run(unmount, check=True)  # noqa: S603 - our own words
