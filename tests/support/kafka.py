"""A real single-node Apache Kafka for tests, from the official artifacts; not for production.

The jars come through Maven once and are cached outside the checkout.
"""

import asyncio
import atexit
import fcntl
import hashlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.support.maven import fetch

POM = Path(__file__).parents[2] / "tools" / "kafka" / "pom.xml"
JAVA_VERSION_MIN = 17
FORMAT_SECONDS_MAX = 60
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 15
PROBE_INTERVAL_SECONDS = 0.05
PROBE_TIMEOUT_MS = 2_000
LOG_TAIL_CHARACTERS = 4_000
PORT_ATTEMPTS_MAX = 100

CLUSTER_ID = "eGlhbmppZS10ZXN0aW5nIQ"  # any 16 bytes in base64

# Below Linux's ephemeral range: there a client that retries against a stopped broker could be
# given the broker's own port as its source, connect to itself and keep the broker from returning.
PORTS = range(20_000, 32_768)

JAVA_FLAGS = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

# No log.flush.* settings: what kill -9 leaves in the page cache survives; only a power cut would
# need fsync. The broker's session is short because a controller that comes back refuses its own
# broker until the session of the killed one has run out (9 s by default).
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={storage}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=250
controlled.shutdown.enable=false
log.cleaner.dedupe.buffer.size=2097152
log.index.size.max.bytes=1048576
num.network.threads=2
num.io.threads=4
"""

LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1}: %m%n
"""

# The kernel kills the broker when the process that started it is gone, even by SIGKILL, when no
# atexit runs. The wish survives exec, so a tiny Python states it and becomes Java under the same
# pid; a preexec_fn would have to run Python between fork and exec, unsafe once there are threads.
# If the test process died before the wish was stated, the launcher's parent has changed.
LAUNCHER = """\
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the test process has gone")
os.execv(sys.argv[2], sys.argv[2:])
"""

# "Parent" means the thread that forked, not the process. One thread of our own forks every
# broker and lives until the interpreter ends, whichever short-lived thread asked for the start.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka-spawner")


class KafkaUnavailable(Exception):  # noqa: N818  # it states a condition the fixture may skip on
    """No broker can be started here; the message says what to install."""


def find_java() -> str:
    """The absolute path of a Java that can run Kafka: JAVA_HOME first, then the PATH."""
    at_home = Path(os.environ.get("JAVA_HOME", ""), "bin", "java")
    java = str(at_home) if at_home.is_absolute() and at_home.exists() else shutil.which("java")
    if java is None or _java_version(java) < JAVA_VERSION_MIN:
        raise KafkaUnavailable(
            f"install Java {JAVA_VERSION_MIN} or newer (package openjdk-17-jre-headless)"
            " and put it on the PATH or into JAVA_HOME"
        )
    return java


def ensure_jars() -> Path:
    """The directory with the jars of the pinned Kafka, fetched through Maven when missing."""
    find_java()
    pom = POM.read_text(encoding="utf-8")
    version = re.search(r"<kafka\.version>(.+?)</kafka\.version>", pom)
    assert version is not None
    jars = _cache_directory() / f"kafka-{version[1]}"
    jars.parent.mkdir(parents=True, exist_ok=True)
    fingerprint = hashlib.sha256(pom.encode()).hexdigest()
    # Two test runs that start together must not fetch into one directory.
    with jars.with_name(f"{jars.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = jars / ".complete"
        if marker.exists() and marker.read_text(encoding="utf-8") == fingerprint:
            return jars
        shutil.rmtree(jars, ignore_errors=True)
        _fetch_into(jars)
        marker.write_text(fingerprint, encoding="utf-8")
    return jars


class KafkaServer:
    """One broker and controller in one process, on loopback; its data outlive a kill."""

    def __init__(self) -> None:
        self._java = find_java()
        self._jars = ensure_jars()
        self._port, self._controller_port = _free_ports()
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, host:port."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The operating system's number of the running broker."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start on the kept data, or on fresh storage the first time; return when it answers."""
        assert self._process is None
        atexit.register(self.close)
        directory = self._directory or self._format()
        with (directory / "kafka.log").open("ab") as log:
            self._process = _SPAWNER.submit(
                subprocess.Popen,
                [
                    *(sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid())),
                    *self._command(directory, "kafka.Kafka", str(directory / "server.properties")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=directory,
            ).result()
        try:
            self._await_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End politely, by force after a while; repeating it is silent. The data stay."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End as a crash does, by SIGKILL; repeating it is silent. The data stay."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop if running, and start again on the same data and ports."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop and forget the data."""
        self.stop()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _format(self) -> Path:
        directory = Path(tempfile.mkdtemp(prefix="xianjie-kafka-"))
        self._directory = directory
        properties = directory / "server.properties"
        properties.write_text(
            PROPERTIES.format(
                port=self._port,
                controller_port=self._controller_port,
                storage=directory / "storage",
            ),
            encoding="utf-8",
        )
        (directory / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
        subprocess.run(  # noqa: S603  # our own arguments
            self._command(
                directory,
                "kafka.tools.StorageTool",
                *("format", "--cluster-id", CLUSTER_ID, "--config", str(properties)),
            ),
            check=True,
            capture_output=True,
            timeout=FORMAT_SECONDS_MAX,
        )
        return directory

    def _command(self, directory: Path, main: str, *arguments: str) -> list[str]:
        return [
            self._java,
            *JAVA_FLAGS,
            f"-Dlog4j2.configurationFile={directory / 'log4j2.properties'}",
            *("-cp", f"{self._jars}/*"),
            main,
            *arguments,
        ]

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"Kafka ended with {process.returncode}:\n{self._log_tail()}")
            if _is_listening(self._port) and _answers_metadata(self.bootstrap):
                return
            time.sleep(PROBE_INTERVAL_SECONDS)
        raise RuntimeError(f"Kafka did not answer in {START_SECONDS_MAX} s:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        assert self._directory is not None
        log = (self._directory / "kafka.log").read_text(encoding="utf-8", errors="replace")
        return log[-LOG_TAIL_CHARACTERS:]

    def _end(self, signal_number: signal.Signals) -> None:
        if self._process is None:
            return
        # Popen signals only a child it has not yet reaped, so the pid cannot be someone else's.
        self._process.send_signal(signal_number)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS_MAX)
        self._process = None


def _java_version(java: str) -> int:
    run = subprocess.run(  # noqa: S603  # found by us
        [java, "-version"], capture_output=True, text=True, check=False, timeout=FORMAT_SECONDS_MAX
    )
    stated = re.search(r'version "(\d+)', run.stderr)
    return int(stated[1]) if stated else 0


def _cache_directory() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xianjie"


def _fetch_into(jars: Path) -> None:
    goal = ("dependency:copy-dependencies", f"-Djars.directory={jars}")
    fetch(POM, *goal, unavailable=KafkaUnavailable)


def _free_ports() -> tuple[int, int]:
    """Two different loopback ports nobody holds."""
    found: list[int] = []
    # SystemRandom: a seeded test run beside another must not draw the same ports.
    for port in random.SystemRandom().sample(PORTS, PORT_ATTEMPTS_MAX):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == 2:
            return found[0], found[1]
    raise RuntimeError(f"no free port in {PORT_ATTEMPTS_MAX} attempts")


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers_metadata(bootstrap: str) -> bool:
    """Whether the broker names itself in a metadata answer, asked from a loop of its own."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, _lists_a_broker(bootstrap)).result()


async def _lists_a_broker(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=PROBE_TIMEOUT_MS)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
        return bool(cluster["brokers"])
    except KafkaError:
        return False
    finally:
        await admin.close()
