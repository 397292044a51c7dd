"""Work beside the requests: begun again when it fails, ended without a trace when it is over."""

import asyncio
import threading
from pathlib import Path

import httpx
import pytest

from libs.common import background
from libs.common.background import crew, in_thread, lasting, once, periodic
from libs.common.database import is_transient
from libs.common.runtime import _alone, prepared, running
from libs.common.service import Context, Job
from libs.common.settings import Settings
from tests.program.program import ROOT, started
from tests.support.events import until
from xianjie import registry


async def test_what_fails_is_named_until_it_succeeds() -> None:
    failing: set[str] = set()
    mended = asyncio.Event()
    tries = 0

    async def act() -> None:
        nonlocal tries
        tries += 1
        if not mended.is_set():
            raise ConnectionError

    async with crew(failing) as begin:
        begin("work", periodic(0.01, act))
        await until(lambda: tries > 1)
        assert failing == {"work"}
        mended.set()
        await until(lambda: not failing)
        succeeded = tries
        await until(lambda: tries > succeeded)
    assert failing == set()


async def test_work_without_an_end_is_well_when_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "LASTED_SECONDS", 0.01)
    failing: set[str] = set()
    begun = 0

    async def act() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ConnectionError
        await asyncio.Event().wait()

    async with crew(failing) as begin:
        begin("work", lasting(act))
        await until(lambda: failing == {"work"})
        await until(lambda: not failing)
    assert begun == 2


async def test_work_that_is_done_once_is_tried_until_it_succeeds() -> None:
    failing: set[str] = set()
    tries = 0

    async def act() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ConnectionError

    async with crew(failing) as begin:
        begin("work", once(act))
        await until(lambda: tries == 3 and not failing)


async def test_a_cancellation_that_is_lost_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "CANCEL_SECONDS", 0.01)
    cancelled = 0

    async def act() -> None:
        nonlocal cancelled
        while cancelled < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled += 1

    async with crew(set()) as begin:
        begin("work", once(act))
        await asyncio.sleep(0)
    assert cancelled == 2


async def test_a_thread_is_waited_for_by_who_is_cancelled() -> None:
    entered, leave = threading.Event(), threading.Event()
    left = False

    def work() -> None:
        nonlocal left
        entered.set()
        leave.wait(10)
        left = True

    task = asyncio.create_task(in_thread(work))
    await until(entered.is_set)
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()
    leave.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left


async def test_no_task_is_left_when_it_has_ended(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    settings = Settings(var=tmp_path / "var", profile=ROOT / "profiles/liaoyuan.toml")
    async with running(settings, registry.every()) as runtime:
        await until(lambda: all(relay.is_leading for relay in runtime.relays.values()))
        assert len(asyncio.all_tasks()) > len(before)
    assert asyncio.all_tasks() - before == set()


async def test_a_request_that_runs_is_answered_before_it_stops(tmp_path: Path) -> None:
    with started(tmp_path / "var") as program:
        await asyncio.to_thread(program.until_ready)
        # Waits two seconds for an event that never comes.
        asking = asyncio.create_task(
            asyncio.to_thread(
                program.ask,
                "ly-psb-desk",
                "GET",
                "/api/notifications/v1/inbox",
                headers={"If-Applied": "case/never@9"},
            )
        )
        await asyncio.sleep(0.7)
        stopping = asyncio.create_task(asyncio.to_thread(program.stop))
        await until(lambda: "停止" in program.said())
        with pytest.raises(httpx.TransportError):
            await asyncio.to_thread(httpx.get, f"{program.api}/api/docs", trust_env=False)
        assert (await asking).status_code == 200
        assert await stopping == 0
        program.assert_clean()


async def test_a_job_runs_on_one_instance_and_its_lock_ends_with_its_session(
    tmp_path: Path,
) -> None:
    settings = Settings(var=tmp_path / "var", profile=ROOT / "profiles/liaoyuan.toml")
    async with prepared(settings, [registry.service("cases")]) as runtime:
        context = runtime.contexts["cases"]
        runs = 0
        leave = asyncio.Event()

        async def work(_: Context) -> None:
            nonlocal runs
            runs += 1
            await leave.wait()

        run = _alone(context, Job("test", 1.0, work))
        first = asyncio.ensure_future(run())
        await until(lambda: runs == 1)
        await run()
        assert runs == 1
        # Its session dies: the lock is free, although the first one has not noticed.
        async with context.database.driver() as connection:

            async def is_free() -> bool:
                held = "select pid from pg_locks where locktype = 'advisory'"
                return await connection.fetchval(f"select not exists ({held})") is True

            await connection.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
            )
            await until(is_free)
        second = asyncio.ensure_future(run())
        await until(lambda: runs == 2)
        leave.set()
        # What the driver says of it depends on how much of the end it has heard.
        lost = (await asyncio.gather(first, return_exceptions=True))[0]
        assert isinstance(lost, Exception)
        assert is_transient(lost)
        await second
        # Nothing is kept by the pool: it runs again, and one that fails gives its lock back too.
        await run()

        async def fail(_: Context) -> None:
            raise KeyError(1)

        for _ in range(2):
            with pytest.raises(KeyError):
                await _alone(context, Job("test", 1.0, fail))()
        await run()
        assert runs == 4
