"""The organs of one case: which name means one already met, and the value that both share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from libs.common.outside_organs.forms import Form, read_form
from libs.common.outside_organs.places import (
    ALONE,
    components,
    ending,
    level_within,
    places_fit,
)
from libs.common.outside_organs.values import Branch, OutsideKind, OutsideLevel, OutsideOrgan


@dataclass(frozen=True, slots=True)
class Scene:
    """What a name is read against."""

    known: tuple[OutsideOrgan, ...]
    region: str
    earlier: tuple[Form, ...] = ()
    """The organs named before in the same text."""
    later: tuple[Form, ...] = ()
    """Those named after."""


@dataclass(frozen=True, slots=True)
class Read:
    """The organs that one name means, and whether their kind is more than a guess."""

    organs: tuple[OutsideOrgan, ...]
    is_certain: bool = True


def find(form: Form, scene: Scene) -> Read:
    """The organs that a name means in its case; several only for `两级检察机关` and the like."""
    form = _filled(form, scene)
    if form.count and not form.lead and len(twins := _twins(form, scene.known)) == form.count:
        return Read(twins)
    if twin := twin_of(form, scene.known):
        return Read((_longer(twin, form, scene),))
    if form.is_bare_office:
        whole = _with_bureau(form, scene)
        return Read((_new(form, scene),), is_certain=False) if whole is None else find(whole, scene)
    if (near := _near(form, scene)) is not form:
        return find(near, scene)
    return Read((_new(form, scene),))


def twin_of(form: Form, known: Sequence[OutsideOrgan]) -> OutsideOrgan | None:
    """The one organ already met that a name means; None if none or several may be meant."""
    same = [each for each in known if each.name == form.name and each.kind is form.kind]
    if same and not form.is_generic:
        return same[0]
    found = () if form.count or not form.is_open else _twins(form, known)
    if len(found) == 1:
        return found[0]
    return same[0] if same else None


def form_of(organ: OutsideOrgan) -> Form:
    """How the name of an organ reads, with what is known of it otherwise."""
    form = read_form(organ.name)
    if form is None:
        return Form(
            kind=organ.kind, name=organ.name, lead=organ.place, body=organ.name, place=organ.place
        )
    return replace(form, kind=organ.kind, place=organ.place, branch=organ.branch)


def meet(known: Iterable[OutsideOrgan], organs: Iterable[OutsideOrgan]) -> tuple[OutsideOrgan, ...]:
    """The organs met so far with those just read: a longer name takes the place of a shorter one.

    Args:
        known: the organs of the case in the order in which they were met.
        organs: organs that `read_actors` gave for the next text, read against `known`.
    """
    met = list(known)
    for organ in organs:
        if organ in met:
            continue
        form = form_of(organ)
        twin = twin_of(form, met)
        if twin is None:
            met.append(organ)
        elif not form.is_generic:
            met[met.index(twin)] = organ
    return tuple(met)


def _twins(form: Form, known: Sequence[OutsideOrgan]) -> tuple[OutsideOrgan, ...]:
    return tuple(organ for organ in known if _may_be(form, organ))


def _may_be(form: Form, organ: OutsideOrgan) -> bool:
    other = form_of(organ)
    if other.is_generic:
        return False
    if form.is_bare_office:
        return other.body.endswith("分局") and places_fit(form.place, other.place)
    if form.kind is not other.kind or not _branch_fits(form, other):
        return False
    is_here = not form.place or places_fit(form.place, other.place)
    if form.is_generic:
        # No case means the whole country's organ by such a word.
        is_here = is_here and organ.level is not OutsideLevel.NATIONAL
        return is_here and form.family in {"", "investigation", other.family}
    return is_here and form.body == other.body and form.level in {None, other.level, organ.level}


def _branch_fits(form: Form, other: Form) -> bool:
    if not form.is_generic or form.family == "investigation":
        return form.family == "investigation" or form.branch is other.branch
    if form.branch is not other.branch and form.branch is not Branch.GENERAL:
        return form.kind is OutsideKind.ENFORCEMENT_AGENCY
    if form.kind is OutsideKind.POLICE:
        return (form.branch is Branch.COAST_GUARD) is (other.branch is Branch.COAST_GUARD)
    return True


def _longer(known: OutsideOrgan, form: Form, scene: Scene) -> OutsideOrgan:
    """The value that an organ and another way to write it share."""
    is_name = not (form.is_generic or form.is_bare_office)
    named = form if is_name and len(form.name) > len(known.name) else form_of(known)
    is_told = known.level is not OutsideLevel.UNKNOWN
    level = known.level if is_told else _level(form if is_name else named, scene)
    return replace(known, name=named.name, place=named.place, level=level)


def _new(form: Form, scene: Scene) -> OutsideOrgan:
    return OutsideOrgan(
        kind=form.kind,
        name=form.name,
        place=form.place,
        level=_level(form, scene),
        branch=form.branch,
    )


def _level(form: Form, scene: Scene) -> OutsideLevel:
    if form.level is not None:
        return form.level
    if ending(form.lead) == "市" and any(ending(each.lead) == "省" for each in scene.later):
        # 甲省、乙市、丙省: a list goes down from a 省, so a 市 between two is one's equal.
        return OutsideLevel.PROVINCE
    found = _level_by_organs(form, scene.known)
    if found is OutsideLevel.UNKNOWN:
        others = (*(each.place for each in scene.earlier), *(each.place for each in scene.known))
        found = level_within(form.place, scene.region, others)
    return form.least or found if found is OutsideLevel.UNKNOWN else found


def _level_by_organs(form: Form, known: Sequence[OutsideOrgan]) -> OutsideLevel:
    """The level of a 市, told by its court: 中级 is of a city, a plain one of a county."""
    if ending(form.place) != "市":
        return OutsideLevel.UNKNOWN
    for organ in known:
        if organ.kind is OutsideKind.COURT and organ.branch is Branch.GENERAL:
            court = form_of(organ)
            if court.place and places_fit(form.place, court.place):
                return OutsideLevel.PROVINCE if court.is_numbered else organ.level
        elif form_of(organ).is_numbered and places_fit(form.place, organ.place):
            return OutsideLevel.PROVINCE
    return OutsideLevel.UNKNOWN


def _filled(form: Form, scene: Scene) -> Form:
    """The name with a bare 市 or 县 replaced by the one of its case, if only one may be meant."""
    chain = components(form.lead)
    if not chain or chain[0] not in ALONE:
        return form
    sources = (
        [each.lead for each in scene.earlier],
        [scene.region],
        [organ.place for organ in scene.known],
    )
    for source in sources:
        links = {link for place in source for link in components(place)}
        fitting = [link for link in links if link not in ALONE and ending(link) == ending(chain[0])]
        if len(fitting) == 1:
            return _moved(form, fitting[0] + form.lead.removeprefix(chain[0]))
    return form


def _moved(form: Form, lead: str) -> Form:
    return replace(
        form,
        lead=lead,
        place=lead + form.place.removeprefix(form.lead),
        name=lead + form.name.removeprefix(form.lead),
    )


def _near(form: Form, scene: Scene) -> Form:
    """A name without a place takes that of the one before it: 环保局 in `某区检察院、环保局`."""
    is_name = form.written.endswith(("局", "院", "委员会", "大队", "支队", "政府"))
    leads = [each.lead for each in scene.earlier if each.lead]
    if form.lead or form.place or form.level is not None or not is_name or not leads:
        return form
    return read_form(leads[-1] + form.written) or form


def _with_bureau(form: Form, scene: Scene) -> Form | None:
    """A bare 分局 with the bureau whose it is, if the text or the case names just one."""
    for each in reversed(scene.earlier):
        if each.body.endswith("分局") and each.name.endswith(f"{each.place[len(each.lead) :]}分局"):
            bureau = each.name.removesuffix("分局").removesuffix(each.place[len(each.lead) :])
            return read_form(f"{bureau}{form.lead}分局")
    bureaus = [
        organ.name
        for organ in scene.known
        if organ.name.endswith("局")
        and not organ.name.endswith("分局")
        and not places_fit(organ.place, form.place)
    ]
    return read_form(f"{bureaus[0]}{form.lead}分局") if len(bureaus) == 1 else None
