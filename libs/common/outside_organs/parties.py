"""Those who are no organ, by the form of their name: firms, people, the public, experts."""

import re

from libs.common.outside_organs import words
from libs.common.outside_organs.values import ActorKind

PERSON_MAX = 4

_FIRM = re.compile(f"(?:{words.FIRM})(?:[（(].*[）)]|等.{{0,6}})?$")
_COMPANY = re.compile("公司(?:[（(].*[）)]|等.{0,6})?$")
_EXPERT = re.compile(f"(?:{words.EXPERT})$")
_PUBLIC = re.compile(words.PUBLIC)
_MASKED = re.compile(r"[^\W\d_]{0,3}(?:某[某\w]{0,3}|[甲乙丙丁戊己庚辛])(?:等(?:.{0,3}人)?)?")
_PEOPLE = re.compile(
    "(?:涉案|被告|嫌疑|上诉|行为|责任|代表|负责|辩护|申请|报案|控告|被害|不起诉|经营|从业|违法|犯罪)"
    "(?:人员|人|者)(?:.{0,8}名|.{0,4}人)?(?:[（(].*[）)])?|家属|律师"
)
_SIDES = re.compile("当事人|各方|双方|三方")
_OFFICES = "省市州县区旗局院厅办会队所站委处科室部组"
_HAN = re.compile("[\u3400-\u9fff]+")


def party_kind(text: str) -> tuple[ActorKind, bool]:
    """What somebody who is no organ is, and whether the text says so rather than suggests it."""
    for kind, pattern in (
        (ActorKind.ORGANISATION, _COMPANY),
        (ActorKind.EXPERT, _EXPERT),
        (ActorKind.ORGANISATION, _FIRM),
        (ActorKind.PARTY, _SIDES),
        (ActorKind.PERSON, _PEOPLE),
        (ActorKind.PUBLIC, _PUBLIC),
    ):
        if pattern.search(text):
            return kind, True
    if _MASKED.fullmatch(text):
        return ActorKind.PERSON, True
    is_name = 1 < len(text) <= PERSON_MAX and bool(_HAN.fullmatch(text))
    is_name = is_name and text[-1] not in _OFFICES
    return (ActorKind.PERSON if is_name else ActorKind.PARTY), False


def is_plain_party(text: str) -> bool:
    """Whether a text is surely one that is no organ, and no two of them joined."""
    kind, is_certain = party_kind(text)
    return is_certain and kind is not ActorKind.PARTY and not re.search(".[和与及].", text)
