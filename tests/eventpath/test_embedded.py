"""The embedded PostgreSQL starts anywhere, survives its parent, and says what is wrong."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from libs.common.embedded import EmbeddedError, EmbeddedPostgres
from tests.support.events import until
from tests.support.postgres import FAST

PARENT = """
import asyncio, asyncpg, sys, time
from pathlib import Path
from libs.common.embedded import EmbeddedPostgres
cluster = EmbeddedPostgres(Path(sys.argv[1]))
cluster.start()
_, dsn = cluster.provision("cases")
owner, _ = cluster.provision("cases")
async def work():
    connection = await asyncpg.connect(owner)
    await connection.execute("create table if not exists kept (n int)")
    await connection.execute("insert into kept values (1)")
    print("written", flush=True)
    await connection.fetch("select pg_sleep(600)")
asyncio.run(work())
"""


@contextmanager
def stopped_at_the_end(cluster: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    try:
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def parent(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that started the cluster, wrote a row and now works in the database."""
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", PARENT, str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert "written\n" in iter(process.stdout.readline, "")
        yield process
        # The whole group, as the terminal does.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def postmasters(directory: Path) -> list[int]:
    """Processes of PostgreSQL in the directory whose parent is no such process."""
    found = {}
    for process in psutil.process_iter(["pid", "ppid", "name", "cwd", "status"]):
        if process.info["name"] == "postgres" and process.info["cwd"] == str(directory):
            found[process.info["pid"]] = process.info["ppid"]
    return [pid for pid, parent_pid in found.items() if parent_pid not in found]


async def rows(cluster: EmbeddedPostgres) -> int:
    owner, _ = cluster.provision("cases")
    connection = await asyncpg.connect(owner)
    try:
        return int(await connection.fetchval("select count(*) from kept"))
    finally:
        await connection.close()


async def test_a_database_has_an_owner_and_a_role_that_only_connects(tmp_path: Path) -> None:
    with stopped_at_the_end(EmbeddedPostgres(tmp_path / "衔接 data" / "pg")) as cluster:
        cluster.start()
        addresses = cluster.provision("cases")
        assert cluster.provision("cases") == addresses
        cluster.provision("audit")
        owner = await asyncpg.connect(addresses[0])
        role = await asyncpg.connect(addresses[1])
        await owner.execute("create table mine (n int)")
        for refused in ("create table mine (n int)", "select n from mine", "create role other"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await role.execute(refused)
        settings = {
            name: await owner.fetchval(f"show {name}")
            for name in ("server_version_num", "max_connections", "shared_buffers", "fsync")
        }
        assert settings.pop("server_version_num").startswith("18")
        assert settings == {"max_connections": "200", "shared_buffers": "128MB", "fsync": "on"}
        assert await owner.fetchval("show listen_addresses") == ""
        assert await owner.fetchval("select '党' < '衔' and 'Z' < 'a'")
        await owner.close()
        await role.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(addresses[1].replace("/xianjie_cases?", "/xianjie_audit?"))
        socket = Path(str(cluster.directory / ".s.PGSQL.5432"))
        assert socket.parent.stat().st_mode & 0o077 == 0
        assert "ready to accept connections" in (cluster.directory / "server.log").read_text()
        assert postmasters(cluster.directory) != []
    assert postmasters(cluster.directory) == []
    cluster.stop()


async def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    with stopped_at_the_end(EmbeddedPostgres(tmp_path / ("深" * 60) / "pg")) as cluster:
        cluster.start()
        owner, _ = cluster.provision("cases")
        connection = await asyncpg.connect(owner)
        await connection.close()
        host = owner.partition("host=")[2].partition("&")[0]
        assert Path(host).stat().st_mode & 0o077 == 0  # noqa: ASYNC240
    shutil.rmtree(host)


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGINT])
async def test_a_killed_parent_leaves_its_data_and_one_server(
    tmp_path: Path, signal_: signal.Signals
) -> None:
    directory = tmp_path / "pg"
    for _ in range(2):
        with parent(directory) as process:
            os.killpg(process.pid, signal_)
            process.wait(20)
    with stopped_at_the_end(EmbeddedPostgres(directory)) as cluster:
        cluster.start()
        assert await rows(cluster) == 2
        assert len(postmasters(directory)) == 1
    assert postmasters(directory) == []


@pytest.mark.parametrize("with_its_parent", [True, False])
async def test_a_killed_server_is_started_again(tmp_path: Path, *, with_its_parent: bool) -> None:
    directory = tmp_path / "pg"
    with parent(directory) as process:
        if with_its_parent:
            process.kill()
        (pid,) = postmasters(directory)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: pid not in postmasters(directory))
        with stopped_at_the_end(EmbeddedPostgres(directory)) as cluster:
            cluster.start()
            assert await rows(cluster) == 1
            assert len(postmasters(directory)) == 1
            process.kill()
            process.wait(20)


async def test_a_process_id_given_anew_is_not_taken_for_the_server(tmp_path: Path) -> None:
    """After a restart of a container the old number may belong to anybody, also to ourselves."""
    with stopped_at_the_end(EmbeddedPostgres(tmp_path / "pg", settings=FAST)) as cluster:
        cluster.start()
        file = cluster.directory / "postmaster.pid"
        stale = file.read_text().splitlines()
        cluster.stop()
        file.write_text("\n".join([str(os.getpid()), *stale[1:]]) + "\n")
        cluster.start()
        assert len(postmasters(cluster.directory)) == 1


def test_two_processes_share_a_cluster_and_the_last_one_stops_it(tmp_path: Path) -> None:
    first, second = (EmbeddedPostgres(tmp_path / "pg", settings=FAST) for _ in range(2))
    first.start()
    second.start()
    first.stop()
    assert len(postmasters(tmp_path / "pg")) == 1
    second.stop()
    assert postmasters(tmp_path / "pg") == []


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    half = tmp_path / ".pg.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    with stopped_at_the_end(EmbeddedPostgres(tmp_path / "pg", settings=FAST)) as cluster:
        cluster.start()
        cluster.provision("cases")


def refusal(directory: Path) -> str:
    with pytest.raises(EmbeddedError) as refused:
        EmbeddedPostgres(directory).start()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_data_of_another_version_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("16\n")
    assert refusal(tmp_path / "pg") == (
        f"{tmp_path / 'pg'} holds data of PostgreSQL 16, this release runs 18"
    )


def test_a_directory_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "letter.txt").write_text("keep me")
    assert "holds something else" in refusal(tmp_path / "pg")
    assert (tmp_path / "pg" / "letter.txt").read_text() == "keep me"


def test_a_file_in_the_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    assert refusal(tmp_path / "var" / "pg").startswith(f"cannot use {tmp_path / 'var' / 'pg'}: ")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 60 MB: enough for a cluster, not for what comes then."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(  # noqa: S603
        ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(disk)],  # noqa: S607
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("only root may mount a disk of its own")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607


def test_a_full_disk_is_named(small_disk: Path) -> None:
    directory = small_disk / "pg"
    fill(small_disk, leave=5)
    assert refusal(directory) == f"the disk that holds {directory} is full"
    (small_disk / "filler").unlink()
    with stopped_at_the_end(EmbeddedPostgres(directory, settings=FAST)) as cluster:
        cluster.start()
        fill(small_disk, leave=1)
        with pytest.raises(EmbeddedError, match=r"is full$"):
            cluster.provision("cases")
        # Cured without a restart.
        (small_disk / "filler").unlink()
        cluster.provision("cases")


def fill(disk: Path, *, leave: int) -> None:
    free = shutil.disk_usage(disk).free
    with (disk / "filler").open("wb") as file:
        file.write(b"\0" * max(free - leave * 2**20, 0))


def test_data_that_may_not_be_read_are_named(tmp_path: Path) -> None:
    cluster = EmbeddedPostgres(tmp_path / "pg", settings=FAST)
    cluster.start()
    cluster.stop()
    control = cluster.directory / "global" / "pg_control"
    if os.geteuid() == 0:
        os.chown(control, 0, 0)
    control.chmod(0)
    assert refusal(cluster.directory) == f"PostgreSQL may not read or write {cluster.directory}"


def test_a_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert "install xianjie[embedded]" in refusal(tmp_path / "pg")


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    yield
    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["name"] == "postgres" and str(process.info["cwd"]).startswith(
            str(tmp_path)
        ):
            with suppress(psutil.NoSuchProcess):
                process.kill()
