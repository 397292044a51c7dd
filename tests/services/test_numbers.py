"""Of a series every number is used, reserved or voided with a reason, and none twice."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
import pytest

from libs.common.agencies import load_profile
from libs.common.numbering import Numbered, Series, read_number
from services.cases.rebuild import rebuild
from tests.support.running import (
    APPROVE,
    AUDITOR,
    CASES,
    DESK,
    HEAD,
    OFFICER,
    OPENING,
    POLICE,
    POLICE_DESK,
    POLICE_HEAD,
    PROFILE,
    SEND,
    SIGN_FOR,
    TO_REPORT,
    TO_SENT,
    Act,
    Case,
    Office,
    found,
    office,
    refused,
)

NUMBERS: Final = "/api/cases/v1/numbers"
LETTER: Final = "辽源环移〔2026〕{}号"
RECEIPT: Final = "辽源公（环）受案字〔2026〕{}号"
INVALID: Final = "common.body.invalid"
OFFICERS: Final = {"officers": ["ly-psb-officer-1", "ly-psb-officer-2"]}


def letter(serial: int) -> str:
    return LETTER.format(serial)


def sending(number: str) -> Act:
    return Act(DESK, "send", {**SEND.form, "letter_number": number}, SEND.papers)


async def the_register(running: Office, kind: str, person: str = OFFICER) -> dict[str, Any]:
    return found(await running.get(person, NUMBERS, kind=kind))


async def states(running: Office, kind: str, person: str = OFFICER) -> list[tuple[int, str]]:
    page = await the_register(running, kind, person)
    return [(line["serial"], line["state"]) for line in page["numbers"]]


async def sent(running: Office, number: str) -> Case:
    case = await running.story(*TO_REPORT, APPROVE)
    return found(await running.try_to(case, sending(number)))


async def reserve(running: Office, count: int, **more: Any) -> list[str]:  # noqa: ANN401 - values of a body
    body = {"kind": "transfer_letter", "count": count, **more}
    numbers: list[str] = found(await running.post(DESK, f"{NUMBERS}/reserve", body))["numbers"]
    return numbers


def void_path(number: str) -> str:
    return f"{NUMBERS}/{quote(number)}/void"


# --- how a number reads


@pytest.mark.parametrize(
    ("organ", "text", "kind", "serial"),
    [
        ("ly-eeb", "辽源环移〔2026〕12号", "transfer_letter", 12),
        ("ly-eeb", "辽源环移[2026] 012 号", "transfer_letter", 12),
        ("ly-eeb", "辽源环拘移〔2026〕年3号", "detention_letter", 3),
        ("ly-eeb", "辽源案〔2026〕1号", "case", 1),
        ("ly-psb", "辽源公案〔2026〕1号", "case", 1),
        ("ly-court", "（2026）吉04刑初9号", "judgment", 9),
        ("ly-psb", "辽源环移〔2026〕12号", None, 0),
        ("ly-eeb", "京环罚〔2024〕1号", None, 0),
        ("ly-eeb", "辽源环移〔2026〕0号", None, 0),
    ],
)
def test_a_number_reads_as_one_of_its_organ(
    organ: str, text: str, kind: str | None, serial: int
) -> None:
    read = read_number(load_profile(PROFILE), organ, text)
    if kind is None:
        assert read is None
    else:
        assert isinstance(read, Numbered)
        assert (read.series, read.serial) == (Series(organ, kind, 2026), serial)


def test_no_two_series_write_the_same_number() -> None:
    profile = load_profile(PROFILE)
    for organ in profile.organs:
        for row in profile.number_patterns:
            if organ.id in row.organs:
                read = read_number(profile, organ.id, row.number(organ, year=2026, serial=5))
                assert read is not None
                assert read.series.kind == row.document


# --- cases


async def test_each_organ_has_a_series_of_its_own(var: Path) -> None:
    """Agency, police and procuratorate of a place share its short name."""
    async with office(var) as running:
        numbers = []
        for organ in ("ly-eeb", "ly-psb", "ly-pp"):
            officers = [f"{organ}-officer-{n}" for n in (1, 2)]
            body = {**OPENING, "officers": officers}
            numbers.append(found(await running.post(officers[0], CASES, body))["number"])
        assert numbers == ["辽源案〔2026〕1号", "辽源公案〔2026〕1号", "辽源检案〔2026〕1号"]


async def test_fifty_openings_at_once_leave_nothing_out(var: Path) -> None:
    """Some are refused, some rolled back by the database, one's transaction is killed."""
    async with office(var) as running:
        await running.as_superuser(
            "cases",
            "alter table cases add constraint odd check (cause <> 'odd')",
        )
        bodies: list[dict[str, Any]] = []
        for place in range(50):
            odd = {"cause": "odd"} if place % 7 == 3 else {}
            refusal = {"officers": [OFFICER, OFFICER]} if place % 5 == 4 else {}
            bodies.append({**OPENING, **odd, **refusal})
        dying = asyncio.create_task(draw_and_die(running))
        answers = await asyncio.gather(
            *(running.post(OFFICER, CASES, body, key=f"k{n}") for n, body in enumerate(bodies))
        )
        await dying
        opened = [answer.json()["number"] for answer in answers if answer.is_success]
        assert {answer.status_code for answer in answers} == {201, 422, 500}
        assert sorted(opened) == sorted(f"辽源案〔2026〕{n + 1}号" for n in range(len(opened)))
        # Whoever failed is given the next one when it is tried again.
        last = found(await running.post(OFFICER, CASES, OPENING))["number"]
        assert last == f"辽源案〔2026〕{len(opened) + 1}号"
        assert await states(running, "case") == [(n + 1, "used") for n in range(len(opened) + 1)]


async def draw_and_die(running: Office) -> None:
    """A session that takes a number and is killed before it commits."""
    connection = await running.database("cases").direct()
    await connection.execute("begin")
    await connection.execute(
        "insert into numbers as n values ('ly-eeb', 'case', 2026, 1)"
        " on conflict (organ, kind, year) do update set last = n.last + 1"
    )
    await asyncio.sleep(0.2)
    connection.terminate()


async def test_only_takers_of_one_series_wait(shared: Office) -> None:
    """While a session holds the agency's series, the police open cases and everybody else acts."""
    case = await shared.open_case()
    holder = await shared.database("cases").direct()
    try:
        await holder.execute("begin")
        await holder.execute(
            "update numbers set last = last where organ = 'ly-eeb' and kind = 'case'"
        )
        # More than the pool has connections.
        waiting = [asyncio.create_task(shared.post(OFFICER, CASES, OPENING)) for _ in range(30)]
        async with asyncio.timeout(4):
            officers = [p.id for p in shared.runtime.profile.people if p.organ == "ly-psb"]
            body = {**OPENING, "officers": [p for p in officers if "officer" in p][:2]}
            found(await shared.post(POLICE, CASES, body))
            await shared.take(case, *TO_REPORT, APPROVE)
            await reserve(shared, 1)
        assert not any(each.done() for each in waiting)
    finally:
        await holder.execute("rollback")
        await holder.close()
    answers = await asyncio.gather(*waiting)
    assert {answer.status_code for answer in answers} == {201}


# --- numbers that a step names


async def test_a_step_names_the_next_number_or_a_reserved_one(var: Path) -> None:
    async with office(var) as running:
        assert await reserve(running, 3, until="2026-12-31") == [letter(n) for n in (1, 2, 3)]
        case = await sent(running, letter(2))
        await sent(running, letter(4))
        page = await the_register(running, "transfer_letter")
        assert [(line["serial"], line["state"]) for line in page["numbers"]] == [
            *((1, "reserved"), (2, "used")),
            *((3, "reserved"), (4, "used")),
        ]
        assert page["last"] == 4
        first, second = page["numbers"][:2]
        assert (first["person"], first["until"], first["lapsed"]) == (DESK, "2026-12-31", False)
        assert (second["case"], second["stands"]) == (case["id"], True)
        [event] = await running.rows(
            "cases", "select type from events where id = $1", second["act"]
        )
        assert "transfer_sent" in event["type"]


async def test_a_number_is_not_used_twice_and_leaves_none_out(var: Path) -> None:
    async with office(var) as running:
        await sent(running, letter(1))
        case = await running.story(*TO_REPORT, APPROVE)
        problem = refused(await running.try_to(case, sending(letter(1))), 409, "cases.number.taken")
        assert (problem["number"], problem["state"]) == (letter(1), "used")
        problem = refused(
            await running.try_to(case, sending(letter(5))), 409, "cases.number.out_of_turn"
        )
        assert problem["next"] == letter(2)
        for text, rule in (
            ("辽源环移[2026]2号", "number_form"),
            ("辽源环移〔2027〕1号", "number_year"),
        ):
            [error] = refused(await running.try_to(case, sending(text)), 422, INVALID)["errors"]
            assert (error["field"], error["rule"]) == ("form.letter_number", rule)
        # A refused step took nothing.
        assert await states(running, "transfer_letter") == [(1, "used")]
        found(await running.try_to(case, sending(letter(2))))


async def test_a_number_of_another_pattern_is_text(shared: Office) -> None:
    before = await states(shared, "transfer_letter")
    for _ in range(2):
        await sent(shared, "吉环函〔2026〕7号")
    assert await states(shared, "transfer_letter") == before


async def test_a_race_for_one_number_has_one_winner(var: Path) -> None:
    async with office(var) as running:
        cases = [await running.story(*TO_REPORT, APPROVE) for _ in range(6)]
        answers = await asyncio.gather(
            *(running.try_to(case, sending(letter(1))) for case in cases)
        )
        assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
        assert await states(running, "transfer_letter") == [(1, "used")]


async def test_a_repeat_takes_no_second_number(var: Path) -> None:
    async with office(var) as running:
        case = await running.story(*TO_REPORT, APPROVE)
        answers = [
            await running.try_to(case, sending(letter(1)), key="send-once") for _ in range(2)
        ]
        assert answers[0].is_success
        assert answers[0].content == answers[1].content
        assert await states(running, "transfer_letter") == [(1, "used")]


# --- voiding


async def test_a_reserved_number_is_voided_with_a_reason(var: Path) -> None:
    async with office(var) as running:
        [number, _] = await reserve(running, 2)
        body = {"reason": "打印错误"}
        first = await running.post(HEAD, void_path(number), body, key="void-it")
        assert found(first)["numbers"] == [number]
        again = await running.post(HEAD, void_path(number), body, key="void-it")
        assert again.content == first.content
        [line, _] = (await the_register(running, "transfer_letter"))["numbers"]
        assert (line["state"], line["reason"], line["person"]) == ("voided", "打印错误", HEAD)
        refused(await running.post(HEAD, void_path(number), body), 409, "cases.number.in_use")
        case = await running.story(*TO_REPORT, APPROVE)
        refused(await running.try_to(case, sending(number)), 409, "cases.number.taken")


async def test_a_number_in_use_is_voided_only_once_its_act_is_annulled(var: Path) -> None:
    async with office(var) as running:
        form = {**SIGN_FOR.form, "receipt_number": RECEIPT.format(1)}
        case = await running.story(*TO_SENT, Act(POLICE_DESK, "sign_for", form))
        body = {"reason": "撤销"}
        path = void_path(RECEIPT.format(1))
        refused(await running.post(POLICE_HEAD, path, body), 409, "cases.number.in_use")
        [line] = (await the_register(running, "acceptance_receipt", POLICE))["numbers"]
        annulling = Act(POLICE_HEAD, "annul", {"act": line["act"], "reason": "误收"})
        case = await running.take(case, annulling)
        [line] = (await the_register(running, "acceptance_receipt", POLICE))["numbers"]
        assert (line["state"], line["stands"]) == ("used", False)
        found(await running.post(POLICE_HEAD, path, body))
        # It is never given again.
        again = Act(POLICE_DESK, "sign_for", form)
        refused(await running.try_to(case, again), 409, "cases.number.taken")
        form["receipt_number"] = RECEIPT.format(2)
        found(await running.try_to(case, again))
        before = await everything(running)
        await rebuild(running.runtime.contexts["cases"])
        assert await everything(running) == before


async def test_a_corrected_number_gives_up_the_wrong_one(var: Path) -> None:
    async with office(var) as running:
        await reserve(running, 2)
        case = await sent(running, letter(1))
        act = (await the_register(running, "transfer_letter"))["numbers"][0]["act"]
        form = {"act": act, "reason": "录错", "fields": {"letter_number": letter(2)}}
        await running.take(case, Act(HEAD, "correct", form))
        lines = (await the_register(running, "transfer_letter"))["numbers"]
        assert [(line["state"], line["stands"], line["act"]) for line in lines] == [
            ("used", False, act),
            ("used", True, act),
        ]


async def test_an_organ_keeps_its_own_numbers(var: Path) -> None:
    async with office(var) as running:
        [number] = await reserve(running, 1)
        assert (await the_register(running, "transfer_letter", POLICE))["numbers"] == []
        body = {"reason": "他机关"}
        refused(
            await running.post(POLICE, void_path(number), body), 404, "common.resource.not_found"
        )
        [error] = refused(
            await running.post(
                POLICE, f"{NUMBERS}/reserve", {"kind": "transfer_letter", "count": 1}
            ),
            *(422, INVALID),
        )["errors"]
        assert (error["field"], error["rule"]) == ("kind", "numbered_by_organ")
        answer = await running.post(
            AUDITOR, f"{NUMBERS}/reserve", {"kind": "transfer_letter", "count": 1}
        )
        refused(answer, 403, "common.actor.not_entitled")


async def test_reservations_and_voidings_are_events_that_the_ledger_sees(var: Path) -> None:
    async with office(var) as running:
        [number, _] = await reserve(running, 2, until="2026-12-01")
        answer = await running.post(HEAD, void_path(number), {"reason": "理由不可见"})
        stream = "numbers/ly-eeb/transfer_letter/2026"
        assert answer.headers["Stream-Version"] == f"{stream}@2"
        assert answer.json()["receipts"][0]["version"] == 2
        await running.settled()
        rows = await running.rows(
            "audit", "select type, data from ledger where stream = $1 order by version", stream
        )
        said = [(row["type"].split(".")[2], orjson.loads(row["data"])) for row in rows]
        assert [name for name, _ in said] == ["numbers_reserved", "number_voided"]
        assert (said[0][1]["first"], said[0][1]["last"]) == (1, 2)
        assert said[1][1]["number"] == number
        assert "理由不可见" not in str(said)
        shown = [each["shown"] for each in await running.accesses() if "number" in each["route"]]
        assert shown == [[stream], [stream]]


# --- rebuild


async def test_the_register_is_made_again_from_the_events(var: Path) -> None:
    async with office(var) as running:
        await reserve(running, 4, until="2026-12-01")
        case = await sent(running, letter(1))
        act = (await the_register(running, "transfer_letter"))["numbers"][0]["act"]
        form = {"act": act, "reason": "录错", "fields": {"letter_number": letter(2)}}
        case = found(await running.try_to(case, Act(HEAD, "correct", form)))
        await sent(running, letter(5))
        found(await running.post(HEAD, void_path(letter(3)), {"reason": "作废"}))
        before = await everything(running)
        await rebuild(running.runtime.contexts["cases"])
        assert await everything(running) == before
        assert len(before[1]) == 2 + 5
        found(await running.post(OFFICER, CASES, OPENING))


async def everything(running: Office) -> Sequence[list[tuple[object, ...]]]:
    tables = ("numbers", "register")
    return [
        [
            tuple(row.values())
            for row in await running.rows(
                "cases",
                f"select * from {table} order by 1, 2, 3, 4",  # noqa: S608 - our tables
            )
        ]
        for table in tables
    ]
