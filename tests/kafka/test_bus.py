"""Kafka keeps the promise of every bus, speaks CloudEvents, and survives what is put into it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from structlog.testing import capture_logs

from libs.common.clock import ManualClock, SystemClock
from libs.common.consumer import Consumer
from libs.common.database import Database
from libs.common.errors import Transient
from libs.common.events import EVENT_BYTES_MAX, Envelope, canonical, new_id, to_headers
from libs.common.kafka import (
    PARTITIONS,
    KafkaBus,
    KafkaPublisher,
    KafkaSubscription,
    TopicFinding,
    ensure_topics,
)
from libs.common.relay import log_head
from libs.common.store import LogReader, event_log
from libs.common.telemetry import Telemetry
from tests.eventpath.bus_contract import BusContract, Rig, gather, group, streams
from tests.support.events import (
    NOW,
    READER,
    SOURCE,
    TYPE,
    background,
    effects,
    event,
    fetch_from,
    note,
    number,
    until,
    write,
)
from tests.support.kafka_fixture import disposable_broker

WAIT_SECONDS = 1.0
SECRET = b"name of a person"


async def a_topic(bootstrap: str) -> str:
    topic = f"xianjie.test-{uuid4().hex}"
    assert await ensure_topics(bootstrap, [topic]) == []
    return topic


@pytest.fixture
async def topic(kafka: str) -> str:
    return await a_topic(kafka)


@pytest.fixture
async def publisher(kafka: str) -> AsyncIterator[KafkaPublisher]:
    async with KafkaPublisher(kafka) as connected:
        yield connected


@pytest.fixture
async def subscription(kafka: str, topic: str) -> AsyncIterator[KafkaSubscription]:
    member = KafkaSubscription(kafka, group(), [topic])
    yield member
    await member.leave()


def said(stream: str, version: int, data: bytes = b"{}") -> Envelope:
    return Envelope(
        id=new_id(),
        type=TYPE,
        source=SOURCE,
        stream=stream,
        version=version,
        position=version,
        epoch=1,
        time=NOW,
        data=data,
        actor="person-1",
        agency="liaoyuan-water",
        correlation_id=UUID(int=7),
        causation_id=UUID(int=8),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


async def messages(bootstrap: str, topic: str, count: int) -> list[ConsumerRecord]:
    """The first messages of a topic, by partition."""
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    reader.assign([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
    found: list[ConsumerRecord] = []
    async with reader, asyncio.timeout(20):
        while len(found) < count:
            for its_records in (await reader.getmany(timeout_ms=500)).values():
                found.extend(its_records)
    return found


async def spoil(
    bootstrap: str, topic: str, key: bytes, value: bytes | None, headers: object
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, value=value, key=key, headers=headers)


class TestPromise(BusContract):
    @pytest.fixture
    async def rig(
        self,
        kafka: str,
        topic: str,
        publisher: KafkaPublisher,
        database: Database,
        other_database: Database,
    ) -> AsyncIterator[Rig]:
        reader = LogReader(SOURCE, replace(event_log("cases"), topic=topic))
        yield Rig(KafkaBus(kafka), publisher, database, other_database, [reader])


async def test_the_official_sdk_reads_what_is_published(
    kafka: str, topic: str, publisher: KafkaPublisher
) -> None:
    envelope = said("case/辽-1", 3, canonical({"note": "移送"}))
    await publisher.publish(topic, [envelope])

    [message] = await messages(kafka, topic, 1)
    read = from_binary_event(
        KafkaMessage(headers=dict(message.headers), key=message.key, value=message.value)
    )

    assert read.get_id() == str(envelope.id)
    assert read.get_type() == TYPE
    assert read.get_source() == SOURCE
    assert read.get_subject() == "case/辽-1"
    assert read.get_time() == NOW
    assert read.get_data() == {"note": "移送"}
    extensions = ("sequence", "position", "epoch", "actor", "agency", "partitionkey")
    assert [read.get_extension(name) for name in extensions] == [
        *("3", "3", "1", "person-1", "liaoyuan-water", "case/辽-1")
    ]


async def test_a_stream_lies_where_every_kafka_client_looks_for_its_key(
    kafka: str, topic: str, publisher: KafkaPublisher
) -> None:
    await publisher.publish(topic, [said(f"case/{n}", 1) for n in range(50)])
    async with AIOKafkaProducer(bootstrap_servers=kafka) as other:
        for n in range(50):
            await other.send_and_wait(topic, value=b"{}", key=f"case/{n}".encode())
    places: dict[bytes, set[int]] = {}
    for message in await messages(kafka, topic, 100):
        places.setdefault(message.key, set()).add(message.partition)
    assert len(places) == 50
    assert all(len(partitions) == 1 for partitions in places.values())


async def test_the_head_of_the_log_reaches_every_partition(
    kafka: str, topic: str, publisher: KafkaPublisher
) -> None:
    head = log_head(READER, 42, 1, ManualClock(NOW))
    await publisher.announce(topic, head)
    found = await messages(kafka, topic, PARTITIONS)
    assert sorted(message.partition for message in found) == list(range(PARTITIONS))
    assert {message.value for message in found} == {canonical({"epoch": 1, "position": 42})}


async def test_the_largest_events_pass(
    topic: str, publisher: KafkaPublisher, subscription: KafkaSubscription
) -> None:
    large = [said("case/1", n, b'"' + b"x" * (EVENT_BYTES_MAX - 2) + b'"') for n in range(1, 12)]
    await publisher.publish(topic, large)
    assert await gather(subscription, len(large)) == large


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (SECRET, []),
        (SECRET, [("ce_id", SECRET)]),
        (SECRET, [*to_headers(said("case/1", 1))[:-1], ("ce_sequence", SECRET)]),
        (SECRET, [*to_headers(said("case/1", 1)), ("ce_subject", b"\xff")]),
        (SECRET, [*to_headers(said("case/1", 1)), ("ce_actor", None)]),
        (None, to_headers(said("case/1", 1))),
    ],
    ids=["foreign", "no event", "no number", "no text", "no value", "tombstone"],
)
async def test_an_unreadable_message_is_told_and_passed(
    value: bytes | None,
    headers: list[tuple[str, bytes | None]],
    kafka: str,
    topic: str,
    publisher: KafkaPublisher,
    subscription: KafkaSubscription,
) -> None:
    before, after = said("case/1", 1), said("case/1", 2)
    await publisher.publish(topic, [before])
    await spoil(kafka, topic, b"case/1", value, headers)
    await publisher.publish(topic, [after])

    with capture_logs() as logs:
        assert await gather(subscription, 2) == [before, after]
        await subscription.commit()

    [alarm] = [entry for entry in logs if entry["event"] == "message_unreadable"]
    assert alarm["log_level"] == "error"
    assert (alarm["topic"], alarm["offset"]) == (topic, 1)
    assert SECRET.decode() not in str(logs)


async def test_an_event_spoilt_on_its_way_comes_from_its_producers_log(
    kafka: str,
    topic: str,
    publisher: KafkaPublisher,
    subscription: KafkaSubscription,
    database: Database,
    other_database: Database,
) -> None:
    await write(database, "case/1", 0, event(), event(), event())
    first, _, third = await number(database)
    await publisher.publish(topic, [first])
    await spoil(kafka, topic, b"case/1", SECRET, [])
    await publisher.publish(topic, [third])

    consumer = Consumer(
        group(),
        other_database,
        {TYPE: note},
        fetch_missing=fetch_from(database),
        clock=SystemClock(),
        telemetry=Telemetry("test"),
    )
    async with background(consumer.run(subscription)):
        await until(lambda: _has_effects(other_database, 3))
    assert await effects(other_database) == [("case/1", 1), ("case/1", 2), ("case/1", 3)]


async def _has_effects(database: Database, count: int) -> bool:
    return len(await effects(database)) == count


async def test_a_member_that_lost_its_partitions_neither_fails_nor_skips(
    kafka: str, topic: str, publisher: KafkaPublisher
) -> None:
    name = group()
    everything = {f"case/{n}": [1] for n in range(60)}
    await publisher.publish(topic, [said(stream, 1) for stream in everything])
    stays, comes = KafkaSubscription(kafka, name, [topic]), KafkaSubscription(kafka, name, [topic])
    try:
        held = await gather(stays, 60)
        taken_over = asyncio.create_task(gather(comes, 1))
        # The first member learns of the second between its fetch and its commit.
        given_again = list(await taken_over)
        await stays.commit()
        await publisher.publish(topic, [said(stream, 2) for stream in everything])
        found = streams(given_again)
        async with asyncio.timeout(30):
            while {stream for stream, versions in found.items() if 2 in versions} != set(everything):
                for member in (stays, comes):
                    for each in await member.fetch(0.1):
                        found.setdefault(each.stream, []).append(each.version)
    finally:
        await stays.leave()
        await comes.leave()
    assert streams(held) == everything
    # What went to the other member had not been committed, so it was given again.
    assert given_again
    assert all(versions in ([2], [1, 2]) for versions in found.values())


async def test_lag_is_what_has_not_been_fetched(
    topic: str, publisher: KafkaPublisher, subscription: KafkaSubscription
) -> None:
    assert await subscription.lag() == 0
    await publisher.publish(topic, [said("case/1", n) for n in range(1, 701)])
    fetched = await gather(subscription, 1)
    assert await subscription.lag() == 700 - len(fetched)
    await gather(subscription, 700 - len(fetched))
    assert await subscription.lag() == 0


@pytest.mark.timeout(120)
async def test_an_outage_is_transient_and_ends_by_itself() -> None:
    with disposable_broker() as broker:
        topic = await a_topic(broker.bootstrap)
        member = KafkaSubscription(broker.bootstrap, group(), [topic])
        async with KafkaPublisher(broker.bootstrap) as publisher:
            await publisher.publish(topic, [said("case/1", 1)])
            await gather(member, 1)
            await asyncio.to_thread(broker.kill)

            begun = time.monotonic()
            for _ in range(2):
                with pytest.raises(Transient):
                    await publisher.publish(topic, [said("case/1", 2)])
            with pytest.raises(Transient):
                await member.commit()
            # The relay's session outlives a silence of 15 seconds, not a longer one.
            assert time.monotonic() - begun < 15 + 10

            await asyncio.to_thread(broker.start)
            await publisher.publish(topic, [said("case/1", 2)])
            found = await gather(member, 1)
            await member.leave()
    assert streams(found)["case/1"][-1] == 2


async def test_without_a_broker_everything_is_transient(unused_tcp_port: int) -> None:
    nowhere = f"127.0.0.1:{unused_tcp_port}"
    member = KafkaSubscription(nowhere, group(), ["xianjie.cases"])
    async with KafkaPublisher(nowhere) as publisher:
        with pytest.raises(Transient):
            await publisher.publish("xianjie.cases", [said("case/1", 1)])
        with pytest.raises(Transient):
            await member.fetch(WAIT_SECONDS)
        with pytest.raises(Transient):
            await ensure_topics(nowhere, ["xianjie.cases"])


async def test_missing_topics_are_made_and_right_ones_left_alone(kafka: str) -> None:
    name = f"xianjie.test-{uuid4().hex}"
    topics = [name, f"{name}.reads"]
    for _ in range(2):
        assert await ensure_topics(kafka, topics) == []
    assert await settings(kafka, topics) == {
        name: (12, "-1"),
        f"{name}.reads": (1, str(90 * 24 * 3600 * 1000)),
    }


async def test_two_that_make_the_same_topic_at_once_agree(kafka: str) -> None:
    name = f"xianjie.test-{uuid4().hex}"
    assert await asyncio.gather(*(ensure_topics(kafka, [name]) for _ in range(4))) == [[]] * 4


async def test_a_wrong_topic_is_reported_and_left_alone(kafka: str) -> None:
    name = f"xianjie.test-{uuid4().hex}"
    wrong = {"retention.ms": "604800000", "cleanup.policy": "compact"}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 3, 1, topic_configs=wrong)])
    await admin.close()

    assert await ensure_topics(kafka, [name]) == [
        TopicFinding(name, "partitions", "12", "3"),
        TopicFinding(name, "cleanup.policy", "delete", "compact"),
        TopicFinding(name, "retention.ms", "-1", "604800000"),
    ]
    assert await settings(kafka, [name]) == {name: (3, "604800000")}


async def settings(bootstrap: str, topics: list[str]) -> dict[str, tuple[int, str]]:
    """By topic, its partitions and how many milliseconds it keeps a message."""
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        partitions = {
            each["topic"]: len(each["partitions"]) for each in await admin.describe_topics(topics)
        }
        [answer] = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": ""}) for topic in topics]
        )
    finally:
        await admin.close()
    return {topic: (partitions[topic], entries[0][1]) for _, _, _, topic, entries in answer.resources}
