"""Fixtures that lend a real Kafka to tests, or skip with the sentence on what to install.

XIANJIE_TEST_KAFKA=host:port uses a broker of one's own, nothing is started; REQUIRE_KAFKA=1
turns a missing broker from a skip into a failure.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.kafka import KafkaServer, KafkaUnavailable


@contextmanager
def disposable_broker() -> Iterator[KafkaServer]:
    """A running broker of the caller's own, which it may kill and restart."""
    if "XIANJIE_TEST_KAFKA" in os.environ:
        pytest.skip("XIANJIE_TEST_KAFKA names a broker this test must not kill")
    with _server_or_skip() as server:
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap address of a broker shared by all tests; name topics and groups uniquely."""
    address = os.environ.get("XIANJIE_TEST_KAFKA")
    if address:
        yield address
        return
    with _server_or_skip() as server:
        yield server.bootstrap


def _server_or_skip() -> KafkaServer:
    try:
        return KafkaServer()
    except KafkaUnavailable as unavailable:
        if os.environ.get("REQUIRE_KAFKA") == "1":
            raise
        pytest.skip(f"no Kafka: {unavailable}")
