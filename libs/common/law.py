"""Acts and articles as dated records: every step, limit and obligation names the rule it rests on.

A citation carries how well its text is known (the tags of the domain reference); what is not read
in full is shown with its doubt wherever it is used.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Confidence(StrEnum):
    """How the text of an article is known to us."""

    FULL = "FULL"
    """The whole article was read."""
    PART = "PART"
    """Only an excerpt, a summary or a damaged copy was read."""
    MEM = "MEM"
    """From memory, not confirmed."""
    DESIGN = "DESIGN"
    """Not law: our reading, or a rule of the platform."""


@dataclass(frozen=True, slots=True)
class Act:
    """A law, regulation or rule with the days on which it is in force."""

    id: str
    title: str
    title_en: str
    number: str
    valid_from: date
    valid_to: date | None = None
    """The last day in force; None while it is."""


@dataclass(frozen=True, slots=True)
class Law:
    """One article of an act as the base of a step, limit or obligation."""

    act: Act
    article: str
    confidence: Confidence = Confidence.FULL
    doubt: str = ""
    """What is uncertain, in Chinese, shown to the user; required unless it was read in full."""

    def __post_init__(self) -> None:
        assert self.confidence is Confidence.FULL or self.doubt, f"{self}: a doubt must be said"

    @property
    def citation(self) -> str:
        """The citation as an official document writes it, for example 《…规定》第五条."""
        return f"《{self.act.title}》{self.article}"

    def in_force_on(self, day: date) -> bool:
        """Whether the act was in force on that day."""
        return self.act.valid_from <= day and (
            self.act.valid_to is None or day <= self.act.valid_to
        )


M17 = Act(
    "M17",
    "环境保护行政执法与刑事司法衔接工作办法",
    "Measures on linking environmental enforcement with criminal justice",
    "环环监〔2017〕17号",
    date(2017, 1, 25),
)
SC310 = Act(
    "SC310",
    "行政执法机关移送涉嫌犯罪案件的规定",
    "Provisions on the transfer of suspected criminal cases by administrative organs",
    "国务院令第310号（第730号修订）",
    date(2001, 7, 9),
)
PSP20 = Act(
    "PSP20",
    "公安机关办理刑事案件程序规定",
    "Procedural provisions for criminal cases handled by public security organs",
    "公安部令第159号",
    date(2020, 9, 1),
)
PS16 = Act(
    "PS16",
    "公安机关受理行政执法机关移送涉嫌犯罪案件规定",
    "Provisions on public security organs taking in cases transferred by administrative organs",
    "公通字〔2016〕16号",
    date(2016, 6, 16),
)
CPL = Act(
    "CPL",
    "中华人民共和国刑事诉讼法",
    "Criminal Procedure Law",
    "2018年修正",
    date(2018, 10, 26),
)
APL = Act(
    "APL",
    "中华人民共和国行政处罚法",
    "Administrative Penalty Law",
    "2021年修订",
    date(2021, 7, 15),
)
PLATFORM = Act(
    "PLATFORM",
    "衔接平台规则",
    "Rules of the platform (not law)",
    "本平台",
    date(2001, 7, 9),
)
ACTS = {act.id: act for act in (M17, SC310, PSP20, PS16, CPL, APL, PLATFORM)}
