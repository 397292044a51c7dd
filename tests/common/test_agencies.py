"""The profile of Liaoyuan holds together, and every way of breaking it is found."""

import copy
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from libs.common.agencies import (
    Addressee,
    Duty,
    Matter,
    Moment,
    OrganId,
    OrganKind,
    PersonId,
    Profile,
    ProfileError,
    load_profile,
    parse,
)
from libs.common.agencies_check import CHECKS, check
from libs.common.law import Confidence
from xianjie.commands.profile import profile_app

PATH = Path(__file__).parents[2] / "profiles" / "liaoyuan.toml"
RAW = tomllib.loads(PATH.read_text(encoding="utf-8"))
TODAY = date(2026, 11, 22)

BUREAU = OrganId("ly-eeb")
BRANCH = OrganId("ly-eeb-dongfeng")
GOVERNMENT = OrganId("ly-gov")

Raw = dict[str, Any]  # Any: TOML as it was read


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile(PATH)


def organ(raw: Raw, organ_id: str) -> Raw:
    found: Raw = next(row for row in raw["organs"] if row["id"] == organ_id)
    return found


def broken(change: Callable[[Raw], object]) -> Profile:
    raw = copy.deepcopy(RAW)
    change(raw)
    return parse(raw)


def test_liaoyuan_fits_together(profile: Profile) -> None:
    assert check(profile) == []


def test_every_organ_that_the_circular_names_is_there(profile: Profile) -> None:
    names = {o.name for o in profile.organs}
    assert names >= {
        "辽源市公安局",
        "辽源市生态环境局",
        "中共辽源市委机构编制委员会办公室",
        "辽源市中级人民法院",
        "辽源市人民检察院",
        "龙山区人民政府",
        "西安区人民政府",
        "东丰县人民政府",
        "东辽县人民政府",
        "辽源高新技术产业开发区管理委员会",
    }


def test_every_person_of_the_demo_is_marked_as_made_up(profile: Profile) -> None:
    assert [p.id for p in profile.people if not p.name.endswith("（演示）")] == []
    assert len({p.name for p in profile.people}) == len(profile.people)


def test_the_installation_is_described(profile: Profile) -> None:
    assert (profile.installation, profile.zone.key, profile.receipt_after_hours) == (
        "liaoyuan",
        "Asia/Shanghai",
        24,
    )
    assert "不是法律规定" in profile.receipt_doubt
    assert [(e.moment, e.after_hours, e.tell) for e in profile.escalation] == [
        (Moment.WARNED, 0, (Addressee.OFFICER,)),
        (Moment.MISSED, 0, (Addressee.OFFICER, Addressee.HEAD)),
        (Moment.MISSED, 24, (Addressee.SUPERVISOR,)),
        (Moment.MISSED, 72, (Addressee.SUPERIOR,)),
    ]
    assert profile.purpose("supervision").article == "M17 14"


@pytest.mark.parametrize(
    ("matter", "sender", "receiver"),
    [
        (Matter.SUSPECTED_CRIME, "ly-eeb", "ly-psb"),
        (Matter.SUSPECTED_CRIME, "ly-eeb-dongfeng", "ly-psb-dongfeng"),
        (Matter.ADMINISTRATIVE_DETENTION, "ly-eeb-xian", "ly-psb-xian"),
        (Matter.TRANSFER_COPY, "ly-eeb", "ly-pp"),
        (Matter.TRANSFER_COPY, "ly-eeb-longshan", "ly-pp-longshan"),
        (Matter.ARREST_REVIEW, "ly-psb-dongliao", "ly-pp-dongliao"),
        (Matter.PROSECUTION, "ly-psb", "ly-pp"),
        (Matter.TRIAL, "ly-pp-dongliao", "ly-court-dongliao"),
        (Matter.DUTY_CRIME_LEAD, "ly-psb-hitech", "ly-sc"),
    ],
)
def test_a_matter_goes_to_the_organ_that_the_rule_names(
    profile: Profile, matter: Matter, sender: str, receiver: str
) -> None:
    assert profile.receiver(matter, OrganId(sender), on=TODAY).organ.id == receiver


def test_the_doubt_about_the_same_level_travels_with_the_receiver_of_a_branch(
    profile: Profile,
) -> None:
    assert profile.receiver(Matter.SUSPECTED_CRIME, BUREAU, on=TODAY).rule.doubt == ""
    rule = profile.receiver(Matter.SUSPECTED_CRIME, BRANCH, on=TODAY).rule
    assert rule.confidence is Confidence.MEM
    assert "同级" in rule.doubt


def test_the_doubt_about_the_trial_court_names_the_railway_courts(profile: Profile) -> None:
    rule = profile.receiver(Matter.TRIAL, OrganId("ly-pp"), on=TODAY).rule
    assert "铁路运输法院" in rule.doubt


def test_no_branch_transfers_in_its_own_name_before_the_code(profile: Profile) -> None:
    with pytest.raises(ProfileError, match="nobody receives suspected_crime"):
        profile.receiver(Matter.SUSPECTED_CRIME, BRANCH, on=date(2026, 8, 14))


def test_another_court_takes_over_by_a_new_rule_from_its_day() -> None:
    def designate(raw: Raw) -> None:
        court = organ(raw, "ly-court") | {
            "id": "railway-court",
            "keys": [],
            "short": "吉7101",
            "division": "220100",
            "is_outside": True,
        }
        del court["supervised_by"]
        raw["organs"].append(court)
        old = next(rule for rule in raw["receivers"] if rule["matters"] == ["trial"])
        old["valid_to"] = date(2026, 12, 31)
        new = {key: value for key, value in old.items() if key != "valid_to"}
        new |= {"valid_from": date(2027, 1, 1), "to": dict.fromkeys(old["to"], "railway-court")}
        raw["receivers"].append(new)

    moved = broken(designate)
    procuratorate = OrganId("ly-pp")
    assert check(moved) == []
    assert [
        moved.receiver(Matter.TRIAL, procuratorate, on=day).organ.id
        for day in (date(2026, 12, 31), date(2027, 1, 1))
    ] == ["ly-court", "railway-court"]


@pytest.mark.parametrize(
    ("supervised", "supervisor"),
    [
        ("ly-eeb", "ly-pp"),
        ("ly-eeb-dongliao", "ly-pp-dongliao"),
        ("ly-psb-xian", "ly-pp-xian"),
        ("ly-court-longshan", "ly-pp-longshan"),
    ],
)
def test_the_procuratorate_of_the_place_supervises(
    profile: Profile, supervised: str, supervisor: str
) -> None:
    found = profile.supervisor_of(OrganId(supervised))
    assert found == profile.organ(OrganId(supervisor))


def test_nobody_supervises_a_government(profile: Profile) -> None:
    assert profile.supervisor_of(GOVERNMENT) is None


def test_superiors_come_nearest_first(profile: Profile) -> None:
    assert [o.id for o in profile.superiors(BRANCH)] == [BUREAU, GOVERNMENT]
    assert profile.superiors(GOVERNMENT) == ()


@pytest.mark.parametrize(
    ("organ_id", "of", "expected"),
    [
        (BRANCH, BRANCH, True),
        (BRANCH, BUREAU, True),
        (BRANCH, GOVERNMENT, True),
        (BUREAU, BRANCH, False),
        (BRANCH, OrganId("ly-psb"), False),
    ],
)
def test_an_organ_is_the_same_or_subordinate(
    profile: Profile, organ_id: OrganId, of: OrganId, *, expected: bool
) -> None:
    assert profile.same_or_subordinate(organ_id, of=of) is expected


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2018, 12, 31), "辽源市环境保护局"),
        (date(2019, 1, 1), "辽源市生态环境局"),
        (TODAY, "辽源市生态环境局"),
    ],
)
def test_a_successor_stands_in_for_an_organ_that_has_ended(
    profile: Profile, day: date, name: str
) -> None:
    assert profile.organ_on(OrganId("ly-epb"), day).name == name


def test_no_organ_stands_in_before_the_first_existed(profile: Profile) -> None:
    with pytest.raises(ProfileError) as caught:
        profile.organ_on(BUREAU, date(2018, 12, 31))
    assert caught.value.path == "organs.ly-eeb"


def test_a_receiver_that_has_ended_is_replaced_by_its_successor() -> None:
    def merge(raw: Raw) -> None:
        organ(raw, "ly-psb-xian").update(valid_to=date(2026, 9, 30), successor="ly-psb-longshan-2")
        successor = organ(raw, "ly-psb-longshan") | {"id": "ly-psb-longshan-2"}
        raw["organs"].append(successor | {"valid_from": date(2026, 10, 1)})

    merged = broken(merge)
    found = merged.receiver(Matter.SUSPECTED_CRIME, OrganId("ly-eeb-xian"), on=TODAY)
    assert found.organ.id == "ly-psb-longshan-2"


def test_organs_of_a_kind_are_those_of_the_day(profile: Profile) -> None:
    bureaus = {
        day: [o.id for o in profile.organs_of(OrganKind.ENFORCEMENT_AGENCY, on=day)]
        for day in (date(2018, 12, 31), date(2026, 8, 14))
    }
    assert bureaus == {date(2018, 12, 31): ["ly-epb"], date(2026, 8, 14): ["ly-eeb"]}
    assert len(profile.organs_of(OrganKind.ENFORCEMENT_AGENCY, on=TODAY)) == 5


def test_people_are_found_by_id_and_by_duty(profile: Profile) -> None:
    heads = profile.people_of(BUREAU, Duty.HEAD)
    assert heads == (profile.person(PersonId("ly-eeb-head")),)
    assert len(profile.people_of(BUREAU, Duty.OFFICER)) == 4


@pytest.mark.parametrize(
    ("document", "organ_id", "expected"),
    [
        ("transfer_letter", "ly-eeb", "辽源环移〔2026〕7号"),
        ("detention_letter", "ly-eeb-dongfeng", "东丰环拘移〔2026〕年7号"),
        ("filing_decision", "ly-psb-hitech", "辽源高新公（环）立字〔2026〕7号"),
        ("judgment", "ly-court-longshan", "（2026）吉0402刑初7号"),
    ],
)
def test_a_number_reads_as_its_pattern_says(
    profile: Profile, document: str, organ_id: str, expected: str
) -> None:
    issuer = profile.organ(OrganId(organ_id))
    pattern = profile.number_pattern(document, issuer.id, on=TODAY)
    assert pattern.number(issuer, year=2026, serial=7) == expected


def test_what_the_profile_does_not_hold_is_refused_with_its_path(profile: Profile) -> None:
    for ask, path in (
        (lambda: profile.organ(OrganId("nowhere")), "organs"),
        (lambda: profile.person(PersonId("nobody")), "people"),
        (lambda: profile.purpose("curiosity"), "purposes"),
        (lambda: profile.number_pattern("poem", BUREAU, on=TODAY), "number_patterns"),
        (lambda: profile.receiver(Matter.TRIAL, BUREAU, on=TODAY), "receivers"),
    ):
        with pytest.raises(ProfileError) as caught:
            ask()
        assert caught.value.path == path


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda raw: raw.update(motto="绿水青山"), "motto"),
        (lambda raw: raw.update(zone="Asia/Liaoyuan"), "zone"),
        (lambda raw: raw["organs"][0].update(kind="circus"), "organs.0.kind"),
        (lambda raw: raw["organs"][0].update(id="辽源"), "organs.0.id"),
        (lambda raw: raw["people"][0].update(duties=[]), "people.0.duties"),
        (lambda raw: raw["organs"][0].update(doubt=["?"]), "organs.0.doubt"),
        (lambda raw: raw.update(doubts="?"), "doubts"),
        (lambda raw: raw.pop("installation"), "installation"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(change: Callable[[Raw], object], path: str) -> None:
    with pytest.raises(ProfileError) as caught:
        broken(change)
    assert caught.value.path == path


BREAKS: dict[str, tuple[Callable[[Raw], object], str]] = {
    "organ twice": (
        lambda raw: raw["organs"].append(organ(raw, "ly-gov")),
        "organs.ly-gov is there 2 times.",
    ),
    "person twice": (
        lambda raw: raw["people"].append(raw["people"][0]),
        "people.ly-gov-officer is there 2 times.",
    ),
    "unknown superior": (
        lambda raw: organ(raw, "ly-eeb").update(superior="ly-none"),
        "organs.ly-eeb.superior names an unknown organ: ly-none.",
    ),
    "unknown successor": (
        lambda raw: organ(raw, "ly-epb").update(successor="ly-none"),
        "organs.ly-epb.successor names an unknown organ: ly-none.",
    ),
    "unknown organ of a person": (
        lambda raw: raw["people"][0].update(organ="ly-none"),
        "people.ly-gov-officer.organ names an unknown organ: ly-none.",
    ),
    "unknown receiver": (
        lambda raw: raw["receivers"][0]["to"].update({"ly-eeb": "ly-none"}),
        "receivers.0.to names an unknown organ: ly-none.",
    ),
    "unknown issuer": (
        lambda raw: raw["number_patterns"][0]["organs"].append("ly-none"),
        "number_patterns.transfer_letter.organs names an unknown organ: ly-none.",
    ),
    "circle of superiors": (
        lambda raw: organ(raw, "ly-gov").update(superior="ly-eeb-xian"),
        "organs.ly-gov.superior leads back to itself.",
    ),
    "supervisor that has ended": (
        lambda raw: organ(raw, "ly-pp").update(
            valid_to=date(2026, 9, 30), successor="ly-pp-longshan"
        ),
        "organs.ly-eeb.supervised_by has ended: ly-pp.",
    ),
    "period upside down": (
        lambda raw: organ(raw, "ly-epb").update(valid_to=date(1949, 10, 1)),
        "organs.ly-epb ends before it begins.",
    ),
    "end without successor": (
        lambda raw: organ(raw, "ly-epb").pop("successor"),
        "organs.ly-epb needs an end and a successor, or neither.",
    ),
    "successor without end": (
        lambda raw: organ(raw, "ly-psb").update(successor="ly-psb-xian"),
        "organs.ly-psb needs an end and a successor, or neither.",
    ),
    "organ overlaps its successor": (
        lambda raw: organ(raw, "ly-epb").update(valid_to=date(2019, 1, 1)),
        "organs.ly-epb overlaps its successor ly-eeb.",
    ),
    "two receivers on one day": (
        lambda raw: raw["receivers"].append(raw["receivers"][0]),
        "Several rows hold for suspected_crime from ly-eeb on one day.",
    ),
    "two patterns on one day": (
        lambda raw: raw["number_patterns"].append(raw["number_patterns"][0]),
        "Several rows hold for the number of transfer_letter of ly-eeb on one day.",
    ),
    "division of the city": (
        lambda raw: raw.update(division="22040"),
        "division is not six digits: 22040.",
    ),
    "division with a letter": (
        lambda raw: organ(raw, "ly-eeb-xian").update(division="22040x"),
        "organs.ly-eeb-xian.division is not six digits: 22040x.",
    ),
    "division of another city": (
        lambda raw: organ(raw, "ly-eeb-xian").update(division="220303"),
        "organs.ly-eeb-xian.division lies outside 220400: 220303.",
    ),
    "division against level": (
        lambda raw: organ(raw, "ly-pp").update(division="220402", confidence="FULL", doubt=""),
        "organs.ly-pp.division does not fit its level: 220402.",
    ),
    "receiver of the wrong kind": (
        lambda raw: raw["receivers"][0]["to"].update({"ly-eeb": "ly-court"}),
        "receivers.0 sends suspected_crime to ly-court, a court.",
    ),
    "no receiver": (
        lambda raw: raw["receivers"][1]["to"].pop("ly-eeb-xian"),
        "Nobody receives suspected_crime from ly-eeb-xian.",
    ),
    "receiver only in the past": (
        lambda raw: raw["receivers"][0].update(valid_to=date(2020, 1, 1)),
        "Nobody receives suspected_crime from ly-eeb.",
    ),
    "no supervisor": (
        lambda raw: organ(raw, "ly-eeb").pop("supervised_by"),
        "No procuratorate supervises ly-eeb.",
    ),
    "supervisor of the wrong kind": (
        lambda raw: organ(raw, "ly-eeb").update(supervised_by="ly-psb"),
        "No procuratorate supervises ly-eeb.",
    ),
    "one officer alone": (
        lambda raw: raw["people"].remove(
            next(p for p in raw["people"] if p["id"] == "ly-eeb-xian-officer-2")
        ),
        "ly-eeb-xian lacks people for: officer.",
    ),
    "pattern without a year": (
        lambda raw: raw["number_patterns"][0].update(pattern="{short}环移{number}号"),
        "number_patterns.transfer_letter must use {short}, {year}, {number}.",
    ),
    "pattern that does not parse": (
        lambda raw: raw["number_patterns"][0].update(pattern="{short}环移〔{year〕{number}号"),
        "number_patterns.transfer_letter is no pattern: {short}环移〔{year〕{number}号.",
    ),
    "two organs that number alike": (
        lambda raw: organ(raw, "ly-eeb-xian").update(short="东丰"),
        "number_patterns.transfer_letter: 2 organs number as 东丰.",
    ),
    "doubt not said": (
        lambda raw: organ(raw, "ly-eeb-xian").update(doubt=""),
        "organs.ly-eeb-xian is MEM and does not say its doubt.",
    ),
    "doubt misspelt": (
        lambda raw: raw["receivers"][1].update(doubt="same_levle"),
        "receivers.1.suspected_crime names a doubt that is not said in Chinese: 'same_levle'.",
    ),
    "key upside down": (
        lambda raw: organ(raw, "ly-psb").update(keys=[key(valid_to=date(2025, 12, 31))]),
        "organs.ly-psb.keys.ly-psb-1 ends before it begins.",
    ),
    "key that is none": (
        lambda raw: organ(raw, "ly-psb").update(keys=[key(public="AAAA")]),
        "organs.ly-psb.keys.ly-psb-1.public is no key of ed25519.",
    ),
    "key that is no text of one": (
        lambda raw: organ(raw, "ly-psb").update(keys=[key(public="A" * 42 + "B")]),
        "organs.ly-psb.keys.ly-psb-1.public is no key of ed25519.",
    ),
    "key beside the curve": (
        lambda raw: organ(raw, "ly-psb").update(keys=[key(algorithm="sm2-sm3", public="A" * 86)]),
        "organs.ly-psb.keys.ly-psb-1.public is no key of sm2-sm3.",
    ),
    "key of two organs": (
        lambda raw: [
            organ(raw, name).update(keys=[key(key_id=f"{name}-1", public="A" * 43)])
            for name in ("ly-psb", "ly-eeb")
        ],
        "One key stands in several rows: organs.ly-eeb.keys.ly-eeb-1, organs.ly-psb.keys.ly-psb-1.",
    ),
    "key twice": (
        lambda raw: organ(raw, "ly-psb").update(keys=[key(key_id="ly-eeb-ed25519")]),
        "keys.ly-eeb-ed25519 is there 2 times.",
    ),
    "two keys on one day": (
        lambda raw: organ(raw, "ly-psb").update(
            keys=[
                key(valid_to=date(2026, 6, 30)),
                key(key_id="ly-psb-2", valid_from=date(2026, 6, 30)),
            ]
        ),
        "organs.ly-psb.keys: ly-psb-1 and ly-psb-2 are both valid on one day.",
    ),
}


def key(**changes: object) -> Raw:
    """A key of an organ."""
    row = {"key_id": "ly-psb-1", "algorithm": "ed25519", "valid_from": date(2026, 1, 1)}
    return {**row, **changes}


@pytest.mark.parametrize(
    "changes",
    [{"algorithm": "rsa"}, {"algorithm": None}, {"key_id": "../issuer"}, {"key_id": "k" * 65}],
)
def test_a_key_of_another_kind_or_name_is_refused(changes: Raw) -> None:
    with pytest.raises(ProfileError) as caught:
        broken(lambda raw: raw["organs"][0].update(keys=[key(**changes)]))
    [name] = changes
    assert caught.value.path == f"organs.0.keys.0.{name}"


def test_an_organ_without_a_key_has_one_that_the_platform_keeps(profile: Profile) -> None:
    [kept] = profile.organ(OrganId("ly-psb")).signing_keys
    assert (kept.key_id, kept.algorithm, kept.public) == ("ly-psb-ed25519", "ed25519", None)
    first, second = profile.organ(OrganId("ly-pp")).signing_keys
    assert [first.key_id, second.key_id] == ["ly-pp-ed25519", "ly-pp-sm2"]


@pytest.mark.parametrize("name", BREAKS)
def test_what_does_not_fit_is_found(name: str) -> None:
    change, finding = BREAKS[name]
    assert finding in check(broken(change))


def test_every_check_is_broken_once() -> None:
    profiles = [broken(change) for change, _ in BREAKS.values()]
    assert [rule.__name__ for rule in CHECKS if not any(any(rule(p)) for p in profiles)] == []


def test_a_profile_that_lists_nobody_needs_no_duties() -> None:
    assert check(broken(lambda raw: raw.pop("people"))) == []


def test_the_command_counts_and_lists_what_is_to_be_confirmed(profile: Profile) -> None:
    result = CliRunner().invoke(profile_app, ["check", str(PATH)])
    summary, *doubts = result.stdout.splitlines()
    assert result.exit_code == 0
    assert summary == (
        "辽源市 liaoyuan: 37 机关 organs, 94 人员 people, 51 接收关系 receivers,"
        " 21 待确认 doubts to confirm"
    )
    assert len(doubts) == len(profile.doubts()) == 21
    assert any("同级" in line and "receivers.1.suspected_crime" in line for line in doubts)


def test_the_command_fails_on_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    text = PATH.read_text(encoding="utf-8")
    file.write_text(text.replace('successor = "ly-eeb"\n', ""), encoding="utf-8")
    result = CliRunner().invoke(profile_app, ["check", str(file)])
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == (
        "organs.ly-epb needs an end and a successor, or neither."
    )


@pytest.mark.parametrize("text", ["installation = ", "installation = 'x'", None])
def test_the_command_refuses_what_is_no_profile(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "city.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(profile_app, ["check", str(file)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
