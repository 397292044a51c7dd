"""Who an actor, a receiver or a party of a published case is, by the form of the name alone.

Pure: no register, no gazetteer, no clock. Short forms are read against the organs that the case has
named before; where two may be meant they are kept apart.
"""

from libs.common.outside_organs.known import meet
from libs.common.outside_organs.reading import organs_of, read_actors, read_party
from libs.common.outside_organs.values import (
    Actor,
    ActorKind,
    Branch,
    OutsideKind,
    OutsideLevel,
    OutsideOrgan,
    Part,
)

__all__ = [
    "Actor",
    "ActorKind",
    "Branch",
    "OutsideKind",
    "OutsideLevel",
    "OutsideOrgan",
    "Part",
    "meet",
    "organs_of",
    "read_actors",
    "read_party",
]
