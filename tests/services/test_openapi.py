"""The published description is kept: no fault, and no answer that it does not name."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, GenerationMode
from schemathesis import Case as SchemaCase
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.running import (
    AUDITOR,
    DESK,
    HEAD,
    OFFICER,
    POLICE_HEAD,
    TO_SENT,
    Office,
    transfer_of,
)

EXAMPLES: Final = 16
EXAMPLES_OF_STEP: Final = 2
SHARE: Final = 12
"""Some three hundred steps are one route made of a table, with a form of each: fewer examples of
each, and one in twelve where time is short."""
# Any: schemathesis has its own classes for each kind of description.
Operation = APIOperation[Any, Any, Any, Any]
Call = SchemaCase[Any]
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize(
    "share", [SHARE, pytest.param(1, marks=pytest.mark.long)], ids=["some", "all"]
)
# Spans of the running services draw their ids beside, which hypothesis takes for our own.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
async def test_nothing_sent_finds_a_fault_or_an_undocumented_answer(
    shared: Office, share: int
) -> None:
    app = shared.runtime.app
    assert app is not None
    schema = schemathesis.openapi.from_dict(app.openapi())
    case = await shared.arrived(await shared.story(*TO_SENT))
    [notice] = await shared.rows(
        "notifications",
        "select notice from inbox where case_id = $1 and to_organ = 'ly-psb'",
        case["id"],
    )
    real = {
        "case": case["id"],
        "proceeding": transfer_of(case)["id"],
        "notice": str(notice["notice"]),
        "etag": transfer_of(case)["etag"],
    }
    loop = asyncio.get_running_loop()
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    assert len(operations) == sum(map(len, app.openapi()["paths"].values()))
    steps = [each for each in operations if "/proceedings/" in each.path]
    others = [each for each in operations if each not in steps]
    await asyncio.to_thread(_every_operation, shared, loop, [*others, *steps[::share]], real)


def _every_operation(
    shared: Office,
    loop: asyncio.AbstractEventLoop,
    operations: Sequence[Operation],
    real: dict[str, str],
) -> None:
    tried: Counter[int] = Counter()
    for operation in operations:

        @settings(
            max_examples=EXAMPLES_OF_STEP if "/proceedings/" in operation.path else EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            each=_calls(operation),
            is_real=st.booleans(),
            person=st.sampled_from((OFFICER, HEAD, DESK, POLICE_HEAD, AUDITOR)),
        )
        def every_answer_is_described(each: Call, person: str, *, is_real: bool) -> None:
            if is_real:
                for name in each.path_parameters:
                    each.path_parameters[name] = real.get(name, each.path_parameters[name])
                if "If-Match" in each.headers:
                    each.headers["If-Match"] = real["etag"]
            each.headers["Authorization"] = f"Bearer {shared.token(person)}"
            sent = each.as_transport_kwargs(base_url="http://in-process")
            answer = asyncio.run_coroutine_threadsafe(_send(shared, sent), loop).result(20)
            each.validate_response(answer, checks=CHECKS)
            tried[answer.status_code] += 1

        every_answer_is_described()
    assert tried.total() > 400
    assert tried.keys() >= {200, 403, 404, 409, 422, 428}, tried


def _calls(operation: Operation) -> st.SearchStrategy[Call]:
    """Calls as described and, where anything can be wrong, calls that are not."""
    right: st.SearchStrategy[Call] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not (operation.body or any(operation.iter_parameters())):
        return right
    return st.one_of(right, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))


async def _send(shared: Office, sent: dict[str, Any]) -> httpx.Response:
    kept = {
        name: sent[name]
        for name in ("method", "url", "params", "json", "content")
        if sent.get(name)
    }
    if "data" in sent:
        kept["content" if isinstance(sent["data"], bytes | str) else "data"] = sent["data"]
    headers = {
        name: value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        for name, value in sent["headers"].items()
    }
    return await shared.client.request(**kept, headers=headers)
