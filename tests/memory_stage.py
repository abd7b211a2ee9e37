"""A dealership of a shipped policy in memory: intake, routing, sla and notify decide about one case while time passes."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.plays.player import AGE
from deploy.plays.story import MONDAY, Step, Story, differences
from schemas.base import instant, stamp
from schemas.cases import CaseEvent
from schemas.contacts import ContactReceived
from schemas.deadlines import DeadlineEvent
from schemas.directory import DirectoryFile
from schemas.outreach import OutreachRequested
from schemas.policies import Policy
from schemas.staffing import Directory
from services.common.runtime import files
from services.common.store.decision import Change, Outgoing, Refusal
from services.common.store.versions import Versions
from services.intake.domain import Identity, read_contact, to_record
from services.notify.domain.rules import Origin, Rulebook
from services.routing.domain import customer_notices
from services.routing.domain.assessment import build_statement
from services.routing.domain.case import Case
from services.routing.domain.opening import StoredContact
from services.routing.domain.policies import CompiledPolicy, Policies
from services.routing.domain.replies import TaskReply, Verb, form_of
from services.routing.store.policy_files import compile_policy, load_policy
from services.sla.domain.deadline import Tick, decide_event, decide_tick
from services.sla.domain.due.terms import DeadlineRules
from services.sla.domain.state import Deadlines
from tests.casework import Casework, sealed
from tests.judging import reader

POLICIES = Path("deploy/policies")
PLAYS = Path("deploy/plays")
MOMENT = timedelta(seconds=1)
PLACE = Origin(partition=0, offset=0)


@cache
def shipped(policy: str) -> CompiledPolicy:
    """A policy as it is shipped."""
    return compile_policy(load_policy(POLICIES / policy))


@cache
def directory(policy: str) -> Directory:
    """Everybody who plays in the stories of a policy."""
    return Directory(files.load(PLAYS / policy / "directory.yaml", DirectoryFile).entries())


def _casework(policy: str) -> Casework:
    published = Policies(default=policy)
    published.follow(shipped(policy))
    return Casework(directory(policy), MONDAY, policies=published)


@dataclass
class MemoryStage:
    """One case by a shipped policy.

    `told` is who was sent which template, each as `person template`; `refusal` why what was done last was refused.
    """

    policy: str
    cases: list[Case] = field(default_factory=list)
    contacts: list[ContactReceived] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    refusal: Refusal | None = None
    deadlines: Deadlines | None = None
    queue: deque[Any] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.casework = _casework(self.policy)
        content = self.content
        self.rules = DeadlineRules(content)
        self.rulebook = Rulebook(Versions({shipped(self.policy).key: content}), self.casework.directory)

    @property
    def content(self) -> Policy:
        """The policy by which the case is decided."""
        return shipped(self.policy).content

    @property
    def case(self) -> Case:
        """The case as it is now."""
        return self.cases[-1]

    @property
    def rule(self) -> str | None:
        """The rule by which what was done last was refused."""
        return self.refusal.rule if self.refusal else None

    def play(self, story: Story) -> list[str]:
        """Where a story goes otherwise than it says, up to the first step that does."""
        for step in story.steps:
            before = len(self.told)
            self.wait_until(step.instant())
            self._do(step)
            unlike = list(differences(step.expect, self.case.model_dump(mode="json"), self.told[before:]))
            if self.rule != step.expect.refused:
                unlike.append(f"refused by {self.rule}, expected {step.expect.refused}")
            if unlike:
                return [f"{step.at}: {what}" for what in unlike]
        return []

    def _do(self, step: Step) -> None:
        self.refusal = None
        if step.contact is not None:
            self.receive(step.who, **step.contact)
        elif step.action is not None:
            self.act(step.who, step.action, **step.form)
        elif step.reply is not None and step.task is not None:
            self.reply(step.who, step.reply, step.task, **step.form)

    def receive(self, who: str, **contact: Any) -> None:
        """Somebody posts what a customer says, the first time or once more about the case."""
        now = self.casework.now
        body = {"received_at": stamp(instant(now - AGE)), "received_by": who, **contact}
        posted, warnings = read_contact(body, now)
        identity = Identity.of(who, "the story", posted)
        received = ContactReceived.model_validate_json(to_record(posted, identity, who, now, warnings))
        self.contacts.append(received)
        [detection] = reader().detect([build_statement(received).text])
        self._decide(identity.case_id, StoredContact(received, detection, sealed(), sealed()))
        if len(self.contacts) == 1:
            for notice in customer_notices.requests(self.case, received, shipped(self.policy)):
                self._notify(notice)

    def act(self, who: str, action: str, **form: Any) -> None:
        """Somebody does something with the case."""
        self._decide(self.case.id, self.casework.request(self.case, who, action, **form))

    def reply(self, who: str, verb: Verb, task: str, **form: Any) -> None:
        """Somebody replies to a task of this kind, to their own where they have one."""
        waiting = self.case.tasks_of(task)
        chosen = ([each for each in waiting if each.to == who] or waiting)[-1]
        said = self.casework.fill(self.case, form_of(self.content, chosen, verb), form)
        self._decide(self.case.id, TaskReply(actor=who, task_id=chosen.task_id, verb=verb, said=said))

    def later(self, **span: float) -> None:
        """Time passes, and whatever falls due does."""
        self.wait_until(self.casework.now + timedelta(**span))

    def wait_until(self, moment: datetime) -> None:
        """Time passes up to a moment, from one due instant to the next."""
        while (due := self._next_due()) is not None and due <= moment:
            self.casework.now = max(self.casework.now, due)
            self._tick()
        self.casework.now = max(self.casework.now, moment)

    def due_in(self, deadline: str) -> float | None:
        """Minutes from now until a deadline is due, of one per task the newest; None where none runs."""
        running = [
            each.due_at
            for name, each in self.case.deadlines.items()
            if name.split(":")[0] == deadline and each.status == "running"
        ]
        return (max(running) - self.casework.now).total_seconds() / 60 if running else None

    def receivers(self, task: str) -> list[str]:
        """Of whom a kind of task is asked."""
        return [each.to for each in self.case.tasks_of(task)]

    def _next_due(self) -> datetime | None:
        due = self.deadlines.next_due if self.deadlines else None
        return None if due is None else datetime.fromtimestamp(due / 1000, UTC)

    def _decide(self, case: UUID, message: Any) -> None:
        """What is decided about a message, and about all that follows from it, in the order of Kafka."""
        self.refusal = self._route(case, message)
        self._drain()

    def _route(self, case: UUID, message: Any) -> Refusal | None:
        before = len(self.casework.sent)
        decision = self.casework.decide(self.cases[-1] if self.cases else None, case, message)
        if isinstance(decision, Change):
            self.cases.append(decision.state)
            self.queue += [event for topic, event in self.casework.sent[before:] if topic == "cases"]
        return decision if isinstance(decision, Refusal) else None

    def _tick(self) -> None:
        change = decide_tick(self.deadlines, self.case.id, Tick(self.casework.now), self.rules)
        assert change is not None, "something is due, but nothing fires"
        self._fold(change)
        # Whoever follows does so a moment later, as it is on Kafka.
        self.casework.now += MOMENT
        self._drain()

    def _drain(self) -> None:
        while self.queue:
            event = self.queue.popleft()
            self._notify(event)
            if event.type.startswith("case."):
                self.events.append(event.model_copy(update={"seq": len(self.events) + 1}))
                self._fold(decide_event(self.deadlines, self.events[-1], self.rules, self.casework.now))
            else:
                self._route(self.case.id, event)

    def _fold(self, change: Change[Deadlines]) -> None:
        self.deadlines = change.state
        self.queue += [event.message for event in change.events if isinstance(event, Outgoing)]

    def _notify(self, event: CaseEvent | DeadlineEvent | OutreachRequested) -> None:
        self.told += [f"{one.person} {one.template}" for one in self.rulebook.deliveries(event, PLACE)]


def opened(policy: str, who: str, **contact: Any) -> MemoryStage:
    """A case that somebody took at their shop on Monday at ten; a noise where a test says nothing else."""
    stage = MemoryStage(policy)
    stage.wait_until(MONDAY + timedelta(hours=10))
    shop = who.split(".", maxsplit=1)[0]
    [franchise] = stage.casework.directory.franchises[shop]
    usual = {
        "shop": shop,
        "channel": "onsite",
        "vehicle": {"brand": franchise.brand},
        "narrative": "空调有异响。",
    }
    stage.receive(who, **{**usual, **contact})
    return stage
