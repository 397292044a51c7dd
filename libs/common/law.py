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
PR19 = Act(
    "PR19",
    "人民检察院刑事诉讼规则",
    "Rules of criminal procedure of the people's procuratorates",
    "高检发释字〔2019〕4号",
    date(2019, 12, 30),
)
CI21 = Act(
    "CI21",
    "最高人民法院关于适用《中华人民共和国刑事诉讼法》的解释",
    "Interpretation of the Supreme People's Court on applying the Criminal Procedure Law",
    "法释〔2021〕1号",
    date(2021, 3, 1),
)
FS10 = Act(
    "FS10",
    "关于刑事立案监督有关问题的规定（试行）",
    "Provisions on the supervision of criminal filing (trial)",
    "最高人民检察院、公安部 2010年",
    date(2010, 10, 1),
)
SPP21 = Act(
    "SPP21",
    "最高人民检察院关于推进行政执法与刑事司法衔接工作的规定",
    "Provisions of the Supreme People's Procuratorate on linking enforcement with criminal justice",
    "高检发释字〔2021〕4号",
    date(2021, 9, 6),
)
RG24 = Act(
    "RG24",
    "人民检察院行刑反向衔接工作指引",
    "Guide of the procuratorates to reverse linkage",
    "2024年11月26日",
    date(2024, 11, 26),
)
MEE30 = Act(
    "MEE30",
    "生态环境行政处罚办法",
    "Measures on penalties in ecology and environment",
    "生态环境部令第30号",
    date(2023, 7, 1),
)
DET14 = Act(
    "DET14",
    "行政主管部门移送适用行政拘留环境违法案件暂行办法",
    "Interim measures on transferring environmental cases for administrative detention",
    "公治〔2014〕853号",
    date(2015, 1, 1),
)
ECI23 = Act(
    "ECI23",
    "最高人民法院、最高人民检察院关于办理环境污染刑事案件适用法律若干问题的解释",
    "Interpretation on criminal cases of environmental pollution",
    "法释〔2023〕7号",
    date(2023, 8, 15),
)
CODE = Act(
    "CODE",
    "中华人民共和国生态环境法典",
    "Ecological and Environmental Code",
    "2026年3月12日通过",
    date(2026, 8, 15),
)
AEL = Act(
    "AEL",
    "中华人民共和国行政强制法",
    "Administrative Coercion Law",
    "主席令第49号",
    date(2012, 1, 1),
)
ARL = Act(
    "ARL",
    "中华人民共和国行政复议法",
    "Administrative Reconsideration Law",
    "2023年修订",
    date(2024, 1, 1),
)
ALL = Act(
    "ALL",
    "中华人民共和国行政诉讼法",
    "Administrative Litigation Law",
    "2017年修正",
    date(2017, 7, 1),
)
PIL = Act(
    "PIL",
    "最高人民法院、最高人民检察院关于检察公益诉讼案件适用法律若干问题的解释",
    "Interpretation on public-interest suits of the procuratorates",
    "法释〔2018〕6号",
    date(2018, 3, 2),
)
DAM22 = Act(
    "DAM22",
    "生态环境损害赔偿管理规定",
    "Provisions on compensation for ecological damage",
    "环法规〔2022〕31号",
    date(2022, 4, 26),
)
PLATFORM = Act(
    "PLATFORM",
    "衔接平台规则",
    "Rules of the platform (not law)",
    "本平台",
    date(2001, 7, 9),
)
ACTS = {
    act.id: act
    for act in (
        *(M17, SC310, PSP20, PS16, CPL, APL, PR19, CI21, FS10, SPP21, RG24, MEE30, DET14),
        *(ECI23, CODE, AEL, ARL, ALL, PIL, DAM22, PLATFORM),
    )
}
