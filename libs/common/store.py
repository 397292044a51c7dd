"""Appends to a service's logs and reads them: the store is the outbox.

An append is one statement and takes no lock that another stream can want; what the step also
changes (snapshot, contents, read model, the answer kept for a repeat) rides in the same statement.
Numbering and publishing are the relay's.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from libs.common.errors import RequestRunning, TooLarge, VersionConflict
from libs.common.events import EVENT_BYTES_MAX, Envelope, NewEvent

LOG_PAGE_MAX: Final = 1_000

Row = Mapping[str, Any]
"""One row of a table by column; every column is named."""


@dataclass(frozen=True, slots=True)
class Append:
    """Events for one stream, which must be at version `expected`; 0 when it is new."""

    stream: str
    expected: int
    events: Sequence[NewEvent]


async def append(
    connection: asyncpg.Connection,
    appends: Sequence[Append],
    rows: Mapping[Table, Sequence[Row]] | None = None,
) -> None:
    """Append events and write what changes with them, all in one statement.

    Args:
        connection: the driver's connection; without an open transaction the statement commits by
            itself, which is what a step wants.
        appends: one entry a stream; none where only rows are written.
        rows: rows to write beside, by table. A row whose key exists replaces it, but in tables of
            kind `log` and in `requests`, where a second row with the same key is a conflict.

    Raises:
        VersionConflict: another writer was first; nothing was written.
        RequestRunning: the same Idempotency-Key was committed meanwhile; nothing was written.
        TooLarge: an event exceeds 256 KiB; nothing was written.
    """
    events = [
        _event_values(entry.stream, entry.expected, offset, event)
        # In one order everywhere, so that two who append to the same streams never deadlock.
        for entry in sorted(appends, key=_stream)
        for offset, event in enumerate(entry.events, start=1)
    ]
    written = [(table, entries) for table, entries in (rows or {}).items() if entries]
    arguments = _by_column(events) if events else [[] for _ in _EVENT_TYPES]
    for table, entries in written:
        arguments += _by_column([_values(table, row) for row in entries])
    shapes = tuple((table, len(entries) == 1) for table, entries in written)
    try:
        await connection.execute(append_statement(shapes, one_event=len(events) == 1), *arguments)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "requests_pkey":
            raise RequestRunning from error
        if error.constraint_name == "events_pkey":
            raise VersionConflict(*(entry.stream for entry in appends)) from error
        raise


def _stream(entry: Append) -> str:
    return entry.stream


def _event_values(stream: str, expected: int, offset: int, event: NewEvent) -> Sequence[Any]:
    if len(event.data) > EVENT_BYTES_MAX:
        raise TooLarge(stream=stream, event_type=event.type, bytes_max=EVENT_BYTES_MAX)
    context = event.context
    return (
        *(stream, expected + offset, offset > 1 or expected == 0),
        *(event.id, event.type, event.time, context.actor, context.agency),
        *(context.correlation_id, context.causation_id, context.traceparent),
        event.data.decode(),
    )


def _by_column(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Rows as one array a column; one row as its values, which the driver encodes at a fifth."""
    return list(rows[0]) if len(rows) == 1 else [list(column) for column in zip(*rows, strict=True)]


# An event whose predecessor is missing gets no version, which fails the statement: no stream ever
# has a hole, whatever a caller believes.
_APPEND: Final = """with added as (
  insert into events (stream, version, id, type, time, actor, agency, correlation_id,
                      causation_id, traceparent, data)
  select stream, case when is_next or exists (
           select from events e where e.stream = n.stream and e.version = n.version - 1)
         then version end,
         id, type, time, actor, agency, correlation_id, causation_id, traceparent, data
  from {given}
    as n (stream, version, is_next, id, type, time, actor, agency, correlation_id,
          causation_id, traceparent, data)
  returning stream, version),
queued as (
  insert into outbox (stream, version)
  select stream, version from added order by stream, version)"""
_EVENT_TYPES: Final = (
    *("text", "int", "bool", "uuid", "text", "timestamptz"),
    *("text", "text", "uuid", "uuid", "text", "text"),
)


@functools.lru_cache(maxsize=256)
def append_statement(tables: tuple[tuple[Table, bool], ...], *, one_event: bool) -> str:
    """The statement that appends, and writes rows of these tables beside.

    Args:
        tables: each with whether it is given one row.
        one_event: whether there is one event.
    """
    parts = [_APPEND.format(given=_given(_EVENT_TYPES, 1, is_one=one_event))]
    parameter = len(_EVENT_TYPES) + 1
    for number, (table, is_one) in enumerate(tables):
        parts.append(write(table, f"w{number}", parameter, is_one=is_one))
        if table.name == "accesses":
            parts.append(f"q as (insert into access_outbox (id) select id from w{number})")  # noqa: S608
        parameter += len(table.columns)
    return ",\n".join(parts) + "\nselect 1"


def _given(types: Sequence[str], parameter: int, *, is_one: bool) -> str:
    """The parameters as rows: one row of values, or one array a column."""
    array = "" if is_one else "[]"
    casts = ", ".join(f"${n}::{type_}{array}" for n, type_ in enumerate(types, start=parameter))
    return f"(values ({casts}))" if is_one else f"unnest({casts})"


def write(table: Table, name: str, parameter: int, *, is_one: bool = False) -> str:
    """A `with` part that writes rows into a table.

    Args:
        table: where to.
        name: of the part.
        parameter: number of the first column's parameter.
        is_one: one row, given as values; else one array a column, see `arrays`.
    """
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    types = [column.type.compile(_DIALECT) for column in table.columns]
    given = _given(types, parameter, is_one=is_one)
    key = [column.name for column in table.primary_key]
    conflict = ""
    if table.info["kind"] != "log" and table.name != "requests":
        others = [column.name for column in table.columns if column.name not in key]
        changes = ", ".join(f'"{column}" = excluded."{column}"' for column in others)
        action = f"update set {changes}" if changes else "nothing"
        conflict = f" on conflict ({', '.join(key)}) do {action}"
    returning = " returning id" if table.name == "accesses" else ""
    return (
        f'{name} as (insert into "{table.name}" ({columns})'  # noqa: S608 - names of our own tables
        f" select * from {given} as n{conflict}{returning})"
    )


def arrays(table: Table, rows: Sequence[Row]) -> list[list[Any]]:
    """The rows as one array a column, in the order of the table."""
    return [list(column) for column in zip(*(_values(table, row) for row in rows), strict=True)]


def _values(table: Table, row: Row) -> Sequence[Any]:
    names, jsons = _columns(table)
    if not jsons:
        return [row[name] for name in names]
    return [orjson.dumps(row[name]).decode() if name in jsons else row[name] for name in names]


@functools.cache
def _columns(table: Table) -> tuple[tuple[str, ...], frozenset[str]]:
    """(names of the columns, those that hold JSON)."""
    jsons = (column.name for column in table.columns if isinstance(column.type, JSONB))
    return tuple(column.name for column in table.columns), frozenset(jsons)


_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own


@dataclass(frozen=True, slots=True)
class LogSource:
    """One of a service's two logs: how the relay numbers it and how anybody reads it.

    `number` takes (limit, stream name of the reads, position acknowledged) and returns the rows now
    numbered; `read` takes (after, limit, stream name); all return the columns of an envelope.
    """

    identity: str
    topic: str
    number: str
    read: str


_EVENT_COLUMNS = (
    "(select epoch from log_identity where name = 'log') as epoch,"
    " l.position, e.stream, e.version, e.id, e.type, e.time, e.actor, e.agency, e.correlation_id,"
    " e.causation_id, e.traceparent, e.data"
)
# A read belongs to no case's stream; all reads of a service are one, versioned by position.
_ACCESS_COLUMNS = (
    "(select epoch from log_identity where name = 'access_log') as epoch,"
    " l.position, {stream}::text as stream, l.position as version, a.id,"
    " {type}::text as type, a.time, a.actor, a.agency,"
    " a.correlation_id, null::uuid as causation_id, a.traceparent, a.data"
)

# The numbering deletes and inserts in one commit of one leader: positions are dense, and an event
# that commits late is numbered late, never skipped. No lower bound on the scan of the outbox: a
# remembered one broke the order of a stream in the prototype.
_NUMBER = """
with picked as (
  delete from {outbox} where seq in (select seq from {outbox} order by seq limit $1)
  returning seq, {key}),
numbered as (
  insert into {log} (position, {key})
  select (select coalesce(max(position), 0) from {log}) + row_number() over (order by seq), {key}
  from picked order by seq
  returning position, {key}),
saved as (update log_identity set published = $2 where name = '{log}' and published < $2)
select {columns} from numbered l join {events} on {join} order by l.position"""

_READ = """
select {columns} from {log} l join {events} on {join}
where l.position > $1 order by l.position limit $2"""


def event_log(service: str) -> LogSource:
    """The log of a service's events."""
    names = {
        "outbox": "outbox",
        "log": "log",
        "key": "stream, version",
        "events": "events e",
        "join": "e.stream = l.stream and e.version = l.version",
        "columns": _EVENT_COLUMNS,
    }
    return LogSource("log", f"xianjie.{service}", _NUMBER.format(**names), _READ.format(**names))


def access_log(service: str) -> LogSource:
    """The log of who read what in a service."""
    columns = _ACCESS_COLUMNS.format(
        stream=f"'accesses/{service}'", type=f"'xianjie.{service}.read_recorded.v1'"
    )
    names = {
        "outbox": "access_outbox",
        "log": "access_log",
        "key": "id",
        "events": "accesses a",
        "join": "a.id = l.id",
        "columns": columns,
    }
    return LogSource(
        "access_log", f"xianjie.{service}.reads", _NUMBER.format(**names), _READ.format(**names)
    )


def envelope(row: Mapping[str, Any], *, source: str) -> Envelope:
    """An envelope from a row of one of the statements above."""
    return Envelope(
        id=_uuid(row["id"]),
        type=row["type"],
        source=source,
        stream=row["stream"],
        version=row["version"],
        position=row["position"],
        epoch=row["epoch"],
        time=row["time"],
        data=row["data"].encode(),
        actor=row["actor"],
        agency=row["agency"],
        correlation_id=_uuid(row["correlation_id"]),
        causation_id=_uuid(row["causation_id"]) if row["causation_id"] else None,
        traceparent=row["traceparent"],
    )


def _uuid(value: Any) -> UUID:  # noqa: ANN401 - asyncpg's own subclass
    # asyncpg returns a subclass that is not equal in `repr`; envelopes compare by value.
    return UUID(int=value.int)


class LogReader:
    """Reads one log of one database by position or by stream.

    Args:
        source_name: CloudEvents `source` of the service, such as `//liaoyuan/cases`.
        log: which of its logs.
    """

    def __init__(self, source_name: str, log: LogSource) -> None:
        self.source_name = source_name
        self.log = log

    async def identity(self, connection: asyncpg.Connection) -> tuple[int, int]:
        """(epoch of the log, position acknowledged by the bus)."""
        row = await connection.fetchrow(
            "select epoch, published from log_identity where name = $1", self.log.identity
        )
        return row["epoch"], row["published"]

    async def head(self, connection: asyncpg.Connection) -> int:
        """The highest position given so far; 0 when there is none."""
        statement = f"select coalesce(max(position), 0) from {self.log.identity}"  # noqa: S608
        return int(await connection.fetchval(statement))

    async def after(
        self, connection: asyncpg.Connection, position: int, limit: int
    ) -> list[Envelope]:
        """The events behind a position, in order, `limit` at the most."""
        rows = await connection.fetch(self.log.read, position, min(limit, LOG_PAGE_MAX))
        return [envelope(row, source=self.source_name) for row in rows]

    async def of_stream(
        self, connection: asyncpg.Connection, stream: str, after_version: int, limit: int
    ) -> list[Envelope]:
        """The numbered events of one stream behind a version, in order, `limit` at the most."""
        if self.log.identity == "access_log":
            return await self.after(connection, after_version, limit)
        rows = await connection.fetch(
            f"select {_EVENT_COLUMNS} from events e"  # noqa: S608 - our own constant
            " join log l on l.stream = e.stream and l.version = e.version"
            " where e.stream = $1 and e.version > $2 order by e.version limit $3",
            stream,
            after_version,
            min(limit, LOG_PAGE_MAX),
        )
        return [envelope(row, source=self.source_name) for row in rows]
