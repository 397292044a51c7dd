"""The routes by which people act on a case, derived from the tables of the law."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from asyncpg import Connection
from fastapi import Request, Response
from pydantic import AwareDatetime, BaseModel, Field, create_model

from libs.common.contents import Sealing
from libs.common.contracts import Body, Code, Form, Words, body_of
from libs.common.contracts.procedure import AnnulAct, CorrectAct, Document, Precision
from libs.common.http import Routes, acting
from libs.common.identity import Identity
from libs.common.procedure import ANNUL, CORRECT, SERVICE, Person, Procedure, Said, Step
from libs.common.service import Context
from services.cases.api.answers import StepAnswer, kept_response, step_answer
from services.cases.domain import Case
from services.cases.handlers.acting import Proof, Running, act
from services.cases.handlers.loading import Loaded
from services.cases.handlers.numbering import take_named, taking_of
from services.cases.handlers.steps import Wanted, decide_step, steps_named
from services.cases.procedures import PROCEDURES


class StepEnvelope(Body):
    """What every step takes beside its form."""

    happened_at: AwareDatetime | None = Field(
        default=None, title="发生时间（不填为当前时间） / when it happened; absent: now"
    )
    precision: Precision = Field(default=Precision.MINUTE, title="时间精度 / precision")
    late_reason: Words | None = Field(default=None, title="补录原因 / why it is entered late")
    documents: tuple[Document, ...] = Field(default=(), max_length=200, title="文书 / documents")


class OpeningEnvelope(StepEnvelope):
    """What a step takes that opens a proceeding."""

    party: UUID | None = Field(
        default=None, title="所涉当事人（只有一人时可不填） / the party; absent: the only one"
    )
    about: UUID | None = Field(
        default=None,
        title="所针对的程序（只有一个时可不填） / the proceeding; absent: the only one",
    )
    parts: dict[Code, Code] = Field(
        default={},
        max_length=16,
        title="参与机关（不填的由配置确定） / organs by part; absent: the profile's",
    )


@functools.cache
def body_for(form: type[Form], envelope: type[StepEnvelope]) -> type[BaseModel]:
    """The body of a step: its form, and what every step takes."""
    opens = "Opening" if envelope is OpeningEnvelope else ""
    return create_model(
        f"{form.__name__}{opens}Body",
        __base__=envelope,
        form=(body_of(form), Field(title="表单 / form")),
    )


def person_or_none(identity: Identity) -> Person | None:
    """The person of a token; None for a service."""
    if identity.is_service:
        return None
    return Person(identity.person, identity.organ, identity.duties)


def add_steps(router: Routes, context: Context, running: Running) -> None:
    """Add a route for every step of every procedure, and the two that put acts right."""
    for procedure in PROCEDURES.values():
        for step in steps_named(procedure):
            if step.actor.part != SERVICE:
                envelope = OpeningEnvelope if step.opens else StepEnvelope
                body = body_for(step.form, envelope)
                StepRoute(context, running, procedure, step.name, body).add(router, step)
    for name, form in ((CORRECT, CorrectAct), (ANNUL, AnnulAct)):
        body = body_for(form, StepEnvelope)
        StepRoute(context, running, None, name, body).add_putting_right(router)


@dataclass(frozen=True, slots=True)
class StepRoute:
    """The route of a step, derived from its row; without a procedure, of any proceeding's."""

    context: Context
    running: Running
    procedure: Procedure | None
    name: str
    body: type[BaseModel]

    def add(self, router: Routes, step: Step) -> None:
        """Add the route, with the duty and the article in its description."""
        assert self.procedure is not None, "a row stands in a table"
        duties = "、".join(duty.value for duty in step.actor.duties)
        articles = "；".join(law.citation for law in step.law)
        doubts = "；".join(law.doubt for law in step.law if law.doubt)
        router.act(
            f"{CASE}/{self.name}" if step.opens else f"{PROCEEDING}/{self.name}",
            self.open if step.opens else self.take,
            body=self.body,
            answer=StepAnswer,
            name=f"{self.procedure.name}_{self.name}{'_opening' if step.opens else ''}",
            summary=f"{step.title} / {step.title_en}",
            description=f"{step.actor.part}: {duties}。依据：{articles}。"
            + (f"存疑：{doubts}" if doubts else ""),
            status=201 if step.opens else 200,
            if_match=step.decides and not step.opens,
        )

    def add_putting_right(self, router: Routes) -> None:
        """Add the route by which an organ puts its own act right; every procedure has it."""
        router.act(
            f"{PROCEEDING}/{self.name}",
            self.take,
            body=self.body,
            answer=StepAnswer,
            name=self.name,
            summary="更正 / correct" if self.name == CORRECT else "撤销行为 / annul",
            if_match=True,
        )

    async def open(self, request: Request, case: UUID) -> Response:
        """Take the step that opens a proceeding."""
        return await self._take(request, case, None)

    async def take(self, request: Request, case: UUID, proceeding: UUID) -> Response:
        """Take the step in a proceeding."""
        return await self._take(request, case, proceeding)

    async def _take(self, request: Request, case_id: UUID, proceeding_id: UUID | None) -> Response:
        context = self.context
        act_request = await acting(request, context)
        wanted = Wanted(self.procedure, proceeding_id, self.name, act_request.form(self.body))
        person = person_or_none(act_request.identity)

        organ = act_request.identity.organ
        taking = taking_of(context.profile, organ, self.name, wanted.body.form) if person else None

        async def deciding(
            connection: Connection, loaded: Loaded, sealing: Sealing
        ) -> Sequence[Said]:
            said = decide_step(context, act_request, wanted, loaded, sealing)
            if person is not None and taking is not None:
                await take_named(context, connection, person, case_id, said)
            return said

        def answer(case: Case, proof: Proof) -> bytes:
            return step_answer(context, case, person, proof)

        kept = await act(
            context,
            act_request,
            case_id,
            deciding,
            answer,
            running=self.running,
            status=200 if proceeding_id else 201,
            taking=taking,
        )
        return kept_response(kept)


CASE: Final = "/cases/{case}"
PROCEEDING: Final = "/cases/{case}/proceedings/{proceeding}"
