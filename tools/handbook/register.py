"""The page of the register of documents W1 to W30."""

from collections.abc import Iterable
from typing import Final

from libs.common.agencies import OrganKind
from libs.common.documents import DOCUMENTS, DocumentKind
from libs.common.titles import ORGAN_KINDS
from services.cases.procedures import PROCEDURES
from tools.handbook import markdown as md
from tools.handbook.cells import step_link

NOTE: Final = """\
文号由配置中的号码规则给出；号码规则的疑点见配置。“生成”指平台由同一记录写出，“收入”指作为文件收存。
Numbers follow the patterns of the profile, where their doubts stand. *generated*: the platform
writes it from one record; *received*: it is taken in as a file."""


def text() -> str:
    """The whole page."""
    heads = (
        "代码 kind",
        "名称 title",
        "制作 issuer",
        "接收 receiver",
        "来源 origin",
        "文号规则 number",
        "必备内容 mandatory",
        "可信度 tag",
        "需要的环节 wanted by",
    )
    return md.page(
        "文书登记 / Register of documents",
        md.link("目录 index", "README.md"),
        NOTE,
        md.table(heads, (_row(row) for row in DOCUMENTS.values())),
    )


def _row(row: DocumentKind) -> tuple[str, ...]:
    return (
        md.anchor(row.code) + row.code.upper(),
        md.both(row.title, row.title_en),
        _organs(row.issuers),
        _organs(row.receivers) if row.receivers else "存卷 stays on file",
        "生成 generated" if row.generated else "收入 received",
        md.code(row.pattern) if row.pattern else "",
        md.lines(md.words(each) for each in row.mandatory),
        md.lines(filter(None, (md.code(row.confidence.value), md.words(row.doubt)))),
        md.lines(wanted_by(row.code)),
    )


def _organs(kinds: Iterable[OrganKind]) -> str:
    return md.lines(md.beside(*ORGAN_KINDS[kind]) for kind in kinds)


def wanted_by(code: str) -> list[str]:
    """The steps that want a document, once each."""
    found = {
        (procedure.name, step.name): step_link(step, f"{procedure.name}.md")
        for procedure in PROCEDURES.values()
        for step in procedure.steps
        if code in step.documents
    }
    return list(found.values())
