"""The closed sets of the law in words, Chinese and English: organs, duties, units, kinds, tags.

Titles of what a table names itself (steps, states, limits) stand in the table.
"""

from typing import Final, NamedTuple

from libs.common.agencies import Duty, OrganKind
from libs.common.contracts.procedure import Receipt
from libs.common.law import Confidence
from libs.common.limits import LimitKind
from libs.common.worktime import Unit


class Titles(NamedTuple):
    """One thing in both languages."""

    zh: str
    en: str


ORGAN_KINDS: Final = {
    OrganKind.ENFORCEMENT_AGENCY: Titles("行政执法机关", "enforcement agency"),
    OrganKind.POLICE: Titles("公安机关", "police"),
    OrganKind.PROCURATORATE: Titles("检察机关", "procuratorate"),
    OrganKind.COURT: Titles("审判机关", "court"),
    OrganKind.GOVERNMENT: Titles("人民政府", "government"),
    OrganKind.SUPERVISION_COMMISSION: Titles("监察机关", "supervision commission"),
    OrganKind.JUSTICE_ADMINISTRATION: Titles("司法行政机关", "justice administration"),
    OrganKind.ESTABLISHMENT_OFFICE: Titles("机构编制机关", "establishment office"),
    OrganKind.AUDITOR: Titles("平台审计", "auditor of the platform"),
    OrganKind.PLATFORM: Titles("平台", "platform"),
}
DUTIES: Final = {
    Duty.OFFICER: Titles("承办人", "officer"),
    Duty.HEAD: Titles("负责人", "head"),
    Duty.DESK: Titles("收发、受案窗口", "desk"),
    Duty.LEGAL: Titles("法制审核", "legal unit"),
    Duty.DATA_OWNER: Titles("数据管理", "data owner"),
    Duty.AUDITOR: Titles("审计", "auditor"),
    Duty.ADMINISTRATOR: Titles("平台自动", "the platform itself"),
}
UNITS: Final = {
    Unit.HOUR: Titles("小时", "hours"),
    Unit.NATURAL_DAY: Titles("日（自然日）", "natural days"),
    Unit.WORKING_DAY: Titles("个工作日", "working days"),
    Unit.MONTH: Titles("个月", "months"),
    Unit.HALF_MONTH: Titles("个半月（每个十五日）", "half months"),
}
LIMIT_KINDS: Final = {
    LimitKind.DUTY: Titles("义务期限：逾期记录并报告，不拒收", "duty: late is recorded"),
    LimitKind.RIGHT: Titles("权利期限：逾期照收，由接收方决定", "right: late is taken in"),
    LimitKind.VALIDITY: Titles("效力期限：期满自行失效", "validity: it lapses by itself"),
}
CONFIDENCES: Final = {
    Confidence.FULL: Titles("已读条文全文", "the whole article was read"),
    Confidence.PART: Titles(
        "仅读摘录、摘要或者受损副本", "only an excerpt, a summary or a damaged copy was read"
    ),
    Confidence.MEM: Titles("凭记忆，未经核实", "from memory, not confirmed"),
    Confidence.DESIGN: Titles(
        "不是法律：平台的理解或者规则", "not law: our reading, or a rule of the platform"
    ),
}
RECEIPTS: Final = {
    Receipt.DELIVERED: Titles("送达即可", "delivered"),
    Receipt.READ: Titles("须阅读", "read"),
    Receipt.ACKNOWLEDGED: Titles("须确认收到", "acknowledged"),
    Receipt.ANSWERED: Titles("须答复", "answered"),
}
FIELDS: Final = {
    "any": Titles("所有领域", "any field"),
    "environment": Titles("生态环境", "environment"),
}
"""The fields of enforcement for which the tables have rows of their own."""
