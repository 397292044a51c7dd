"""Very many cases at once, written straight into the views: for plans and bounds."""

from collections.abc import Sequence
from typing import Final

from tests.support.running import Office

ORGANS: Final = ("ly-psb", "ly-psb-xian", "ly-psb-dongfeng", "ly-psb-longshan")


async def crowd(running: Office, *, cases: int, causes: Sequence[str] = ("dumping",)) -> None:
    """Cases with a proceeding, two steps that wait, a limit and an organisation each.

    The first tenth of the work is missed, the last half has no time; the organs take turns, and the
    first sees all cases.
    """
    for statement in _STATEMENTS:
        await running.as_superuser(
            "cases",
            statement.format(
                given=f"generate_series(1, {cases}) as n",
                organ=_in_turn(ORGANS),
                cause=_in_turn(causes),
                at="timestamptz '2026-11-01' + n * interval '1 second'",
                rank=f"2 - (n <= {cases // 2})::int - (n <= {cases // 10})::int",
                case="md5('case' || n)::uuid",
                proceeding="md5('proceeding' || n)::uuid",
            ),
        )


def _in_turn(values: Sequence[str]) -> str:
    """One of some values for each row, in turn."""
    written = ",".join(f"'{each}'" for each in values)
    return f"(array[{written}])[n % {len(values)} + 1]"


_WORK: Final = """
insert into work select md5('{step}' || n)::uuid, '{duty}', {{organ}}, {{case}}, {{proceeding}},
  'transfer', '{step}', {{rank}}, {{at}}, {{at}}, case when ({{rank}}) < 2 then {{at}} end,
  case when ({{rank}}) < 2 then {{at}} end, null, false, true from {{given}}"""
_STATEMENTS: Final = (
    """
insert into cases select {case}, '群案' || n, 'environment', {cause}, '220402', 'ly-eeb',
  '公安已接受', {at}, {at} from {given}""",
    """
insert into proceedings select {proceeding}, {case}, 'transfer', 'ACCEPTED', {organ}, 1, {at}
  from {given}""",
    "insert into case_access select {case}, 'ly-psb', 'holder', null from {given}",
    "insert into case_access select {case}, {organ}, 'holder', null from {given} where n % 4 > 0",
    """
insert into limits select md5('limit' || n)::uuid, {case}, {proceeding}, 'decide_filing', {organ},
  {at}, {at}, {at}, false, false, ({rank}) = 0, null, null from {given}""",
    """
insert into case_parties select md5('party' || n)::uuid, {case},
  '91220400' || lpad(n::text, 10, '0') from {given}""",
    _WORK.format(step="file", duty="head"),
    _WORK.format(step="verify_clue", duty="officer"),
    "analyze",
)
