"""What the text of an actor comes to: an organ outside the platform, a party, or the public."""

from dataclasses import dataclass
from enum import StrEnum


class OutsideKind(StrEnum):
    """What an outside organ is in the linkage; the values are those of `OrganKind`."""

    ENFORCEMENT_AGENCY = "enforcement_agency"
    POLICE = "police"
    PROCURATORATE = "procuratorate"
    COURT = "court"
    GOVERNMENT = "government"
    SUPERVISION_COMMISSION = "supervision_commission"


class Branch(StrEnum):
    """The line or form of an organ within its kind, as far as its name tells."""

    GENERAL = "general"
    COAST_GUARD = "coast_guard"
    """海警: investigates as the police do."""
    FOREST = "forest"
    """森林公安, 林业派出所, 林区 courts and procuratorates."""
    RAILWAY = "railway"
    MARITIME = "maritime"
    SHIPPING = "shipping"
    """航运公安, 港航公安, 水上."""
    AVIATION = "aviation"
    ANTI_SMUGGLING = "anti_smuggling"
    """海关缉私: police within the customs."""
    MILITARY = "military"
    SPECIAL_COURT = "special_court"
    """知识产权, 金融, 互联网法院."""
    POLICE_STATION = "police_station"
    DEPARTMENT = "department"
    """An enforcement agency proper: 局, 厅, 委员会, 部门."""
    ENFORCEMENT_TEAM = "enforcement_team"
    """执法总队, 支队, 大队, 中队, which act for a department or in their own name."""
    MONITORING = "monitoring"
    """监测中心, 监测站."""
    TOWNSHIP = "township"
    """乡镇人民政府 and 街道办事处: a government that also enforces."""
    ZONE_COMMITTEE = "zone_committee"
    """管委会: a government that also enforces."""
    PARTY_COMMITTEE = "party_committee"
    INSPECTION_GROUP = "inspection_group"
    """督察 and 巡视组: they find and pass on, they take no step of a case."""


class OutsideLevel(StrEnum):
    """The level of an outside organ; unknown where neither its name nor the case tells."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OutsideOrgan:
    """An organ that a text names; the same organ in one case is the same value."""

    kind: OutsideKind
    name: str
    """The longest form met, with a bare 市 or 县 filled in from the case."""
    place: str
    """The place as the name carries it, 市 before 分局 together; empty where it carries none."""
    level: OutsideLevel
    branch: Branch = Branch.GENERAL


class ActorKind(StrEnum):
    """What a single actor is."""

    ORGAN = "organ"
    PERSON = "person"
    ORGANISATION = "organisation"
    """A firm, a plant, a foundation, a village committee: anything that is no organ."""
    PARTY = "party"
    """A party or something else whose nature the text does not tell."""
    PUBLIC = "public"
    """群众, 举报, 媒体, 卫星遥感: where a lead comes from, nobody in particular."""
    EXPERT = "expert"
    """鉴定机构 and others who find and take no side."""


class Part(StrEnum):
    """The part of an actor in the step."""

    LEAD = "lead"
    PARTICIPANT = "participant"


@dataclass(frozen=True, slots=True)
class Actor:
    """One of those whom a text names, and where in the text."""

    kind: ActorKind
    text: str
    """As written."""
    start: int
    """Where `text` begins in the whole."""
    part: Part
    organ: OutsideOrgan | None = None
    unit: str = ""
    """The department within the organ: 刑事检察部门, 交警大队."""
    is_certain: bool = True
    """False where the kind of the organ is a guess: a 分局 of nobody knows whom."""
