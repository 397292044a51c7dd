"""The law as a table and the two pure functions that read it: no clock, no I/O, no randomness.

`decide` says what follows from a command, `evolve` what a proceeding is after an event. Everything
that a procedure does stands in its table; no other place asks for a state.
"""

from libs.common.procedure.check import check
from libs.common.procedure.command import Command, Person, Said, Setting, platform_itself
from libs.common.procedure.decide import (
    LATE_ENTRY,
    decide,
    decide_due,
    decide_moved,
    may_take,
    open_steps,
)
from libs.common.procedure.follows import is_late
from libs.common.procedure.proceeding import Arrival, By, Clock, Proceeding, Taken, evolve
from libs.common.procedure.putting_right import ANNUL, CORRECT
from libs.common.procedure.table import (
    ANNULLED,
    ANY_FIELD,
    SERVICE,
    Actor,
    Guard,
    OwesEntry,
    OwesNotice,
    Part,
    Procedure,
    Starts,
    State,
    Step,
    WhenMissed,
)

__all__ = [
    "ANNUL",
    "ANNULLED",
    "ANY_FIELD",
    "CORRECT",
    "LATE_ENTRY",
    "SERVICE",
    "Actor",
    "Arrival",
    "By",
    "Clock",
    "Command",
    "Guard",
    "OwesEntry",
    "OwesNotice",
    "Part",
    "Person",
    "Procedure",
    "Proceeding",
    "Said",
    "Setting",
    "Starts",
    "State",
    "Step",
    "Taken",
    "WhenMissed",
    "check",
    "decide",
    "decide_due",
    "decide_moved",
    "evolve",
    "is_late",
    "may_take",
    "open_steps",
    "platform_itself",
]
