"""Lists as CSV: the same rows, written once to a file, recorded, and only then sent.

The record of an export holds its filter, its count and the digest of its bytes. So the bytes stand
before the record, and the record before the first of them leaves; memory holds a chunk at a time.
"""

import asyncio
import base64
import csv
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Row as SqlRow
from sqlalchemy import Select

from libs.common.contracts import Strict
from libs.common.errors import ExportTooLarge
from libs.common.http import Reading
from libs.common.service import Context
from services.cases.api.seeing import reads_as
from services.cases.views.cases import Seeing

ROWS_MAX: Final = 50_000
CHUNK_ROWS: Final = 500
CHUNK_BYTES: Final = 64 * 1024
MEMORY_BYTES_MAX: Final = 1024 * 1024
"""What is longer goes to a file."""
EXPORTS_AT_ONCE: Final = 4
"""Each holds a connection while it is written."""
CSV: Final = "text/csv"
CSV_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "UTF-8 with BOM; rows in the order of the list",
        "content": {CSV: {"schema": {"type": "string"}}},
    }
}
BOM: Final = "\ufeff"
FORMULA_STARTS: Final = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """How the lines of a list become a file."""

    name: str
    columns: Mapping[str, str]
    """Field of the line to the title of its column."""
    line: Callable[[SqlRow[Any]], Strict]
    """The line of a row."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """Writes lists as files, a few at once."""

    context: Context
    rows_max: int = ROWS_MAX
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(EXPORTS_AT_ONCE))

    async def answer(
        self,
        reading: Reading,
        seeing: Seeing,
        statement: Select[Any],
        sheet: Sheet,
        *,
        query: Mapping[str, str],
    ) -> Response:
        """Write what a statement finds, record that, and give it.

        Args:
            reading: the request.
            seeing: what whoever reads may be shown.
            statement: the list, in its order, without a page.
            sheet: how its rows become lines and cells.
            query: what was searched for, as it is recorded.

        Raises:
            ExportTooLarge: it has more rows than one file may; nothing was given.
            Unavailable: the record cannot be committed; nothing was given.
        """
        written = Written()
        try:
            async with self.turns:
                await self._write(seeing, statement, sheet, written)
            await reading.record(query=query, count=written.rows, digest=written.digest.hexdigest())
        except BaseException:
            written.file.close()
            raise
        digest = base64.b64encode(written.digest.digest()).decode()
        headers = {
            "Content-Disposition": f'attachment; filename="{sheet.name}"',
            "Content-Length": str(written.bytes),
            "Content-Digest": f"sha-256=:{digest}:",
            **({"Stale": "true"} if reading.is_stale else {}),
        }
        return StreamingResponse(written.chunks(), media_type=CSV, headers=headers)

    async def _write(
        self, seeing: Seeing, statement: Select[Any], sheet: Sheet, written: "Written"
    ) -> None:
        zone = self.context.profile.zone
        written.add(BOM + csv_text([list(sheet.columns.values())]))
        async with reads_as(self.context, seeing) as connection:
            # One more than allowed tells that there are more.
            limited = statement.limit(self.rows_max + 1)
            found = await connection.stream(limited.execution_options(yield_per=CHUNK_ROWS))
            async for rows in found.partitions(CHUNK_ROWS):
                written.rows += len(rows)
                if written.rows > self.rows_max:
                    await found.close()
                    raise ExportTooLarge(
                        f"一次最多导出{self.rows_max}行 / {self.rows_max} rows at the most",
                        rows_max=self.rows_max,
                    )
                lines = (sheet.line(row) for row in rows)
                written.add(
                    csv_text(
                        [cell_of(getattr(line, name), zone) for name in sheet.columns]
                        for line in lines
                    )
                )


class Written:
    """The bytes of an export, their digest, and how many rows they are."""

    def __init__(self) -> None:
        self.file = SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX)  # noqa: SIM115 - closed when sent
        self.digest = hashlib.sha256()
        self.rows = 0
        self.bytes = 0

    def add(self, text: str) -> None:
        """Add some text."""
        data = text.encode()
        self.file.write(data)
        self.digest.update(data)
        self.bytes += len(data)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Everything, a chunk at a time; then it is gone."""
        with self.file:
            self.file.seek(0)
            while chunk := self.file.read(CHUNK_BYTES):
                yield chunk


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as CSV (RFC 4180)."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def cell_of(value: object, zone: ZoneInfo) -> str:
    """A value as a cell: times in the law's zone, several values with a semicolon between."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case datetime():
            return value.astimezone(zone).isoformat(timespec="seconds")
        case tuple():
            return harmless("；".join(str(each) for each in value))
        case _:
            return harmless(str(value))


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that it might has an apostrophe before.

    One that begins with an apostrophe has another, so that taking away the first gives each back.
    """
    starts = text.lstrip(" \u3000").startswith(FORMULA_STARTS)
    return f"'{text}" if starts or text.startswith("'") else text


CASE_COLUMNS: Final = {
    "id": "标识 / id",
    "number": "案号 / number",
    "field": "执法领域 / field",
    "cause": "案由 / cause",
    "division": "行政区划 / division",
    "agency": "立案机关 / agency",
    "headline": "概况 / headline",
    "opened_at": "建档时间 / opened",
    "updated_at": "更新时间 / updated",
}
WORK_COLUMNS: Final = {
    "id": "标识 / id",
    "case_number": "案号 / number",
    "overdue": "逾期 / overdue",
    "due_at": "到期 / due",
    "late_at": "最晚 / late",
    "provisional": "暂计 / provisional",
    "within_at": "条件期限 / within",
    "step": "环节代码 / step",
    "title": "环节 / title",
    "title_en": "Step / title_en",
    "organ": "机关 / organ",
    "duties": "岗位 / duties",
    "articles": "依据 / articles",
    "doubts": "存疑 / doubts",
    "procedure_title": "程序 / procedure",
    "state_title": "状态 / state",
    "holder": "持有机关 / holder",
    "waiting_since": "进入当前状态 / since",
    "case": "案件标识 / case",
    "proceeding": "程序标识 / proceeding",
}
