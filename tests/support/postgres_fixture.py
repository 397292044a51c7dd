"""Fixtures that lend a real PostgreSQL: one server a session, one fresh database a test."""

from collections.abc import AsyncIterator

import pytest

from libs.common.database import Database
from tests.support.postgres import PostgresServer, server


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[PostgresServer]:
    """A server; `XIANJIE_TEST_DATABASE_URL` names one's own."""
    with server() as running:
        yield running
        await running.close()


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    """A fresh database of a service with only the common tables and `effects`."""
    async with postgres.database() as fresh:
        yield fresh


@pytest.fixture
async def other_database(postgres: PostgresServer) -> AsyncIterator[Database]:
    """Another one, for the service that listens."""
    async with postgres.database() as fresh:
        yield fresh
