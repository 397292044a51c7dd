"""One written name, read by its ending into the kind, branch, place and level of an organ."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from libs.common.outside_organs import words
from libs.common.outside_organs.places import is_place
from libs.common.outside_organs.values import Branch, OutsideKind, OutsideLevel

NAME_MAX = 60
"""A longer text is no name of an organ."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the name of an organ says by itself."""

    kind: OutsideKind
    name: str
    """What it is called: as written, without a department; one word for 公安 and 公安局 alone."""
    lead: str
    """The place with which the name begins, as written."""
    body: str
    """What the organ is, however it is written; what two names of one organ share."""
    branch: Branch = Branch.GENERAL
    place: str = ""
    """The whole place: with that of a 分局 or a 工作站."""
    level: OutsideLevel | None = None
    """The level that the body tells whatever the place; None where the place decides."""
    least: OutsideLevel | None = None
    """The level if the place does not tell."""
    family: str = ""
    unit: str = ""
    is_generic: bool = False
    """公安机关, 检察院 without a place: a word for an organ rather than the name of one."""
    is_open: bool = True
    """Whether a generic word may mean an organ already met; 上级检察院 may not."""
    is_numbered: bool = False
    """第三分院, 第一中级: only a province or a municipality has several."""
    is_bare_office: bool = False
    """分局 of nobody knows which bureau."""
    written: str = ""
    """The whole text that was read."""
    count: int = 0
    """两级, 三地: so many organs."""


Found = re.Match[str]
P = "(?P<lead>.*?)"
_COUNT = {"两": 2, "二": 2, "双": 2, "三": 3, "四": 4, "五": 5}
_COUNTED = re.compile(
    "(?P<before>|.*[省市州盟县旗区])(?P<count>[两二双三四五])(?:级|地|省市|省|市|县|区)(?:[两二双三四五][级地])*(?P<after>.{2,})"
)
_OPEN_QUALIFIER = re.compile("(?:该|涉案)(?=.{2})")
_DROPPED_QUALIFIER = re.compile(
    "(?:相关|有关|其他|其它|多个|各|当地|属地|辖区|所在地)(?:的)?(?=.{2})"
)
_KEPT_QUALIFIER = re.compile(
    "(?:上一级|上级|下级|下一级|同级|一审|二审|原审|再审|终审|异地|各级|省级|市级|县级|区级|国家级|基层|派驻)"
)
_OFFICE = "(?P<inner>.{0,10}?)分局"


def _court(found: Found) -> Form:
    rank, number = found["rank"] or "", (found["number"] or "").removeprefix("第")
    line = found["line"] or ""
    rank = {"高级": "高", "中级": "中"}.get(rank, rank)
    is_generic = not found["lead"] and not (rank or line)
    level = {"高": OutsideLevel.PROVINCE, "中": OutsideLevel.CITY}.get(rank, OutsideLevel.COUNTY)
    if line in {"海事", "知识产权", "金融", "环境资源"}:
        level = OutsideLevel.CITY
    return Form(
        kind=OutsideKind.COURT,
        name=found.string,
        lead=found["lead"],
        body=f"{line.removesuffix('运输')}{number}{rank}法院",
        branch=_LINES.get(line, Branch.GENERAL),
        level=None if is_generic else level,
        unit=found["unit"] or "",
        is_generic=is_generic,
        is_numbered=bool(number),
    )


def _procuratorate(found: Found) -> Form:
    groups = found.groupdict()
    line, lead = (groups.get("line") or "").removesuffix("运输"), found["lead"]
    number = (groups.get("number") or "").removeprefix("第")
    is_office, unit = "分院" in found.string, groups.get("unit") or ""
    level = {True: OutsideLevel.CITY}.get(is_office)
    if line == "铁路" and not is_office:
        level = OutsideLevel.COUNTY
    return Form(
        kind=OutsideKind.PROCURATORATE,
        name=found.string,
        lead=lead,
        body=f"{line}{number}{'分院' if is_office else '检察院'}",
        branch=_LINES.get(line, Branch.GENERAL),
        level=level,
        unit=unit,
        is_generic=not (line or is_office or lead),
        is_numbered=bool(number),
    )


def _is_word(found: Found, generic: str) -> bool:
    rest = found.string[len(found["lead"]) :]
    return not found["lead"] or bool(re.fullmatch(generic, rest))


def _coast_guard(found: Found) -> Form:
    inner, lead = found["inner"] or "", found["lead"]
    is_station = bool(re.search("站$", found.string))
    is_national = lead in {"中国", "国家"}
    form = Form(
        kind=OutsideKind.POLICE,
        name=found.string,
        lead="" if is_national else lead,
        body="海警站" if is_station else "海警局",
        branch=Branch.COAST_GUARD,
        place=("" if is_national else lead) + inner,
        level=OutsideLevel.COUNTY if is_station else None,
        least=OutsideLevel.CITY if lead else None,
        is_generic=not lead and not inner,
    )
    return replace(form, level=OutsideLevel.NATIONAL) if is_national else form


def _police(found: Found) -> Form:
    groups = found.groupdict()
    line, inner, lead = groups.get("line") or "", groups.get("inner") or "", found["lead"]
    is_office = found.string.endswith("分局") or "分局" in (groups.get("office") or "")
    rest = found.string[len(lead) :]
    is_generic = not is_office and _is_word(
        found, "公安机关|公安部门|公安|警方|民警|公安民警|侦查机关|侦查部门"
    )
    return Form(
        kind=OutsideKind.POLICE,
        name=found.string,
        lead=lead,
        body=f"{line}公安{'分局' if is_office else ''}",
        branch=_LINES.get(line, Branch.GENERAL),
        place=lead + inner,
        level=_police_level(rest),
        unit=groups.get("unit") or "",
        is_generic=is_generic or (bool(line) and not lead and not is_office),
        family="investigation" if rest.startswith("侦查") else "",
    )


def _police_level(rest: str) -> OutsideLevel | None:
    if rest.startswith("公安厅"):
        return OutsideLevel.PROVINCE
    return OutsideLevel.COUNTY if "分局" in rest else None


def _police_station(found: Found) -> Form:
    line = next((each for each in _LINES if each in found["sub"]), "")
    return Form(
        kind=OutsideKind.POLICE,
        name=found.string,
        lead=found["lead"],
        body=f"{found['sub']}派出所",
        branch=_LINES.get(line, Branch.POLICE_STATION),
        level=OutsideLevel.COUNTY,
    )


def _supervision(found: Found) -> Form:
    return Form(
        kind=OutsideKind.SUPERVISION_COMMISSION,
        name=found.string,
        lead=found["lead"],
        body="纪委监委",
        is_generic=_is_word(found, "纪检监察机关|纪检监察部门|监察机关|纪检监察|纪检部门"),
    )


def _government(found: Found) -> Form:
    rest = found.string[len(found["lead"]) :]
    is_township = bool(re.search("(?:镇|乡|街道)$", found["lead"])) or "街道" in rest
    return Form(
        kind=OutsideKind.GOVERNMENT,
        name=found.string,
        lead=found["lead"],
        body="街道办" if rest.startswith("办") else "政府",
        branch=Branch.TOWNSHIP if is_township else Branch.GENERAL,
        level=OutsideLevel.TOWNSHIP if is_township else None,
        is_generic=not found["lead"],
    )


def _zone_committee(found: Found) -> Form:
    return Form(
        kind=OutsideKind.GOVERNMENT,
        name=found.string,
        lead=found["lead"],
        body="管委会",
        branch=Branch.ZONE_COMMITTEE,
        is_generic=not found["lead"],
    )


def _party_committee(found: Found) -> Form:
    return Form(
        kind=OutsideKind.GOVERNMENT,
        name=found.string,
        lead=found["lead"],
        body=found["what"],
        branch=Branch.PARTY_COMMITTEE,
    )


def _inspection(found: Found) -> Form:
    rest = found.string[len(found["lead"]) :]
    return Form(
        kind=OutsideKind.GOVERNMENT,
        name=found.string,
        lead=found["lead"],
        body=rest,
        branch=Branch.INSPECTION_GROUP,
        level=OutsideLevel.NATIONAL if rest.startswith(("中央", "国家", "国务院")) else None,
    )


def _customs(found: Found) -> Form:
    return Form(
        kind=OutsideKind.ENFORCEMENT_AGENCY,
        name=found.string,
        lead=found["lead"],
        body="海关",
        branch=Branch.DEPARTMENT,
        level=OutsideLevel.NATIONAL if found.string.endswith("总署") else None,
        family="customs",
        is_generic=not found["lead"],
    )


def _agency(found: Found) -> Form:
    groups = found.groupdict()
    lead, body = found["lead"], groups["body"]
    inner, tail = groups.get("inner") or "", groups.get("tail") or ""
    is_office = found.string.endswith("分局")
    generic = re.search(f"(?:{words.COLLECTIVE})$", body) or groups.get("unit") is None
    return Form(
        kind=OutsideKind.ENFORCEMENT_AGENCY,
        name=found.string,
        lead=lead,
        body=_plain(body + tail) + ("分局" if is_office else ""),
        branch=_agency_branch(found.string),
        place=lead + inner,
        level=_agency_level(found.string, lead, inner),
        least=_agency_least(found.string),
        family=_family(body),
        is_generic=bool(generic) and not is_office,
        is_open=not body.startswith("联合"),
    )


def _subject(found: Found) -> Form:
    return replace(_agency(found), name=f"{found.string}部门")


def _agency_branch(name: str) -> Branch:
    if re.search(f"(?:{words.MONITORING})$", name):
        return Branch.MONITORING
    return Branch.ENFORCEMENT_TEAM if re.search("队$", name) else Branch.DEPARTMENT


def _agency_level(name: str, lead: str, inner: str) -> OutsideLevel | None:
    if name.endswith("分局") and lead.endswith(("市", "州", "盟", "地区")):
        return OutsideLevel.COUNTY
    if lead or inner or re.search(f"(?:{words.COLLECTIVE})$", name):
        return None
    if name.endswith("厅"):
        return OutsideLevel.PROVINCE
    is_national = name.startswith(("国家", "中国")) or re.search(r"部$|总局$|总署$", name)
    return OutsideLevel.NATIONAL if is_national else None


def _agency_least(name: str) -> OutsideLevel | None:
    ends = {"厅": OutsideLevel.PROVINCE, "总队": OutsideLevel.PROVINCE, "支队": OutsideLevel.CITY}
    ends |= {"大队": OutsideLevel.COUNTY, "中队": OutsideLevel.COUNTY, "分局": OutsideLevel.COUNTY}
    return next((level for end, level in ends.items() if name.endswith(end)), None)


def _family(body: str) -> str:
    return next((name for word, name in words.FAMILIES.items() if word in body), "")


def _plain(body: str) -> str:
    body = re.sub("^(?:管理委员会|管委会)(?=.)", "", body)
    for written, shorter in words.SAME:
        body = body.replace(written, shorter)
    return body


def _office(found: Found) -> Form:
    return Form(
        kind=OutsideKind.ENFORCEMENT_AGENCY,
        name=found.string,
        lead=found["lead"],
        body="分局",
        branch=Branch.DEPARTMENT,
        least=OutsideLevel.COUNTY,
        is_bare_office=True,
    )


def _national(kind: OutsideKind, body: str) -> Callable[[Found], Form]:
    branch = Branch.DEPARTMENT if kind is OutsideKind.ENFORCEMENT_AGENCY else Branch.GENERAL

    def build(found: Found) -> Form:
        return Form(
            kind=kind,
            name=found.string,
            lead="",
            body=body,
            branch=branch,
            level=OutsideLevel.NATIONAL,
            unit=found.groupdict().get("unit") or "",
        )

    return build


_LINES = {
    "森林": Branch.FOREST,
    "林业": Branch.FOREST,
    "林区": Branch.FOREST,
    "铁路运输": Branch.RAILWAY,
    "铁路": Branch.RAILWAY,
    "铁": Branch.RAILWAY,
    "海事": Branch.MARITIME,
    "航运": Branch.SHIPPING,
    "港航": Branch.SHIPPING,
    "水上": Branch.SHIPPING,
    "民航": Branch.AVIATION,
    "机场": Branch.AVIATION,
    "缉私": Branch.ANTI_SMUGGLING,
    "军事": Branch.MILITARY,
    "知识产权": Branch.SPECIAL_COURT,
    "金融": Branch.SPECIAL_COURT,
    "互联网": Branch.SPECIAL_COURT,
}

_S, _T, _U = words.SUBJECTS, words.TIES, words.UNIT
_BUREAU = (
    f"(?:国家|全国|中国)?(?:{_S})(?:{_S}|{_T}|[和与及](?=(?:{_S}|{_T})))*(?P<unit>{_U})"
    f"(?:(?:{_S}|{_T})*(?:{_U}))*"
)
_ENFORCERS = f"(?:综合|行政|联合|城市|专项|相关|有关)*(?:行政)?(?:执法)(?:{_T}|{_S})*(?P<unit>{_U})"
_N = words.NUMBER
_SECTION = (
    "(?:第[一二三四五六七八九十]{1,2}检察|(?:刑事|公益诉讼|民事|行政|民事行政|未成年人|控告申诉|经济犯罪"
    "|普通犯罪|重大犯罪|职务犯罪|知识产权|.{2,8}区|.{1,6}镇|派驻.{1,8}|驻.{1,8})检察|公诉|侦查监督|案件管理)"
    "(?:部门|部|室|厅|处|科|组|官办案组|工作室)"
)

_Rule = tuple[re.Pattern[str], Callable[[Found], Form]]
_RULES: tuple[_Rule, ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (
            f"(?:最高人民检察院|最高检察院|最高检|高检院)(?P<unit>{_SECTION})?",
            _national(OutsideKind.PROCURATORATE, "最高检"),
        ),
        (
            "(?:最高人民法院|最高法院|最高法)(?P<unit>.{1,8}庭)?",
            _national(OutsideKind.COURT, "最高法"),
        ),
        ("(?:国家|中华人民共和国)?公安部", _national(OutsideKind.POLICE, "公安部")),
        ("国务院(?:办公厅)?", _national(OutsideKind.GOVERNMENT, "国务院")),
        (
            "(?:中央纪委)?(?:国家监察委员会|国家监察委|国家监委)|中央纪委",
            _national(OutsideKind.SUPERVISION_COMMISSION, "国家监委"),
        ),
        (f"(?P<lead>)(?P<unit>(?!.*检察院){_SECTION})", _procuratorate),
        (
            (
                f"{P}(?P<number>{_N})?(?P<line>铁路运输|铁路|铁|海事|林区|知识产权|金融|互联网|军事|环境资源)?"
                "(?P<rank>高级|中级|基层)?(?:人民)?(?:法院|法庭)(?P<unit>[^市县区局]{0,8}庭|执行局|.{2}部门)?"
            ),
            _court,
        ),
        (
            f"{P}(?P<number>{_N})?(?P<line>铁路运输|铁路|铁)?(?P<rank>高|中)院(?P<unit>.{{0,10}}庭)?",
            _court,
        ),
        (
            (
                f"{P}(?P<line>铁路运输|铁路|铁|林区|军事)?(?:人民)?检察院?(?P<number>{_N})?分院"
                f"(?P<unit>{_SECTION})?"
            ),
            _procuratorate,
        ),
        (
            (
                f"{P}(?P<line>铁路运输|铁路|铁|林区|军事)?(?:人民)?(?:检察院|检察机关|检察官|检察)"
                f"(?P<unit>{_SECTION})?"
            ),
            _procuratorate,
        ),
        (f"{P}(?P<line>铁)检(?:院)?", _procuratorate),
        (f"{P}(?P<number>{_N})分院", _procuratorate),
        ("(?P<lead>(?:.*(?:省|市|州|县|区|旗|盟))?)院", _procuratorate),
        ("(?P<lead>(?:.*(?:省|市|州|县|区|旗|盟)))检", _procuratorate),
        (
            (
                f"{P}海警(?:局|总队|支队|大队|部门|机构|机关)?"
                "(?:(?P<inner>.{0,8}?)(?:工作站|直属局|站|分局))?"
            ),
            _coast_guard,
        ),
        (f"{P}(?:海关)?(?P<line>缉私)(?:局|部门|支队|{_OFFICE})", _police),
        (
            "(?P<lead>(?:.*[省市州盟县旗区镇乡])?)(?:公安局)?(?:.{2,8}分局)?(?P<sub>.{0,8}?)派出所",
            _police_station,
        ),
        (
            (
                f"{P}(?P<line>森林|铁路|民航|机场|航运|港航|水上)?公安(?:局|厅|处)?{_OFFICE}"
                "(?P<unit>.{2,10}(?:大队|支队|总队|中队))?"
            ),
            _police,
        ),
        (
            (
                f"{P}(?P<line>森林|铁路|民航|机场|航运|港航|水上)?公安(?:局|厅|处|机关|部门|民警)?"
                "(?P<unit>.{2,10}(?:大队|支队|总队|中队))?"
            ),
            _police,
        ),
        (f"{P}(?P<line>森林|水上)(?:警察|公安)(?:局|支队|大队)?", _police),
        (f"{P}(?P<unit>(?:交警|刑侦|经侦|治安|食药环侦|环侦)(?:大队|支队|总队|部门)?)", _police),
        (f"{P}(?:侦查机关|侦查部门|警方|民警)", _police),
        (
            (
                f"{P}(?:(?:纪律检查委员会|纪委|纪检)?(?:监察委员会|监察委|监委|监察机关|监察部门|监察)"
                "|纪律检查委员会|纪委|纪检监察组|纪检组|纪检部门|纪检机关)"
            ),
            _supervision,
        ),
        (
            (
                f"{P}(?:中央|国家|国务院|党委|委)?(?:第?[一二三四五六七八九十0-9]+)?(?:生态环境保护|生态环境|环境保护|环保|安全生产)?"
                "(?:督察|督查|巡视|巡察)(?:组|办公室|办|局)?"
            ),
            _inspection,
        ),
        (f"{P}(?:人民政府|政府)(?:办公室|办公厅|办)?", _government),
        ("(?P<lead>.*?街道)(?:办事处|办)?", _government),
        (f"{P}办事处", _government),
        (f"{P}(?:管理委员会|管委会)", _zone_committee),
        (f"{P}(?P<what>委?政法委(?:员会)?|党工委|党委)", _party_committee),
        ("(?P<lead>省|.*?[省市州盟县区旗])(?P<what>委)", _party_committee),
        (f"{P}(?P<body>(?:国家|地方)?税务局)(?P<unit>(?:第.)?稽查局)?", _agency),
        (f"国家税务总局{P}(?P<body>税务局)(?P<unit>(?:第.)?稽查局)?", _agency),
        (f"{P}(?:海关总署|海关)", _customs),
        (f"{P}(?P<body>{_BUREAU})", _agency),
        (f"{P}(?P<body>{_BUREAU}){_OFFICE}", _agency),
        (f"{P}(?P<body>(?:国家)?(?:{_S})(?:{_S}|{_T})*){_OFFICE}(?P<unit>)", _agency),
        (f"{P}(?P<body>(?:管理委员会|管委会)?{_ENFORCERS}(?:{_U})?)", _agency),
        (f"{P}(?P<body>(?:管理委员会|管委会)(?:{_BUREAU}))", _agency),
        (
            (
                f"{P}(?P<body>(?:{_S})*(?:水?行政主管|行政执法|行政监管|主管|监管|监督管理|行政|执法|联合执法)"
                f"(?P<unit>{words.COLLECTIVE}))"
            ),
            _agency,
        ),
        (f"{P}(?P<body>(?:{_S})*联合执法(?:组|队)?)", _agency),
        (f"{P}(?P<body>(?:{_S})(?:执法|管理|监管|行政执法)?)", _subject),
        (
            (
                f"{P}(?P<body>.{{2,16}}?(?:管理局|执法局|监督局|监察局|保护局|管理处|执法大队|执法支队|执法总队"
                "|执法队|监督所|监察所|管理所|监测中心|监测站)(?P<unit>))"
            ),
            _agency,
        ),
        (
            (
                "(?P<lead>.*?(?:省|市|州|盟|县|旗|区|镇|乡))(?P<body>.{1,16}?(?:局|厅|委员会|委|办公室|大队"
                "|支队|总队|中队|所|站)(?<!分局)(?P<unit>))"
            ),
            _agency,
        ),
        (
            "(?P<lead>)(?P<body>(?:国家|中国).{1,10}(?:局|总局|署|委员会|会)(?<!分局)(?P<unit>))",
            _agency,
        ),
        ("(?P<lead>)(?P<body>(?:某{1,3}|[A-Z甲乙丙丁])(?:局|厅|委员会)(?P<unit>))", _agency),
        ("(?P<lead>.{2,12})分局", _office),
    )
)
_WORDS = {
    "公安": "公安机关",
    "检察院": "检察机关",
    "法院": "人民法院",
    "海警局": "海警机构",
    "纪委监委": "纪检监察机关",
}
"""How a word without a place is called, however it was written."""
_JOINED = re.compile("[与及和](?=..)")
_OTHER_ORGAN = re.compile("检察|法院|公安|海警|监委|政府")
_APART = re.compile(f"[{re.escape(words.SEPARATORS)}（）()]")
_FIRM = re.compile(f"(?:{words.FIRM})$")


@lru_cache(maxsize=4096)
def read_form(text: str) -> Form | None:
    """What organ a text names as a whole; None if it names none, or more than one."""
    if len(text) > NAME_MAX or _FIRM.search(text):
        return None
    if found := _DROPPED_QUALIFIER.match(text):
        form = read_form(text[found.end() :])
        return form and replace(form, is_open=False)
    if found := _KEPT_QUALIFIER.match(text):
        form = read_form(text[found.end() :])
        return form and replace(form, name=text, body=text, is_open=False, level=None)
    if found := _OPEN_QUALIFIER.match(text):
        return read_form(text[found.end() :])
    return _counted(text) or _named(text)


def _counted(text: str) -> Form | None:
    found = _COUNTED.fullmatch(text)
    if not found:
        return None
    # 省市两级: the levels themselves, no place.
    before = found["before"] if found["before"].strip("省市县区州") else ""
    form = _named(before + found["after"])
    return form and replace(form, count=_COUNT[found["count"]], is_generic=True)


def _named(text: str) -> Form | None:
    for pattern, build in _RULES:
        found = pattern.fullmatch(text)
        if found and _is_believed(found):
            form = build(found)
            return replace(form, place=form.place or form.lead, name=_called(form), written=text)
    return None


def _called(form: Form) -> str:
    if form.is_generic and not form.lead:
        return _WORDS.get(form.body, form.name) if form.family != "investigation" else form.name
    name = form.name.removesuffix(form.unit)
    # With a place the word is a name: 某市检察机关 is 某市检察院.
    return name.replace("检察机关", "检察院") if form.lead else name


def _is_believed(found: Found) -> bool:
    groups = found.groupdict()
    lead, inner, unit = (groups.get(each) or "" for each in ("lead", "inner", "unit"))
    body = groups.get("body") or ""
    return (
        is_place(lead)
        and is_place(inner)
        and not _JOINED.match(inner)
        and not _JOINED.match(unit)
        and not _OTHER_ORGAN.search(body)
        and not _APART.search(found.string)
    )
