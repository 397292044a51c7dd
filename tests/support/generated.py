"""Values that hypothesis draws for several tests."""

from hypothesis import strategies as st

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_NAMES = st.text(st.characters(codec="ascii"), max_size=12)


def json_values() -> st.SearchStrategy[object]:
    """What contents are made of: texts, whole numbers, lists, objects with ASCII names."""
    return st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXTS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
        max_leaves=12,
    )
