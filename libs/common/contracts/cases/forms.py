"""Forms that many steps share: what is filled in is the same, the step says what it is for."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common.contracts import Code, Digest, Form, Number, Sealed, Words


class Plain(Form):
    """无须填写: the step itself says everything."""


class Reason(Form):
    """理由: why, in writing."""

    reason: Sealed[Words] = Field(title="理由 / reason")


class Until(Form):
    """延长至: a decision that sets the day until which there is time."""

    until: date = Field(title="延长至 / until")
    number: Number | None = Field(default=None, title="批准文号 / number of the approval")
    reason: Sealed[Words] | None = Field(default=None, title="理由 / reason")


class Letter(Form):
    """函件: a letter with its number and its text."""

    number: Number | None = Field(default=None, title="文号 / number")
    text: Sealed[Words] = Field(title="内容 / text")


class Decision(Form):
    """决定: a decision with its number and, where wanted, an opinion."""

    number: Number | None = Field(default=None, title="文号 / number")
    opinion: Sealed[Words] | None = Field(default=None, title="意见 / opinion")


class ReasonedDecision(Form):
    """附理由的决定: a decision whose reasons the law wants in writing."""

    number: Number | None = Field(default=None, title="文号 / number")
    reason: Sealed[Words] = Field(title="理由 / reason")


class SignedFor(Form):
    """签收: the desk signs for what arrived."""

    number: Number | None = Field(default=None, title="回执文号 / number of the receipt")
    pieces: int | None = Field(default=None, ge=0, le=100_000, title="件数 / pieces")


class Result(Form):
    """结果: what came of it, by code and in words."""

    result: Code = Field(title="结果 / result")
    text: Sealed[Words] | None = Field(default=None, title="说明 / explanation")


class Meeting(Form):
    """会商、联合行动: who, with whom, when, and what came of it (M17 23, 27-31)."""

    organs: tuple[Code, ...] = Field(default=(), max_length=50, title="参加机关 / organs")
    held_at: AwareDatetime | None = Field(default=None, title="时间 / time")
    result: Sealed[Words] | None = Field(default=None, title="议定事项或结果 / what was agreed")
    documents: tuple[Digest, ...] = Field(default=(), max_length=100, title="材料 / papers")


class NextOrgan(Form):
    """移送其他机关: the organ that goes on with it."""

    next_organ: Code = Field(title="接手机关 / next organ")
    reason: Sealed[Words] | None = Field(default=None, title="理由 / reason")


class NamedParties(Form):
    """涉及当事人: the parties whom the step concerns."""

    parties: tuple[UUID, ...] = Field(min_length=1, max_length=200, title="当事人 / parties")
    reason: Sealed[Words] | None = Field(default=None, title="说明 / explanation")
