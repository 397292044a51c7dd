"""The register of documents W1 to W30: kind, title, who issues and receives, what must be in it.

A row says what a document is; numbers are patterns of the profile, files stay with their owner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from libs.common.agencies import OrganKind
from libs.common.law import Confidence

AGENCY: Final = (OrganKind.ENFORCEMENT_AGENCY,)
POLICE: Final = (OrganKind.POLICE,)
PROCURATORATE: Final = (OrganKind.PROCURATORATE,)
COURT: Final = (OrganKind.COURT,)
GOVERNMENT: Final = (OrganKind.GOVERNMENT,)
JUSTICE: Final = (OrganKind.JUSTICE_ADMINISTRATION,)
ANY_HANDLING: Final = (
    *(*AGENCY, *POLICE, *PROCURATORATE, *COURT, *GOVERNMENT),
    OrganKind.SUPERVISION_COMMISSION,
)
"""Every kind of organ that handles a case."""


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of document."""

    code: str
    title: str
    title_en: str
    issuers: tuple[OrganKind, ...]
    receivers: tuple[OrganKind, ...]
    """Empty: it stays in the issuer's file."""
    generated: bool
    """The platform writes it from one record; otherwise it is taken in as a file."""
    mandatory: tuple[str, ...] = ()
    """What must be in it, in the words of the form."""
    pattern: str | None = None
    """The `document` of the profile's number pattern; None where it has no number of its own."""
    confidence: Confidence = Confidence.FULL
    doubt: str = ""

    def __post_init__(self) -> None:
        assert self.confidence is Confidence.FULL or self.doubt, f"{self.code}: say the doubt"


_FORM_DOUBT: Final = "文书式样依公安、检察机关内部规定，未取得正式式样；须经相应机关确认。"
_MIXED_DOUBT: Final = "未见统一式样，按惯例登记。"
_PENALTY_DOUBT: Final = "行政处罚法第五十九条的必备内容凭记忆，文号样式仅见实例，须核对。"

_DETENTION_PARTY: Final = (
    *("案由", "企业名称或者经营者", "组织机构代码", "地址", "邮编"),
    *("法定代表人或者负责人", "证件号", "电话", "企业主要负责人"),
)
"""What both forms of DET14 say of the party."""

_ROWS: Final = (
    DocumentKind(
        "w1",
        "移送涉嫌犯罪案件书面报告/审批表",
        "Report and approval of a transfer",
        AGENCY,
        (),
        generated=True,
        mandatory=("事实", "证据", "所涉标准", "法律依据", "处理建议", "决定", "时间", "签名"),
    ),
    DocumentKind(
        "w2",
        "涉嫌犯罪案件移送书",
        "Letter of transfer",
        AGENCY,
        POLICE + PROCURATORATE,
        generated=True,
        mandatory=(
            "移送机关名称",
            "涉嫌罪名及主要依据",
            "案件主办人及联系方式",
            "移送材料清单",
            "公章",
            "回执",
        ),
        pattern="transfer_letter",
    ),
    DocumentKind(
        "w3",
        "移送材料清单",
        "List of the material",
        AGENCY + POLICE,
        POLICE + AGENCY,
        generated=True,
        mandatory=(
            "案由",
            "材料名称",
            "数量",
            "提供部门",
            "备注",
            "移送人及执法证号",
            "接收人及警官证号",
            "双方印章",
            "日期",
        ),
    ),
    DocumentKind(
        "w4",
        "案件调查报告",
        "Report of the investigation",
        AGENCY,
        POLICE,
        generated=True,
        mandatory=(
            "案件来源",
            "查获情况",
            "嫌疑人基本情况",
            "涉嫌犯罪事实",
            "证据和法律依据",
            "处理建议和法律依据",
        ),
    ),
    DocumentKind(
        "w5",
        "现场检查（勘察）笔录、调查询问笔录、现场勘验图、采样记录单",
        "Records of inspection, interviews, survey and sampling",
        AGENCY,
        POLICE,
        generated=False,
        mandatory=("勘验图：厂区和设备布置、排放口、采样点位、污染物排放途径",),
    ),
    DocumentKind(
        "w6",
        "涉案物品清单",
        "List of items",
        AGENCY,
        POLICE,
        generated=True,
        mandatory=("名称", "数量", "特征", "存放地", "来源证明材料"),
    ),
    DocumentKind(
        "w7",
        "现场照片或者录音录像资料及清单",
        "Photographs and recordings with their list",
        AGENCY,
        POLICE,
        generated=False,
        mandatory=("需证明的事实对象", "拍摄人", "拍摄时间", "拍摄地点"),
    ),
    DocumentKind(
        "w8",
        "监测、检验报告、突发环境事件调查报告、认定意见",
        "Monitoring and test reports, identifications",
        AGENCY + POLICE,
        POLICE + PROCURATORATE,
        generated=False,
        mandatory=("认定意见：经认定属于或者不属于何种危险废物等、废物代码", "公章"),
    ),
    DocumentKind(
        "w9",
        "行政处罚决定书",
        "Decision on a penalty",
        AGENCY,
        POLICE,
        generated=False,
        mandatory=(
            "当事人姓名或者名称、地址",
            "违法事实和证据",
            "处罚种类和依据",
            "履行方式和期限",
            "复议、诉讼途径和期限",
            "机关名称和日期",
            "公章",
        ),
        pattern="penalty_decision",
        confidence=Confidence.PART,
        doubt=_PENALTY_DOUBT,
    ),
    DocumentKind(
        "w10",
        "接受案件回执/受案登记表/受案回执",
        "Receipt of the case",
        POLICE,
        AGENCY,
        generated=True,
        mandatory=("接收人", "时间", "材料清单"),
        pattern="acceptance_receipt",
    ),
    DocumentKind(
        "w11",
        "补正通知书",
        "Notice of missing papers",
        POLICE,
        AGENCY,
        generated=True,
        mandatory=("缺少的材料", "补正期限"),
    ),
    DocumentKind(
        "w12",
        "移送案件通知书",
        "Notice of a case sent on",
        POLICE,
        POLICE + AGENCY + PROCURATORATE,
        generated=True,
        mandatory=("理由",),
    ),
    DocumentKind(
        "w13",
        "立案决定书/立案通知书",
        "Decision and notice of filing",
        POLICE,
        AGENCY + PROCURATORATE,
        generated=True,
        mandatory=("罪名", "日期", "承办人"),
        pattern="filing_decision",
    ),
    DocumentKind(
        "w14",
        "不予立案通知书",
        "Notice of non-filing",
        POLICE,
        AGENCY + PROCURATORATE,
        generated=True,
        mandatory=("理由", "救济途径和期限"),
        pattern="refusal_to_file",
    ),
    DocumentKind(
        "w15",
        "撤销案件决定书",
        "Decision to withdraw the case",
        POLICE,
        AGENCY + PROCURATORATE,
        generated=True,
        mandatory=("理由", "案卷退回"),
        pattern="withdrawal_decision",
    ),
    DocumentKind(
        "w16",
        "复议申请书/复议决定书",
        "Application for and decision on reconsideration",
        AGENCY + POLICE,
        POLICE + AGENCY,
        generated=True,
        mandatory=("被申请的决定", "理由", "证据"),
    ),
    DocumentKind(
        "w17",
        "立案监督建议书",
        "Suggestion to supervise the filing",
        AGENCY,
        PROCURATORATE,
        generated=True,
        mandatory=(
            "案件材料",
            "不予立案或者撤销案件决定及理由",
            "维持不予立案的复议决定",
            "逾期证明",
        ),
    ),
    DocumentKind(
        "w18",
        "要求说明不立案理由通知书/要求说明立案理由通知书",
        "Request to explain the non-filing or the filing",
        PROCURATORATE,
        POLICE,
        generated=True,
        mandatory=("案件", "法律依据（刑事诉讼法第一百一十三条）", "七日内答复"),
        pattern="notice_to_explain",
    ),
    DocumentKind(
        "w19",
        "不立案理由说明书/立案理由说明书",
        "Explanation of the non-filing or the filing",
        POLICE,
        PROCURATORATE,
        generated=False,
        mandatory=("事实", "依据", "理由", "证据"),
        confidence=Confidence.PART,
        doubt=_FORM_DOUBT,
    ),
    DocumentKind(
        "w20",
        "通知立案书/通知撤销案件书",
        "Order to file or to withdraw",
        PROCURATORATE,
        POLICE,
        generated=True,
        mandatory=("理由不成立之处", "事实和法律", "十五日内立案", "送交立案决定书"),
        pattern="order_to_file",
    ),
    DocumentKind(
        "w21",
        "纠正违法通知书/立案监督案件催办函",
        "Notice to correct, reminder",
        PROCURATORATE,
        POLICE,
        generated=True,
        mandatory=("违法情形或者催办事项",),
    ),
    DocumentKind(
        "w22",
        "检察意见书（建议移送）",
        "Opinion that a case be transferred",
        PROCURATORATE,
        AGENCY + GOVERNMENT + JUSTICE,
        generated=True,
        mandatory=("事实", "法律", "移送要求", "三日内"),
        pattern="opinion_to_transfer",
    ),
    DocumentKind(
        "w23",
        "检察意见书（行政处罚）和不起诉决定书",
        "Opinion that a penalty be given, with the non-prosecution",
        PROCURATORATE,
        AGENCY + JUSTICE,
        generated=False,
        mandatory=(
            "违法事实、情节及证据",
            "应当处罚的意见",
            "查封扣押冻结财物情况",
            "采取和解除强制措施情况",
        ),
        pattern="non_prosecution_decision",
        confidence=Confidence.PART,
        doubt=_FORM_DOUBT,
    ),
    DocumentKind(
        "w24",
        "处理结果回复函",
        "Reply with the result",
        AGENCY,
        PROCURATORATE + COURT,
        generated=True,
        mandatory=("结果", "日期", "附决定"),
    ),
    DocumentKind(
        "w25",
        "中止审查决定书、终结审查决定书、审查终结报告",
        "Decisions of the procuratorate's own review",
        PROCURATORATE,
        (),
        generated=False,
        confidence=Confidence.PART,
        doubt=_FORM_DOUBT,
    ),
    DocumentKind(
        "w26",
        "提请批准逮捕书、逮捕决定、起诉意见书、起诉书、补充侦查文书、判决书",
        "Documents of the criminal case, taken in as status",
        POLICE + PROCURATORATE + COURT,
        POLICE + PROCURATORATE + COURT + AGENCY,
        generated=False,
        pattern="judgment",
    ),
    DocumentKind(
        "w27",
        "行政拘留案件移送审批表",
        "Approval of a transfer for detention",
        AGENCY,
        (),
        generated=True,
        mandatory=(
            *_DETENTION_PARTY,
            "调查人员",
            "承办部门",
            "案情简介",
            "移送依据和处理意见",
            "经办人、执法机构、法制机构、局领导意见",
        ),
        pattern="detention_letter",
    ),
    DocumentKind(
        "w28",
        "行政拘留案件移送书",
        "Letter of transfer for detention",
        AGENCY,
        POLICE,
        generated=True,
        mandatory=(
            *_DETENTION_PARTY,
            "简要案情",
            "移送依据",
            "移送建议",
            "经办人及执法证号",
            "公章",
        ),
    ),
    DocumentKind(
        "w29",
        "咨询函/答复函、联席会议纪要、联合调查方案、挂牌督办通知/解除",
        "Letters, minutes and plans of cooperation",
        ANY_HANDLING,
        ANY_HANDLING,
        generated=False,
        mandatory=("会议纪要：议定事项",),
        confidence=Confidence.DESIGN,
        doubt=_MIXED_DOUBT,
    ),
    DocumentKind(
        "w30",
        "涉案物品交接清单、处置费用清单",
        "List of items handed over, costs of disposal",
        AGENCY + POLICE,
        POLICE + AGENCY,
        generated=True,
        mandatory=("双方签字", "处置费用：合同、缴费凭证"),
    ),
)

DOCUMENTS: Final[Mapping[str, DocumentKind]] = {row.code: row for row in _ROWS}
"""By code."""
