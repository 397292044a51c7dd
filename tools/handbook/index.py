"""The index of the handbook: how to read it, procedures, acts, tags, and every doubt."""

from pathlib import Path
from typing import Final

from libs.common.documents import DOCUMENTS
from libs.common.law import ACTS, Act, Law
from libs.common.procedure import Procedure
from libs.common.titles import CONFIDENCES
from services.cases.procedures import PROCEDURES
from tools.handbook import markdown as md
from tools.handbook.citations import DOUBTS, documents_in_doubt, places
from tools.handbook.purposes import PURPOSES

HOW_TO_READ: Final = Path(__file__).with_name("how_to_read.md")
"""The only part of the handbook that is written by hand, with `coverage.toml`."""


def text() -> str:
    """The whole page."""
    return md.page(
        "行刑衔接程序手册 / Handbook of the procedures",
        "## 读法 / How to read it",
        HOW_TO_READ.read_text(encoding="utf-8").strip(),
        "## 程序 / Procedures",
        _procedures(),
        _other_pages(),
        "## 可信度标记 / Tags of confidence",
        _tags(),
        "## 法律文件 / Acts",
        _acts(),
        "## 疑点 / Doubts",
        "均须经法律人员确认。 Each is for a lawyer to settle.",
        _doubts(),
        "### 文书的疑点 / Doubts about documents",
        _document_doubts(),
    )


def _procedures() -> str:
    heads = ("程序 procedure", "用途 purpose", "状态 states", "环节 steps", "期限 limits")
    rows = [_procedure(procedure) for procedure in PROCEDURES.values()]
    total = (
        "合计 total",
        "",
        str(sum(len(each.states) for each in PROCEDURES.values())),
        str(sum(len(each.steps) for each in PROCEDURES.values())),
        str(sum(len(each.limits) for each in PROCEDURES.values())),
    )
    return md.table(heads, [*rows, total])


def _procedure(procedure: Procedure) -> tuple[str, ...]:
    return (
        md.link(md.beside(procedure.title, procedure.title_en), f"{procedure.name}.md"),
        md.both(*PURPOSES[procedure.name]),
        *(str(len(rows)) for rows in (procedure.states, procedure.steps, procedure.limits)),
    )


def _other_pages() -> str:
    return "\n".join(
        [
            f"- {md.link('文书登记 / Documents', 'documents.md')}",
            f"- {md.link('权限矩阵 / Permissions', 'permissions.md')}",
            f"- {md.link('领域参考各行的实现 / Coverage', 'coverage.md')}",
            "- 供法律人员使用的数据 / as data for lawyers: `xianjie procedure export --file F`",
        ]
    )


def _tags() -> str:
    return md.table(
        ("标记 tag", "含义 meaning"),
        ((md.code(tag.value), md.both(*titles)) for tag, titles in CONFIDENCES.items()),
    )


def _acts() -> str:
    return md.table(
        ("简称 short", "名称 title", "文号 number", "有效 in force"),
        (_act(act) for act in ACTS.values()),
    )


def _act(act: Act) -> tuple[str, ...]:
    until = act.valid_to.isoformat() if act.valid_to else "至今 to date"
    return (
        md.anchor(f"act-{act.id.lower()}") + md.code(act.id),
        md.both(act.title, act.title_en),
        md.words(act.number),
        f"{act.valid_from.isoformat()} – {until}",
    )


def _doubts() -> str:
    heads = ("条文 article", "标记 tag", "疑点 doubt", "用于 used in")
    return md.table(heads, (_doubt(law, name) for law, name in sorted_doubts()))


def sorted_doubts() -> list[tuple[Law, str]]:
    """Every doubt with its anchor, in the order of the acts."""
    order = list(ACTS)
    return sorted(DOUBTS.items(), key=lambda item: order.index(item[0].act.id))


def _doubt(law: Law, name: str) -> tuple[str, ...]:
    return (
        md.anchor(name) + f"{law.act.id} {md.words(law.article)}",
        md.code(law.confidence.value),
        md.words(law.doubt),
        "、".join(md.link(_short(place), place) for place in places(law)),
    )


def _short(place: str) -> str:
    page, _, spot = place.partition("#")
    return f"{page.removesuffix('.md')}.{spot.partition('-')[2]}"


def _document_doubts() -> str:
    return md.table(
        ("文书 document", "标记 tag", "疑点 doubt"),
        (
            (
                md.link(
                    f"{code.upper()} {md.words(DOCUMENTS[code].title)}", f"documents.md#{code}"
                ),
                md.code(DOCUMENTS[code].confidence.value),
                md.words(DOCUMENTS[code].doubt),
            )
            for code in documents_in_doubt()
        ),
    )
