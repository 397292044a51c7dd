"""Kafka as the bus: the relay's publisher and the groups' subscriptions.

Nothing rests on Kafka's transactions: it may hand over an event twice, and the versions that the
consumer remembers make the effect happen once. It must only never lose or skip one.
"""

import asyncio
import contextlib
import functools
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Self

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
)
from aiokafka.partitioner import murmur2

from libs.common.bus import FETCH_MAX
from libs.common.database import Database
from libs.common.errors import Transient
from libs.common.events import Envelope, from_headers, to_headers

BATCH_BYTES: Final = 512 * 1024
"""Two of the largest events; the broker takes 1 MiB."""
REQUEST_SECONDS: Final = 3.0
PUBLISH_SECONDS: Final = 6.0
"""The relay's session is ended after 15 s of silence: an outage has to be noticed before."""
PUBLISH_BYTES_PER_SECOND: Final = 1_000_000
"""A batch of large events on a slow line gets more time, else it would be begun again for ever."""

HEARTBEAT_SECONDS: Final = 1.0
"""How soon the members of a group notice that one came or went."""
SESSION_SECONDS: Final = 10.0
JOIN_SECONDS: Final = 30.0
COMMIT_SECONDS: Final = 10.0
LEAVE_SECONDS: Final = 20.0
METADATA_SECONDS: Final = 60.0

_AWAY: Final = (KafkaError, OSError, TimeoutError)

log = structlog.get_logger()


class KafkaPublisher:
    """Sends what a relay has numbered; connects when first used and again after a failure.

    Args:
        bootstrap: `host:port` of some brokers, separated by commas.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def publish(self, topic: str, envelopes: Sequence[Envelope]) -> None:
        """Send events in order, each to its stream's partition; return when all are kept.

        Raises:
            Transient: the broker is away or too slow; what was sent may be sent again.
        """
        size = sum(len(envelope.data) for envelope in envelopes)
        async with self._producing(PUBLISH_SECONDS + size / PUBLISH_BYTES_PER_SECOND) as producer:
            partitions = len(await producer.partitions_for(topic))
            by_partition: dict[int, list[Envelope]] = defaultdict(list)
            for envelope in envelopes:
                by_partition[partition_of(envelope.stream, partitions)].append(envelope)
            await _send(producer, topic, by_partition)

    async def announce(self, topic: str, head: Envelope) -> None:
        """Send how far the log has been sent to every partition of a topic.

        Raises:
            Transient: the broker is away or too slow.
        """
        async with self._producing(PUBLISH_SECONDS) as producer:
            partitions = await producer.partitions_for(topic)
            await _send(producer, topic, {partition: [head] for partition in partitions})

    async def close(self) -> None:
        """Disconnect; what has not been acknowledged will be sent by the next leader."""
        if self._producer is not None:
            await self._discard(self._producer)

    @contextlib.asynccontextmanager
    async def _producing(self, seconds: float) -> AsyncIterator[AIOKafkaProducer]:
        producer: AIOKafkaProducer | None = None
        try:
            # An idempotent producer tries for ever; its batches never expire by themselves.
            async with asyncio.timeout(seconds):
                producer = await self._open()
                yield producer
        except _AWAY as error:
            log.warning("kafka_publish_failed", error=type(error).__name__)
            if producer is not None:
                await self._discard(producer)
            raise Transient(f"Kafka did not take the events: {type(error).__name__}") from error

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id="xianjie-relay",
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=BATCH_BYTES,
                    request_timeout_ms=_milliseconds(REQUEST_SECONDS),
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _discard(self, producer: AIOKafkaProducer) -> None:
        """Drop a producer with all it has not delivered.

        Sending again through the same one would pile up a batch for every attempt of a long outage,
        and one that lost its place in the numbering of a partition never finds it again. Its `stop`
        waits until everything is delivered, for ever when the broker is away; so we take the same
        steps without the waiting.
        """
        if self._producer is producer:
            self._producer = None
        await producer._sender.close()  # noqa: SLF001 - see above
        await producer.client.close()
        producer._closed = True  # noqa: SLF001 - see above


async def _send(
    producer: AIOKafkaProducer, topic: str, by_partition: dict[int, list[Envelope]]
) -> None:
    """Send each partition's events in order and wait for all receipts.

    Whole batches, because the producer's own `send` costs five times as much for each event.
    """
    receipts: list[asyncio.Future[Any]] = []  # aiokafka has no types
    try:
        for partition, envelopes in by_partition.items():
            for batch in _batches(producer, envelopes):
                receipt = await producer.send_batch(batch, topic, partition=partition)
                receipts.append(receipt)
        await asyncio.gather(*receipts)
    finally:
        for receipt in receipts:
            receipt.cancel()


def _batches(producer: AIOKafkaProducer, envelopes: Sequence[Envelope]) -> Iterable[Any]:
    batch = producer.create_batch()
    for envelope in envelopes:
        message = {
            # The moment of publishing: brokers refuse times that lie ahead of theirs.
            "timestamp": None,
            "key": envelope.stream.encode(),
            "value": envelope.data,
            "headers": to_headers(envelope),
        }
        if batch.append(**message) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(**message)
    yield batch


@functools.lru_cache(maxsize=16_384)
def partition_of(stream: str, partitions: int) -> int:
    """The partition of a stream, as every Kafka client finds it from the key."""
    return int(murmur2(stream.encode()) & 0x7FFF_FFFF) % partitions


class KafkaBus:
    """Gives subscriptions; the broker keeps each group's place.

    Args:
        bootstrap: `host:port` of some brokers, separated by commas.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    @contextlib.asynccontextmanager
    async def subscribe(
        self,
        group: str,
        topics: Sequence[str],
        database: Database,  # noqa: ARG002 - the promise of every bus
    ) -> AsyncIterator["KafkaSubscription"]:
        """Join a group at the first fetch, leave it at the end."""
        subscription = KafkaSubscription(self._bootstrap, group, topics)
        try:
            yield subscription
        finally:
            await subscription.leave()


class KafkaSubscription:
    """A member of a group.

    Partitions may go to another member between fetch and commit. Nothing has to be given back: what
    was not committed is fetched again by the new owner, and what is committed here has been dealt
    with for the whole group, so an old commit that arrives late can repeat events, never skip any.

    After a failure the member leaves and joins anew, and goes on behind its last commit: aiokafka
    forgets what it had taken from its buffers when it raises.
    """

    def __init__(self, bootstrap: str, group: str, topics: Sequence[str]) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._topics = topics
        self._consumer: AIOKafkaConsumer | None = None
        self._getting: asyncio.Task[dict[TopicPartition, list[ConsumerRecord]]] | None = None
        self._fetched: dict[TopicPartition, int] = {}

    async def fetch(self, wait_seconds: float) -> Sequence[Envelope]:
        """The next events, `FETCH_MAX` at the most; empty when none came within the time.

        A message that is no event of ours is told to the operator and passed. The topic belongs to
        the platform, so somebody else wrote it, or an event was spoilt on its way. Nothing is
        dropped by passing it: Kafka only carries, every event stands in its producer's log, and
        one that did not arrive leaves a hole in its stream and in the positions, which the consumer
        and the ledger find and fill from there. Stopping would let one message stop a group.

        Raises:
            Transient: the broker is away; the next call joins again.
        """
        try:
            consumer = await self._join()
            if self._getting is None:
                # A task, because a rebalance may take longer than the caller wants to wait, and
                # cancelling `getmany` would switch off its watch for members that stand still.
                self._getting = asyncio.create_task(
                    consumer.getmany(timeout_ms=_milliseconds(wait_seconds), max_records=FETCH_MAX)
                )
            await asyncio.wait({self._getting}, timeout=wait_seconds)
            if not self._getting.done():
                return ()
            getting, self._getting = self._getting, None
            records = getting.result()
        except _AWAY as error:
            log.warning("kafka_fetch_failed", group=self._group, error=type(error).__name__)
            await self.leave()
            raise Transient(f"Kafka gave no events: {type(error).__name__}") from error
        for partition, its_records in records.items():
            self._fetched[partition] = its_records[-1].offset + 1
        return [
            envelope
            for its_records in records.values()
            for record in its_records
            if (envelope := self._read(record)) is not None
        ]

    def _read(self, record: ConsumerRecord) -> Envelope | None:
        is_whole = record.value is not None and all(
            value is not None for _, value in record.headers
        )
        with contextlib.suppress(ValueError):
            if is_whole:
                return from_headers(record.headers, record.value)
        # Where it lies, and nothing of what it says.
        log.error(
            "message_unreadable",
            group=self._group,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
        return None

    async def commit(self) -> None:
        """Remember that everything fetched so far has been dealt with.

        What lies in partitions that meanwhile went to another member is left to that one.

        Raises:
            Transient: the broker is away; the next commit covers this one too.
        """
        if self._consumer is None:
            return
        owned = self._consumer.assignment()
        offsets = {place: offset for place, offset in self._fetched.items() if place in owned}
        try:
            if offsets:
                # aiokafka repeats what may succeed without a bound.
                async with asyncio.timeout(COMMIT_SECONDS):
                    await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            log.info("kafka_commit_passed", group=self._group, error=type(error).__name__)
        except _AWAY as error:
            raise Transient(f"Kafka kept no place: {type(error).__name__}") from error
        self._fetched.clear()

    async def lag(self) -> int:
        """Messages in the partitions held here, not yet fetched, as the broker last said."""
        consumer = self._consumer
        if consumer is None:
            return 0
        behind = 0
        for partition in consumer.assignment():
            # A rebalance may take a partition away while its position is asked for.
            with contextlib.suppress(IllegalStateError, AssertionError):
                end = consumer.highwater(partition)
                if end is not None:
                    behind += max(0, end - await consumer.position(partition))
        return behind

    async def leave(self) -> None:
        """Leave the group; its other members take over at once."""
        consumer, self._consumer = self._consumer, None
        getting, self._getting = self._getting, None
        self._fetched.clear()
        if getting is not None:
            getting.cancel()
            await asyncio.gather(getting, return_exceptions=True)
        if consumer is not None:
            await _stop(consumer)

    async def _join(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                *self._topics,
                bootstrap_servers=self._bootstrap,
                client_id=f"xianjie-{self._group}",
                group_id=f"xianjie.{self._group}",
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                heartbeat_interval_ms=_milliseconds(HEARTBEAT_SECONDS),
                session_timeout_ms=_milliseconds(SESSION_SECONDS),
                metadata_max_age_ms=_milliseconds(METADATA_SECONDS),
                # A broker may answer a join only when the slowest member is there or given up.
                request_timeout_ms=_milliseconds(SESSION_SECONDS * 1.5),
            )
            try:
                async with asyncio.timeout(JOIN_SECONDS):
                    await consumer.start()
            except BaseException:
                await _stop(consumer)
                raise
            self._consumer = consumer
        return self._consumer


async def _stop(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(LEAVE_SECONDS):
            await consumer.stop()
    except TimeoutError:
        log.warning("kafka_leave_failed")


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
