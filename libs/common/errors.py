"""Every refusal of the platform, as one tree; each class knows its status and its stable code.

    Problem                      what a caller is told
    ├─ Unauthenticated           401  who are you
    │  └─ ConfirmationMissing     a decision wants a fresh sign-in
    ├─ Forbidden                 403  you see it, you may not do it
    │  ├─ PersonUnknown          the provider knows the person, the register does not
    │  └─ PurposeMissing
    ├─ NotFound                  404  also what the caller may not see
    ├─ MethodNotAllowed          405
    ├─ Invalid                   422  the input is wrong
    │  ├─ BodyInvalid            fields that are wrong, each with its rule
    │  ├─ HeaderInvalid
    │  └─ HappenedInFuture / HappenedBefore / LateReasonMissing
    ├─ Conflict                  409  right input, wrong moment
    │  ├─ StepNotOpen            names those that are
    │  ├─ GuardFailed            a condition of the law is not met
    │  ├─ RequestRunning / RequestReused
    │  ├─ PartyKnown             names the party that the case has already
    │  ├─ NumberTaken / NumberOutOfTurn / NumberInUse
    │  ├─ KeyMissing             the organ has no key with which to sign
    │  └─ Busy                   too many wrote at once
    ├─ RevisionStale             412  what changed since, and by which organ
    ├─ PreconditionMissing       428  a header that this route needs
    ├─ TooLarge                  413
    │  └─ ExportTooLarge         more rows than one file may have
    ├─ Unavailable               503  try again later
    │  └─ ProviderAway           nobody can tell whether a token holds
    └─ ServerFault               500  our own fault; the trace id finds it
    Transient                    a failure that may pass; consumers and jobs try again
    └─ ProviderWrong             the identity provider publishes what cannot be believed
    VersionConflict              another writer appended first; the store's callers try again

A refusal carries facts as fields, never a sentence with values inside; values are codes, dates and
identifiers, never personal data.
"""

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Final

ERRORS_PATH: Final = "/errors"
"""Where every service shows this tree; the `type` of a problem points into it."""


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """What a caller is told in `application/problem+json` (RFC 9457).

    Args:
        detail: one sentence, without personal data.
        article: the citation where law decides, else nothing.
        facts: members of the answer beside the standard ones; must be JSON.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    remedy: ClassVar[str]

    def __init__(self, detail: str = "", *, article: str | None = None, **facts: Any) -> None:  # noqa: ANN401 - any JSON
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.article = article
        self.facts: Mapping[str, Any] = facts

    def body(self) -> dict[str, Any]:
        """The members of the answer; `type` is a relative reference into the page of errors."""
        return {
            "type": f"{ERRORS_PATH}#{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "remedy": self.remedy,
            **({"article": self.article} if self.article else {}),
            **self.facts,
        }

    def headers(self) -> Mapping[str, str]:
        """Headers of the answer beside those that every problem has."""
        return {}


class Unauthenticated(Problem):
    """The request carries no token, or one that does not hold."""

    status = 401
    code = "common.token.invalid"
    title = "身份凭证无效 / The token does not hold"
    remedy = "重新登录后再试 / Sign in again"

    def headers(self) -> Mapping[str, str]:
        """The challenge of RFC 6750."""
        return {"WWW-Authenticate": "Bearer"}


class ConfirmationMissing(Unauthenticated):
    """A decision is confirmed by a sign-in (`auth_time`) at most `max_age` seconds ago."""

    code = "common.token.confirmation_missing"
    title = "决定须经重新认证确认 / A decision is confirmed by a fresh sign-in"
    remedy = (
        "重新登录取得新令牌，在 max_age 秒内以同一请求再次提交"
        " / Sign in again, and repeat the same request within max_age seconds"
    )

    def __init__(self, *, max_age: int) -> None:
        super().__init__(max_age=max_age)

    def headers(self) -> Mapping[str, str]:
        """The challenge of RFC 9470, section 3."""
        age = self.facts["max_age"]
        said = f'Bearer error="insufficient_user_authentication", max_age="{age}"'
        return {"WWW-Authenticate": said}


class Forbidden(Problem):
    """The caller sees the case but has not the duty or the organ that this step demands."""

    status = 403
    code = "common.actor.not_entitled"
    title = "无权办理 / Not yours to do"
    remedy = "由所列机关和岗位办理 / The named organ and duty may do it"


class PersonUnknown(Forbidden):
    """The identity provider vouches for the person; the installation's register has no such one."""

    code = "common.person.unknown"
    title = "本平台人员名录中没有该人员 / The register of this platform does not have you"
    remedy = "由本单位向平台管理员申请登记 / Ask the administrator to be entered"


class PurposeMissing(Problem):
    """Reading outside one's own cases needs a purpose and an article."""

    status = 403
    code = "common.purpose.missing"
    title = "须说明查阅目的 / A purpose is required"
    remedy = "加请求头 Purpose: <code>; article=<id>; case=<number> / Send the Purpose header"


class NotFound(Problem):
    """It does not exist, or the caller may not know that it does."""

    status = 404
    code = "common.resource.not_found"
    title = "不存在或无权查看 / Not there, or not yours to see"
    remedy = "核对编号 / Check the identifier"


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    status = 405
    code = "common.method.not_allowed"
    title = "不支持该方法 / Method not allowed"
    remedy = "见 Allow 响应头 / See the Allow header"


class Invalid(Problem):
    """The input breaks a rule."""

    status = 422
    code = "common.input.invalid"
    title = "输入有误 / The input is wrong"
    remedy = "按所列规则修改 / Follow the rule named"


class BodyInvalid(Invalid):
    """Fields of the body or the query are wrong; `errors` lists field, rule and reason."""

    code = "common.body.invalid"


class HeaderInvalid(Invalid):
    """A header cannot be read."""

    code = "common.header.invalid"


class HappenedInFuture(Invalid):
    """The legal time of an act lies after the server's time."""

    code = "cases.step.happened_in_future"
    title = "发生时间晚于当前时间 / It cannot have happened yet"


class HappenedBefore(Invalid):
    """The legal time of an act lies before the act it follows."""

    code = "cases.step.happened_before_previous"
    title = "发生时间早于前一环节 / It cannot precede the step it follows"


class LateReasonMissing(Invalid):
    """An act older than 24 hours needs a reason for being entered late."""

    code = "cases.step.late_reason_missing"
    title = "补录须说明原因 / A late entry needs its reason"
    remedy = "填写 late_reason / Fill late_reason"


class Conflict(Problem):
    """The input is right, the moment is not."""

    status = 409
    code = "common.state.conflict"
    title = "与当前状态冲突 / It conflicts with the present state"
    remedy = "刷新后再试 / Reload and try again"


class StepNotOpen(Conflict):
    """The step does not leave the state of the proceeding; `open_steps` names those that do."""

    code = "cases.step.not_open"
    title = "当前不能办理该环节 / The step is not open"
    remedy = "办理 open_steps 所列环节 / Take one of open_steps"


class GuardFailed(Conflict):
    """A condition that the law sets for the step is not met."""

    code = "cases.step.condition_not_met"
    title = "法定条件不具备 / A legal condition is not met"
    remedy = "补齐所列条件 / Meet the condition named"


class RequestRunning(Conflict):
    """The first request with this Idempotency-Key has not been answered yet."""

    code = "common.request.running"
    title = "同一请求正在处理 / The same request is running"
    remedy = "稍后以同一 Idempotency-Key 再试 / Repeat it with the same key in a moment"


class RequestReused(Conflict):
    """The Idempotency-Key was used before with another body."""

    code = "common.request.key_reused"
    title = "Idempotency-Key 已用于另一请求 / The key was used for another request"
    remedy = "换用新的 Idempotency-Key / Use a new key"


class PartyKnown(Conflict):
    """The case has an organisation of this credit code already; `party` names it."""

    code = "cases.party.known"
    title = "该单位已是本案当事人 / The case has this organisation already"
    remedy = "使用已登记的当事人 / Use the party that is there"


class NumberTaken(Conflict):
    """The number was used or voided before; `state` says which."""

    code = "cases.number.taken"
    title = "文号已使用或者已作废 / The number was used or voided before"
    remedy = "使用下一文号 / Use the next number"


class NumberOutOfTurn(Conflict):
    """The number would leave others out that nobody used; `next` names the one whose turn it is."""

    code = "cases.number.out_of_turn"
    title = "文号跳号 / The number leaves others out"
    remedy = "使用 next 所列文号，或者先预留 / Use the one in next, or reserve those before it"


class NumberInUse(Conflict):
    """A number that a standing act uses, or that was voided before, is not voided."""

    code = "cases.number.in_use"
    title = "文号不能作废 / The number cannot be voided"
    remedy = (
        "只有预留的文号和已撤销行为的文号可以作废 / Only reserved ones, or those of annulled acts"
    )


class RecordChanged(Conflict):
    """A published record of this id was taken in before, and said something else."""

    code = "cases.import.record_changed"
    title = "该记录此前已以不同内容导入 / The record was taken in before in another form"
    remedy = "换用新的记录编号 / Give the record another id"


class KeyMissing(Conflict):
    """The platform keeps no key of the organ that is valid now; without one nothing is signed."""

    code = "common.signature.no_key"
    title = "本机关没有有效的签名密钥 / The organ has no valid key to sign with"
    remedy = (
        "由管理员在城市配置中登记有效密钥 / The administrator gives the organ a key in the profile"
    )


class Busy(Conflict):
    """Others wrote to the case so often that the attempts ran out; nothing was written."""

    code = "common.stream.busy"
    title = "同时办理的人过多 / Too many wrote at once"


class RevisionStale(Problem):
    """The proceeding moved on since the caller read it; `changes` says what and by which organ."""

    status = 412
    code = "cases.proceeding.revision_stale"
    title = "内容已更新 / It changed since you read it"
    remedy = "阅读变化后以新的 ETag 再试 / Read the changes, repeat with the new ETag"


class PreconditionMissing(Problem):
    """The route needs a header that the request lacks; `header` names it."""

    status = 428
    code = "common.header.missing"
    title = "缺少必需的请求头 / A required header is missing"
    remedy = "加所列请求头 / Send the header named"


class TooLarge(Problem):
    """The body or the event exceeds its bound; files travel by digest."""

    status = 413
    code = "common.body.too_large"
    title = "内容过大 / Too large"
    remedy = "文件以摘要登记 / Register files by digest"


class ExportTooLarge(TooLarge):
    """An export would have more rows than one file may; `rows_max` says how many that is."""

    code = "common.export.too_large"
    title = "导出行数超过上限 / Too many rows to export"
    remedy = "缩小筛选范围后分次导出 / Narrow the filter and export in parts"


class Unavailable(Problem):
    """A part that the answer needs is away; nothing was written."""

    status = 503
    code = "common.service.unavailable"
    title = "暂时不可用 / Unavailable for now"
    remedy = "稍后再试 / Try again later"


class ProviderAway(Unavailable):
    """The identity provider does not answer, and no key is held by which the token could hold."""

    code = "common.identity.provider_away"
    title = "身份提供方暂时不可用 / The identity provider does not answer"


class ServerFault(Problem):
    """A fault of ours; the trace id finds it in the logs."""

    status = 500
    code = "common.server.fault"
    title = "平台故障 / A fault of the platform"
    remedy = "请将 trace_id 告知运维 / Give the trace id to the operator"


class Transient(Exception):  # noqa: N818 - a condition, not a fault
    """A failure that may pass: connection, time-out, serialisation, 5xx of our own services."""


class ProviderWrong(Transient):
    """The identity provider publishes what cannot be believed; passes when it is put right."""


class VersionConflict(Exception):  # noqa: N818 - a condition, not a fault
    """Another writer appended to the stream first."""


def leaves(root: type[Problem] = Problem) -> list[type[Problem]]:
    """Every class of the tree that a caller may meet, in the order of the file."""
    found = [root] if root is not Problem else []
    for child in root.__subclasses__():
        found.extend(leaves(child))
    return found


def meaning(leaf: type[Problem]) -> str:
    """What a refusal means, in one line: the docstring of its class."""
    return " ".join((inspect.getdoc(leaf) or "").split())
