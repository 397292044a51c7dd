"""How a refusal is told: `application/problem+json` for whatever is raised, and its trace."""

import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import orjson
import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from libs.common.database import is_transient
from libs.common.errors import (
    BodyInvalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    ServerFault,
    Unavailable,
)
from libs.common.telemetry import current_traceparent

PROBLEM: Final = "application/problem+json"
TRACED: Final = (401, 403, 404, 409, 412)
"""Refusals that tell something about a case, and are recorded as reads are.

Of those with 401 only a decision without confirmation: else nobody is known who could be recorded.
"""

Handler = Callable[[Request, Exception], Awaitable[Response]]

log = structlog.get_logger()


class ProblemBody(BaseModel):
    """RFC 9457 problem details, with the members that every problem here has."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    remedy: str
    article: str | None = None


RESPONSES: Final[dict[int, str]] = {
    401: "身份凭证无效 / the token does not hold",
    403: "无权办理或缺查阅目的 / not entitled, or no purpose said",
    404: "不存在或无权查看 / not there, or not yours to see",
    409: "与当前状态冲突 / in conflict with the present state",
    412: "内容已更新 / it changed since you read it",
    413: "内容过大 / too large",
    422: "输入有误 / the input is wrong",
    428: "缺少必需的请求头 / a required header is missing",
    503: "暂时不可用 / unavailable for now",
}


def problem_response(problem: Problem) -> Response:
    """The answer that tells a problem."""
    return Response(
        orjson.dumps(problem.body()),
        status_code=problem.status,
        media_type=PROBLEM,
        headers=dict(problem.headers()),
    )


def invalid_body(errors: Sequence[ErrorDetails]) -> BodyInvalid:
    """What is wrong with an input: each field with its rule; values are never repeated.

    A code that breaks its standard says also where, what is expected there, and which standard.
    """
    said = [{name: (error.get("ctx") or {}).get(name) for name in _CODE_FACTS} for error in errors]
    return BodyInvalid(
        article=next((each["article"] for each in said if each["article"]), None),
        errors=[
            {
                "field": ".".join(str(part) for part in error["loc"]),
                "rule": error["type"],
                "reason": error["msg"],
                **(facts if facts["article"] else {}),
            }
            for error, facts in zip(errors, said, strict=True)
        ],
    )


_CODE_FACTS: Final = ("position", "expected", "article")


def fault(error: Exception) -> Problem:
    """What a caller is told of an error that nothing else caught; faults of ours are logged."""
    if isinstance(error, Problem):
        return error
    if is_transient(error):
        log.warning("request_interrupted", error=type(error).__name__)
        return Unavailable()
    # Where, and never the message: that of a database may hold the row that failed.
    place = "".join(traceback.format_tb(error.__traceback__))
    log.error("request_failed", error=type(error).__name__, place=place)
    return ServerFault(trace=current_traceparent())


class Asked(Protocol):
    """A request whose refusal is recorded: `Reading` and `Acting`, as `request.state.asked`."""

    async def record_denied(self, code: str) -> None:
        """Commit the record of what was refused."""


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    asked: Asked | None = getattr(request.state, "asked", None)
    if asked is not None and error.status in TRACED:
        # What is denied leaves a trace too: a refusal may show a state, or that something exists.
        await asked.record_denied(error.code)
    return problem_response(error)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(invalid_body(error.errors()))


async def _on_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem: Problem = MethodNotAllowed() if error.status_code == 405 else NotFound()  # noqa: PLR2004
    if error.status_code not in (404, 405):
        problem = BodyInvalid(reason=str(error.status_code))
    response = problem_response(problem)
    response.headers.update(error.headers or {})
    return response


HANDLERS: Final[Mapping[type[Exception], Handler]] = {
    Problem: _on_problem,
    RequestValidationError: _on_invalid,
    HTTPException: _on_http,
}
