"""The SQL of the migrations, the columns in `tables` and the rights of the service's role agree."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database import Database
from tests.support.postgres import METADATA, owner_dsn

LOGS = ["events", "log", "accesses", "access_log"]


async def test_migrations_make_the_tables_that_the_metadata_describe(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return [
            each
            for each in compare_metadata(context, METADATA)
            if "alembic_version" not in str(each)
        ]

    dsn = owner_dsn(database)
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn)
    )
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


@pytest.mark.parametrize("table", LOGS)
@pytest.mark.parametrize(
    "change", ["delete from {table}", "truncate {table}", "update {table} set {column} = {column}"]
)
async def test_the_service_cannot_change_what_a_log_holds(
    database: Database, table: str, change: str
) -> None:
    column = METADATA.tables[table].columns.keys()[0]
    async with database.driver() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(change.format(table=table, column=column))


@pytest.mark.parametrize(
    "statement",
    [
        "create table mine (a int)",
        "create temporary table mine (a int)",
        "drop table events",
        "alter table events drop column data",
        "create schema mine",
    ],
)
async def test_the_service_cannot_change_tables_or_rights(
    database: Database, statement: str
) -> None:
    async with database.driver() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_the_service_may_write_every_other_table(database: Database) -> None:
    async with database.driver() as connection:
        for table in METADATA.sorted_tables:
            if table.name not in LOGS:
                await connection.execute(f"delete from {table.name}")  # noqa: S608 - our names
