"""What somebody kept is judged in the form in which it was given out, with the keys alone."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from libs.common.agencies import Duty, Organ, OrganId, OrganKind, load_profile
from libs.common.contracts.signatures import Signature
from libs.common.events import canonical, digest, written_time
from libs.common.public_keys import PublicKey, by_id, key_set
from libs.common.signatures import By, Fault, OrganKeys, content_of
from libs.common.signing import KeyDirectory, Signer
from libs.common.verifying import Kind, UnreadableError, findings, read_json
from tests.support.running import PROFILE
from xianjie.program import app

NOW: Final = datetime(2026, 11, 10, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
ACT: Final = UUID("019cabcd-0000-7000-8000-000000000001")
TYPE: Final = "xianjie.cases.transfer_approved.v1"
BODY: Final[dict[str, Any]] = {
    "form": {"opinion": None},
    "head": {"row": "approve", "revision": 4, "imported": False},
}
SIGNER: Final = Signer(bytes(32), "cases")

Json = dict[str, Any]


@pytest.fixture(scope="module")
def organ_keys(tmp_path_factory: pytest.TempPathFactory) -> OrganKeys:
    profile = load_profile(PROFILE)
    wanted = ("ly-eeb", "ly-psb", "ly-pp")
    organs: list[Organ] = [profile.organ(OrganId(name)) for name in wanted]
    assert {organ.kind for organ in organs} >= {OrganKind.POLICE}
    return OrganKeys(organs, profile.zone, KeyDirectory(tmp_path_factory.mktemp("keys")))


@pytest.fixture(scope="module")
def keys(organ_keys: OrganKeys) -> dict[str, PublicKey]:
    return dict(by_id([SIGNER.key, *organ_keys.published()]))


def signed(organ_keys: OrganKeys, organ: str = "ly-eeb", **body: object) -> Json:
    """The body of a step that the head of an organ took."""
    content = content_of(ACT, TYPE, {**BODY, **body})
    by = By(organ, f"{organ}-head", Duty.HEAD, NOW)
    signatures = [each.model_dump(mode="json") for each in organ_keys.sign(content, by)]
    return {**BODY, **body, "signatures": signatures}


def in_log(body: Json, organ: str = "ly-eeb", **changes: str) -> Json:
    attributes = {
        "id": str(ACT),
        "type": TYPE,
        "actor": f"{organ}-head",
        "agency": organ,
        "time": written_time(NOW),
        **changes,
    }
    return {"attributes": attributes, "data": canonical(body).decode()}


def in_trail(body: Json | None, organ: str = "ly-eeb", **changes: object) -> Json:
    return {
        "version": 3,
        "id": str(ACT),
        "type": TYPE,
        "recorded_at": NOW.isoformat(),
        "person": f"{organ}-head",
        "organ": organ,
        "data": body,
        **changes,
    }


def receipt_of(body: Json) -> Json:
    made = SIGNER.receipt(
        stream="case/1", version=3, event_digest=digest(canonical(body)), recorded_at=NOW
    )
    return made.model_dump(mode="json")


def faults(given: object, keys: dict[str, PublicKey]) -> list[tuple[Kind, Fault | None]]:
    # Through text, as somebody kept it.
    found = findings(read_json(json.dumps(given).encode()), keys)
    return [(each.kind, each.fault) for each in found]


HELD: Final = [(Kind.SIGNATURE, None), (Kind.EVENT, None)]


# --- the forms in which things are given out


def test_an_event_holds_as_a_log_and_as_a_trail_give_it(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    body = signed(organ_keys)
    assert faults(in_log(body), keys) == HELD
    assert faults(in_trail(body), keys) == HELD
    assert faults({"epoch": 1, "head": 9, "events": [in_log(body)]}, keys) == HELD
    assert faults([in_trail(body), in_trail(body)], keys) == HELD * 2


def test_both_signatures_of_an_organ_with_sm2_are_judged(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    body = signed(organ_keys, "ly-pp")
    assert faults(in_log(body, "ly-pp"), keys) == [(Kind.SIGNATURE, None), *HELD]


def test_a_signature_is_judged_with_its_content_with_its_digest_and_alone(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    body = signed(organ_keys)
    [signature] = body["signatures"]
    content = content_of(ACT, TYPE, body)
    holds = [(Kind.SIGNATURE, None)]
    assert faults(signature, keys) == holds
    assert faults({"signature": signature, "content": content}, keys) == holds
    assert faults({"signatures": [signature], "digest": signature["digest"]}, keys) == holds
    differs = [(Kind.SIGNATURE, Fault.CONTENT_DIFFERS)]
    assert faults({"signature": signature, "content": {**content, "id": "x"}}, keys) == differs
    assert faults({"signatures": [signature], "digest": "0" * 64}, keys) == differs


def test_a_receipt_is_judged_alone_and_with_the_event_that_it_is_of(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    body = signed(organ_keys)
    receipt = receipt_of(body)
    assert faults({"receipts": [receipt]}, keys) == [(Kind.RECEIPT, None)]
    assert faults({"receipt": receipt, "content": body}, keys) == [(Kind.RECEIPT, None)]
    unsigned = {name: body[name] for name in BODY}
    # Who takes the signature away breaks the receipt.
    assert faults({"receipt": receipt, "content": unsigned}, keys) == [
        (Kind.RECEIPT, Fault.CONTENT_DIFFERS)
    ]


def test_a_content_with_fractions_has_the_form_of_the_rfc(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    # 1.0 and 1 are one number in RFC 8785, and two texts in JSON.
    by = By("ly-eeb", "ly-eeb-head", Duty.HEAD, NOW)
    [signature] = organ_keys.sign({"tons": 1}, by)
    given = {"signature": signature.model_dump(mode="json"), "content": {"tons": 1.0}}
    assert faults(given, keys) == [(Kind.SIGNATURE, None)]


# --- what does not hold


@pytest.mark.parametrize(
    ("receipt", "fault"),
    [
        ({"version": 4}, Fault.VALUE_WRONG),
        ({"version": 2**70}, Fault.VALUE_WRONG),
        ({"stream": "case/2"}, Fault.VALUE_WRONG),
        ({"digest": "0" * 64}, Fault.VALUE_WRONG),
        ({"recorded_at": "2026-11-10T01:00:01Z"}, Fault.VALUE_WRONG),
        ({"recorded_at": "0001-01-01T00:00:00+14:00"}, Fault.VALUE_WRONG),
        ({"value": "A" * 86}, Fault.VALUE_WRONG),
        ({"value": ""}, Fault.VALUE_WRONG),
        ({"value": "=é "}, Fault.VALUE_WRONG),
        ({"key_id": "none"}, Fault.UNKNOWN_KEY),
        ({"key_id": "ly-eeb-ed25519"}, Fault.OTHER_OWNER),
    ],
)
def test_a_changed_receipt_does_not_hold(
    keys: dict[str, PublicKey], receipt: Json, fault: Fault
) -> None:
    assert faults({**receipt_of(BODY), **receipt}, keys) == [(Kind.RECEIPT, fault)]


def test_a_changed_event_does_not_hold(organ_keys: OrganKeys, keys: dict[str, PublicKey]) -> None:
    body = signed(organ_keys)
    differs = [(Kind.SIGNATURE, Fault.CONTENT_DIFFERS), (Kind.EVENT, Fault.NOT_WHO_ACTED)]
    changed = {**body, "form": {"opinion": "不同意"}}
    assert faults(in_log(changed), keys) == differs
    assert faults(in_log(body, type=TYPE.replace("approved", "refused")), keys) == differs
    assert faults(in_log(body, id=str(UUID(int=ACT.int + 1))), keys) == differs


@pytest.mark.parametrize(
    "changes",
    [{"actor": "ly-eeb-officer-1"}, {"agency": "ly-psb"}, {"time": "2026-11-10T01:00:01Z"}],
)
def test_an_envelope_that_names_another_actor_or_time_does_not_hold(
    organ_keys: OrganKeys, keys: dict[str, PublicKey], changes: dict[str, str]
) -> None:
    found = faults(in_log(signed(organ_keys), **changes), keys)
    assert found == [(Kind.SIGNATURE, None), (Kind.EVENT, Fault.NOT_WHO_ACTED)]


def test_signatures_exchanged_between_events_do_not_hold(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    first, second = signed(organ_keys), signed(organ_keys, form={"opinion": "退回"})
    exchanged = {**first, "signatures": second["signatures"]}
    assert faults(in_log(exchanged), keys) == [
        (Kind.SIGNATURE, Fault.CONTENT_DIFFERS),
        (Kind.EVENT, Fault.NOT_WHO_ACTED),
    ]


def test_a_step_of_a_person_without_a_signature_does_not_hold(
    keys: dict[str, PublicKey],
) -> None:
    unsigned = [(Kind.EVENT, Fault.UNSIGNED)]
    assert faults(in_log(BODY), keys) == unsigned
    assert faults(in_trail({**BODY, "signatures": []}), keys) == unsigned


def test_what_nobody_of_an_organ_did_needs_no_signature(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    beside = in_log(signed(organ_keys))
    imported = {**BODY, "head": {**BODY["head"], "imported": True}}
    caused = {**BODY, "head": {**BODY["head"], "caused_by": str(ACT)}}
    for other in (
        in_log(BODY, "platform"),
        in_log(imported),
        in_log(caused),
        in_log({"limit": "hand_over"}),
        in_trail(None),
        in_trail({"head": {"state": "DELIVERED", "happened_at": "x", "precision": "day"}}),
    ):
        assert faults([other, beside], keys) == HELD


# --- what cannot be judged


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        "[]",
        "{}",
        "7",
        "NaN",
        '{"content": 1, "content": 2}',
        "[" * 200_000,
        '{"signature": ' * 900 + "{}" + "}" * 900,
        '{"events": [' * 450 + "{}" + "]}" * 450,
        '{"signature": {"value": NaN}}',
        '{"signatures": [1], "content": 12345678901234567890}',
        '{"signatures": [1], "content": "\\ud800"}',
        '{"attributes": {}, "data": "nonsense"}',
        '{"attributes": {}, "data": {"signatures": [7]}}',
        '{"attributes": {}, "data": {"signatures": 7}}',
        '{"attributes": 7, "data": {"signatures": [{}]}}',
        '{"stream": 1, "version": 1, "digest": 1, "key_id": 1, "value": 1}',
    ],
)
def test_what_cannot_be_judged_is_refused(keys: dict[str, PublicKey], text: str) -> None:
    with pytest.raises(UnreadableError):
        findings(read_json(text.encode()), keys)


def test_a_name_that_stands_twice_is_refused(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    # A person would read the first amount, the verifier the last.
    event = in_log(signed(organ_keys))
    event["data"] = event["data"].replace('"form":{', '"form":{"opinion":"同意",', 1)
    with pytest.raises(UnreadableError, match="twice"):
        findings(event, keys)


def test_a_signature_with_more_or_less_than_its_members_is_refused(
    organ_keys: OrganKeys, keys: dict[str, PublicKey]
) -> None:
    [signature] = signed(organ_keys)["signatures"]
    for name in Signature.model_fields:
        less = {"signature": {k: v for k, v in signature.items() if k != name}}
        with pytest.raises(UnreadableError):
            findings(
                {
                    "attributes": {"id": str(ACT), "type": TYPE, "time": written_time(NOW)},
                    "data": {"signatures": [less["signature"]]},
                },
                keys,
            )
    with pytest.raises(UnreadableError):
        findings({**signature, "note": "genuine"}, keys)


# --- the command


@pytest.fixture
def kept(tmp_path: Path, organ_keys: OrganKeys) -> Path:
    """A directory with the published keys, an event and its receipt, as somebody saved them."""
    published = key_set([SIGNER.key, *organ_keys.published()])
    (tmp_path / "keys.json").write_text(json.dumps(published))
    body = signed(organ_keys)
    (tmp_path / "event.json").write_text(json.dumps(in_trail(body), ensure_ascii=False))
    (tmp_path / "receipt.json").write_text(json.dumps(receipt_of(body)))
    return tmp_path


def ran(directory: Path, *arguments: str, given: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(
        app,
        ["verify-signature", *arguments, "--keys", str(directory / "keys.json")],
        input=given,
    )
    return result.exit_code, result.output


def test_the_command_says_what_holds_offline(kept: Path) -> None:
    code, said = ran(kept, str(kept / "event.json"))
    assert (code, said.splitlines()[-2:]) == (
        0,
        [
            "2 有效 hold, 0 无效 do not hold",
            "机关私钥由平台保管 / the platform keeps the keys with which organs signed these",
        ],
    )
    code, said = ran(kept, "-", given=(kept / "receipt.json").read_text())
    assert (code, said.splitlines()[0][:3]) == (0, "✓ 平")


def test_the_command_says_what_does_not_hold_and_why(kept: Path) -> None:
    event = (kept / "event.json").read_text().replace('"revision": 4', '"revision": 5')
    code, said = ran(kept, "-", given=event)
    assert code == 1
    assert "✗" in said
    assert "内容与签名时不同 / the content is not what was signed" in said
    code, said = ran(kept, "-", "--json", given=event)
    assert code == 1
    assert [(row["kind"], row["holds"], row["fault"]) for row in json.loads(said)] == [
        ("signature", False, "content_differs"),
        ("event", False, "not_who_acted"),
    ]


def test_the_command_says_where_only_the_digest_was_at_hand(kept: Path) -> None:
    code, said = ran(kept, str(kept / "receipt.json"))
    assert code == 0
    assert "未附内容，只就摘要有效 / for its digest alone, no content was given" in said
    assert "未附内容" not in ran(kept, str(kept / "event.json"))[1]


def test_nothing_that_was_given_writes_a_line_of_its_own(kept: Path) -> None:
    event = json.loads((kept / "event.json").read_text())
    event["organ"] = "ly-eeb\n✓ 签名 signature\x1b[2J"
    code, said = ran(kept, "-", given=json.dumps(event))
    assert code == 1
    assert [line[0] for line in said.splitlines()] == ["✓", "✗", "1", "机"]
    assert "\x1b" not in said


@pytest.mark.parametrize("given", ["", "{}", "nonsense", '{"signature": {}}'])
def test_the_command_refuses_what_cannot_be_judged(kept: Path, given: str) -> None:
    assert ran(kept, "-", given=given)[0] == 2


def test_the_command_refuses_files_and_keys_that_are_not_there(kept: Path) -> None:
    assert ran(kept, str(kept / "none.json"))[0] == 2
    assert ran(kept, str(kept))[0] == 2
    (kept / "keys.json").write_text("[]")
    assert ran(kept, str(kept / "event.json"))[0] == 2
    (kept / "keys.json").unlink()
    assert ran(kept, str(kept / "event.json"))[0] == 2
    result = CliRunner().invoke(
        app, ["verify-signature", str(kept / "event.json"), "--keys", "http://127.0.0.1:1/keys"]
    )
    assert result.exit_code == 2


def test_every_fault_and_kind_has_its_words() -> None:
    from xianjie.verification import FAULTS, KINDS

    assert FAULTS.keys() == set(Fault)
    assert KINDS.keys() == set(Kind)
