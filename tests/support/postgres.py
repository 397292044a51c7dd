"""A PostgreSQL for tests and a service that has the common tables and one of its own."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text

from libs.common import tables
from libs.common.database import Database, migrate
from libs.common.embedded import EmbeddedPostgres

OWNER: Final = "xianjie_test_owner"
ROLE: Final = "xianjie_test"
PASSWORD: Final = "xianjie"  # noqa: S105 - of a database that lives as long as the test
FAST: Final = {
    # A test kills clients, not the machine.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "300",
}

METADATA: Final = MetaData()
tables.common(METADATA)
EFFECTS: Final = Table(
    "effects",
    METADATA,
    Column("n", BigInteger, Identity(), primary_key=True),
    Column("stream", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    info=tables.EFFECT,
)
MIGRATIONS: Final = Path(__file__).with_name("service_migrations")


@dataclass
class PostgresServer:
    """A server in which a test's databases are made from templates.

    Args:
        admin_dsn: address of a role that may create databases and roles.
    """

    admin_dsn: str
    _templates: dict[Path, str] = field(default_factory=dict)

    def dsn(self, database: str, role: str) -> str:
        """The address of a database for one of the two roles."""
        parts = urlsplit(self.admin_dsn)
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{role}:{PASSWORD}@{host}"
        # Not `_replace(...).geturl()` with an empty host: it would drop the slashes.
        return urlunsplit((parts.scheme, netloc, f"/{database}", parts.query, ""))

    @asynccontextmanager
    async def database(
        self, migrations: Path = MIGRATIONS, metadata: MetaData = METADATA
    ) -> AsyncIterator[Database]:
        """A fresh database of a service, migrated, as the service's role sees it."""
        template = self._templates.get(migrations)
        if template is None:
            template = self._templates[migrations] = await self._template(migrations, metadata)
        name = f"test_{uuid4().hex}"
        await self.execute(f"create database {name} template {template} owner {OWNER}")
        # A template hands on its tables with their rights, not the rights on itself.
        await self.execute(
            f"revoke all on database {name} from public; grant connect on database {name} to {ROLE}"
        )
        database = Database(self.dsn(name, ROLE))
        try:
            yield database
        finally:
            await database.close()
            await self.execute(f"drop database {name} with (force)")

    async def _template(self, migrations: Path, metadata: MetaData) -> str:
        name = f"template_{uuid4().hex}"
        for role in (OWNER, ROLE):
            await self.execute(
                f"do $$ begin create role {role} login password '{PASSWORD}';"
                " exception when duplicate_object then null; end $$"
            )
        await self.execute(f"create database {name} owner {OWNER}")
        await migrate(self.dsn(name, OWNER), directory=migrations, metadata=metadata, role=ROLE)
        return name

    async def execute(self, statement: str) -> None:
        """Execute a statement as the superuser."""
        connection = await asyncpg.connect(self.admin_dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def close(self) -> None:
        """Drop the templates."""
        for name in self._templates.values():
            await self.execute(f"drop database {name} with (force)")


@contextmanager
def embedded_cluster(**settings: str) -> Iterator[EmbeddedPostgres]:
    """A running cluster of the caller's own in a directory that goes with it."""
    directory = Path(tempfile.mkdtemp(prefix="xianjie-pg-"))
    cluster = EmbeddedPostgres(directory / "cluster", settings=settings or FAST)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(directory)


@contextmanager
def server() -> Iterator[PostgresServer]:
    """The server of `XIANJIE_TEST_DATABASE_URL`, absent an embedded one."""
    dsn = os.environ.get("XIANJIE_TEST_DATABASE_URL")
    if dsn:
        yield PostgresServer(dsn)
        return
    with embedded_cluster() as cluster:
        yield PostgresServer(cluster.address("postgres"))


def owner_dsn(database: Database) -> str:
    """The address of the owner of a test's database."""
    return database.dsn.replace(f"//{ROLE}:", f"//{OWNER}:", 1)
