"""The pool outlives its server's sessions; a poke is cheap and never lost for good."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from libs.common.database import OUTBOX_CHANNEL, Database, is_transient
from tests.support.events import until
from tests.support.postgres import PostgresServer

# Which one depends on how much of the end the driver has seen.
ENDED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


async def test_a_pool_whose_sessions_ended_opens_others(
    database: Database, postgres: PostgresServer
) -> None:
    async with database.driver() as connection:
        name = await connection.fetchval("select current_database()")
        pid = connection.get_server_pid()
    end = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"  # noqa: S608
    await postgres.execute(end)
    await until(connection.is_closed)
    async with database.driver() as another:
        assert another.get_server_pid() != pid
    await postgres.execute(end)
    await until(another.is_closed)
    async with database.begin() as sane:
        assert await sane.scalar(text("select 1")) == 1


async def test_a_session_that_ends_in_use_is_transient(
    database: Database, postgres: PostgresServer
) -> None:
    async with database.driver() as connection:
        end = f"select pg_terminate_backend({connection.get_server_pid()})"
        await postgres.execute(end)
        with pytest.raises(ENDED) as ended:
            await connection.fetchval("select 1")
        assert is_transient(ended.value)
    with pytest.raises((DBAPIError, asyncpg.InternalClientError)) as ended_too:  # noqa: PT012
        async with database.begin() as sane:
            pid = await sane.scalar(text("select pg_backend_pid()"))
            await postgres.execute(f"select pg_terminate_backend({pid})")
            await sane.execute(text("select 1"))
    assert is_transient(ended_too.value)


@pytest.mark.parametrize(
    ("statement", "passes"),
    [
        ("select 1/0", False),
        ("select nothing", False),
        ("do $$ begin raise sqlstate '40001'; end $$", True),
        ("do $$ begin raise sqlstate '53100'; end $$", True),
        ("set statement_timeout = 1; select pg_sleep(5)", True),
    ],
)
async def test_only_what_may_pass_is_transient(
    database: Database, statement: str, *, passes: bool
) -> None:
    connection = await database.direct()
    with pytest.raises(asyncpg.PostgresError) as failed:
        await connection.execute(statement)
    await connection.close()
    assert is_transient(failed.value) is passes


async def test_many_pokes_are_few_notifications(database: Database) -> None:
    heard = 0

    def hear(*_: object) -> None:
        nonlocal heard
        heard += 1

    listener = await database.direct()
    await listener.add_listener(OUTBOX_CHANNEL, hear)
    for _ in range(1_000):
        database.poke()
    await until(lambda: heard)
    assert heard <= 2
    # The waker survives the end of its session.
    async with database.driver() as connection:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where query like 'notify%' and datname = current_database()"
        )
    before = heard

    async def heard_again() -> bool:
        database.poke()
        await asyncio.sleep(0)
        return heard > before

    await until(heard_again)
    listener.terminate()


async def test_waiting_callers_are_served_in_turn(database: Database) -> None:
    narrow = Database(database.dsn, pool_max=1)
    served: list[int] = []

    async def caller(number: int) -> None:
        async with narrow.driver() as connection:
            await connection.execute("select 1")
            served.append(number)

    await asyncio.gather(*(caller(number) for number in range(20)))
    assert served == list(range(20))
    await narrow.close()


async def test_what_a_caller_leaves_open_is_never_handed_on(database: Database) -> None:
    narrow = Database(database.dsn, pool_max=1)
    async with narrow.driver() as connection:
        await connection.execute("begin; delete from effects")
    async with narrow.driver() as another:
        assert not another.is_in_transaction()

    async def cancelled_in_a_statement() -> None:
        async with narrow.begin() as sane:
            await sane.execute(text("select pg_sleep(60)"))

    async def cancelled_in_the_driver() -> None:
        async with narrow.driver() as driver:
            await driver.execute("select pg_sleep(60)")

    for work in (cancelled_in_a_statement, cancelled_in_the_driver):
        task = asyncio.create_task(work())
        await until(lambda: sleeps(database))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with narrow.begin() as sane:
            assert await sane.scalar(text("select 1")) == 1
    with pytest.raises(DBAPIError):
        async with narrow.begin() as sane:
            await sane.execute(text("select 1/0"))
    async with narrow.driver() as driver:
        assert await driver.fetchval("select 1") == 1
    await narrow.close()


async def sleeps(database: Database) -> bool:
    async with database.driver() as connection:
        found = await connection.fetchval(
            "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)'"
            " and state = 'active' and datname = current_database()"
        )
    return bool(found)
