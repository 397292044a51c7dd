"""Findings over HTTP: what they raise, who sees it, and what only shows between cases."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from services.cases.api.screening import NO_SERVICE, NOT_COMPARED, REPEAT_DOUBT
from services.cases.rebuild import VIEWS, rebuild
from tests.support.running import (
    AUDITOR,
    CASES,
    GOVERNMENT,
    HEAD,
    INBOX,
    OFFICER,
    POLICE,
    PROSECUTOR,
    TEAM,
    Act,
    Case,
    Office,
    found,
    newest,
    office,
    papers,
    refused,
    transfer_of,
)

SCREENING: Final = "/api/cases/v1/screening"
SUPERVISION: Final = "supervision; article=M17 14"
XIAN: Final = "ly-eeb-xian-officer-1"
FIRM: Final = {"name": "乙化工有限公司", "credit_code": "91211381MA10KLB056"}
"""A code that is right; the name is made up."""
DAY: Final = "2026-11-01"
WEIGHED: Final = papers("w8")[0]
LEAD: Final = Act(OFFICER, "register_lead", {"source": "inspection"}, procedure="penalty")
DISMISS: Final = Act(HEAD, "dismiss_suspicion", {"reason": "称重有误，复称为一吨。"})


def waste(value: str, unit: str = "t", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "kind": "mass_t",
        "value": value,
        "unit": unit,
        "substance": "危险废物",
        "source": WEIGHED,
        **changes,
    }


def record(*findings: dict[str, Any], on: str = DAY, **changes: Any) -> Act:  # noqa: ANN401 - JSON
    form = {"findings": findings, "conducted_on": on, **changes}
    return Act(OFFICER, "record_findings", form, procedure="penalty")


def penalised(on_the_spot: bool = True, **changes: Any) -> Act:  # noqa: ANN401, FBT001, FBT002 - JSON
    form = {"kinds": ["fine"], "repeat_kind": "排放、倾倒、处置有毒有害废物", **changes}
    if on_the_spot:
        return Act(OFFICER, "decide_on_the_spot", form, procedure="penalty")
    return Act(HEAD, "decide_penalty", form, procedure="penalty")


async def case_of(running: Office, *acts: Act, **changes: Any) -> Case:  # noqa: ANN401 - JSON
    """A case of the firm with a lead, after some steps of its penalty."""
    case = await running.open_case(**{"organisations": [FIRM], **changes})
    path = f"{CASES}/{case['id']}/register_lead"
    case = found(await running.post(OFFICER, path, {"form": LEAD.form}))
    return await running.take(case, *acts)


OPENED: Final = Act(HEAD, "open_penalty_case", {}, procedure="penalty")


async def screening(
    running: Office, case: Case, person: str = OFFICER, purpose: str | None = None
) -> dict[str, Any]:
    return found(await running.get(person, f"{CASES}/{case['id']}/screening", purpose=purpose))


async def parties(
    running: Office, person: str = OFFICER, purpose: str | None = None, **query: str | int
) -> dict[str, dict[str, Any]]:
    page = found(await running.get(person, SCREENING, purpose=purpose, **query))
    return {each["party"]: each for each in page["parties"]}


# --- one case


@pytest.mark.parametrize(
    ("value", "unit", "grade", "percent"),
    [("3", "t", "hit", 100), ("3000", "kg", "hit", 100), ("2.4", "t", "near", 80)],
)
async def test_a_hit_or_near_value_raises_and_shows_what_it_is(
    shared: Office, value: str, unit: str, grade: str, percent: int
) -> None:
    case = await case_of(shared, record(waste(value, unit)), organisations=[])
    transfer = transfer_of(case)
    assert (transfer["state"], transfer["holder"]) == ("SUSPECT_FLAG", "ly-eeb")
    assert transfer["parts"] == {"sender": "ly-eeb", "receiver": "ly-psb", "supervisor": "ly-pp"}
    is_near = grade == "near"
    assert ("Near a criterion, not met" in transfer["state_title_en"]) is is_near
    assert case["headline"].startswith("接近入罪标准" if is_near else "疑似涉嫌犯罪")
    view = await screening(shared, case)
    [act] = view["acts"]
    [outcome] = act["outcomes"]
    assert (outcome["criterion"], outcome["grade"]) == ("eci23.1.2", grade)
    assert (outcome["threshold"], outcome["unit"], outcome["percent"]) == ("3", "t", percent)
    assert outcome["sentence"].startswith("接近《" if is_near else "达到《")
    assert [each["digest"] for each in outcome["sources"]] == [WEIGHED["digest"]]
    # The Code of 2026-08-15 repealed what the interpretation cites.
    assert "生态环境法典" in act["doubt"]


async def test_what_is_below_raises_nothing(shared: Office) -> None:
    case = await case_of(shared, record(waste("2.39")))
    assert newest(case) is None
    [act] = (await screening(shared, case))["acts"]
    assert (act["outcomes"], act["unmatched"]) == ([], [])


async def test_of_conduct_before_the_text_nothing_is_claimed_and_it_says_so(
    shared: Office,
) -> None:
    case = await case_of(shared, record(waste("30"), on="2023-08-14"))
    assert newest(case) is None
    view = await screening(shared, case)
    [act] = view["acts"]
    assert (act["outcomes"], act["is_rule_held"]) == ([], False)
    assert "rule of that time not held" in act["doubt"]
    assert act["doubt"] in view["doubts"]


async def test_a_person_may_go_on_from_what_was_raised(shared: Office) -> None:
    case = await case_of(shared, record(waste("3")), TEAM)
    more = await shared.take(case, record(waste("4")))
    assert [each["procedure"] for each in more["proceedings"]] == ["penalty", "transfer"]


WRONG: Final = (
    (waste("3", "元"), "form.findings.0.unit", "unit_of_kind"),
    (waste("3", "桶"), "form.findings.0.unit", "unit_known"),
    (waste("3.", "t"), "form.findings.0.value", "string_pattern_mismatch"),
    (waste("-3", "t"), "form.findings.0.value", "string_pattern_mismatch"),
    (waste("3", substance="张三家的"), "form.findings.0.substance", "word_of_criteria"),
    (waste("3", of="张三"), "form.findings.0.of", "word_of_criteria"),
)


async def test_what_cannot_be_is_refused_with_field_and_rule(shared: Office) -> None:
    case = await case_of(shared)
    for wrong, field, rule in WRONG:
        answer = await shared.try_to(case, record(wrong))
        # A list whose only entry is wrong counts as too short beside.
        [error, *_] = refused(answer, 422, "common.body.invalid")["errors"]
        assert (error["field"], error["rule"]) == (field, rule)
    stranger = record(waste("1"), parties=["019cabcd-0000-7000-8000-00000000c0de"])
    [error] = refused(await shared.try_to(case, stranger), 422, "common.body.invalid")["errors"]
    assert (error["field"], error["rule"]) == ("form.parties", "party_of_case")
    two = await case_of(shared, organisations=[FIRM, {"name": "丙有限公司"}])
    answer = await shared.try_to(two, record(waste("1")))
    [error] = refused(answer, 422, "common.body.invalid")["errors"]
    assert (error["field"], error["rule"]) == ("form.parties", "missing")
    assert newest(await shared.case(case)) is None


# --- the dismissal


async def test_the_procuratorate_is_told_of_a_dismissal_and_reads_why(var: Path) -> None:
    async with office(var) as running:
        case = await case_of(running, record(waste("3")))
        path = f"{CASES}/{case['id']}"
        refused(
            await running.get(PROSECUTOR, path, purpose=SUPERVISION),
            404,
            "common.resource.not_found",
        )
        answer = await running.try_to(case, Act(HEAD, "dismiss_suspicion", {}))
        refused(answer, 422, "common.body.invalid")
        case = await running.take(case, DISMISS)
        await running.settled()
        notices = found(await running.get(PROSECUTOR, INBOX))["notices"]
        assert [each["kind"] for each in notices] == ["suspicion_dismissed"]
        trail = found(await running.get(PROSECUTOR, f"{path}/trail", purpose=SUPERVISION))
        [dismissed] = [
            each for each in trail["events"] if each["type"].endswith("suspicion_dismissed.v1")
        ]
        content = f"{path}/contents/{dismissed['data']['form']['reason']['id']}"
        words = found(await running.get(PROSECUTOR, content, purpose=SUPERVISION))
        assert words["value"] == DISMISS.form["reason"]
        view = await screening(running, case, PROSECUTOR, SUPERVISION)
        assert [each["grade"] for act in view["acts"] for each in act["outcomes"]] == ["hit"]
        # The summary of the case was not written to it.
        [summary] = await running.rows("cases", "select id from contents where kind = 'summary'")
        answer = await running.get(
            PROSECUTOR, f"{path}/contents/{summary['id']}", purpose=SUPERVISION
        )
        refused(answer, 404, "common.resource.not_found")
        for person, purpose in ((POLICE, None), (XIAN, None), (GOVERNMENT, "oversight")):
            answer = await running.get(person, content, purpose=purpose)
            refused(answer, 404, "common.resource.not_found")


# --- between cases


async def two_halves(running: Office) -> tuple[Case, Case]:
    return (
        await case_of(running, record(waste("2"), on="2026-09-01")),
        await case_of(running, record(waste("2000", "kg"), on="2026-10-01")),
    )


KEY: Final = f"uscc:{FIRM['credit_code']}"


async def test_an_amount_split_between_two_cases_is_found(var: Path) -> None:
    async with office(var) as running:
        one, other = await two_halves(running)
        assert newest(one) is newest(other) is None
        view = await screening(running, other)
        [party] = view["parties"]
        assert (party["party"], party["organisation"]) == (KEY, FIRM["name"])
        [split] = party["split"]
        assert (split["outcome"]["grade"], split["outcome"]["value"]) == ("hit", "4")
        assert "未规定数额累计" in split["outcome"]["doubt"]
        assert [(each["case"], each["value"]) for each in split["amounts"]] == [
            (one["id"], "2"),
            (other["id"], "2"),
        ]
        near = {each["sign"]: each["holds"] for each in view["signs"]}
        assert near["near_criminal_standard"] is True
        assert near["collective_discussion"] is None
        # The read names both cases.
        last = (await running.accesses())[-1]
        assert last["route"] == f"{CASES}/{{case}}/screening"
        assert set(last["shown"]) == {one["id"], other["id"]}
        assert (await parties(running))[KEY]["split"] == party["split"]
        assert (await running.accesses())[-1]["shown"] == sorted([one["id"], other["id"]])
        assert await parties(running, found="repeat") == {}
        # A second report on the same heap on the same day is not added.
        await running.take(other, record(waste("1.9"), on="2026-10-01"))
        assert (await parties(running))[KEY]["split"][0]["outcome"]["value"] == "4"


async def test_nobody_sees_cases_that_are_not_theirs(var: Path) -> None:
    async with office(var) as running:
        one, _ = await two_halves(running)
        for person, purpose in (
            *((XIAN, None), (XIAN, SUPERVISION), (POLICE, None), (PROSECUTOR, SUPERVISION)),
            *(("ly-platform-administrator", None), ("ly-pp-xian-officer", SUPERVISION)),
        ):
            assert await parties(running, person, purpose) == {}, person
            answer = await running.get(person, f"{CASES}/{one['id']}/screening", purpose=purpose)
            refused(answer, 404, "common.resource.not_found")
        # Whoever sees that there is a case, and no contents, is shown none.
        for person, purpose in ((AUDITOR, "audit"), (GOVERNMENT, "oversight")):
            view = await screening(running, one, person, purpose)
            assert (view["withheld"], view["acts"], view["parties"]) == (True, [], [])
            assert await parties(running, person, purpose) == {}
        # Another agency with a case of the same firm does not learn of these.
        opened = {"organisations": [FIRM], "officers": [XIAN, "ly-eeb-xian-officer-2"]}
        body = {
            "field": "environment",
            "cause": "hazardous_waste_dumping",
            "division": "220403",
            "discovered_at": "2026-11-09T10:00:00+08:00",
            "summary": "另案。",
            **opened,
        }
        case = found(await running.post(XIAN, CASES, body))
        path = f"{CASES}/{case['id']}"
        case = found(await running.post(XIAN, f"{path}/register_lead", {"form": LEAD.form}))
        act = record(waste("2"), on="2026-10-05")
        case = await running.take(case, Act(XIAN, act.step, act.form, procedure="penalty"))
        view = await screening(running, case, XIAN)
        assert [party["split"] for party in view["parties"]] == [[]]
        assert await parties(running, XIAN) == {}
        assert {each["case"] for each in (await parties(running))[KEY]["split"][0]["amounts"]} == {
            each["id"] for each in found(await running.get(OFFICER, CASES))["cases"]
        }


async def test_two_penalties_within_two_years_are_found(var: Path) -> None:
    async with office(var) as running:
        for _ in range(2):
            await case_of(running, OPENED, penalised(fine_yuan=10_000, minimum_yuan=100_000))
        [first, _] = await running.rows("cases", "select in_effect_on from penalties")
        assert first["in_effect_on"] == date(2026, 11, 10)
        running.clock.advance(running.clock.now().replace(day=20) - running.clock.now())
        today = (await parties(running))[KEY]
        [repeat] = today["repeats"]
        assert (repeat["is_conduct"], len(repeat["penalties"])) == (False, 2)
        assert repeat["outcomes"] == []
        case = await case_of(running, record(waste("1"), on="2026-11-15"))
        assert newest(case) is None, "a person says that it is a repetition"
        [party] = (await screening(running, case))["parties"]
        [conducted, _] = party["repeats"]
        [outcome] = conducted["outcomes"]
        assert (conducted["on"], conducted["is_conduct"]) == ("2026-11-15", True)
        assert (outcome["criterion"], outcome["grade"]) == ("eci23.1.8", "hit")
        assert REPEAT_DOUBT in conducted["doubt"]
        signs = {each["sign"]: each["holds"] for each in (await screening(running, case))["signs"]}
        assert signs["several_prior_penalties"] is True
        # The supervising procuratorate sees the penalties, which were decided, not the lead.
        overseen = (await parties(running, PROSECUTOR, SUPERVISION))[KEY]
        assert [len(each["penalties"]) for each in overseen["repeats"]] == [2]
        assert case["id"] not in overseen["cases"]


async def test_a_penalty_counts_from_its_service(var: Path) -> None:
    async with office(var) as running:
        case = await case_of(
            running,
            OPENED,
            Act(
                OFFICER,
                "conclude_investigation",
                {"conclusion": "penalty", "report": "终结。"},
                procedure="penalty",
            ),
            Act(
                "ly-eeb-legal",
                "review_legally",
                {"approved": True, "crime_suspected": False, "opinion": "同意。"},
                procedure="penalty",
            ),
            Act(OFFICER, "announce_penalty", {"text": "告知。"}, procedure="penalty"),
            organisations=[{"name": "丁有限公司"}],
        )
        running.clock.advance(timedelta(days=8))  # the time to answer
        decided = penalised(on_the_spot=False, serious=True, fine_yuan=1, minimum_yuan=2)
        case = await running.take(case, decided)
        in_effect = "select in_effect_on from penalties where case_id = $1"
        [row] = await running.rows("cases", in_effect, case["id"])
        assert row["in_effect_on"] is None
        view = await screening(running, case)
        assert view["doubts"] == [NOT_COMPARED, NO_SERVICE]
        assert {each["sign"]: each["holds"] for each in view["signs"]} == {
            "collective_discussion": None,
            "serious_circumstances": True,
            "near_criminal_standard": None,
            "several_prior_penalties": None,
            "fine_below_minimum": True,
            "appraisal": None,
        }
        await running.take(case, Act("ly-eeb-desk", "serve_penalty", {}, procedure="penalty"))
        [row] = await running.rows("cases", in_effect, case["id"])
        assert row["in_effect_on"] == date(2026, 11, 18)


async def test_the_search_is_paged_by_party(var: Path) -> None:
    async with office(var) as running:
        codes = ["91211381MA10KLB056", "91150424MA0MW25688", "9122011255638721 2X".replace(" ", "")]
        for code in codes:
            for day in ("2026-09-01", "2026-10-01"):
                firm = {"name": "某有限公司", "credit_code": code}
                await case_of(running, record(waste("2"), on=day), organisations=[firm])
        seen: list[str] = []
        after: dict[str, str] = {}
        for _ in range(len(codes) + 1):
            page = found(await running.get(OFFICER, SCREENING, limit=1, **after))
            seen += [each["party"] for each in page["parties"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert seen == sorted(f"uscc:{code}" for code in codes)


async def test_a_rebuild_gives_the_same_rows(var: Path) -> None:
    async with office(var) as running:
        await two_halves(running)
        case = await case_of(running, OPENED, penalised())
        wrong = await running.take(case, record(waste("1")))
        proceeding = newest(wrong, "penalty")
        assert proceeding is not None
        [row] = await running.rows(
            "cases", "select act from findings where case_id = $1", case["id"]
        )
        answer = await running.post(
            OFFICER,
            f"{CASES}/{case['id']}/proceedings/{proceeding['id']}/annul",
            {"form": {"act": str(row["act"]), "reason": "录入有误。"}},
            headers={"If-Match": proceeding["etag"]},
        )
        found(answer)
        before = await rows_of(running)
        assert [len(before[name]) for name in ("findings", "penalties")] == [3, 1]
        assert [each["stands"] for each in before["findings"]].count(False) == 1
        shown = await parties(running)
        assert await rebuild(running.runtime.contexts["cases"]) == 3
        assert await rows_of(running) == before
        assert await parties(running) == shown


async def rows_of(running: Office) -> dict[str, list[dict[str, Any]]]:
    """What the views say; work that is done is still there until it is swept away."""
    found = {
        table.name: await running.rows("cases", f'select * from "{table.name}"')  # noqa: S608 - our tables
        for table in VIEWS
    }
    return {
        name: sorted((dict(row) for row in rows if row.get("is_open", True)), key=str)
        for name, rows in found.items()
    }
