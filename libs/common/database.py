"""One PostgreSQL database of one service: its pool, its direct connections, its migrations.

Hot statements go through the driver, everything else through SQLAlchemy Core; both use one pool.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from libs.common.errors import Transient

POOL_MAX: Final = 12
POKE_SECONDS: Final = 0.002
OUTBOX_CHANNEL: Final = "xianjie_outbox"
LOG_CHANNEL: Final = "xianjie_log"

_TRANSIENT_STATES: Final = (
    "08",  # connection
    "40",  # serialisation, deadlock
    "53",  # resources: too many connections, disk, memory
    "55P03",  # lock not available
    "57014",  # statement time-out
    "57P",  # shutdown, crash, cannot connect now
)


def is_transient(error: BaseException) -> bool:
    """Whether an error may pass by itself: connection, time-out, serialisation, 5xx of our own.

    Nothing else is retried: an error that we do not know is a fault, and a fault is parked.
    """
    if isinstance(error, Transient | ConnectionError | TimeoutError | httpx.TransportError):
        return True
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _is_transient_state(error.orig)
    return _is_transient_state(error)


def _is_transient_state(error: BaseException | None) -> bool:
    if isinstance(error, asyncpg.InternalClientError):
        # What the driver says of a session that ended between two statements.
        return "cannot switch to state" in str(error)
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error)
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state.startswith(_TRANSIENT_STATES)


class Database:
    """A pool of one service's database, for the service's role.

    Args:
        dsn: a libpq address.
        pool_max: connections at the most; waiting callers are served first come, first served,
            because SQLAlchemy's own queue lets late ones pass and doubles the tail.
        session: settings with which every session begins; row security reads them, and without any
            a session sees no row that is guarded (`access_sql`).
    """

    def __init__(
        self, dsn: str, *, pool_max: int = POOL_MAX, session: Mapping[str, str] | None = None
    ) -> None:
        self.dsn = dsn
        self._session = {"jit": "off", **(session or {})}
        # The pool is ours: SQLAlchemy's costs more than an append. Nothing session-level is ever
        # set on a connection after its beginning, so there is nothing to reset between two uses.
        self._engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=self.direct, poolclass=NullPool
        )
        self._turn = asyncio.Semaphore(pool_max)
        self._idle: list[tuple[AsyncConnection, asyncpg.Connection]] = []
        self._waker: asyncio.Task[None] | None = None
        self._poked = asyncio.Event()

    async def direct(self, **_: Any) -> asyncpg.Connection:  # noqa: ANN401 - SQLAlchemy's hook
        """A connection that belongs to no pool; whoever asks closes it.

        Raises:
            Transient: nobody listens at the address, or its socket is not there (yet).
        """
        try:
            return await asyncpg.connect(self.dsn, server_settings=self._session)
        except OSError as error:
            raise Transient(f"the database is away: {type(error).__name__}") from error

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A SQLAlchemy connection in a transaction that commits at the end."""
        async with self._pooled() as (connection, _), connection.begin():
            yield connection

    @contextlib.asynccontextmanager
    async def driver(self) -> AsyncIterator[asyncpg.Connection]:
        """The driver's connection of a pooled one, for a hot statement that commits by itself."""
        async with self._pooled() as (_, driver):
            yield driver

    @contextlib.asynccontextmanager
    async def _pooled(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        async with self._turn:
            connection, driver = await self._taken()
            try:
                yield connection, driver
            except asyncpg.InternalClientError:
                # The session ended between two statements; the driver will notice in a moment.
                driver.terminate()
                raise
            finally:
                if driver.is_closed() or driver.is_in_transaction() or connection.invalidated:
                    await _discard(connection, driver)
                else:
                    self._idle.append((connection, driver))

    async def _taken(self) -> tuple[AsyncConnection, asyncpg.Connection]:
        while self._idle:
            connection, driver = self._idle.pop()
            if not driver.is_closed():
                return connection, driver
            await _discard(connection, driver)
        connection = await self._engine.connect()
        return connection, await driver_of(connection)

    def poke(self) -> None:
        """Tell the relay, soon and once for many, that something was committed.

        A NOTIFY inside the deciding transaction would serialise every commit of the cluster.
        """
        self._poked.set()
        if self._waker is None:
            self._waker = asyncio.create_task(self._wake())

    async def _wake(self) -> None:
        connection: asyncpg.Connection | None = None
        try:
            while True:
                await self._poked.wait()
                self._poked.clear()
                try:
                    if connection is None or connection.is_closed():
                        connection = await self.direct()
                    await connection.execute(f"notify {OUTBOX_CHANNEL}")
                except Exception as error:
                    # The relay also looks by itself; a lost poke costs 200 ms, not an event.
                    if not is_transient(error):
                        raise
                    connection = None
                await asyncio.sleep(POKE_SECONDS)
        finally:
            if connection is not None:
                connection.terminate()

    async def close(self) -> None:
        """Give back every connection."""
        if self._waker is not None:
            self._waker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._waker
            self._waker = None
        while self._idle:
            connection, _ = self._idle.pop()
            await connection.close()
        await self._engine.dispose()


async def _discard(connection: AsyncConnection, driver: asyncpg.Connection) -> None:
    driver.terminate()
    if not connection.invalidated:
        await connection.invalidate()
    await connection.close()


async def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """The asyncpg connection under a SQLAlchemy one."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, asyncpg.Connection)
    return driver


SQL_DIRECTORY: Final = Path(__file__).with_name("sql")


def statements(name: str) -> str:
    """The SQL that creates or changes the common tables, as one statement for `op.execute`."""
    # The driver prepares what Alembic executes, and only one statement can be prepared.
    body = (SQL_DIRECTORY / f"{name}.sql").read_text(encoding="utf-8")
    return f"do $migration$ begin\n{body}\nend $migration$"


async def migrate(
    owner_dsn: str, *, directory: Path, metadata: MetaData, role: str, revision: str = "heads"
) -> None:
    """Bring one database to the newest revision and give the service's role its rights.

    The role may insert into the logs but neither update nor delete there, and changes no table.

    Args:
        owner_dsn: address of the owner's role.
        directory: the service's `migrations` folder.
        metadata: the service's tables, for the rights.
        role: name of the service's role.
        revision: Alembic revision to go to.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(owner_dsn)
    )
    try:
        async with engine.begin() as connection:
            # Two that start at once must not migrate twice.
            await connection.execute(text("select pg_advisory_xact_lock(hashtext('migrate'))"))
            await connection.run_sync(_upgrade, directory, revision)
            await (await driver_of(connection)).execute(_grants(metadata.sorted_tables, role))
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, directory: Path, revision: str) -> None:
    script = ScriptDirectory(str(directory))

    def steps(current: Any, _: MigrationContext) -> Any:  # noqa: ANN401 - Alembic's own types
        return script._upgrade_revs(revision, current)  # noqa: SLF001 - what its command does

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def _grants(tables: Iterable[Table], role: str) -> str:
    rights = [
        f"""do $$ begin
          execute format('revoke all on database %I from public', current_database());
          execute format('grant connect on database %I to %I', current_database(), '{role}');
        end $$""",
        f'grant usage on schema public to "{role}"',
    ]
    for table in tables:
        is_log = table.info["kind"] == "log"
        may = "select, insert" if is_log else "select, insert, update, delete, truncate"
        rights.append(f'revoke all on "{table.name}" from "{role}"')
        rights.append(f'grant {may} on "{table.name}" to "{role}"')
    return ";".join(rights)
