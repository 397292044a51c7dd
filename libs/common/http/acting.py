"""Requests that act: who, the body, and the keys that make them safe to repeat."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ValidationError

from libs.common.accesses import access_row
from libs.common.contracts.codes import TODAY
from libs.common.contracts.reads import ReadRecorded
from libs.common.errors import HeaderInvalid, PreconditionMissing
from libs.common.events import digest, new_id
from libs.common.http.asking import HANDLING_PURPOSE, identify
from libs.common.http.problems import invalid_body
from libs.common.http.routes import asked_for, route_of
from libs.common.identity import Identity
from libs.common.service import Context
from libs.common.store import Row


class Acting:
    """One request that acts: who, the body, the keys that make it safe to repeat."""

    def __init__(
        self,
        context: Context,
        request: Request,
        identity: Identity,
        body: bytes,
    ) -> None:
        self.context = context
        self.identity = identity
        self.body = body
        self.body_digest = digest(body)
        self.route = f"{request.method} {request.scope['path']}"
        self.path = route_of(request.scope)
        self.method = request.method
        self.if_match = request.headers.get("if-match")
        self._asked_for = asked_for(request)
        key = request.headers.get("idempotency-key")
        if key is None:
            raise PreconditionMissing(header="Idempotency-Key")
        if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():  # noqa: PLR2004
            raise HeaderInvalid("1-200 printable ASCII characters", header="Idempotency-Key")
        self.key = key
        request.state.asked = self

    def form(self, model: type[BaseModel]) -> Any:  # noqa: ANN401 - an instance of `model`
        """The body as a model.

        Raises:
            BodyInvalid: fields are missing, unknown or wrong.
        """
        try:
            return model.model_validate_json(self.body, context={TODAY: self._today})
        except ValidationError as error:
            raise invalid_body(error.errors(include_url=False, include_input=False)) from error

    @property
    def _today(self) -> date:
        return self.context.clock.now().astimezone(self.context.profile.zone).date()

    async def record_denied(self, code: str) -> None:
        """Commit the record of an act that was refused, with what was asked for.

        Raises:
            Unavailable: it cannot be committed.
        """
        denied = {"query": self._asked_for, "denied": code}
        row = access_row(
            self.access([]).model_copy(update=denied),
            time=self.context.clock.now(),
            correlation_id=new_id(),
        )
        await self.context.accesses.record(row)

    def kept_row(self, status: int, body: bytes, headers: Mapping[str, str]) -> Row:
        """The row of `requests` by which a repeat of this request is given the same answer."""
        return {
            "person": self.identity.person,
            "route": self.route,
            "key": self.key,
            "body_digest": self.body_digest,
            "status": status,
            "answer": body.decode(),
            "headers": dict(headers),
            "recorded_at": self.context.clock.now(),
        }

    def access(self, shown: Sequence[str]) -> ReadRecorded:
        """The record of what the answer to an act shows."""
        return ReadRecorded(
            person=self.identity.person,
            organ=self.identity.organ,
            duties=tuple(sorted(duty.value for duty in self.identity.duties)),
            purpose=HANDLING_PURPOSE,
            method=self.method,
            route=self.path,
            shown=tuple(shown),
            count=len(shown),
        )


async def acting(request: Request, context: Context) -> Acting:
    """Read a request that acts, body included."""
    body = await request.body()
    identity = await identify(context, request.headers.get("authorization"))
    return Acting(context, request, identity, body)
