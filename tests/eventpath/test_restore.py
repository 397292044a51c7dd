"""A dump restored into a fresh cluster goes on with dense positions."""

import subprocess
from pathlib import Path

from libs.common.database import Database
from libs.common.embedded import EmbeddedPostgres, binary
from tests.eventpath.test_relay import assert_whole
from tests.support.events import event, number, write
from tests.support.postgres import (
    OWNER,
    PASSWORD,
    ROLE,
    PostgresServer,
    embedded_cluster,
    owner_dsn,
)


def run(program: str, *arguments: str) -> None:
    subprocess.run([str(binary(program)), *arguments], check=True, capture_output=True)  # noqa: S603


def prepared(cluster: EmbeddedPostgres) -> PostgresServer:
    """What an operator makes before the restore: roles and an empty database."""
    server = PostgresServer(cluster.address("postgres"))
    for role in (OWNER, ROLE):
        create = f"create role {role} login password '{PASSWORD}'"
        run("psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", create, server.admin_dsn)
    run("psql", "-X", "-c", f"create database restored owner {OWNER}", server.admin_dsn)
    return server


async def test_a_restored_log_goes_on_densely(database: Database, tmp_path: Path) -> None:
    await write(database, "case/1", 0, event(), event())
    await write(database, "case/2", 0)
    before = await number(database)
    # Committed before the dump and not numbered: it must be numbered after the restore.
    await write(database, "case/1", 2)
    dump = tmp_path / "dump"
    run("pg_dump", "-Fc", "-f", str(dump), owner_dsn(database))
    await write(database, "case/lost", 0)
    with embedded_cluster() as cluster:
        server = prepared(cluster)
        run("pg_restore", "-x", "-d", server.dsn("restored", OWNER), "--no-owner", str(dump))
        restored = Database(server.dsn("restored", OWNER))
        try:
            await write(restored, "case/1", 3)
            await write(restored, "case/3", 0)
            found = await number(restored)
            assert found[:3] == before
            assert_whole(found, {"case/1": 4, "case/2": 1, "case/3": 1})
        finally:
            await restored.close()
