"""The bodies of people's actions: what may be said, and the words in it that are kept apart."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from schemas.base import Strict
from schemas.cases import Role
from schemas.directory import Identifier
from schemas.severity import Level
from services.routing.domain.actions.action import (
    Accept,
    Action,
    Close,
    FollowUp,
    HandBack,
    JudgeNature,
    LogContact,
    Resolve,
    Transfer,
)
from services.routing.domain.words import Sealed

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]


class Body(Strict):
    """What somebody sends; `words` are the free texts in it."""

    def words(self) -> Mapping[str, Any]:
        return {}

    def action(self, actor: str, words: Sealed) -> Action:
        raise NotImplementedError


class AcceptBody(Body):
    """Nothing needs to be said."""

    def action(self, actor: str, words: Sealed) -> Action:  # noqa: ARG002
        return Accept(actor=actor)


class ReturnBody(Body):
    reason: Text

    def words(self) -> Mapping[str, Any]:
        return {"reason": self.reason}

    def action(self, actor: str, words: Sealed) -> Action:
        return HandBack(actor=actor, reason=words)


class TransferBody(Body):
    """Store, authority, person and note, as S0 asks for them."""

    shop: Identifier
    role: Role
    person: Identifier
    note: Text

    def words(self) -> Mapping[str, Any]:
        return {"note": self.note}

    def action(self, actor: str, words: Sealed) -> Action:
        return Transfer(actor=actor, shop=self.shop, role=self.role, person=self.person, note=words)


class JudgeBody(Body):
    severity: Level
    reason: Text | None = Field(None, description="Needed to lower the severity.")

    def words(self) -> Mapping[str, Any]:
        return {"reason": self.reason} if self.reason else {}

    def action(self, actor: str, words: Sealed) -> Action:
        return JudgeNature(actor=actor, severity=self.severity, reason=words if self.reason else None)


class NoteBody(Body):
    """A note on what was said or done."""

    note: Text

    def words(self) -> Mapping[str, Any]:
        return {"note": self.note}


class ContactBody(NoteBody):
    """The customer was reached."""

    def action(self, actor: str, words: Sealed) -> Action:
        return LogContact(actor=actor, note=words)


class FollowUpBody(NoteBody):
    reached: bool = Field(default=True, description="False: he was tried and not reached.")

    def action(self, actor: str, words: Sealed) -> Action:
        return FollowUp(actor=actor, note=words, reached=self.reached)


class CloseBody(NoteBody):
    """The call-back is confirmed."""

    def action(self, actor: str, words: Sealed) -> Action:
        return Close(actor=actor, note=words)


class ResolveBody(Body):
    course: Text
    result: Text

    def words(self) -> Mapping[str, Any]:
        return {"course": self.course, "result": self.result}

    def action(self, actor: str, words: Sealed) -> Action:
        return Resolve(actor=actor, note=words)


BODIES: dict[str, type[Body]] = {
    "accept": AcceptBody,
    "return": ReturnBody,
    "transfer": TransferBody,
    "judge": JudgeBody,
    "contacts": ContactBody,
    "follow-ups": FollowUpBody,
    "resolve": ResolveBody,
    "close": CloseBody,
}
