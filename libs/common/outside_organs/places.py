"""Names of places by their form alone: chains of 省, 市, 县, also abbreviated; no gazetteer."""

import re
from functools import lru_cache

from libs.common.outside_organs.values import OutsideLevel

PLACE_MAX = 32
STEM_MIN, STEM_MAX = 2, 14
BARE_MAX = 6
"""The longest place without 省, 市, 县 that is still believed."""

_LONG = "特别行政区|自治区|自治州|自治县|自治旗|开发区|街道"
_SHORT = "省市州盟县旗区镇乡"
# An ending that another one follows belongs to the stem, but for a 市 before a 市某区.
_COMPONENT = re.compile(rf".+?(?:(?:{_LONG}|[{_SHORT}])(?![{_SHORT}])|市(?=市.))")
_BARE = re.compile(r"[\w×*＊·○]+")
_ORGAN_WORD = re.compile(
    "检察|法院|公安|海警|局|厅|政府|委员会|管委会|部门|机关|公司|企业|监委|纪委|大队|支队|总队"
    "|当事|群众|人员|执法|被告|嫌疑"
)
# 和某县 is a name, 和某某县 says "and"; no name begins with 与 or 及.
_JOINED = re.compile(r"[与及]|和..+[省市州盟县旗区]$|和..+街道$")

_LEVELS = {
    "省": OutsideLevel.PROVINCE,
    "自治区": OutsideLevel.PROVINCE,
    "特别行政区": OutsideLevel.PROVINCE,
    "州": OutsideLevel.CITY,
    "盟": OutsideLevel.CITY,
    "地区": OutsideLevel.CITY,
    "县": OutsideLevel.COUNTY,
    "旗": OutsideLevel.COUNTY,
    "区": OutsideLevel.COUNTY,
    "镇": OutsideLevel.TOWNSHIP,
    "乡": OutsideLevel.TOWNSHIP,
    "街道": OutsideLevel.TOWNSHIP,
}
_ENDINGS = ("自治区", "特别行政区", "地区", "街道", *_SHORT)
_ABOVE_COUNTY = ("市", "州", "盟", "地区")
_MASK = re.compile("[某A-Z甲乙丙丁]|.{2,8}兵团(?:第.{1,3}师)?")
_COUNT = re.compile("[两二双三四五](?:级|地)")
_ZONE = re.compile("(?:开发区|产业区|园区|新区|示范区|试验区|保税区)$")
ALONE = frozenset({*_SHORT, "街道", "自治区", "自治州", "自治县"})
"""An ending that stands for the place already named: 县公安局, 市检察院."""


@lru_cache(maxsize=4096)
def components(place: str) -> tuple[str, ...]:
    """The links of a chain, the largest first; what has no ending of a place comes last."""
    found: list[str] = []
    at = 0
    while match := _COMPONENT.match(place, at):
        found.append(match.group())
        at = match.end()
    rest = place[at:]
    if rest in _SHORT and rest and found:
        found[-1] += rest
    elif rest:
        found.append(rest)
    return tuple(found)


def ending(component: str) -> str:
    """The word that says what a place is, empty for a bare name."""
    return next((each for each in _ENDINGS if component.endswith(each)), "")


def stem(component: str) -> str:
    """A name without the word that says what it is."""
    return component.removesuffix(ending(component))


def is_place(text: str) -> bool:
    """Whether a text may be a place (an empty one is the place left out)."""
    if not text or text in ALONE:
        return True
    if (
        len(text) > PLACE_MAX
        or _COUNT.search(text)
        or not _BARE.fullmatch(text)
        or _ORGAN_WORD.search(text)
    ):
        return False
    chain = components(text)
    if any(_JOINED.match(each) for each in chain[1:]) or _JOINED.match(chain[0]):
        return False
    return all(map(_is_link, chain))


def _is_link(component: str) -> bool:
    if component in ALONE:
        return True
    if not ending(component):
        is_short = STEM_MIN <= len(component) <= BARE_MAX
        return is_short or bool(_MASK.fullmatch(component))
    return len(component) <= STEM_MAX


def is_chain(text: str) -> bool:
    """Whether a text is a place that says so itself, by 省, 市, 县 at its end."""
    return bool(text) and text not in ALONE and is_place(text) and bool(ending(text))


def places_fit(one: str, other: str) -> bool:
    """Whether two texts can be the same place: one shorter, abbreviated, or without its 省."""
    mine, theirs = components(one), components(other)
    if not mine or not theirs or not _links_fit(mine[-1], theirs[-1]):
        return False
    return all(
        _links_fit(each, another)
        for each in mine[:-1]
        for another in theirs[:-1]
        if ending(each) == ending(another)
    )


def _links_fit(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if short == long:
        return True
    if stem(short) == stem(long):
        return not ending(short) and _LEVELS.get(ending(long)) is not OutsideLevel.TOWNSHIP
    return _is_abbreviation(short, long) or _is_tail(short, long)


def _is_abbreviation(short: str, long: str) -> bool:
    if "自治" in long:
        return long.startswith(stem(short)) and ending(short) in {"", long[-1]}
    if not _ZONE.search(long) or not _ZONE.sub("", long) or len(stem(short)) < STEM_MIN:
        return False
    letters = iter(long)
    return (
        short[-1] == "区" and len(long) - len(short) > 1 and all(each in letters for each in short)
    )


def _is_tail(short: str, long: str) -> bool:
    # A name before it that has no ending of its own, as of some autonomous regions. One more
    # character makes another name, two rarely do.
    least = len("某某") if not ending(short) else len("某某市")
    return len(short) >= least and len(long) - len(short) > 1 and long.endswith(short)


def level_by_form(place: str) -> OutsideLevel:
    """The level that a chain tells by itself; a 市 with nothing around it tells none."""
    chain = components(place)
    if not chain:
        return OutsideLevel.UNKNOWN
    last, above = chain[-1], [ending(each) for each in chain[:-1]]
    if found := _LEVELS.get(ending(last)):
        return found
    if above and above[-1] in _ABOVE_COUNTY:
        return OutsideLevel.COUNTY
    return OutsideLevel.UNKNOWN


def level_within(place: str, region: str, others: tuple[str, ...]) -> OutsideLevel:
    """The level of a place, with the region of the case and its other places as evidence."""
    if (found := level_by_form(place)) is not OutsideLevel.UNKNOWN or not place:
        return found
    for chain in map(components, (region, *others)):
        for index, link in enumerate(chain):
            if _links_fit(components(place)[-1], link):
                found = _level_in_chain(chain, index, from_top=chain == components(region))
            if found is not OutsideLevel.UNKNOWN:
                return found
    return found


def _level_in_chain(chain: tuple[str, ...], index: int, *, from_top: bool) -> OutsideLevel:
    found = level_by_form("".join(chain[: index + 1]))
    if found is not OutsideLevel.UNKNOWN or ending(chain[index]) != "市":
        return found
    # The region of a published case begins with its province: a 市 in that place is one itself,
    # unless its link carries the bare name of an autonomous region before it.
    if from_top and index == 0 and len(chain[index]) <= len("某某某市"):
        return OutsideLevel.PROVINCE
    # Elsewhere a chain may begin with such a 市 too, so a district below does not tell.
    is_city = len(chain) > index + 1 and (index > 0 or from_top)
    return OutsideLevel.CITY if is_city else OutsideLevel.UNKNOWN
