"""The canonical form is RFC 8785's, whichever library makes it."""

import rfc8785
from hypothesis import given, settings

from libs.common.events import canonical
from tests.support.generated import json_values


@given(json_values())
@settings(max_examples=500)
def test_the_canonical_form_is_that_of_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type] # any JSON value
