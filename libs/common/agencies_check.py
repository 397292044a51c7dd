"""Whether the rows of a profile fit together: one rule a function, none about the law itself."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from string import Formatter

from libs.common.agencies import (
    LINKS,
    DatedRow,
    Duty,
    Level,
    Matter,
    Organ,
    OrganId,
    OrganKey,
    OrganKind,
    Profile,
    rows_of,
)
from libs.common.algorithms import SCHEMES
from libs.common.law import Confidence
from libs.common.public_keys import decoded

Check = Callable[[Profile], Iterator[str]]

DESTINATIONS: Mapping[Matter, OrganKind] = {
    Matter.SUSPECTED_CRIME: OrganKind.POLICE,
    Matter.TRANSFER_COPY: OrganKind.PROCURATORATE,
    Matter.ADMINISTRATIVE_DETENTION: OrganKind.POLICE,
    Matter.ARREST_REVIEW: OrganKind.PROCURATORATE,
    Matter.PROSECUTION: OrganKind.PROCURATORATE,
    Matter.TRIAL: OrganKind.COURT,
    Matter.DUTY_CRIME_LEAD: OrganKind.SUPERVISION_COMMISSION,
    Matter.OPINION_COPY: OrganKind.JUSTICE_ADMINISTRATION,
}
MATTERS_SENT: Mapping[OrganKind, tuple[Matter, ...]] = {
    OrganKind.ENFORCEMENT_AGENCY: (
        Matter.SUSPECTED_CRIME,
        Matter.TRANSFER_COPY,
        Matter.DUTY_CRIME_LEAD,
    ),
    OrganKind.POLICE: (Matter.ARREST_REVIEW, Matter.PROSECUTION, Matter.DUTY_CRIME_LEAD),
    OrganKind.PROCURATORATE: (Matter.TRIAL, Matter.OPINION_COPY),
}
SUPERVISED = {OrganKind.ENFORCEMENT_AGENCY, OrganKind.POLICE, OrganKind.COURT}
DUTIES_NEEDED: Mapping[OrganKind, tuple[Duty, ...]] = {
    # Order 310 art. 5: at least two officers form the team that prepares a transfer.
    OrganKind.ENFORCEMENT_AGENCY: (Duty.OFFICER, Duty.OFFICER, Duty.HEAD, Duty.DESK),
    OrganKind.POLICE: (Duty.DESK, Duty.OFFICER, Duty.HEAD),
    OrganKind.PROCURATORATE: (Duty.DESK, Duty.OFFICER, Duty.HEAD),
    OrganKind.COURT: (Duty.DESK, Duty.OFFICER, Duty.HEAD),
    OrganKind.GOVERNMENT: (Duty.OFFICER,),
    OrganKind.SUPERVISION_COMMISSION: (Duty.DESK,),
    OrganKind.JUSTICE_ADMINISTRATION: (Duty.DESK,),
    OrganKind.ESTABLISHMENT_OFFICE: (Duty.OFFICER,),
    OrganKind.AUDITOR: (Duty.AUDITOR,),
    OrganKind.PLATFORM: (Duty.ADMINISTRATOR,),
}
NUMBER_FIELDS = {"short", "year", "number"}
DIVISION_DIGITS = 6
CITY_DIGITS = 4


def check(profile: Profile) -> list[str]:
    """What does not fit together in a profile, a sentence each; nothing when all does."""
    return [finding for rule in CHECKS for finding in rule(profile)]


def _ids_are_unique(profile: Profile) -> Iterator[str]:
    ids: Mapping[str, list[str]] = {
        "organs": [organ.id for organ in profile.organs],
        "people": [person.id for person in profile.people],
        "people.subject": [person.subject or person.id for person in profile.people],
        "purposes": [purpose.code for purpose in profile.purposes],
        "keys": [key.key_id for organ in profile.organs for key in organ.signing_keys],
    }
    for path, values in ids.items():
        for value, times in Counter(values).items():
            if times > 1:
                yield f"{path}.{value} is there {times} times."


def _references_are_known(profile: Profile) -> Iterator[str]:
    for path, organ_id in _references(profile):
        if organ_id not in {organ.id for organ in profile.organs}:
            yield f"{path} names an unknown organ: {organ_id}."


def _references(profile: Profile) -> Iterator[tuple[str, OrganId]]:
    for organ in profile.organs:
        for name, link in LINKS.items():
            if (organ_id := link(organ)) is not None:
                yield f"organs.{organ.id}.{name}", organ_id
    for person in profile.people:
        yield f"people.{person.id}.organ", person.organ
    for index, rule in enumerate(profile.receivers):
        for organ_id in (*rule.to, *rule.to.values()):
            yield f"receivers.{index}.to", organ_id
    for pattern in profile.number_patterns:
        for organ_id in pattern.organs:
            yield f"number_patterns.{pattern.document}.organs", organ_id


def _links_lead_somewhere(profile: Profile) -> Iterator[str]:
    for name, link in LINKS.items():
        for organ in profile.organs:
            if organ.id in {link(step) for step in (organ, *profile.line(organ, link))}:
                yield f"organs.{organ.id}.{name} leads back to itself."


def _links_lead_to_the_present(profile: Profile) -> Iterator[str]:
    ended = {organ.id for organ in profile.organs if organ.valid_to}
    for organ in _acting(profile):
        for name in ("superior", "supervised_by"):
            if (organ_id := LINKS[name](organ)) in ended:
                yield f"organs.{organ.id}.{name} has ended: {organ_id}."


def _periods_fit(profile: Profile) -> Iterator[str]:
    for path, row in rows_of(profile):
        if isinstance(row, DatedRow) and row.valid_to and row.valid_to < row.valid_from:
            yield f"{path} ends before it begins."
    for organ in profile.organs:
        if (organ.valid_to is None) != (organ.successor is None):
            # Somebody must answer for the cases of an organ that has ended.
            yield f"organs.{organ.id} needs an end and a successor, or neither."
        for successor in profile.organs:
            if successor.id == organ.successor and successor.overlaps(organ):
                yield f"organs.{organ.id} overlaps its successor {successor.id}."


def _rows_do_not_compete(profile: Profile) -> Iterator[str]:
    claims = defaultdict[str, list[DatedRow]](list)
    for rule in profile.receivers:
        for matter in rule.matters:
            for sender in rule.to:
                claims[f"{matter} from {sender}"].append(rule)
    for pattern in profile.number_patterns:
        for organ_id in pattern.organs:
            claims[f"the number of {pattern.document} of {organ_id}"].append(pattern)
    for claim, rows in claims.items():
        if any(first.overlaps(second) for first, second in combinations(rows, 2)):
            yield f"Several rows hold for {claim} on one day."


def _divisions_are_plausible(profile: Profile) -> Iterator[str]:
    city = profile.division
    if not _is_division(city):
        yield f"division is not six digits: {city}."
    for organ in profile.organs:
        division = organ.division
        if not _is_division(division):
            yield f"organs.{organ.id}.division is not six digits: {division}."
        elif organ.is_outside:
            continue
        elif division[:CITY_DIGITS] != city[:CITY_DIGITS]:
            yield f"organs.{organ.id}.division lies outside {city}: {division}."
        elif (division == city) != (organ.level is Level.CITY) and not organ.doubt:
            yield f"organs.{organ.id}.division does not fit its level: {division}."


def _is_division(code: str) -> bool:
    return len(code) == DIVISION_DIGITS and code.isascii() and code.isdecimal()


def _receivers_are_named(profile: Profile) -> Iterator[str]:
    kinds = {organ.id: organ.kind for organ in profile.organs}
    for index, rule in enumerate(profile.receivers):
        for matter in rule.matters:
            for receiver in dict.fromkeys(rule.to.values()):
                if kinds.get(receiver, DESTINATIONS[matter]) is not DESTINATIONS[matter]:
                    yield f"receivers.{index} sends {matter} to {receiver}, a {kinds[receiver]}."
    for organ in _acting(profile):
        for matter in MATTERS_SENT.get(organ.kind, ()):
            if not any(
                matter in rule.matters and organ.id in rule.to and rule.valid_to is None
                for rule in profile.receivers
            ):
                yield f"Nobody receives {matter} from {organ.id}."


def _supervision_is_complete(profile: Profile) -> Iterator[str]:
    procuratorates = {o.id for o in profile.organs if o.kind is OrganKind.PROCURATORATE}
    for organ in _acting(profile):
        if organ.kind in SUPERVISED and organ.supervised_by not in procuratorates:
            yield f"No procuratorate supervises {organ.id}."


def _people_hold_the_duties(profile: Profile) -> Iterator[str]:
    if not profile.people:
        return  # An installation with an identity provider lists nobody.
    held = defaultdict[OrganId, Counter[Duty]](Counter)
    for person in profile.people:
        held[person.organ].update(person.duties)
    for organ in _acting(profile):
        missing = Counter(DUTIES_NEEDED[organ.kind]) - held[organ.id]
        if missing:
            yield f"{organ.id} lacks people for: {', '.join(missing.elements())}."


def _acting(profile: Profile) -> Iterator[Organ]:
    return (o for o in profile.organs if o.valid_to is None and not o.is_outside)


def _numbers_can_be_formed(profile: Profile) -> Iterator[str]:
    for row in profile.number_patterns:
        try:
            names = {name for _, name, _, _ in Formatter().parse(row.pattern) if name is not None}
            if names == NUMBER_FIELDS:
                row.pattern.format(short="", year=0, number=0)
            else:
                yield f"number_patterns.{row.document} must use {{short}}, {{year}}, {{number}}."
        except ValueError:
            yield f"number_patterns.{row.document} is no pattern: {row.pattern}."


def _numbers_tell_organs_apart(profile: Profile) -> Iterator[str]:
    for row in profile.number_patterns:
        shorts = Counter(organ.short for organ in profile.organs if organ.id in row.organs)
        for short, times in shorts.items():
            if times > 1:
                yield f"number_patterns.{row.document}: {times} organs number as {short}."


def _doubts_are_said(profile: Profile) -> Iterator[str]:
    for path, row in rows_of(profile):
        if row.confidence is not Confidence.FULL and not row.doubt:
            yield f"{path} is {row.confidence} and does not say its doubt."
    for doubt, paths in profile.doubts().items():
        if doubt.isascii():
            # A key that `[doubts]` does not hold stays as it stands in the file.
            yield f"{paths[0]} names a doubt that is not said in Chinese: {doubt!r}."


def _keys_are_keys(profile: Profile) -> Iterator[str]:
    owners = defaultdict[str, list[str]](list)
    for organ in profile.organs:
        for key in organ.signing_keys:
            path = f"organs.{organ.id}.keys.{key.key_id}"
            if key.public is not None:
                owners[key.public].append(path)
                if not _is_key(key):
                    yield f"{path}.public is no key of {key.algorithm}."
    for paths in owners.values():
        if len(paths) > 1:
            # Whoever has the one could sign as the other.
            yield f"One key stands in several rows: {', '.join(paths)}."


def _is_key(key: OrganKey) -> bool:
    try:
        return SCHEMES[key.algorithm].is_public(decoded(key.public or ""))
    except ValueError:
        return False


def _keys_follow_one_another(profile: Profile) -> Iterator[str]:
    for organ in profile.organs:
        for first, second in combinations(organ.signing_keys, 2):
            if first.algorithm is second.algorithm and first.overlaps(second):
                yield (
                    f"organs.{organ.id}.keys: {first.key_id} and {second.key_id}"
                    f" are both valid on one day."
                )


CHECKS: tuple[Check, ...] = (
    _ids_are_unique,
    _references_are_known,
    _links_lead_somewhere,
    _links_lead_to_the_present,
    _periods_fit,
    _rows_do_not_compete,
    _divisions_are_plausible,
    _receivers_are_named,
    _supervision_is_complete,
    _people_hold_the_duties,
    _numbers_can_be_formed,
    _numbers_tell_organs_apart,
    _doubts_are_said,
    _keys_are_keys,
    _keys_follow_one_another,
)
