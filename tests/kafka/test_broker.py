"""The broker the tests rely on keeps what it acknowledged, even when killed."""

import asyncio
import os
import time
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.support.kafka import KafkaServer
from tests.support.kafka_fixture import disposable_broker

TOPIC = "cases"
PARTITIONS = 12
MESSAGES = 1_000
READ_SECONDS_MAX = 20


@pytest.fixture
def broker() -> Iterator[KafkaServer]:
    with disposable_broker() as server:
        yield server


@pytest.mark.timeout(60)
async def test_a_killed_broker_returns_with_all_it_acknowledged(broker: KafkaServer) -> None:
    await _create_topic(broker.bootstrap)
    sent = {f"case-{number}".encode(): f"event {number}".encode() for number in range(MESSAGES)}
    await _produce(broker.bootstrap, sent)

    killed = broker.pid
    assert killed is not None
    await asyncio.to_thread(broker.kill)
    with pytest.raises(ProcessLookupError):
        os.kill(killed, 0)
    await asyncio.to_thread(broker.restart)

    assert await _read(broker.bootstrap) == sent


async def _create_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
    finally:
        await admin.close()


async def _produce(bootstrap: str, messages: dict[bytes, bytes]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=5
    )
    async with producer:
        receipts = [
            await producer.send(TOPIC, value=value, key=key) for key, value in messages.items()
        ]
        await asyncio.gather(*receipts)


async def _read(bootstrap: str) -> dict[bytes, bytes]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    consumer.assign([TopicPartition(TOPIC, number) for number in range(PARTITIONS)])
    read: list[tuple[bytes, bytes]] = []
    deadline = time.monotonic() + READ_SECONDS_MAX
    async with consumer:
        while len(read) < MESSAGES and time.monotonic() < deadline:
            batch = await consumer.getmany(timeout_ms=500)
            read.extend((record.key, record.value) for part in batch.values() for record in part)
    assert len(read) == MESSAGES
    return dict(read)
