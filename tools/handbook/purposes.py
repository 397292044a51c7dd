"""What each procedure is for, in one sentence a lawyer would sign."""

from typing import Final

from libs.common.titles import Titles

PURPOSES: Final = {
    "penalty": Titles(
        "行政机关从线索到结案办理行政处罚案件；涉嫌犯罪移送期间不计入办案期限，不得以罚代移。",
        "An agency handles a penalty from the lead to the closing; while a suspected crime is with"
        " the police its clock stands still, and a penalty never takes the place of a transfer.",
    ),
    "measure": Titles(
        "对物采取先行登记保存、查封、扣押，期满自行失效，移送时随案移交。",
        "An agency preserves, seals or seizes things; each measure lapses in its time, and goes"
        " along with a transfer.",
    ),
    "transfer": Titles(
        "行政执法机关向公安机关移送涉嫌犯罪案件，公安机关接受、审查并答复；包括补正、退回和复议。",
        "An enforcement agency transfers a suspected crime to the police, who receive it, decide on"
        " filing and answer; with missing papers, return and reconsideration.",
    ),
    "criminal_file": Titles(
        "侦查机关的刑事案件：受案、立案、分案、并案、撤销案件。",
        "The file of the organ that investigates: taken in, filed, split, merged, withdrawn.",
    ),
    "suspect": Titles(
        "一案中的一名犯罪嫌疑人（人或者单位）：强制措施、审查逮捕、审查起诉、审判和执行。",
        "One suspect, a person or a unit, in one file: custody, arrest, prosecution, trial and"
        " execution.",
    ),
    "filing_supervision": Titles(
        "检察机关监督公安机关应当立案而不立案、不应当立案而立案。",
        "The procuratorate supervises that the police file what they must, and nothing else.",
    ),
    "transfer_supervision": Titles(
        "检察机关监督行政执法机关应当移送而不移送。",
        "The procuratorate supervises that an agency transfers what it must.",
    ),
    "items": Titles(
        "涉案物品的保管与移交：每份清单始终只有一个保管机关，签收时转移。",
        "Items are kept and handed over: each list has one keeper, who changes at the receipt.",
    ),
    "reverse": Titles(
        "不追究刑事责任但需要行政处罚的，由公安、检察、审判机关移送行政主管机关并得到回复。",
        "Where no crime is pursued but a penalty may be due, the matter goes to the agency, which"
        " answers what it did.",
    ),
    "detention": Titles(
        "尚不构成犯罪、依法适用行政拘留的，移送公安机关；期限均为工作日。",
        "What is no crime but calls for administrative detention goes to the police; every time is"
        " in working days.",
    ),
    "damage": Titles(
        "生态环境损害赔偿：先磋商，后诉讼。",
        "Compensation for ecological damage: consult first, then sue.",
    ),
    "public_interest": Titles(
        "检察公益诉讼：诉前公告或者检察建议，其后起诉。",
        "Public-interest litigation: announcement or suggestion first, then the suit.",
    ),
    "cooperation": Titles(
        "案件上的协作：通报、联合调查、提前介入、会商、挂牌督办、公职人员线索、出庭说明。",
        "What organs do together on a case: early notice, joint work, early involvement, meetings,"
        " listed supervision, leads on officials, appearing in court.",
    ),
}
