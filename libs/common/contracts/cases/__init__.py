"""What `cases` says: the dossier of a case, and the steps of every procedure that runs on it."""

from types import ModuleType
from typing import Final

from libs.common.contracts import Contracts
from libs.common.contracts.cases import (
    cooperation,
    criminal,
    penalty,
    receipts,
    reverse,
    supervision,
    things,
    tracks,
    transfer,
)
from libs.common.contracts.cases.dossier import CaseImported, CaseOpened, PartyAdded
from libs.common.contracts.cases.numbers import NumbersReserved, NumberVoided
from libs.common.contracts.procedure import PROCEDURE_EVENTS, StepTaken

STEPS: Final = (
    *(transfer, penalty, criminal, supervision, things, reverse, tracks, cooperation),
    receipts,
)
"""One module for each family of procedures: its forms, then its events, a line each."""


def steps_of(module: ModuleType) -> tuple[type[StepTaken], ...]:
    """The events that a module declares, in its order."""
    found = (each for each in vars(module).values() if isinstance(each, type))
    return tuple(each for each in found if issubclass(each, StepTaken) and each is not StepTaken)


CASES: Final = Contracts(
    "cases",
    (
        *(CaseOpened, CaseImported, PartyAdded),
        *(event for module in STEPS for event in steps_of(module)),
        *PROCEDURE_EVENTS,
        *(NumbersReserved, NumberVoided),
    ),
)
