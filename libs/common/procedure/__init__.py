"""The law as a table and the two pure functions that read it: no clock, no I/O, no randomness.

`decide` says what follows from a command, `evolve` what a proceeding is after an event. Everything
that a procedure does stands in its table; no other place asks for a state.
"""

from libs.common.procedure.causing import Unfolding, decide_act
from libs.common.procedure.check import check, check_causes
from libs.common.procedure.command import Command, Person, Said, Setting, platform_itself
from libs.common.procedure.decide import (
    LATE_ENTRY,
    decide,
    decide_due,
    decide_moved,
    is_open,
    may_take,
    open_steps,
)
from libs.common.procedure.follows import is_late, nominal_end, start_of
from libs.common.procedure.proceeding import Arrival, By, Clock, Proceeding, Taken, evolve
from libs.common.procedure.putting_right import ANNUL, CORRECT
from libs.common.procedure.table import (
    ANNULLED,
    ANY_FIELD,
    CASE,
    OPENED,
    PARTY,
    SERVICE,
    Actor,
    Causes,
    Fill,
    Guard,
    OfCase,
    OwesEntry,
    OwesNotice,
    Part,
    Procedure,
    Reach,
    Receives,
    Starts,
    State,
    Step,
    Superior,
    Supervises,
    WhenMissed,
)

__all__ = [
    "ANNUL",
    "ANNULLED",
    "ANY_FIELD",
    "CASE",
    "CORRECT",
    "LATE_ENTRY",
    "OPENED",
    "PARTY",
    "SERVICE",
    "Actor",
    "Arrival",
    "By",
    "Causes",
    "Clock",
    "Command",
    "Fill",
    "Guard",
    "OfCase",
    "OwesEntry",
    "OwesNotice",
    "Part",
    "Person",
    "Procedure",
    "Proceeding",
    "Reach",
    "Receives",
    "Said",
    "Setting",
    "Starts",
    "State",
    "Step",
    "Superior",
    "Supervises",
    "Taken",
    "Unfolding",
    "WhenMissed",
    "check",
    "check_causes",
    "decide",
    "decide_act",
    "decide_due",
    "decide_moved",
    "evolve",
    "is_late",
    "is_open",
    "may_take",
    "nominal_end",
    "open_steps",
    "platform_itself",
    "start_of",
]
