"""Every criterion can be reached, exactly at its figure; and what shows only between cases."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common import screening
from libs.common.law import Confidence
from libs.common.screening import (
    ADDED_UP_NOTE,
    CRITERIA,
    DEFINITIONS,
    DOWNGRADE_SIGNS,
    MAXIMA,
    RULE_NOT_HELD,
    UNITS,
    Amount,
    AmountWrong,
    Condition,
    Conduct,
    Criterion,
    DowngradeSign,
    Finding,
    FindingInvalid,
    Grade,
    Kind,
    Outcome,
    PartyKey,
    Penalty,
    PenaltyFacts,
    RepeatKind,
    Tier,
    UnitWrong,
    Way,
    accumulated,
    downgrade_signs,
    exceed_factor,
    repeats,
    screen,
    shows_all,
)

DAY = date(2026, 3, 2)
FIRST_DAY = date(2023, 8, 15)
EVIDENCE = ("a" * 64,)
WHOLE = {"人", "株", "次"}
MEASURED_IN = {
    base: [
        (criterion, way, way.measure)
        for criterion in CRITERIA
        for way in criterion.ways
        if way.measure and way.measure.unit == base
    ]
    for base in MAXIMA
}
CODE = "91220112556387212X"

EVERY_WAY = [
    pytest.param(criterion, way, id=f"{criterion.id}/{number}")
    for criterion in CRITERIA
    for number, way in enumerate(criterion.ways, start=1)
]
EVERY_MEASURED_WAY = [each for each in EVERY_WAY if each.values[1].measure]  # type: ignore[union-attr]


def waste(
    value: Decimal | int | Fraction, unit: str = "t", evidence: Iterable[str] = ()
) -> Finding:
    return Finding(Kind.MASS, value, unit, substance="危险废物", evidence=tuple(evidence))


def fulfilling(
    condition: Condition, conduct: Conduct, value: Fraction | None = None
) -> list[Finding]:
    """One finding for every name and substance that the condition accepts."""
    return [
        Finding(condition.kind, value, condition.unit, substance, of, conduct, EVIDENCE)
        for substance in sorted(condition.substances) or [""]
        for of in sorted(condition.of) or [""]
    ]


def facts_of(way: Way, conduct: Conduct) -> list[Finding]:
    return [fulfilling(condition, conduct)[0] for condition in way.facts]


def outcomes(criterion: Criterion, way: Way, findings: Iterable[Finding]) -> list[Outcome]:
    return [
        each
        for each in screen(findings, on=DAY).outcomes
        if (each.criterion, each.way) == (criterion, way)
    ]


def brief(found: Iterable[Outcome]) -> list[tuple[str, str]]:
    return [(each.criterion.id, each.grade.value) for each in found]


def test_the_file_holds_every_item_of_the_reference() -> None:
    articles = {1: 11, 2: 11, 4: 3, 5: 5, 10: 3, 11: 3}
    third = ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "3", "4"]
    expected = {
        f"eci23.{article}.{n}" for article, last in articles.items() for n in range(1, last + 1)
    }
    assert {each.id for each in CRITERIA} == expected | {f"eci23.3.{n}" for n in third}
    assert len(CRITERIA) == len({each.id for each in CRITERIA}) == 45


def test_the_thresholds_are_those_of_the_interpretation() -> None:
    found = {
        criterion.id: [
            (str(way.measure.at), way.measure.unit) for way in criterion.ways if way.measure
        ]
        for criterion in CRITERIA
    }
    second = {
        "eci23.2.5": [("12", "h"), ("12", "h")],
        "eci23.2.6": [("10", "亩"), ("20", "亩"), ("50", "亩")],
        "eci23.2.7": [("50", "m3"), ("2500", "株")],
        "eci23.2.8": [("5000", "人")],
        "eci23.2.9": [("30", "人")],
        "eci23.2.10": [("1", "人"), ("3", "人")],
    }
    assert {name: value for name, value in found.items() if value} == {
        "eci23.1.2": [("3", "t")],
        "eci23.1.3": [("3", "倍")],
        "eci23.1.4": [("10", "倍")],
        "eci23.1.6": [("2", "次")],
        "eci23.1.8": [("2", "次")],
        "eci23.1.9": [("300000", "元")],
        "eci23.1.10": [("12", "h")],
        "eci23.2.3": [("100", "t")],
        "eci23.2.4": [("1000000", "元")],
        **second,
        "eci23.3.1.1": [("12", "h")],
        "eci23.3.3": [("50", "亩")],
        "eci23.3.4": [("3", "人"), ("1", "人")],
        "eci23.4.1": [("1000000", "元")],
        "eci23.4.2": [each for values in second.values() for each in values],
        "eci23.10.1": [("300000", "元")],
        "eci23.10.2": [("2", "次")],
    }


def test_every_criterion_is_cited_and_valid_from_the_day_of_its_text() -> None:
    for each in CRITERIA:
        assert each.valid_from == each.law.act.valid_from == FIRST_DAY
        assert each.law.confidence is Confidence.FULL
        assert each.text
        assert each.offence
        assert each.law.article.startswith("第")


def test_the_words_of_the_criteria_are_explained() -> None:
    assert set(DEFINITIONS) >= {"二年内", "违法所得", "公私财产损失", "重点排污单位"}


@pytest.mark.parametrize(("criterion", "way"), EVERY_MEASURED_WAY)
def test_every_measured_criterion_is_met_at_its_figure_and_near_from_80_percent(
    criterion: Criterion, way: Way
) -> None:
    measure = way.measure
    assert measure
    assert measure.at
    facts = facts_of(way, criterion.conduct)
    step = Fraction(1) if measure.unit in WHOLE else Fraction(1, 1000)
    near = Fraction(ceil(measure.at * Fraction(8, 10) / step)) * step
    for value, grade in [
        (near - step, None),
        (near, Grade.NEAR if near < measure.at else Grade.HIT),
        (measure.at - step, Grade.NEAR if measure.at - step >= near else None),
        (measure.at, Grade.HIT),
        (measure.at + step, Grade.HIT),
    ]:
        for finding in fulfilling(measure, criterion.conduct, value):
            found = outcomes(criterion, way, [*facts, finding])
            assert [each.grade for each in found] == ([grade] if grade else [])
            for each in found:
                assert (each.value, each.unit, each.threshold) == (value, measure.unit, measure.at)
                assert each.ratio == value / measure.at
                assert each.evidence == EVIDENCE
                assert criterion.text in each.sentence


@pytest.mark.parametrize(("criterion", "way"), EVERY_WAY)
def test_every_criterion_is_met_by_each_thing_it_names_and_by_no_part_of_its_conditions(
    criterion: Criterion, way: Way
) -> None:
    amount = way.measure.at if way.measure else None
    complete = [
        fulfilling(each, criterion.conduct, amount if each.at else None) for each in way.conditions
    ]
    for place, choices in enumerate(complete):
        others = [each[0] for each in [*complete[:place], *complete[place + 1 :]]]
        assert outcomes(criterion, way, others) == []
        for choice in choices:
            found = outcomes(criterion, way, [*others, choice])
            assert [each.grade for each in found] == [Grade.HIT]
            assert set(found[0].findings) == {*others, choice}
            assert screen([*others, choice], on=DAY).unmatched == ()


def test_a_hit_names_everything_that_a_clerk_has_to_see() -> None:
    found = screen([waste(2500, "kg", EVIDENCE)], on=DAY)
    assert brief(found.outcomes) == [("eci23.1.2", "near")]
    (near,) = found.near
    assert (near.value, near.unit, near.threshold, near.ratio) == (
        Fraction(5, 2),
        "t",
        Fraction(3),
        Fraction(5, 6),
    )
    assert (near.evidence, near.confidence, near.doubt) == (EVIDENCE, Confidence.FULL, "")
    assert near.sentence == (
        "接近《最高人民法院、最高人民检察院关于办理环境污染刑事案件适用法律若干问题的解释》第一条第（二）项："
        "非法排放、倾倒、处置危险废物三吨以上的。实测2.5t，标准3t，为标准的83%。"
    )
    assert found.raises_suspicion


def test_a_value_just_below_the_figure_never_reads_as_the_figure() -> None:
    (near,) = screen([waste(Decimal("2.99999999"))], on=DAY).near
    assert "实测2.9999t" in near.sentence
    assert "为标准的99%" in near.sentence


def test_a_hundred_tons_meet_both_tiers() -> None:
    assert brief(screen([waste(100)], on=DAY).hits) == [("eci23.1.2", "hit"), ("eci23.2.3", "hit")]


def test_each_metal_is_an_outcome_by_its_highest_sample() -> None:
    samples = [
        Finding(Kind.EXCEED_FACTOR, Decimal("3.5"), "倍", substance="Pb", evidence=("1",)),
        Finding(Kind.EXCEED_FACTOR, 5, "倍", substance="总铅", evidence=("2",)),
        Finding(Kind.EXCEED_FACTOR, 5, "倍", substance="铅", evidence=("3",)),
        Finding(Kind.EXCEED_FACTOR, 9, "倍", substance="镍"),
        Finding(Kind.EXCEED_FACTOR, 30, "倍", substance="化学需氧量"),
    ]
    found = screen(samples, on=DAY)
    assert [
        (each.criterion.id, each.grade, each.value, each.evidence) for each in found.outcomes
    ] == [
        ("eci23.1.3", Grade.HIT, Fraction(5), ("2", "3")),
        ("eci23.1.4", Grade.NEAR, Fraction(9), ()),
    ]
    assert found.unmatched == (samples[-1],)
    assert "须人工核对" in found.outcomes[0].doubt


def test_hazardous_waste_is_toxic_wherever_toxic_substances_count() -> None:
    pipe = Finding(Kind.MANNER, of="暗管", substance="危废")
    assert brief(screen([pipe], on=DAY).hits) == [("eci23.1.5", "hit")]


def test_each_offence_has_its_own_criteria() -> None:
    money = Finding(Kind.MONEY, 100, "万元", of="公私财产损失", conduct=Conduct.IMPORTED_WASTE)
    assert brief(screen([money], on=DAY).hits) == [("eci23.4.1", "hit")]
    gain = Finding(Kind.MONEY, 30, "万元", of="违法所得", conduct=Conduct.FALSE_DOCUMENT)
    assert brief(screen([gain], on=DAY).hits) == [("eci23.10.1", "hit")]


def test_a_city_without_water_is_judged_by_the_county_with_its_doubt() -> None:
    (hit,) = screen([Finding(Kind.WATER_CUT, 12, "h", of="设区的市级城区")], on=DAY).hits
    assert (hit.criterion.id, hit.confidence) == ("eci23.2.5", Confidence.DESIGN)
    assert "举重以明轻" in hit.doubt


def test_what_only_aggravates_raises_no_suspicion() -> None:
    found = screen([Finding(Kind.AGGRAVATING, of="阻挠检查或调查")], on=DAY)
    assert [each.criterion.tier for each in found.hits] == [Tier.AGGRAVATING]
    assert not found.raises_suspicion


def test_a_word_that_no_criterion_knows_is_shown_and_not_dropped() -> None:
    unknown = [
        Finding(Kind.MASS, 5000, "t", substance="一般工业固体废物"),
        Finding(Kind.ZONE, of="湿地", substance="有毒物质"),
        Finding(Kind.MONEY, 10**9, "元"),
    ]
    found = screen(unknown, on=DAY)
    assert (found.outcomes, set(found.unmatched)) == ((), set(unknown))


@pytest.mark.parametrize(
    ("day", "is_held", "doubt"),
    [
        (FIRST_DAY - timedelta(days=1), False, RULE_NOT_HELD),
        (date.min, False, RULE_NOT_HELD),
        (FIRST_DAY, True, ""),
        (date(2026, 8, 14), True, ""),
        (date(2026, 8, 15), True, "法典"),
    ],
)
def test_criteria_go_by_the_day_of_the_conduct(*, day: date, is_held: bool, doubt: str) -> None:
    found = screen([waste(1000)], on=day)
    assert found.is_rule_held is is_held
    assert bool(found.hits) is is_held
    assert found.unmatched == ()
    assert doubt in found.doubt
    assert bool(found.doubt) is bool(doubt)


@pytest.mark.parametrize(
    ("kind", "value", "unit", "error"),
    [
        (Kind.MASS, 3, "h", UnitWrong),
        (Kind.MASS, 3, "", UnitWrong),
        (Kind.MASS, 3, "斗", UnitWrong),
        (Kind.MASS, 3, "m3", UnitWrong),
        (Kind.MONEY, 3, "t", UnitWrong),
        (Kind.MASS, None, "t", AmountWrong),
        (Kind.MASS, -1, "t", AmountWrong),
        (Kind.MASS, Decimal("-0.001"), "t", AmountWrong),
        (Kind.MASS, Decimal("NaN"), "t", AmountWrong),
        (Kind.MASS, Decimal("sNaN"), "t", AmountWrong),
        (Kind.MASS, Decimal("Infinity"), "t", AmountWrong),
        (Kind.MASS, Decimal("1e999999"), "t", AmountWrong),
        (Kind.MASS, Decimal("1e-999999"), "t", AmountWrong),
        (Kind.MASS, 10**9 + 1, "t", AmountWrong),
        (Kind.MASS, 3.0, "t", AmountWrong),
        (Kind.MASS, True, "t", AmountWrong),
        (Kind.MASS, "3", "t", AmountWrong),
        (Kind.POISONED, Decimal("29.5"), "人", AmountWrong),
        (Kind.POISONED, 10**12, "人", AmountWrong),
        (Kind.ZONE, 1, "", AmountWrong),
        (Kind.ZONE, None, "t", AmountWrong),
    ],
)
def test_what_cannot_be_true_is_refused(
    kind: Kind, value: object, unit: str, error: type[FindingInvalid]
) -> None:
    with pytest.raises(error):
        Finding(kind, value, unit)  # type: ignore[arg-type]
    assert issubclass(error, ValueError)


def test_trees_in_the_unit_of_saplings_are_refused() -> None:
    for of, unit in (("林木", "株"), ("幼树", "m3")):
        with pytest.raises(UnitWrong, match=of):
            screen([Finding(Kind.TREES, 5000, unit, of=of)], on=DAY)


def test_minutes_and_hectares_are_exact() -> None:
    minutes = Finding(Kind.WATER_CUT, 719, "分钟", of="乡镇")
    assert brief(screen([minutes], on=DAY).outcomes) == [("eci23.1.10", "near")]
    assert brief(screen([replace(minutes, value=720)], on=DAY).outcomes) == [("eci23.1.10", "hit")]
    assert Finding(Kind.LAND, Decimal("33333.3333"), "m2").quantity < 50
    assert Finding(Kind.LAND, Decimal("3.4"), "公顷").quantity == 51
    assert Finding(Kind.LAND, 2000, "平方米").quantity == 3


def test_the_factor_is_what_lies_above_the_standard() -> None:
    assert exceed_factor(measured=Decimal("0.4"), limit=Decimal("0.1")) == 3
    assert exceed_factor(measured=1, limit=3) == 0


@pytest.mark.parametrize(("measured", "limit"), [(1, 0), (-1, 1), (Decimal("NaN"), 1)])
def test_no_factor_over_no_standard(measured: Decimal | int, limit: Decimal | int) -> None:
    with pytest.raises(AmountWrong):
        exceed_factor(measured=measured, limit=limit)


# --- laws of screening

amounts_of_waste = st.decimals(0, 200, places=3)
kinds_of_findings = st.sampled_from(
    [
        (Kind.MASS, "t", "危险废物", ""),
        (Kind.EXCEED_FACTOR, "倍", "铅", ""),
        (Kind.EXCEED_FACTOR, "倍", "镍", ""),
        (Kind.MONEY, "万元", "", "违法所得"),
        (Kind.WATER_CUT, "h", "", "乡镇"),
        (Kind.WATER_CUT, "h", "", "设区的市级城区"),
        (Kind.LAND, "亩", "", "永久基本农田"),
        (Kind.TREES, "m3", "", "林木"),
    ]
)
facts = st.sampled_from(
    [
        Finding(Kind.ZONE, of="饮用水水源保护区", substance="有毒物质"),
        Finding(Kind.HARM, of="生态功能退化"),
        Finding(Kind.MANNER, of="渗坑", substance="危险废物"),
        Finding(Kind.DATA_FRAUD, of="重点排污单位"),
    ]
)


@st.composite
def measurements(draw: st.DrawFn) -> Finding:
    kind, unit, substance, of = draw(kinds_of_findings)
    evidence = draw(st.lists(st.sampled_from("abc"), max_size=2, unique=True))
    value = draw(st.decimals(0, 300, places=2))
    return Finding(kind, value, unit, substance, of, evidence=tuple(evidence))


any_findings = st.lists(measurements() | facts, max_size=8)
RANK = {None: 0, Grade.NEAR: 1, Grade.HIT: 2}


def ranks(findings: Iterable[Finding]) -> dict[tuple[str, Way, str], int]:
    return {
        (each.criterion.id, each.way, each.findings[-1].substance): RANK[each.grade]
        for each in screen(findings, on=DAY).outcomes
    }


@given(any_findings, st.data())
def test_the_order_of_the_findings_is_irrelevant(
    findings: list[Finding], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([*findings, *findings[:2]]))
    assert screen(shuffled, on=DAY) == screen(findings, on=DAY)


@given(measurements(), st.lists(facts, max_size=3), st.decimals(0, 300, places=2))
def test_more_of_it_is_never_judged_lighter(
    finding: Finding, around: list[Finding], more: Decimal
) -> None:
    assert isinstance(finding.value, Decimal)
    larger = replace(finding, value=finding.value + more)
    before, after = ranks([finding, *around]), ranks([larger, *around])
    assert all(after[key] >= rank for key, rank in before.items())


@given(any_findings, measurements() | facts)
def test_one_more_finding_takes_no_outcome_away(findings: list[Finding], more: Finding) -> None:
    before = {(each.criterion.id, each.way): each for each in screen(findings, on=DAY).outcomes}
    after = {(each.criterion.id, each.way) for each in screen([*findings, more], on=DAY).outcomes}
    assert set(before) <= after


SAME_THING = [
    (one, other)
    for one in UNITS
    for other in UNITS
    if UNITS[one][0] == UNITS[other][0] not in WHOLE
]


def in_unit(finding: Finding, unit: str) -> Finding:
    return replace(finding, value=finding.quantity / UNITS[unit][1], unit=unit)


@given(st.sampled_from(SAME_THING), st.integers(0, 1500), st.data())
def test_the_same_amount_in_another_unit_is_the_same(
    units: tuple[str, str], permille: int, data: st.DataObject
) -> None:
    base = UNITS[units[0]][0]
    criterion, way, measure = data.draw(st.sampled_from(MEASURED_IN[base]))
    value = (measure.at or 0) * Fraction(permille, 1000)
    amount = data.draw(st.sampled_from(fulfilling(measure, criterion.conduct, value)))
    one, other = (
        screen([*facts_of(way, criterion.conduct), in_unit(amount, unit)], on=DAY) for unit in units
    )
    assert [(each.criterion.id, each.grade, each.ratio) for each in one.outcomes] == [
        (each.criterion.id, each.grade, each.ratio) for each in other.outcomes
    ]
    assert bool(one.outcomes) >= (permille >= 800)


@given(st.integers(0, 4000))
def test_kilograms_are_judged_like_tons(kilograms: int) -> None:
    tons = Decimal(kilograms).scaleb(-3)
    assert brief(screen([waste(kilograms, "kg")], on=DAY).outcomes) == brief(
        screen([waste(tons)], on=DAY).outcomes
    )


# --- between the cases of a party

PARTY = PartyKey("p1")


def amount(
    case: str, value: Decimal | int, on: date = DAY, party: PartyKey = PARTY, unit: str = "t"
) -> Amount:
    return Amount(case, party, on, waste(value, unit, [case]))


def test_two_loads_below_the_line_reach_it_together() -> None:
    loads = [amount("c1", 1), amount("c2", 2000, DAY + timedelta(days=30), unit="kg")]
    assert screen([each.finding for each in loads], on=DAY).outcomes == ()
    (found,) = accumulated(reversed(loads))
    assert (found.outcome.criterion.id, found.outcome.grade) == ("eci23.1.2", Grade.HIT)
    assert (found.outcome.value, found.outcome.ratio) == (Fraction(3), Fraction(1))
    assert found.amounts == tuple(loads)
    assert (found.cases, found.outcome.evidence) == (("c1", "c2"), ("c1", "c2"))
    assert (found.outcome.confidence, found.outcome.doubt) == (Confidence.DESIGN, ADDED_UP_NOTE)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.2", "1.2"], "near"),
        (["1.2", "1.199"], None),
        (["2.4"], None),
        (["2.4", "0"], None),
        (["3", "0.5"], None),
        (["3", "1.5", "1.5"], "hit"),
    ],
)
def test_only_amounts_below_the_line_add_up(values: list[str], expected: str | None) -> None:
    found = accumulated(amount(f"c{n}", Decimal(value)) for n, value in enumerate(values))
    assert brief(each.outcome for each in found) == ([("eci23.1.2", expected)] if expected else [])


def test_amounts_add_up_within_the_window_and_by_the_best_of_them() -> None:
    start = date(2024, 2, 29)
    first, last = amount("c1", 2, start), amount("c2", 1, date(2026, 2, 28))
    assert len(accumulated([first, last])) == 1
    assert accumulated([first, replace(last, on=date(2026, 3, 1))]) == ()
    assert accumulated([first, last], window_months=23) == ()
    heavier = amount("c3", Decimal("2.5"), date(2026, 6, 1))
    (found,) = accumulated([first, last, heavier])
    assert (found.cases, found.outcome.value) == (("c2", "c3"), Fraction(7, 2))
    later = [amount("c4", 1, date(2030, 1, 1)), amount("c5", 2, date(2030, 1, 2))]
    assert accumulated([*later, first, last])[0].cases == ("c1", "c2")
    with pytest.raises(ValueError, match="a month at least"):
        accumulated([], window_months=0)


def test_conduct_before_the_text_we_hold_adds_nothing() -> None:
    early = amount("c1", 2, FIRST_DAY - timedelta(days=1))
    assert accumulated([early, amount("c2", 2, FIRST_DAY)]) == ()


def test_a_party_is_known_again_by_its_id_or_its_checked_code() -> None:
    by_code = [PartyKey("p1", CODE), PartyKey("p2", CODE.lower())]
    chain = [*by_code, PartyKey("p2")]
    loads = [amount(f"c{n}", 1, party=party) for n, party in enumerate(chain)]
    assert [each.outcome.value for each in accumulated(loads)] == [3]
    assert [each.outcome.value for each in accumulated(loads[::-1])] == [3]
    for code in ("", "912201******87212X", CODE[:-1] + "Y"):
        strangers = [
            amount("c1", 2, party=PartyKey("p1", code)),
            amount("c2", 2, party=PartyKey("p2", code)),
        ]
        assert accumulated(strangers) == ()


def test_only_like_adds_to_like() -> None:
    gain = Finding(Kind.MONEY, 20, "万元", of="违法所得")
    loss = replace(gain, of="公私财产损失")
    hours = Finding(Kind.WATER_CUT, 8, "h", of="乡镇")
    both = [Amount("c1", PARTY, DAY, gain), Amount("c2", PARTY, DAY, loss)]
    assert accumulated(both) == ()
    assert accumulated([Amount(case, PARTY, DAY, hours) for case in ("c1", "c2")]) == ()
    found = accumulated([*both, Amount("c3", PARTY, DAY, gain)])
    assert brief(each.outcome for each in found) == [("eci23.1.9", "hit")]


@given(
    st.lists(
        st.tuples(st.integers(1, 2999), st.integers(0, 900), st.sampled_from("ab")), max_size=8
    ),
    st.data(),
)
def test_accumulation_is_the_heaviest_window_in_any_order(
    loads: list[tuple[int, int, str]], data: st.DataObject
) -> None:
    given_loads = [
        amount(f"c{n}", kilograms, DAY + timedelta(days=days), PartyKey(party), "kg")
        for n, (kilograms, days, party) in enumerate(loads)
    ]
    found = accumulated(data.draw(st.permutations(given_loads)), window_months=12)
    assert found == accumulated(given_loads, window_months=12)
    for party in "ab":
        own = [each for each in given_loads if each.party.id == party]
        sums = [
            sum((one.finding.quantity for one in window), Fraction(0))
            for start in own
            if len(window := [one for one in own if 0 <= (one.on - start.on).days <= 365]) > 1
        ]
        of_party = [
            each
            for each in found
            if each.amounts[0].party.id == party and each.outcome.criterion.id == "eci23.1.2"
        ]
        if of_party:
            assert of_party[0].outcome.value == max(sums)
        elif own:
            alone = max(each.finding.quantity for each in own)
            assert max(sums, default=Fraction(0)) < Fraction(12, 5) or alone >= max(sums)


# --- repeated penalties


def penalty(name: str, on: date, kind: RepeatKind = RepeatKind.TOXIC_WASTE) -> Penalty:
    return Penalty(name, PARTY, kind, on, (name,))


def test_a_third_act_after_two_penalties_within_two_years_is_a_hit() -> None:
    penalties = [penalty("b", date(2025, 6, 1)), penalty("a", date(2024, 3, 2))]
    (found,) = repeats(penalties, DAY)
    assert (found.first_effect_on, found.days) == (date(2024, 3, 2), 730)
    assert [each.id for each in found.penalties] == ["a", "b"]
    (hit,) = screen([found.finding], on=DAY).hits
    assert (hit.criterion.id, hit.value, hit.evidence) == ("eci23.1.8", Fraction(2), ("a", "b"))


def test_two_years_run_from_the_first_penalty_in_effect_to_the_new_act() -> None:
    penalties = [penalty("a", date(2024, 3, 1)), penalty("b", date(2025, 6, 1))]
    (found,) = repeats(penalties, DAY)
    assert [each.id for each in found.penalties] == ["b"]
    assert screen([found.finding], on=DAY).outcomes == ()
    (found,) = repeats([*penalties, penalty("c", date(2025, 7, 1))], DAY)
    assert [each.id for each in found.penalties] == ["b", "c"]


def test_a_leap_day_two_years_on_is_the_last_of_february() -> None:
    leap = [penalty("a", date(2024, 2, 29))]
    assert len(repeats(leap, date(2026, 2, 28))) == 1
    assert repeats(leap, date(2026, 3, 1)) == ()


def test_what_takes_effect_with_the_act_or_later_was_not_there_before_it() -> None:
    assert repeats([penalty("a", DAY), penalty("b", DAY + timedelta(days=1))], DAY) == ()


def test_the_same_penalty_told_twice_counts_once() -> None:
    (found,) = repeats([penalty("a", date(2025, 1, 1))] * 2, DAY)
    assert len(found.penalties) == 1


def test_penalties_count_by_kind_and_party() -> None:
    other = Penalty("c", PartyKey("p2"), RepeatKind.TOXIC_WASTE, date(2025, 1, 1))
    mixed = [
        penalty("a", date(2025, 1, 1)),
        penalty("b", date(2025, 1, 1), RepeatKind.ALERT_DAY_AIR),
        other,
    ]
    assert [[each.id for each in found.penalties] for found in repeats(mixed, DAY)] == [
        ["b"],
        ["a"],
        ["c"],
    ]
    assert [found.kind for found in repeats(mixed, DAY, kinds=[RepeatKind.ALERT_DAY_AIR])] == [
        RepeatKind.ALERT_DAY_AIR
    ]


@pytest.mark.parametrize(
    ("kind", "criterion"),
    [
        (RepeatKind.ALERT_DAY_AIR, "eci23.1.6"),
        (RepeatKind.TOXIC_WASTE, "eci23.1.8"),
        (RepeatKind.FALSE_DOCUMENT, "eci23.10.2"),
    ],
)
def test_every_kind_of_repetition_has_its_criterion(kind: RepeatKind, criterion: str) -> None:
    (found,) = repeats([penalty(name, date(2025, 1, 1), kind) for name in "ab"], DAY)
    assert brief(screen([found.finding], on=DAY).outcomes) == [(criterion, "hit")]


# --- penalties instead of a transfer


def test_every_sign_of_a_downgrade_stands_alone() -> None:
    alone = {
        DowngradeSign.COLLECTIVE_DISCUSSION: PenaltyFacts(has_collective_discussion=True),
        DowngradeSign.SERIOUS_CIRCUMSTANCES: PenaltyFacts(has_serious_circumstances=True),
        DowngradeSign.NEAR_CRIMINAL_STANDARD: PenaltyFacts(highest_ratio=Fraction(4, 5)),
        DowngradeSign.SEVERAL_PRIOR_PENALTIES: PenaltyFacts(prior_penalties=2),
        DowngradeSign.FINE_BELOW_MINIMUM: PenaltyFacts(fine_cny=99_999, fine_minimum_cny=100_000),
        DowngradeSign.APPRAISAL: PenaltyFacts(has_appraisal=True),
    }
    assert list(alone) == list(DowngradeSign) == list(DOWNGRADE_SIGNS)
    for sign, known in alone.items():
        assert downgrade_signs(known) == (sign,)


def test_what_is_unknown_or_just_not_there_is_no_sign() -> None:
    known = PenaltyFacts(
        highest_ratio=Fraction(799, 1000),
        prior_penalties=1,
        fine_cny=100_000,
        fine_minimum_cny=100_000,
    )
    assert downgrade_signs(known) == ()
    assert downgrade_signs(PenaltyFacts(fine_cny=1)) == ()


def test_signs_are_combined() -> None:
    known = PenaltyFacts(has_appraisal=True, prior_penalties=3)
    both = [DowngradeSign.APPRAISAL, DowngradeSign.SEVERAL_PRIOR_PENALTIES]
    assert shows_all(known, both)
    assert not shows_all(known, [*both, DowngradeSign.FINE_BELOW_MINIMUM])
    with pytest.raises(ValueError, match="one sign at least"):
        shows_all(known, [])


def test_the_file_names_only_kinds_and_units_that_are_known() -> None:
    file = Path(screening.__file__).with_name("criteria.json")
    rows = json.loads(file.read_text(encoding="utf-8"))["criteria"]
    assert [row["id"] for row in rows] == [each.id for each in CRITERIA]
    assert {
        condition.kind for each in CRITERIA for way in each.ways for condition in way.conditions
    } == set(Kind)
