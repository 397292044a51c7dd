"""Generated documents are those that would be generated now."""

import pytest

from libs.common.errors import leaves
from tools import golden


def test_no_generated_document_is_stale() -> None:
    assert golden.stale() == [], "run `python -m tools.golden`"


def test_no_generated_document_is_left_behind() -> None:
    kept = {golden.SAMPLES, golden.RELEASED}
    standing = {
        path.relative_to(golden.ROOT).as_posix()
        for path in golden.CONTRACTS.rglob("*.json")
        if kept.isdisjoint(path.parents)
    }
    assert standing <= golden.DOCUMENTS.keys()


def test_every_type_has_a_sample() -> None:
    assert golden.without_sample() == {}


def test_a_kept_sample_belongs_to_a_type() -> None:
    kept = {path for event_type, _ in golden.said() for path in golden.samples(event_type)}
    assert set(golden.SAMPLES.rglob("*.json")) == kept


def test_a_release_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    [version, *_] = golden.releases()
    monkeypatch.setattr(golden, "version", lambda: version)
    assert golden.release() == [
        f"contracts/released/{version}.json stands; raise the version in pyproject.toml"
    ]


def test_no_two_refusals_share_a_code() -> None:
    codes = [leaf.code for leaf in leaves()]
    assert len(set(codes)) == len(codes)


def test_every_refusal_stands_on_the_page_in_both_languages() -> None:
    page = golden.errors_page()
    for leaf in leaves():
        assert f'<a id="{leaf.code}"></a>' in page
        assert " / " in leaf.title
        assert " / " in leaf.remedy
