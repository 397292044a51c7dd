"""Does what was found come near to a crime: criteria as data, and the pure functions that use them.

`screen` judges one case, `accumulated` and `repeats` look between the cases of a party, and
`downgrade_signs` marks penalties that a supervisor should read. What a hit sets in motion is for
the procedures to say.
"""

from libs.common.screening.criteria import (
    CRITERIA,
    DEFINITIONS,
    RULE_NOT_HELD,
    SUBSTANCES,
    THINGS,
    Condition,
    Criterion,
    Tier,
    Way,
    canonical,
    doubt_on,
    in_force_on,
)
from libs.common.screening.downgrade import (
    DOWNGRADE_SIGNS,
    DowngradeSign,
    PenaltyFacts,
    downgrade_signs,
    shows_all,
)
from libs.common.screening.findings import (
    MAXIMA,
    UNITS,
    AmountWrong,
    Conduct,
    Finding,
    FindingInvalid,
    Kind,
    UnitWrong,
    exceed_factor,
)
from libs.common.screening.history import (
    ADDED_UP_NOTE,
    WINDOW_MONTHS,
    Accumulation,
    Amount,
    PartyKey,
    Penalty,
    Repeat,
    RepeatKind,
    accumulated,
    repeats,
)
from libs.common.screening.outcomes import NEAR, Grade, Outcome, Screening, grade_of, screen

__all__ = [
    "ADDED_UP_NOTE",
    "CRITERIA",
    "DEFINITIONS",
    "DOWNGRADE_SIGNS",
    "MAXIMA",
    "NEAR",
    "RULE_NOT_HELD",
    "SUBSTANCES",
    "THINGS",
    "UNITS",
    "WINDOW_MONTHS",
    "Accumulation",
    "Amount",
    "AmountWrong",
    "Condition",
    "Conduct",
    "Criterion",
    "DowngradeSign",
    "Finding",
    "FindingInvalid",
    "Grade",
    "Kind",
    "Outcome",
    "PartyKey",
    "Penalty",
    "PenaltyFacts",
    "Repeat",
    "RepeatKind",
    "Screening",
    "Tier",
    "UnitWrong",
    "Way",
    "accumulated",
    "canonical",
    "doubt_on",
    "downgrade_signs",
    "exceed_factor",
    "grade_of",
    "in_force_on",
    "repeats",
    "screen",
    "shows_all",
]
