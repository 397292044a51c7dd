"""The parts of the procedures in words; a table names an organ by its part only."""

from typing import Final

from libs.common.procedure import SERVICE
from libs.common.titles import Titles

PARTS: Final = {
    SERVICE: Titles("平台", "the platform"),
    "agency": Titles("行政机关", "agency"),
    "applicant": Titles("建议机关", "applicant"),
    "claimant": Titles("赔偿权利人", "claimant"),
    "commission": Titles("监察机关", "supervision commission"),
    "court": Titles("人民法院", "court"),
    "government": Titles("地方人民政府", "local government"),
    "high_court": Titles("高级人民法院", "high court"),
    "initiator": Titles("发起机关", "initiator"),
    "justice": Titles("司法行政机关", "justice administration"),
    "keeper": Titles("保管机关", "keeper"),
    "next_agency": Titles("接手行政机关", "next agency"),
    "next_court": Titles("接手人民法院", "next court"),
    "previous_keeper": Titles("移交保管机关", "previous keeper"),
    "next_keeper": Titles("接手保管机关", "next keeper"),
    "next_procuratorate": Titles("接手人民检察院", "next procuratorate"),
    "next_receiver": Titles("有管辖权的公安机关", "next receiver"),
    "next_reviewer": Titles("接手审查检察院", "next reviewer"),
    "partner": Titles("协作机关", "partner"),
    "police": Titles("侦查机关", "police"),
    "procuratorate": Titles("人民检察院", "procuratorate"),
    "receiver": Titles("受移送公安机关", "receiver"),
    "reviewer": Titles("审查检察院", "reviewer"),
    "sender": Titles("移送机关", "sender"),
    "superior": Titles("上级机关", "superior"),
    "supervisor": Titles("监督检察院", "supervisor"),
    "upper_court": Titles("上级人民法院", "upper court"),
    "upper_procuratorate": Titles("上级人民检察院", "upper procuratorate"),
}
