"""Whether two releases of a contract understand one another, in both directions.

A writer writes every field it knows and a reader ignores those it does not know (`contracts`). So a
field may come, may go when nobody needed it, and may turn from needed to optional. Everything else
that stands in both must be equal, for each release reads what the other wrote: an enumeration is
closed (what will grow is a `Code`), and a bound that one moves breaks one of the two. What has to
change otherwise is a new class `v2` with a pure `upcast`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Schema = Mapping[str, Any]
"""A JSON Schema 2020-12 as `generate.reader_schema` writes it."""

ANNOTATIONS: Final = frozenset(
    {"$schema", "$id", "$defs", "title", "description", "default", "examples", "deprecated"}
)
"""Keywords that say nothing about what is valid."""
STRUCTURE: Final = frozenset(
    {
        "properties",
        "required",
        "items",
        "prefixItems",
        "anyOf",
        "additionalProperties",
        "patternProperties",
    }
)
"""Keywords that hold schemas, and are looked into."""


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """Why a reader of one of two releases cannot read what a writer of the other writes.

    Args:
        old: the reader's schema of one type in a release.
        new: that of the same type in a later one.

    Returns:
        One sentence a reason, beginning with the path of the field; empty when both understand.
    """
    return list(_differences(inlined(old), inlined(new), "$"))


def inlined(schema: Schema) -> dict[str, Any]:
    """The schema with every reference into its own `$defs` replaced by what it refers to."""
    definitions = schema.get("$defs", {})

    def replaced(node: Any, within: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(node, list):
            return [replaced(each, within) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            name = node["$ref"].removeprefix("#/$defs/")
            assert name not in within, f"{name} contains itself, which no event of ours does"
            target = replaced(definitions[name], (*within, name))
            return {**target, **{key: value for key, value in node.items() if key != "$ref"}}
        return {key: replaced(value, within) for key, value in node.items()}

    result: dict[str, Any] = replaced(
        {key: value for key, value in schema.items() if key != "$defs"}, ()
    )
    return result


def _differences(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if "anyOf" in old or "anyOf" in new:
        yield from _branches(old.get("anyOf", [old]), new.get("anyOf", [new]), path)
        return
    for keyword in sorted((old.keys() | new.keys()) - ANNOTATIONS - STRUCTURE):
        before, after = _settled(old.get(keyword)), _settled(new.get(keyword))
        if before != after:
            yield f"{path}: {keyword} was {before!r} and is {after!r}"
    yield from _fields(old, new, path)
    yield from _keys(old, new, path)
    yield from _items(old, new, path)


def _settled(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    # The order of an enumeration or of types means nothing.
    return sorted(value, key=repr) if isinstance(value, list) else value


def _branches(olds: Sequence[Schema], news: Sequence[Schema], path: str) -> Iterator[str]:
    lost = [old for old in olds if all(any(_differences(old, new, path)) for new in news)]
    found = [new for new in news if all(any(_differences(old, new, path)) for old in olds)]
    if len(lost) == len(found):
        for old, new in zip(lost, found, strict=True):
            yield from _differences(old, new, path)
        return
    for old in lost:
        yield f"{path}: was also {_named(old)}"
    for new in found:
        yield f"{path}: is also {_named(new)}"


def _named(schema: Schema) -> str:
    return str(schema.get("title") or schema.get("type") or dict(schema))


def _fields(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in sorted(before.keys() & after.keys()):
        yield from _differences(before[name], after[name], f"{path}.{name}")
    for name in sorted(set(old.get("required", ())) - after.keys()):
        yield f"{path}.{name}: is no longer written, and the older reader needs it"
    for name in sorted(set(new.get("required", ())) - before.keys()):
        yield f"{path}.{name}: was not written yet, and the newer reader needs it"


def _keys(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = old.get("patternProperties", {}), new.get("patternProperties", {})
    if before.keys() != after.keys():
        yield f"{path}: keys were {sorted(before)} and are {sorted(after)}"
    for pattern in sorted(before.keys() & after.keys()):
        yield from _differences(before[pattern], after[pattern], f"{path}{{}}")
    yield from _either(old, new, "additionalProperties", f"{path}{{}}")


def _items(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = old.get("prefixItems", []), new.get("prefixItems", [])
    if len(before) != len(after):
        yield f"{path}: had {len(before)} places and has {len(after)}"
    for place, (one, other) in enumerate(zip(before, after, strict=False)):
        yield from _differences(one, other, f"{path}[{place}]")
    yield from _either(old, new, "items", f"{path}[]")


def _either(old: Schema, new: Schema, keyword: str, path: str) -> Iterator[str]:
    # Both keywords take a schema or a boolean, and their absence means true.
    before, after = old.get(keyword, True), new.get(keyword, True)
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _differences(before, after, path)
    elif before != after:
        yield f"{path}: {keyword} was {before!r} and is {after!r}"
