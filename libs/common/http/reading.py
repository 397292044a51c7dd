"""Requests that read: no answer leaves before the record of the read is committed."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request, Response
from sqlalchemy import text

from libs.common.access import HANDLING, Level
from libs.common.accesses import access_row
from libs.common.contracts.reads import ReadRecorded
from libs.common.errors import HeaderInvalid, PurposeMissing
from libs.common.events import new_id
from libs.common.http.answers import json_response
from libs.common.http.asking import HANDLING_PURPOSE, identify, read_purpose
from libs.common.http.routes import asked_for, route_of
from libs.common.identity import Identity
from libs.common.service import Context

APPLIED_SECONDS: Final = 2.0
APPLIED_LOOK_SECONDS: Final = 0.02


class Reading:
    """One request that reads: who, why, and the record that must be committed before the answer."""

    def __init__(
        self, request: Request, context: Context, identity: Identity, purpose: str | None
    ) -> None:
        self.context = context
        self.identity = identity
        self._request = request
        self._is_recorded = False
        self.is_stale = False
        """What the reader wrote elsewhere has not been applied here yet."""
        self.purpose = read_purpose(purpose, context)
        request.state.asked = self

    def require_purpose(self, level: Level) -> None:
        """Insist on a purpose where the reader does not handle the case.

        Raises:
            PurposeMissing: the header is missing, or says that the reader handles it.
        """
        if level in HANDLING:
            return
        if self.purpose is None or self.purpose.code == HANDLING_PURPOSE:
            raise PurposeMissing(purposes=[each.code for each in self.context.profile.purposes])

    async def record(
        self,
        *,
        shown: Sequence[str] = (),
        query: Mapping[str, str] | None = None,
        count: int | None = None,
        denied: str | None = None,
        digest: str | None = None,
    ) -> None:
        """Commit the record of this read, once.

        Raises:
            Unavailable: it cannot be committed.
        """
        if self._is_recorded:
            return
        read = ReadRecorded(
            person=self.identity.person,
            organ=self.identity.organ,
            duties=tuple(sorted(duty.value for duty in self.identity.duties)),
            purpose=self.purpose.code if self.purpose else HANDLING_PURPOSE,
            article=self.purpose.article if self.purpose else None,
            case=self.purpose.case if self.purpose else None,
            method=self._request.method,
            route=route_of(self._request.scope),
            shown=tuple(shown),
            query=dict(query or {}),
            count=count,
            denied=denied,
            digest=digest,
        )
        row = access_row(
            read,
            time=self.context.clock.now(),
            correlation_id=new_id(),
        )
        await self.context.accesses.record(row)
        self._is_recorded = True

    async def record_denied(self, code: str) -> None:
        """Commit the record of a read that was refused, with what was asked for."""
        await self.record(query=asked_for(self._request), denied=code)

    async def answer(
        self,
        content: object,
        *,
        shown: Sequence[str] = (),
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Record the read, then give the answer.

        Args:
            content: the body.
            shown: identifiers of what it shows.
            query: filters of a search.
            headers: of the answer.
        """
        await self.record(shown=shown, query=query, count=len(shown))
        stale = {"Stale": "true"} if self.is_stale else {}
        return json_response(content, headers={**(headers or {}), **stale})


def reader(context: Context) -> Any:  # noqa: ANN401 - FastAPI's marker
    """The dependency by which a route reads.

    Header `If-Applied: <stream>@<version>` waits up to two seconds until this service has applied
    that event; if it has not, the answer says `Stale: true`.
    """

    async def reading(
        request: Request,
        purpose: Annotated[
            str | None, Header(description="code; article=…; case=… — 非本机关经办案件必填")
        ] = None,
        if_applied: Annotated[
            str | None, Header(description="Stream-Version of an earlier write")
        ] = None,
    ) -> Reading:
        identity = await identify(context, request.headers.get("authorization"))
        found = Reading(request, context, identity, purpose)
        if if_applied is not None and not await is_applied(context, if_applied):
            found.is_stale = True
        return found

    return Depends(reading)


async def is_applied(context: Context, stream_version: str) -> bool:
    """Whether every group of this service has applied an event, waiting two seconds at the most.

    What the service said itself is applied as soon as it is committed; its own streams are not even
    looked at, so that nobody learns from the answer how far one is.

    Raises:
        HeaderInvalid: it does not read `<stream>@<version>`.
    """
    match = _STREAM_VERSION.fullmatch(stream_version)
    if match is None:
        raise HeaderInvalid("If-Applied: <stream>@<version>", header="If-Applied")
    if match["stream"].startswith(context.streams):
        return True
    version = match["version"]
    until = asyncio.get_running_loop().time() + APPLIED_SECONDS
    while True:
        async with context.database.begin() as connection:
            behind = await connection.scalar(_BEHIND, {"stream": match["stream"]})
        if behind is not None and behind >= int(version):
            return True
        if asyncio.get_running_loop().time() >= until:
            return False
        await asyncio.sleep(APPLIED_LOOK_SECONDS)


_STREAM_VERSION = re.compile(r"(?P<stream>[a-z_/0-9-]{1,200})@(?P<version>[0-9]{1,9})", re.ASCII)
_BEHIND = text("select min(version) from consumed where stream = :stream")
