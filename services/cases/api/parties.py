"""The route by which an organ adds a party to the dossier of a case."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection
from fastapi import Request, Response

from libs.common.contents import Sealing
from libs.common.errors import Forbidden
from libs.common.http import Routes, acting
from libs.common.procedure import Said
from libs.common.service import Context
from services.cases.api.answers import StepAnswer, kept_response, step_answer
from services.cases.api.steps import person_or_none
from services.cases.domain import Case
from services.cases.handlers.acting import Proof, Running, act
from services.cases.handlers.loading import Loaded
from services.cases.handlers.parties import ADD_PARTY_BODY, decide_adding


def add_parties(router: Routes, context: Context, running: Running) -> None:
    """Add the route that adds a party."""

    async def add_party(request: Request, case: UUID) -> Response:
        act_request = await acting(request, context)
        person = person_or_none(act_request.identity)
        if person is None:
            raise Forbidden
        body = act_request.form(ADD_PARTY_BODY)

        async def deciding(_: Connection, loaded: Loaded, sealing: Sealing) -> Sequence[Said]:
            return decide_adding(context, person, loaded, body=body, sealing=sealing)

        def answer(case: Case, proof: Proof) -> bytes:
            return step_answer(context, case, person, proof)

        kept = await act(context, act_request, case, deciding, answer, running=running, status=201)
        return kept_response(kept)

    router.act(
        "/cases/{case}/parties",
        add_party,
        body=ADD_PARTY_BODY,
        answer=StepAnswer,
        name="add_party",
        summary="追加当事人 / add a party",
        description="经办机关的执法人员追加当事单位或者个人。"
        "/ An officer of an organ that handles the case adds a party that came to light later.",
        status=201,
    )
