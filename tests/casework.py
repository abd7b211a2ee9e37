"""A case taken through its life in memory: every step decides as the service does."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from schemas.base import Message
from schemas.cases import CaseEvent
from schemas.contacts import ContactReceived
from schemas.deadlines import (
    DeadlineBreached,
    DeadlineEscalationDue,
    DeadlineMessage,
    DeadlineStarted,
    DeadlineWithdrawn,
)
from schemas.forms import filled
from schemas.readers import may_read
from schemas.staffing import Directory
from services.common.store.decision import Cause, Change, Decision, Outgoing, Refusal
from services.routing.domain.acting import Act
from services.routing.domain.assessment import build_statement
from services.routing.domain.case import Case
from services.routing.domain.decide import decide
from services.routing.domain.open_cases import OpenCase, OpenCases
from services.routing.domain.opening import StoredContact
from services.routing.domain.policies import CompiledPolicy, Policies
from services.routing.domain.replies import TaskReply, Verb, form_of
from services.routing.domain.seals import Sealed, SealedForm
from services.routing.domain.severity.detection import Reader, compile_reader
from services.routing.domain.world import World
from services.routing.store.policy_files import compile_policy, load_policy
from services.routing.store.severity_files import load_lexicon
from tests.dealership import MONDAY, a_contact, directory_file

D = TypeVar("D", bound=DeadlineMessage)

POLICIES = Path(__file__).parent / "data" / "policies"
"""A policy by which the engine is tried; those that are shipped are tried by their plays."""


@cache
def gtmc() -> CompiledPolicy:
    """The policy by which tests decide."""
    return compile_policy(load_policy(POLICIES / "gtmc"))


@cache
def patterns() -> Reader:
    """The shipped lexicon without learned weights: whose a case is must not hang on what a classifier learned."""
    return compile_reader(load_lexicon(), None)


def policies() -> Policies:
    published = Policies(default="gtmc")
    published.follow(gtmc())
    return published


def sealed() -> Sealed:
    return Sealed(id=uuid4(), seal="sealed")


def stored_contact(contact: ContactReceived) -> StoredContact:
    [detection] = patterns().detect([build_statement(contact).text])
    return StoredContact(contact, detection, sealed(), sealed())


@dataclass
class Casework:
    """One dealership at a time of day; `sent` is what was published about its cases."""

    directory: Directory = field(default_factory=lambda: Directory(directory_file().entries()))
    now: datetime = MONDAY
    open_cases: OpenCases = field(default_factory=lambda: OpenCases(lambda _case: True))
    sent: list[tuple[str, Any]] = field(default_factory=list)
    facts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    policies: Policies = field(default_factory=policies)

    def world(self) -> World:
        return World(self.directory, self.policies, self.open_cases.workload, self.now)

    def may_read(self, name: str, case: Case) -> bool:
        return may_read(name, case, self.directory, self.policies.last_resorts(), self.now)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def decide(self, case: Case | None, key: UUID, message: Any) -> Decision[Case]:
        decision = decide(case, Cause(key, uuid4(), message), self.world())
        if isinstance(decision, Change):
            self.open_cases.put(OpenCase.of(decision.state))
            self.sent += [(e.topic, e.message) for e in decision.events if isinstance(e, Outgoing)]
            self.facts += [(entry.event, dict(entry.facts)) for entry in decision.history]
        return decision

    def receive(self, contact: ContactReceived | None = None, case: Case | None = None) -> Case:
        contact = contact or a_contact()
        return _state(self.decide(case, contact.case_id, stored_contact(contact)))

    def act(self, case: Case, actor: str, action: str, **form: Any) -> Case:
        """Somebody does something with the case, with what they fill into its form."""
        self.later(minutes=1)
        return _state(self.decide(case, case.id, self.request(case, actor, action, **form)))

    def reply(self, case: Case, actor: str, verb: Verb, task: str = "hand_over", **form: Any) -> Case:
        """Somebody replies to the newest task of a kind."""
        self.later(minutes=1)
        return _state(self.decide(case, case.id, self.replied(case, actor, verb, task, **form)))

    def request(self, case: Case, actor: str, action: str, **form: Any) -> Act:
        name = self.world().policy(case).action[action].form
        return Act(actor=actor, action=action, said=self.fill(case, name, form))

    def replied(self, case: Case, actor: str, verb: Verb, task: str = "hand_over", **form: Any) -> TaskReply:
        newest = case.tasks_of(task)[-1]
        said = self.fill(case, form_of(self.world().policy(case), newest, verb), form)
        return TaskReply(actor=actor, task_id=newest.task_id, verb=verb, said=said)

    def fill(self, case: Case, name: str | None, form: dict[str, Any]) -> SealedForm:
        """What is filled in; fields that have to be and are not said here are."""
        policy = self.world().policy(case)
        spec = policy.form.get(name or "")
        needed = {one.id: "…" for one in spec.fields if one.required and one.kind == "text"} if spec else {}
        given = policy.model(name).model_validate({**needed, **form})
        read = filled(spec, given)
        note = sealed() if read.texts else None
        return SealedForm(values=read.values, texts=tuple(read.texts), note=note)

    def refused(self, case: Case, message: Act | TaskReply) -> Refusal:
        refusal = self.decide(case, case.id, message)
        assert isinstance(refusal, Refusal), f"{message} was not refused"
        return refusal

    def fold(self, case: Case, message: Message) -> Case:
        return _state(self.decide(case, case.id, message))

    def events(self, topic: str = "cases") -> list[CaseEvent]:
        return [message for to, message in self.sent if to == topic]

    def types(self, topic: str = "cases") -> list[str]:
        return [event.type for event in self.events(topic)]

    def started(self, case: Case, deadline: str, **changes: Any) -> DeadlineStarted:
        return self._deadline(DeadlineStarted, case, deadline, changes)

    def breached(self, case: Case, deadline: str, **changes: Any) -> DeadlineBreached:
        return self._deadline(DeadlineBreached, case, deadline, changes)

    def escalation_due(self, case: Case, breach: DeadlineBreached) -> DeadlineEscalationDue:
        changes = {"breach": breach.id, "level": 1, "accountable": breach.accountable}
        return self._deadline(DeadlineEscalationDue, case, breach.deadline, changes)

    def withdrawn(self, case: Case, breach: DeadlineBreached) -> DeadlineWithdrawn:
        changes = {"breach": breach.id, "met_at": self.now, "cycle": breach.cycle}
        return self._deadline(DeadlineWithdrawn, case, breach.deadline, changes)

    def _deadline(self, kind: type[D], case: Case, deadline: str, changes: dict[str, Any]) -> D:
        fields = {
            "id": uuid4(), "case_id": case.id, "occurred_at": self.now, "header": case.header,
            "deadline": deadline, "cycle": 1, "accountable": "operator", "due_at": self.now,
        }  # fmt: skip
        return kind.model_validate(fields | changes)

    def breach(self, case: Case, deadline: str, **changes: Any) -> tuple[Case, DeadlineBreached]:
        """A deadline of the case passes, and the breach may escalate."""
        self.later(hours=1)
        breach = self.breached(case, deadline, **changes)
        case = self.fold(case, breach)
        decision = self.decide(case, case.id, self.escalation_due(case, breach))
        return (decision.state if isinstance(decision, Change) else case), breach


def _state(decision: Decision[Case]) -> Case:
    assert isinstance(decision, Change), f"not taken: {decision}"
    return decision.state
