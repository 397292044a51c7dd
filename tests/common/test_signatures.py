"""Organs sign, and what they signed holds for ever; nothing else does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from libs.common.agencies import Duty, Level, Organ, OrganId, OrganKey, OrganKind
from libs.common.algorithms import SCHEMES, Algorithm
from libs.common.contracts.signatures import Signature
from libs.common.errors import KeyMissing, Unavailable
from libs.common.public_keys import (
    KeyId,
    PublicKey,
    by_id,
    decoded,
    encoded,
    key_set,
    read_key_set,
)
from libs.common.signatures import By, Fault, OrganKeys, acted, content_of, fault_of
from libs.common.signing import KeyDirectory
from tests.support.generated import json_values

ZONE: Final = ZoneInfo("Asia/Shanghai")
NOW: Final = datetime(2026, 11, 10, 9, 0, 0, 123456, tzinfo=ZONE)
ACT: Final = UUID("019cabcd-0000-7000-8000-000000000001")
TYPE: Final = "xianjie.cases.transfer_approved.v1"
BODY: Final = {"form": {"opinion": None}, "head": {"row": "approve", "revision": 4}}
CONTENT: Final = content_of(ACT, TYPE, BODY)
HEAD: Final = By("ly-eeb", "ly-eeb-head", Duty.HEAD, NOW)


def an_organ(organ_id: str, *keys: OrganKey) -> Organ:
    return Organ(
        id=OrganId(organ_id),
        name=organ_id,
        name_en=organ_id,
        short=organ_id,
        kind=OrganKind.POLICE,
        level=Level.CITY,
        division="220400",
        valid_from=date(1983, 8, 30),
        keys=keys,
    )


def a_key(key_id: str, algorithm: Algorithm, begin: date, end: date | None = None) -> OrganKey:
    return OrganKey(key_id=key_id, algorithm=algorithm, valid_from=begin, valid_to=end)


SM2: Final = a_key("ly-pp-sm2", Algorithm.SM2_SM3, date(2026, 1, 1))
ORGANS: Final = (an_organ("ly-eeb"), an_organ("ly-psb"), an_organ("ly-pp", SM2))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def keys(directory: Path) -> OrganKeys:
    return OrganKeys(ORGANS, ZONE, KeyDirectory(directory))


def published(keys: OrganKeys) -> dict[str, PublicKey]:
    """The keys as somebody has them who read them from the network."""
    return dict(by_id(read_key_set(key_set(keys.published()))))


def digest_of(keys: OrganKeys, content: object) -> str:
    return keys.sign(content, HEAD)[0].digest


# --- signing


def test_an_organ_signs_with_the_key_that_the_platform_keeps(keys: OrganKeys) -> None:
    [signature] = keys.sign(CONTENT, HEAD)
    assert signature.model_dump(exclude={"value", "digest"}) == {
        "organ": "ly-eeb",
        "person": "ly-eeb-head",
        "duty": "head",
        "at": NOW,
        "algorithm": "ed25519",
        "key_id": "ly-eeb-ed25519",
    }
    assert fault_of(signature, published(keys), digest_of(keys, CONTENT)) is None


def test_sm2_stands_beside_it_where_the_profile_gives_a_key(keys: OrganKeys) -> None:
    both = keys.sign(CONTENT, By("ly-pp", "ly-pp-head", Duty.HEAD, NOW))
    assert [each.algorithm for each in both] == ["ed25519", "sm2-sm3"]
    assert len({each.digest for each in both}) == 1
    assert [fault_of(each, published(keys)) for each in both] == [None, None]
    assert keys.is_slow("ly-pp", NOW)
    assert not keys.is_slow("ly-eeb", NOW)


def test_before_its_first_day_a_key_signs_nothing(keys: OrganKeys) -> None:
    before = datetime(2025, 12, 31, 23, 59, 59, tzinfo=ZONE)
    day_before = keys.sign(CONTENT, By("ly-pp", "ly-pp-head", Duty.HEAD, before))
    assert [each.algorithm for each in day_before] == ["ed25519"]
    first_moment = keys.sign(
        CONTENT, By("ly-pp", "ly-pp-head", Duty.HEAD, before + timedelta(seconds=1))
    )
    assert [each.algorithm for each in first_moment] == ["ed25519", "sm2-sm3"]


def test_the_keys_are_the_same_after_a_restart(keys: OrganKeys, directory: Path) -> None:
    again = OrganKeys(ORGANS, ZONE, KeyDirectory(directory))
    assert published(again) == published(keys)
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


def test_threads_that_make_a_key_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = threads.map(
            lambda _: OrganKeys(ORGANS, ZONE, KeyDirectory(tmp_path)).published(), range(16)
        )
    assert len(set(made)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ly-eeb-ed25519.key",
        "ly-pp-ed25519.key",
        "ly-pp-sm2.key",
        "ly-psb-ed25519.key",
    ]


@pytest.mark.parametrize(
    "organ",
    [
        an_organ("ended", a_key("ended-1", Algorithm.ED25519, date(2020, 1, 1), date(2026, 11, 9))),
        an_organ("future", a_key("future-1", Algorithm.ED25519, date(2026, 11, 11))),
        an_organ("elsewhere", a_key("elsewhere-1", Algorithm.ED25519, date(2026, 1, 1))),
    ],
)
def test_without_a_valid_kept_key_nothing_is_signed(organ: Organ, tmp_path: Path) -> None:
    if organ.id == "elsewhere":
        public = encoded(SCHEMES[Algorithm.ED25519].public(bytes(32)))
        its_own = organ.keys[0].model_copy(update={"public": public})
        organ = organ.model_copy(update={"keys": (its_own,)})
    keys = OrganKeys((organ,), ZONE, KeyDirectory(tmp_path))
    with pytest.raises(KeyMissing) as refused:
        keys.sign(CONTENT, By(organ.id, "somebody", Duty.HEAD, NOW))
    assert refused.value.facts == {"organ": organ.id, "algorithm": "ed25519"}
    with pytest.raises(KeyMissing):
        keys.sign(CONTENT, By("nobody", "somebody", Duty.HEAD, NOW))


def test_a_key_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    keys = OrganKeys(ORGANS, ZONE, KeyDirectory(tmp_path / "file"))
    with pytest.raises(Unavailable):
        keys.sign(CONTENT, HEAD)
    with pytest.raises(Unavailable):
        keys.published()


# --- nothing in a signature can be exchanged

OTHERS: Final[dict[str, Callable[[Signature], object]]] = {
    "organ": lambda _: "ly-psb",
    "person": lambda _: "ly-eeb-officer-1",
    "duty": lambda _: "officer",
    "at": lambda signature: signature.at + timedelta(microseconds=1),
    "digest": lambda signature: signature.digest[::-1],
    "algorithm": lambda signature: "ed25519" if signature.algorithm == "sm2-sm3" else "sm2-sm3",
    "key_id": lambda signature: (
        "ly-psb-ed25519" if signature.key_id != "ly-psb-ed25519" else "ly-eeb-ed25519"
    ),
    "value": lambda signature: (
        signature.value[:-2] + ("AA" if signature.value[-2:] != "AA" else "BA")
    ),
}
FAULTS: Final = {
    "organ": Fault.OTHER_OWNER,
    "key_id": Fault.OTHER_OWNER,
    "algorithm": Fault.OTHER_ALGORITHM,
}


@pytest.mark.parametrize("field", Signature.model_fields)
@pytest.mark.parametrize("organ", ["ly-eeb", "ly-pp"])
def test_a_changed_field_breaks_it(keys: OrganKeys, organ: str, field: str) -> None:
    for signature in keys.sign(CONTENT, By(organ, f"{organ}-head", Duty.HEAD, NOW)):
        changed = Signature.model_validate(
            {**signature.model_dump(), field: OTHERS[field](signature)}
        )
        fault = FAULTS.get(field, Fault.VALUE_WRONG)
        assert fault_of(changed, published(keys)) is fault, (field, signature.algorithm)


@given(content=json_values(), other=json_values())
@settings(max_examples=60, deadline=None)
def test_it_holds_for_its_content_and_no_other(
    keys: OrganKeys, content: object, other: object
) -> None:
    [signature] = keys.sign(content, HEAD)
    known = published(keys)
    assert fault_of(signature, known, digest_of(keys, content)) is None
    if digest_of(keys, other) != digest_of(keys, content):
        assert fault_of(signature, known, digest_of(keys, other)) is Fault.CONTENT_DIFFERS


@pytest.mark.parametrize(
    "content",
    [
        content_of(UUID(int=ACT.int + 1), TYPE, BODY),
        content_of(ACT, TYPE.replace("approved", "refused"), BODY),
        content_of(ACT, TYPE, {**BODY, "head": {"row": "approve", "revision": 5}}),
        content_of(ACT, TYPE, {**BODY, "more": None}),
    ],
)
def test_a_signature_fits_no_other_event(keys: OrganKeys, content: object) -> None:
    [signature] = keys.sign(CONTENT, HEAD)
    found = fault_of(signature, published(keys), digest_of(keys, content))
    assert found is Fault.CONTENT_DIFFERS


def test_the_signatures_are_no_part_of_what_they_sign(keys: OrganKeys) -> None:
    [signature] = keys.sign(CONTENT, HEAD)
    signed = {**BODY, "signatures": [signature.model_dump(mode="json")]}
    assert content_of(ACT, TYPE, signed) == CONTENT


def test_the_same_moment_in_another_zone_is_the_same_signature(keys: OrganKeys) -> None:
    [signature] = keys.sign(CONTENT, HEAD)
    for zone in (UTC, timezone(timedelta(hours=-7))):
        moved = signature.model_copy(update={"at": signature.at.astimezone(zone)})
        assert fault_of(moved, published(keys)) is None


@pytest.mark.parametrize(
    "at", [datetime.min.replace(tzinfo=ZONE), datetime.max.replace(tzinfo=timezone.min)]
)
def test_a_time_at_the_edge_of_the_calendar_holds_for_nothing(
    keys: OrganKeys, at: datetime
) -> None:
    [signature] = keys.sign(CONTENT, HEAD)
    key = published(keys)["ly-eeb-ed25519"]
    always = PublicKey(key.key_id, key.algorithm, key.public, key.owner, key.kept_by)
    moved = signature.model_copy(update={"at": at})
    assert fault_of(moved, {key.key_id: always}) is Fault.VALUE_WRONG


# --- keys


def test_with_a_key_of_another_organ_it_does_not_hold(keys: OrganKeys) -> None:
    [signature] = keys.sign(CONTENT, HEAD)
    known = published(keys)
    assert fault_of(signature, {}) is Fault.UNKNOWN_KEY
    other = known["ly-psb-ed25519"]
    stolen = PublicKey(
        signature_key(signature), other.algorithm, other.public, "ly-eeb", other.kept_by
    )
    assert fault_of(signature, {signature.key_id: stolen}) is Fault.VALUE_WRONG


def signature_key(signature: Signature) -> KeyId:
    return KeyId(signature.key_id)


def test_a_service_signs_for_no_organ(keys: OrganKeys) -> None:
    [signature] = keys.sign(CONTENT, HEAD)
    key = published(keys)[signature.key_id]
    of_service = PublicKey(key.key_id, key.algorithm, key.public, "service:cases", key.kept_by)
    assert fault_of(signature, {key.key_id: of_service}) is Fault.OTHER_OWNER


def rotated(directory: Path) -> OrganKeys:
    """An organ whose first key ended with 2026-11-09."""
    organ = an_organ(
        "ly-eeb",
        a_key("ly-eeb-ed25519", Algorithm.ED25519, date(1983, 8, 30), date(2026, 11, 9)),
        a_key("ly-eeb-2", Algorithm.ED25519, date(2026, 11, 10)),
    )
    return OrganKeys((organ,), ZONE, KeyDirectory(directory))


def test_after_a_rotation_what_was_signed_before_holds(keys: OrganKeys, directory: Path) -> None:
    yesterday = NOW - timedelta(days=1)
    [old] = keys.sign(CONTENT, By("ly-eeb", "ly-eeb-head", Duty.HEAD, yesterday))
    after = rotated(directory)
    [new] = after.sign(CONTENT, HEAD)
    assert (old.key_id, new.key_id) == ("ly-eeb-ed25519", "ly-eeb-2")
    assert fault_of(old, published(after)) is None
    assert fault_of(new, published(after)) is None


def test_the_old_key_signs_nothing_new(keys: OrganKeys, directory: Path) -> None:
    [signature] = keys.sign(CONTENT, HEAD)
    assert signature.key_id == "ly-eeb-ed25519"
    known = published(rotated(directory))
    assert fault_of(signature, known) is Fault.KEY_NOT_VALID
    dated_back = signature.model_copy(update={"at": NOW - timedelta(days=1)})
    assert fault_of(dated_back, known) is Fault.VALUE_WRONG


def test_a_validity_ends_with_its_last_day_in_the_zone_of_the_law(directory: Path) -> None:
    old = published(rotated(directory))["ly-eeb-ed25519"]
    midnight = datetime(2026, 11, 10, tzinfo=ZONE)
    assert old.valid_until == midnight
    assert old.was_valid(midnight - timedelta(microseconds=1))
    assert not old.was_valid(midnight)


# --- two signers


def test_two_signers_are_two_signatures_over_one_digest(keys: OrganKeys) -> None:
    [first] = keys.sign(CONTENT, By("ly-eeb", "ly-eeb-officer-1", Duty.OFFICER, NOW))
    [second] = keys.sign_digest(
        first.digest, By("ly-eeb", "ly-eeb-officer-2", Duty.OFFICER, NOW + timedelta(minutes=5))
    )
    assert first.digest == second.digest
    assert [fault_of(each, published(keys), first.digest) for each in (first, second)] == [
        None,
        None,
    ]
    exchanged = first.model_copy(update={"value": second.value})
    assert fault_of(exchanged, published(keys)) is Fault.VALUE_WRONG


def test_who_acted_is_among_those_who_signed(keys: OrganKeys) -> None:
    signatures = keys.sign(CONTENT, HEAD)
    assert acted(signatures, person="ly-eeb-head", organ="ly-eeb", recorded_at=NOW)
    assert not acted(signatures, person="ly-eeb-desk", organ="ly-eeb", recorded_at=NOW)
    assert not acted(signatures, person="ly-eeb-head", organ="ly-psb", recorded_at=NOW)
    later = NOW + timedelta(seconds=1)
    assert not acted(signatures, person="ly-eeb-head", organ="ly-eeb", recorded_at=later)
    assert not acted((), person="ly-eeb-head", organ="ly-eeb", recorded_at=NOW)


# --- keys as they are published


def test_published_keys_are_read_as_they_were(keys: OrganKeys) -> None:
    assert read_key_set(key_set(keys.published())) == keys.published()


def test_a_published_key_says_whose_it_is_and_who_keeps_it(keys: OrganKeys) -> None:
    by_kid = {key["kid"]: key for key in key_set(keys.published())["keys"]}
    sm2 = by_kid["ly-pp-sm2"]
    assert {name: sm2[name] for name in sm2 if name not in ("x", "y")} == {
        "kty": "EC",
        "crv": "SM2",
        "use": "sig",
        "kid": "ly-pp-sm2",
        "algorithm": "sm2-sm3",
        "owner": "ly-pp",
        "kept_by": "platform",
        "valid_from": "2025-12-31T16:00:00.000000Z",
    }
    assert len(decoded(sm2["x"])) == len(decoded(sm2["y"])) == 32
    assert all("d" not in key for key in by_kid.values())


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key.pop("x"),
        lambda key: key.update(x="AAAA"),
        lambda key: key.update(x=7),
        lambda key: key.update(kid=None),
        lambda key: key.update(valid_from="yesterday"),
        lambda key: key.pop("algorithm"),
    ],
)
def test_a_key_set_that_cannot_be_read_is_refused(
    keys: OrganKeys, change: Callable[[dict[str, Any]], object]
) -> None:
    found = key_set(keys.published())
    change(found["keys"][0])
    with pytest.raises(ValueError, match=r"."):
        read_key_set(found)


@pytest.mark.parametrize("found", [None, [], {}, {"keys": {}}, {"keys": [7]}, {"keys": [{}]}])
def test_what_is_no_key_set_is_refused(found: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_key_set(found)


def test_a_key_of_an_unknown_kind_is_passed_over(keys: OrganKeys) -> None:
    found: dict[str, list[Any]] = {"keys": [{"kty": "RSA", "algorithm": "rsa"}]}
    found["keys"] += key_set(keys.published())["keys"]
    assert read_key_set(found) == keys.published()


def test_two_keys_of_one_name_are_refused(keys: OrganKeys) -> None:
    first, second, *_ = keys.published()
    renamed = PublicKey(first.key_id, second.algorithm, second.public, second.owner, second.kept_by)
    assert by_id([first, first]) == {first.key_id: first}
    with pytest.raises(ValueError, match=first.key_id):
        by_id([first, renamed])


@pytest.mark.parametrize("text", ["AAA=", "AA A", "AAB", "é", "AA\n", "A"])
def test_a_value_is_written_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match="Base64url"):
        decoded(text)
