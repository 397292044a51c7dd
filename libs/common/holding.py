"""What a start needs of its machine: a data directory, keys, a profile that fits together.

Whatever is missing is one sentence for the operator.
"""

import contextlib
import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from libs.common.agencies import Profile, load_profile
from libs.common.agencies_check import check
from libs.common.settings import Settings
from libs.common.signing import KeyDirectory

FREE_BYTES_MIN: Final = 256 * 1024 * 1024


class StartError(Exception):
    """Why it cannot start, in one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running program answers."""

    api: str
    management: str


class DataDirectory:
    """The data directory, held by one process where the embedded database lies in it.

    Args:
        directory: made when missing.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock: int | None = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold it alone. The kernel gives the lock back when the process ends, however it ends.

        Raises:
            StartError: another copy holds it, the disk is full, or it cannot be written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartError(cannot_write(self.directory, error)) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StartError(
                    f"{self.directory} 已被另一个进程使用 / another copy runs on it{self._who()}"
                ) from error
            except OSError as error:
                raise StartError(cannot_write(self.directory, error)) from error
            self._need_space()
            self._lock = handle
            self._write({"pid": os.getpid()})
            yield
        finally:
            self._lock = None
            os.close(handle)

    def say(self, addresses: Addresses) -> None:
        """Leave word where this process answers, for commands that look for it."""
        self._write({"pid": os.getpid(), "api": addresses.api, "management": addresses.management})

    def said(self) -> Addresses | None:
        """Where the process answers that holds the directory; None when none does."""
        try:
            with self._file.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    found = json.load(file)
                    return Addresses(found["api"], found["management"])
        except (OSError, ValueError, KeyError):
            pass
        return None

    @property
    def _file(self) -> Path:
        return self.directory / "lock"

    def _who(self) -> str:
        try:
            found = json.loads(self._file.read_bytes())
            return f" (pid {found['pid']}{', ' + found['api'] if 'api' in found else ''})"
        except (OSError, ValueError, KeyError):
            return ""

    def _write(self, words: dict[str, object]) -> None:
        if self._lock is None:
            return
        # A courtesy: on a full disk it is left out.
        with contextlib.suppress(OSError):
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, json.dumps(words).encode(), 0)

    def _need_space(self) -> None:
        free = shutil.disk_usage(self.directory).free
        if free < FREE_BYTES_MIN:
            need = FREE_BYTES_MIN // 2**20
            raise StartError(
                f"{self.directory} 磁盘空间不足 / disk is full:"
                f" {free // 2**20} MiB free, {need} needed"
            )


@contextlib.contextmanager
def data_directory(settings: Settings) -> Iterator[DataDirectory]:
    """The data directory of this process, held alone where the embedded database lies in it.

    Processes that stand on an external PostgreSQL share it, and with it the keys.

    Raises:
        StartError: another copy holds it, the disk is full, or it cannot be written.
    """
    directory = DataDirectory(settings.var)
    with contextlib.ExitStack() as stack:
        if settings.database_url is None:
            stack.enter_context(directory.held())
        yield directory


def cannot_write(path: Path, error: OSError) -> str:
    """The sentence on something that could not be written."""
    if error.errno == errno.ENOSPC:
        return f"{path} 磁盘空间不足 / disk is full"
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"{path} 不是目录 / is not a directory"
    return f"{path} 无法写入 / cannot be written: {error.strerror}"


def read_profile(settings: Settings) -> Profile:
    """The checked profile.

    Raises:
        StartError: it cannot be read, or something in it does not fit together.
    """
    try:
        profile = load_profile(settings.profile)
    except ValueError as error:
        raise StartError(f"{settings.profile}: {error}") from error
    if findings := check(profile):
        more = f" (+{len(findings) - 1})" if len(findings) > 1 else ""
        raise StartError(f"{settings.profile}: {findings[0]}{more}")
    return profile


def read_key(keys: KeyDirectory, name: str, directory: Path) -> bytes:
    """A key of the installation, made at its first use.

    Raises:
        StartError: it can neither be read nor made.
    """
    try:
        return keys.secret(name)
    except OSError as error:
        raise StartError(cannot_write(directory, error)) from error
    except ValueError as error:
        raise StartError(f"密钥损坏 / {error}") from error
