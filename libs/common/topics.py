"""The topics that the platform relies on: created where they are missing, reported where wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from libs.common.contracts.generate import (
    FOR_EVER,
    PARTITIONS,
    READS_KEPT_MILLISECONDS,
    READS_PARTITIONS,
)
from libs.common.errors import Transient

REPLICAS: Final = 3
REQUEST_MILLISECONDS: Final = 9_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TopicFinding:
    """A setting of a topic that is not what the platform relies on."""

    topic: str
    setting: str
    expected: str
    found: str


async def ensure_topics(bootstrap: str, topics: Iterable[str]) -> list[TopicFinding]:
    """Create the topics that are missing; report, and leave alone, those that are wrong.

    More partitions move streams, less retention loses events: both are the operator's to mend.

    Args:
        bootstrap: `host:port` of some brokers, separated by commas.
        topics: `xianjie.<service>` is kept for ever, `xianjie.<service>.reads` for 90 days.

    Raises:
        Transient: the broker is away.
    """
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MILLISECONDS
    )
    try:
        await admin.start()
        wanted = sorted(set(topics))
        # All names, because asking for one that is missing would let some brokers create it.
        present = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic not in present]
        if missing:
            brokers = (await admin.describe_cluster())["brokers"]
            await _create(admin, missing, min(REPLICAS, len(brokers)))
        return await _findings(admin, [topic for topic in wanted if topic in present])
    except (KafkaError, OSError, TimeoutError) as error:
        raise Transient(f"Kafka did not list its topics: {type(error).__name__}") from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[str], replicas: int) -> None:
    # With three copies an acknowledged event is on two of them, and one broker may be away.
    copies = {"min.insync.replicas": "2"} if replicas == REPLICAS else {}
    answer = await admin.create_topics(
        [
            NewTopic(topic, _partitions(topic), replicas, topic_configs=_settings(topic) | copies)
            for topic in topics
        ]
    )
    created = []
    for topic, code, *_ in answer.topic_errors:
        error = for_code(code)
        if error is NoError:
            created.append(topic)
        # Another process may have been first.
        elif error is not TopicAlreadyExistsError:
            raise error(topic)
    log.info("topics_created", topics=created)


async def _findings(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> list[TopicFinding]:
    if not topics:
        return []
    findings = [
        TopicFinding(topic["topic"], "partitions", str(expected), str(found))
        for topic in await admin.describe_topics(list(topics))
        if (found := len(topic["partitions"])) != (expected := _partitions(topic["topic"]))
    ]
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, topic, _settings(topic)) for topic in topics
    ]
    for answer in await admin.describe_configs(resources):
        for code, _, _, topic, entries in answer.resources:
            if code:
                raise for_code(code)(topic)
            found_settings = {name: value for name, value, *_ in entries}
            findings += [
                TopicFinding(topic, setting, expected, str(found_settings.get(setting)))
                for setting, expected in _settings(topic).items()
                if found_settings.get(setting) != expected
            ]
    return findings


def _is_of_reads(topic: str) -> bool:
    return topic.endswith(".reads")


def _partitions(topic: str) -> int:
    return READS_PARTITIONS if _is_of_reads(topic) else PARTITIONS


def _settings(topic: str) -> dict[str, str]:
    kept = READS_KEPT_MILLISECONDS if _is_of_reads(topic) else FOR_EVER
    return {"cleanup.policy": "delete", "retention.ms": str(kept), "retention.bytes": "-1"}
