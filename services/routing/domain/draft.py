"""A case in the middle of a decision: what changed, what to publish and what to remember, step by step."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from schemas import cases
from schemas.cases import CaseMessage, CaseOpened, CaseReopened, TaskMessage
from schemas.identity import event_id, feed_id
from schemas.policies import Policy
from schemas.vocabulary import FormName, State
from services.common.store.decision import Change, Entry, Outgoing
from services.routing.domain.case import Case, FormRecord, Revision
from services.routing.domain.seals import SealedForm
from services.routing.domain.world import World

E = TypeVar("E", bound=CaseMessage)

ESCALATIONS = "escalations"
REMEMBERED = 20

# Due times are left out although a reader sees them: they follow from what a person has just done, and
# moving the revision for them would make their next action stale. A breach, or one withdrawn, is not left out.
VISIBLE = (
    "state", "severity", "suspected", "criteria", "confirmed", "triage", "owner", "owner_role", "tasks", "flags", "ticks",
    "contacts", "filled", "notes", "breach_count",
)  # fmt: skip


@dataclass(slots=True)
class Draft:
    """`case` is the case after the steps so far; an event carries the header of its own moment."""

    before: Case | None
    case: Case
    cause: UUID
    by: str
    at: datetime
    policy: Policy
    events: list[CaseMessage] = field(default_factory=list)
    history: list[Entry] = field(default_factory=list)

    @staticmethod
    def of(case: Case, cause: UUID, by: str, world: World) -> "Draft":
        return Draft(case, case, cause, by, world.now, world.policy(case))

    def set(self, **fields: Any) -> None:
        """Change fields of the case."""
        self.case = self.case.model_copy(update=fields)

    def move(self, state: State) -> None:
        """Let the case go to a state of its policy; one that was over starts anew."""
        case, stage = self.case, self.policy.state[state].stage
        self.set(state=state, stage=stage)
        if stage == "over" and not case.is_over:
            self.set(ended_at=self.at)
        elif case.is_over and stage != "over":
            self.set(ended_at=None, rungs={}, passes={}, declined_by=(), done={}, confirmed=False)
            self.publish(CaseReopened, previous_state=case.state)
            self.record_history("case.reopened", previous_state=case.state)

    def keep_form(self, form: FormName | None, said: SealedForm) -> None:
        """Keep what somebody has filled in, and count what they wrote; without a form nothing but the note."""
        if form is not None:
            note = said.note and said.note.id
            filled = FormRecord(by=self.by, at=self.at, values=said.values, note=note)
            self.set(filled={**self.case.filled, form: filled})
        self.set(notes=self.case.notes + (said.note is not None))

    def publish(self, kind: type[E], **fields: Any) -> E:
        """Publish an event of the case as it now is."""
        before = sum(isinstance(event, kind) for event in self.events)
        event = kind(
            id=event_id(self.cause, kind.model_fields["type"].default, before),
            case_id=self.case.id,
            occurred_at=self.at,
            header=self.case.header,
            by=self.by,
            **fields,
        )
        self.events.append(event)
        return event

    def update_header(self, event: CaseMessage) -> None:
        """Let an event say of the case how it is now, after what followed from it."""
        at = self.events.index(event)
        self.events[at] = event.model_copy(update={"header": self.case.header})

    def record_history(self, event: str, **facts: Any) -> None:
        """Write an entry of the case's history; absent facts are left out."""
        present = {name: fact for name, fact in facts.items() if fact is not None}
        self.history.append(Entry(self.at, self.by, event, present))

    def change(self) -> Change[Case]:
        """The decision: state, events and history, and whether a person can see the difference."""
        fields = tuple(name for name in VISIBLE if _differs(name, self.before, self.case))
        if fields:
            revision = 1 + (self.before.revision if self.before else 0)
            newest = Revision(revision=revision, by=self.by, at=self.at, fields=fields)
            self.set(revisions=(*self.case.revisions[-REMEMBERED + 1 :], newest), updated_at=self.at)
        if self.events and self.events[-1].header != self.case.header:
            # Each event carries the header of its own moment; who keeps only the newest needs that of the end.
            self.events[-1] = self.events[-1].model_copy(update={"after": self.case.header})
        return Change(self.case, self._outgoing(), tuple(self.history), visible=bool(fields))

    def _outgoing(self) -> tuple[Outgoing, ...]:
        own = tuple(Outgoing(cases.TOPIC, event) for event in self.events)
        if not _concerns_manufacturer(self.case) and not _concerns_manufacturer(self.before):
            return own
        copied = (event for event in self.events if not _is_internal(event))
        return (*own, *(Outgoing(ESCALATIONS, _copy(event, self.case)) for event in copied))


def _concerns_manufacturer(case: Case | None) -> bool:
    """Whether a case lies at its manufacturer, or somebody there was ever asked something."""
    return case is not None and (case.owner_where == "manufacturer" or case.manufacturer in case.asked)


def _is_internal(event: CaseMessage) -> bool:
    """Whether an event is about a task of the dealer's own people."""
    return isinstance(event, TaskMessage) and event.where != "manufacturer" and not event.moves_owner


def _differs(name: str, before: Case | None, after: Case) -> bool:
    return before is None or getattr(before, name) != getattr(after, name)


def _copy(event: CaseMessage, case: Case) -> CaseMessage:
    """The same event for the public feed; under its own id, since an outbox is cleared by ids.

    What is to be confirmed is not in it, unless the policy lets the manufacturer hear of it at once.
    """
    tells = any(task.tells for task in case.tasks)
    tasks = tuple(task for task in event.header.tasks if task.where == "manufacturer" or task.moves_owner)
    hidden = {"tasks": tasks} if tells else {"tasks": tasks, "suspected": None}
    changed: dict[str, Any] = {
        "id": feed_id(event.id), "header": event.header.model_copy(update=hidden), "after": None,
    }  # fmt: skip
    if isinstance(event, CaseOpened) and not tells:
        changed["signals"] = tuple(signal for signal in event.signals if signal.certain)
    return event.model_copy(update=changed)
