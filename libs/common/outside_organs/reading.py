"""The text of an actor or receiver, read into who that is."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from libs.common.outside_organs.forms import Form, read_form
from libs.common.outside_organs.known import Scene, find, meet
from libs.common.outside_organs.lists import Piece, is_bare_place, pieces
from libs.common.outside_organs.parties import is_plain_party, party_kind
from libs.common.outside_organs.values import Actor, ActorKind, OutsideOrgan, Part

TEXT_MAX = 2_000
"""A longer text names nobody in particular: it comes back as one party."""

_REGION_ENDS = "（("
_DITTO = {"同上", "同前", "上述机关", "上述单位", "上述各方"}


def read_actors(
    text: str | None,
    *,
    known: Sequence[OutsideOrgan] = (),
    region: str = "",
    before: Sequence[Actor] = (),
) -> tuple[Actor, ...]:
    """Read an actor's text into those whom it names, the lead first.

    Args:
        text: as published; None and an empty text name nobody.
        known: the organs met so far in the case, against which short forms are read; see `meet`.
        region: the region of the case, from its province down.
        before: the actors of the text before this one, whom 同上 means.

    Returns:
        Each with its own words and their place in the text. What no actor holds are separators and
        words of joining. `两级检察机关` gives several actors with the same words when the case
        has just so many.
    """
    if text is None or not text.strip():
        return ()
    if len(text) > TEXT_MAX:
        return (Actor(ActorKind.PARTY, text, 0, Part.LEAD, is_certain=False),)
    scene = Scene(tuple(known), _bare(region))
    found: list[Actor] = []
    named = _with_endings(pieces(text))
    for index, (piece, form) in enumerate(named):
        later = tuple(each for _, each in named[index + 1 :] if each is not None)
        scene = replace(scene, later=later)
        if piece.text in _DITTO and before:
            found += [replace(each, text=piece.text, start=piece.start) for each in before]
            continue
        found += _read(piece, form, scene)
        if form is not None:
            scene = replace(scene, earlier=(*scene.earlier, form))
    return tuple(
        replace(actor, part=Part.PARTICIPANT if index else Part.LEAD)
        for index, actor in enumerate(found)
    )


def organs_of(texts: Iterable[str | None], *, region: str = "") -> tuple[OutsideOrgan, ...]:
    """All organs that the texts of one case name, each once, in its longest form, with its level.

    Reading each text against the outcome gives an organ the same value from the first text to the
    last; but 公安机关 then means the only police of the whole case, not of the case so far.
    """
    found: tuple[OutsideOrgan, ...] = ()
    # The second time a level is known that only a later court tells.
    for text in [*texts] * 2:
        actors = read_actors(text, known=found, region=region)
        found = meet(found, [actor.organ for actor in actors if actor.organ is not None])
    return found


def read_party(name: str, *, known: Sequence[OutsideOrgan] = (), region: str = "") -> Actor:
    """Read the name of a party, which is never a list: an organ, a firm, a person, or unclear.

    An agency that is sued reads as `ActorKind.ORGAN`; its organ says which kind.
    """
    stripped = name.strip()
    start = name.find(stripped)
    cut = min((at for each in _REGION_ENDS if (at := stripped.find(each)) > 0), default=None)
    form = read_form(stripped) or (None if is_plain_party(stripped) else read_form(stripped[:cut]))
    piece = Piece(stripped, start, stripped)
    return _read(piece, form, Scene(tuple(known), _bare(region)))[0]


def _bare(region: str) -> str:
    """The region without a remark in brackets."""
    for each in _REGION_ENDS:
        region = region.partition(each)[0]
    return region.strip()


def _with_endings(found: tuple[Piece, ...]) -> list[tuple[Piece, Form | None]]:
    """The pieces with their forms; a place before an organ shares its ending."""
    forms: list[tuple[Piece, Form | None]] = []
    following: Form | None = None
    for piece in reversed(found):
        form = read_form(piece.name)
        if form is None and following and is_bare_place(piece.name) and following.lead:
            form = read_form(piece.name + following.name.removeprefix(following.lead))
        forms.append((piece, form))
        following = form
    return forms[::-1]


def _read(piece: Piece, form: Form | None, scene: Scene) -> list[Actor]:
    if form is None:
        kind, is_certain = party_kind(piece.text)
        return [Actor(kind, piece.text, piece.start, Part.LEAD, is_certain=is_certain)]
    found = find(form, scene)
    return [
        Actor(
            kind=ActorKind.ORGAN,
            text=piece.text,
            start=piece.start,
            part=Part.LEAD,
            organ=organ,
            unit=form.unit,
            is_certain=found.is_certain,
        )
        for organ in found.organs
    ]
