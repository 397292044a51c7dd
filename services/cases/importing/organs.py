"""The register of outside organs of one published case: kind, name and place under a stable id."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from libs.common.agencies import OrganKind
from libs.common.contracts.cases.dossier import OutsideOrganEntry
from libs.common.outside_organs import OutsideOrgan

_UNKNOWN: Final = "unknown-"


def register_id(organ: OutsideOrgan) -> str:
    """The stable id of an outside organ, from its kind and its name."""
    name = f"{organ.kind}\n{organ.name}".encode()
    return f"outside-{hashlib.sha256(name).hexdigest()[:16]}"


class Register:
    """The organs that a case names."""

    def __init__(self, organs: Sequence[OutsideOrgan]) -> None:
        self.organs = tuple(organs)

    @property
    def entries(self) -> tuple[OutsideOrganEntry, ...]:
        """For the event that imports the case."""
        return tuple(
            OutsideOrganEntry(
                id=register_id(organ),
                kind=organ.kind.value,
                branch=organ.branch.value,
                level=organ.level.value,
                name=organ.name,
            )
            for organ in self.organs
        )

    def name_of(self, organ_id: str) -> str:
        """The name of an organ of the case; its id where nobody named it."""
        names = {register_id(organ): organ.name for organ in self.organs}
        return names.get(organ_id, organ_id)

    def fitting(self, kinds: Sequence[OrganKind], organs: Iterable[OutsideOrgan]) -> str | None:
        """The first of some organs that is of one of the kinds."""
        wanted = {kind.value for kind in kinds}
        found = (register_id(organ) for organ in organs if organ.kind.value in wanted)
        return next(found, None)

    def somebody(self, kinds: Sequence[OrganKind]) -> str:
        """An organ of the case that can stand in a part; one that nobody named where none can."""
        return self.fitting(kinds, self.organs) or f"{_UNKNOWN}{kinds[0].value}"
