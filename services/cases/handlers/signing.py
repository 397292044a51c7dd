"""The signatures of a person's step for their organ, made before it is appended.

Every step of a procedure that a person takes is signed. What the platform causes with it, what time
causes and what was imported is not: nobody of an organ acted.
"""

import functools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from libs.common.agencies import Duty
from libs.common.background import in_thread
from libs.common.contracts.cases import CASES
from libs.common.contracts.procedure import StepHead, StepTaken
from libs.common.contracts.signatures import Signature
from libs.common.procedure import Person, Said
from libs.common.service import Context
from libs.common.signatures import By, signed_step
from services.cases.procedures import PROCEDURES

PUTTING_RIGHT: Final = (Duty.HEAD, Duty.OFFICER, Duty.DESK)
"""As what somebody corrects or annuls, which no row of a table says."""


async def signed(
    context: Context, person: Person, said: Sequence[Said], now: datetime
) -> tuple[Sequence[Said], tuple[Signature, ...]]:
    """What was said, the person's step signed for their organ.

    Args:
        context: with the organs' keys.
        person: who acts.
        said: their act first, then what follows.
        now: when it is recorded, which is when it is signed.

    Raises:
        KeyMissing: the platform keeps no valid key of the organ.
    """
    first, *others = said
    if not isinstance(first.event, StepTaken):
        return said, ()
    by = By(person.organ, person.id, duty_of(first.event.head, person), now)
    event_type = CASES.type_of(type(first.event))
    work = functools.partial(signed_step, context.organ_keys, first.id, event_type, first.event, by)
    is_slow = context.organ_keys.is_slow(person.organ, now)
    event, signatures = await in_thread(work) if is_slow else work()
    return [replace(first, event=event), *others], signatures


def duty_of(head: StepHead, person: Person) -> Duty:
    """As what a person took a step: the first duty of its row that they hold."""
    rows = [step for step in PROCEDURES[head.procedure].steps if step.name == head.row]
    duties = [duty for row in rows for duty in row.actor.duties] or PUTTING_RIGHT
    return next(duty for duty in duties if duty in person.duties)
