"""Kafka keeps the promise of every bus, speaks CloudEvents, and survives what is put into it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from structlog.testing import capture_logs

from libs.common.clock import ManualClock, SystemClock
from libs.common.consumer import Consumer
from libs.common.contracts.generate import PARTITIONS
from libs.common.database import Database
from libs.common.errors import Transient
from libs.common.events import EVENT_BYTES_MAX, Envelope, canonical, new_id, to_headers
from libs.common.kafka import KafkaBus, KafkaPublisher, KafkaSubscription
from libs.common.relay import log_head
from libs.common.store import LogReader, event_log
from libs.common.telemetry import Telemetry
from libs.common.topics import TopicFinding, ensure_topics
from tests.eventpath.bus_contract import BusContract, Rig, gather, group, streams
from tests.support.events import (
    NOW,
    READER,
    SOURCE,
    TYPE,
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

Headers = list[tuple[str, bytes | None]]


async def a_topic(bootstrap: str) -> str:
    topic = f"xianjie.test-{uuid4().hex}"
    assert await ensure_topics(bootstrap, [topic]) == []
    return topic


@dataclass(frozen=True)
class Wire:
    """A topic that no other test uses, and somebody who writes to it."""

    bootstrap: str
    topic: str
    publisher: KafkaPublisher

    async def say(self, *envelopes: Envelope) -> None:
        await self.publisher.publish(self.topic, envelopes)

    async def spoil(self, key: bytes, value: bytes | None, headers: Headers) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap) as producer:
            await producer.send_and_wait(self.topic, value=value, key=key, headers=headers)

    async def messages(self, count: int) -> list[ConsumerRecord]:
        """The messages of the topic, as any Kafka client sees them."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        reader.assign([TopicPartition(self.topic, number) for number in range(PARTITIONS)])
        found: list[ConsumerRecord] = []
        async with reader, asyncio.timeout(20):
            while len(found) < count:
                for its_records in (await reader.getmany(timeout_ms=500)).values():
                    found.extend(its_records)
        return found


@pytest.fixture
async def wire(kafka: str) -> AsyncIterator[Wire]:
    async with KafkaPublisher(kafka) as publisher:
        yield Wire(kafka, await a_topic(kafka), publisher)


@pytest.fixture
async def subscription(wire: Wire) -> AsyncIterator[KafkaSubscription]:
    member = KafkaSubscription(wire.bootstrap, group(), [wire.topic])
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


class TestPromise(BusContract):
    @pytest.fixture
    async def rig(self, wire: Wire, database: Database, other_database: Database) -> Rig:
        reader = LogReader(SOURCE, replace(event_log("cases"), topic=wire.topic))
        return Rig(KafkaBus(wire.bootstrap), wire.publisher, database, other_database, [reader])


async def test_the_official_sdk_reads_what_is_published(wire: Wire) -> None:
    envelope = said("case/辽-1", 3, canonical({"note": "移送"}))
    await wire.say(envelope)

    [message] = await wire.messages(1)
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


async def test_a_stream_lies_where_every_kafka_client_looks_for_its_key(wire: Wire) -> None:
    await wire.say(*(said(f"case/{n}", 1) for n in range(50)))
    async with AIOKafkaProducer(bootstrap_servers=wire.bootstrap) as other:
        for n in range(50):
            await other.send_and_wait(wire.topic, value=b"{}", key=f"case/{n}".encode())
    places: dict[bytes, set[int]] = {}
    for message in await wire.messages(100):
        places.setdefault(message.key, set()).add(message.partition)
    assert len(places) == 50
    assert all(len(partitions) == 1 for partitions in places.values())


async def test_the_head_of_the_log_reaches_every_partition(wire: Wire) -> None:
    head = log_head(READER, 42, 1, ManualClock(NOW))
    await wire.publisher.announce(wire.topic, head)
    found = await wire.messages(PARTITIONS)
    assert sorted(message.partition for message in found) == list(range(PARTITIONS))
    assert {message.value for message in found} == {canonical({"epoch": 1, "position": 42})}


async def test_the_largest_events_pass(wire: Wire, subscription: KafkaSubscription) -> None:
    large = [said("case/1", n, b'"' + b"x" * (EVENT_BYTES_MAX - 2) + b'"') for n in range(1, 12)]
    await wire.say(*large)
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
    headers: Headers,
    wire: Wire,
    subscription: KafkaSubscription,
) -> None:
    before, after = said("case/1", 1), said("case/1", 2)
    await wire.say(before)
    await wire.spoil(b"case/1", value, headers)
    await wire.say(after)

    with capture_logs() as logs:
        assert await gather(subscription, 2) == [before, after]
        await subscription.commit()

    [alarm] = [entry for entry in logs if entry["event"] == "message_unreadable"]
    assert alarm["log_level"] == "error"
    assert (alarm["topic"], alarm["offset"]) == (wire.topic, 1)
    assert SECRET.decode() not in str(logs)


async def test_an_event_spoilt_on_its_way_comes_from_its_producers_log(
    wire: Wire,
    subscription: KafkaSubscription,
    database: Database,
    other_database: Database,
) -> None:
    await write(database, "case/1", 0, event(), event(), event())
    first, _, third = await number(database)
    await wire.say(first)
    await wire.spoil(b"case/1", SECRET, [])
    await wire.say(third)

    consumer = Consumer(
        group(),
        other_database,
        {TYPE: note},
        fetch_missing=fetch_from(database),
        clock=SystemClock(),
        telemetry=Telemetry("test"),
    )
    async with asyncio.timeout(20):
        while len(await effects(other_database)) < 3:
            await consumer.handle(await subscription.fetch(WAIT_SECONDS))
    assert await effects(other_database) == [("case/1", 1), ("case/1", 2), ("case/1", 3)]


async def test_a_member_that_lost_its_partitions_neither_fails_nor_skips(wire: Wire) -> None:
    name = group()
    everything = {f"case/{n}": [1] for n in range(60)}
    await wire.say(*(said(stream, 1) for stream in everything))
    stays, comes = (KafkaSubscription(wire.bootstrap, name, [wire.topic]) for _ in range(2))
    try:
        held = await gather(stays, 60)
        taken_over = asyncio.create_task(gather(comes, 1))
        # The first member learns of the second between its fetch and its commit.
        given_again = list(await taken_over)
        await stays.commit()
        await wire.say(*(said(stream, 2) for stream in everything))
        found = streams(given_again)
        async with asyncio.timeout(30):
            while {stream for stream, versions in found.items() if 2 in versions} != set(
                everything
            ):
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
    wire: Wire, subscription: KafkaSubscription
) -> None:
    assert await subscription.lag() == 0
    await wire.say(*(said("case/1", n) for n in range(1, 701)))
    fetched = await gather(subscription, 1)
    assert await subscription.lag() == 700 - len(fetched)
    await gather(subscription, 700 - len(fetched))
    assert await subscription.lag() == 0


@pytest.mark.long
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
    await until(lambda: _lists(admin, name))
    await admin.close()

    assert await ensure_topics(kafka, [name]) == [
        TopicFinding(name, "partitions", "12", "3"),
        TopicFinding(name, "cleanup.policy", "delete", "compact"),
        TopicFinding(name, "retention.ms", "-1", "604800000"),
    ]
    assert await settings(kafka, [name]) == {name: (3, "604800000")}


async def _lists(admin: AIOKafkaAdminClient, topic: str) -> bool:
    return topic in await admin.list_topics()


async def settings(bootstrap: str, topics: list[str]) -> dict[str, tuple[int, str]]:
    """By topic, its partitions and how many milliseconds it keeps a message."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        partitions = {
            each["topic"]: len(each["partitions"]) for each in await admin.describe_topics(topics)
        }
        [answer] = await admin.describe_configs(
            [
                ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": ""})
                for topic in topics
            ]
        )
    finally:
        await admin.close()
    return {
        topic: (partitions[topic], entries[0][1]) for _, _, _, topic, entries in answer.resources
    }
