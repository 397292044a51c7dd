"""What an export gives away is recorded before it leaves: filter, count and digest of the bytes."""

import base64
import csv
import hashlib
import io
import tracemalloc
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from services.cases.api.exporting import FORMULA_STARTS, ROWS_MAX, csv_text, harmless
from tests.support.crowd import crowd
from tests.support.running import (
    CASES,
    OFFICER,
    POLICE,
    TO_REPORT,
    WORK,
    Office,
    office,
    refused,
)

MEMORY_MAX: Final = 24 * 1024 * 1024


async def test_an_export_is_recorded_with_filter_count_and_digest(shared: Office) -> None:
    case = await shared.story(*TO_REPORT)
    for path, query, count in (
        (CASES, {"number": case["number"]}, 1),
        (CASES, {"agency": "ly-psb"}, 0),
        (WORK, {"mine": "true", "dated": "true"}, None),
    ):
        before = len(await shared.accesses())
        answer = await shared.get(OFFICER, f"{path}.csv", **query)
        [record] = (await shared.accesses())[before:]
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-length"] == str(len(answer.content))
        assert answer.content.startswith(b"\xef\xbb\xbf")
        sent = hashlib.sha256(answer.content)
        assert answer.headers["content-digest"] == (
            f"sha-256=:{base64.b64encode(sent.digest()).decode()}:"
        )
        rows = list(csv.reader(io.StringIO(answer.text, newline="")))[1:]
        assert count in (None, len(rows))
        expected: dict[str, Any] = {
            "person": OFFICER,
            "route": f"{path}.csv",
            "digest": sent.hexdigest(),
            "count": len(rows),
            "shown": [],
        }
        assert {name: record[name] for name in expected} == expected
        assert record["query"].items() >= query.items()


@given(st.text(max_size=20))
def test_no_cell_is_a_formula_and_each_can_be_given_back(text: str) -> None:
    cell = harmless(text)
    assert not cell.lstrip(" \u3000").startswith(FORMULA_STARTS)
    assert cell.removeprefix("'") == text
    if cell == text:
        assert not text.startswith("'")


def test_what_a_spreadsheet_would_reckon_is_text() -> None:
    for text in (
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "\u3000=1",
        "\uff1d1",
        "\r=1",
        "'=1",
    ):
        assert harmless(text) == f"'{text}"
    for text in ("辽源案〔2026〕1号", "a=b", "1-2", ""):
        assert harmless(text) == text


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=2)))
def test_rows_are_read_as_they_were_written(rows: list[list[str]]) -> None:
    assert list(csv.reader(io.StringIO(csv_text(rows), newline=""))) == rows


@pytest.mark.long
async def test_an_export_is_bounded_in_rows_and_in_memory(var: Path) -> None:
    async with office(var) as running:
        await crowd(running, cases=ROWS_MAX + 10, causes=("first", "second"))
        before = len(await running.accesses())
        answer = await running.get(POLICE, f"{CASES}.csv")
        problem = refused(answer, 413, "common.export.too_large")
        assert problem["rows_max"] == ROWS_MAX
        assert str(ROWS_MAX) in problem["detail"]
        # Nothing was given, so nothing is recorded.
        assert len(await running.accesses()) == before

        app = running.runtime.app
        assert app is not None
        sizes: list[int] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sizes.append(len(message.get("body", b"")))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": f"{CASES}.csv",
            "raw_path": f"{CASES}.csv".encode(),
            "query_string": b"cause=first",
            "root_path": "",
            "headers": [(b"authorization", f"Bearer {running.token(POLICE)}".encode())],
            "client": ("127.0.0.1", 1),
            "server": ("in-process", 80),
            "state": {},
        }
        tracemalloc.start()
        await app(scope, receive, send)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # Ten times what memory may hold went out, in chunks.
        assert sum(sizes) > 3 * 1024 * 1024
        assert max(sizes) <= 64 * 1024
        assert peak < MEMORY_MAX
