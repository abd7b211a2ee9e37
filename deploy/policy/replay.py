"""What would have become of past cases under another version: judged, assigned and timed by both, and compared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import uuid4

from deploy.policy.past_cases import PastCase
from schemas.calendar import PublicDays
from schemas.cases import CaseEvent
from schemas.contacts import ContactReceived
from schemas.policies import Policy
from schemas.staffing import Directory
from services.common.store.decision import Cause, Change, Outgoing
from services.routing.domain.assessment import assess, build_statement
from services.routing.domain.assignment import Workload
from services.routing.domain.case import Case
from services.routing.domain.decide import decide
from services.routing.domain.entry import read_entry
from services.routing.domain.opening import StoredContact
from services.routing.domain.policies import CompiledPolicy, Policies
from services.routing.domain.seals import Sealed
from services.routing.domain.severity.detection import Detection, Reader
from services.routing.domain.world import World
from services.sla.domain.deadline import decide_event
from services.sla.domain.due.instants import from_ms
from services.sla.domain.due.terms import DeadlineRules
from services.sla.domain.state import Deadlines

Kind = Literal["judged", "assigned", "timed"]
UNPUBLISHED, ERASED = "their version is not published", "texts of theirs were erased"


@dataclass(frozen=True, slots=True)
class Judged:
    """How severe a contact is."""

    level: str
    suspected: str | None
    criteria: tuple[str, ...]

    def __str__(self) -> str:
        suspected = f", perhaps {self.suspected}" if self.suspected else ""
        return f"{self.level}{suspected} ({', '.join(self.criteria)})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a version makes of a case before anybody acts: its contacts, whose it is, who is asked, what is due when."""

    contacts: tuple[Judged, ...]
    owner_role: str
    tasks: tuple[tuple[str, str], ...]
    due: Mapping[str, datetime]


@dataclass(slots=True)
class Replayed:
    """The cases that go otherwise, each with how, and how many could be replayed and could not."""

    lines: list[str] = field(default_factory=list)
    compared: int = 0
    otherwise: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def summary(self) -> Iterator[str]:
        """The numbers, for people."""
        kinds: tuple[Kind, ...] = ("judged", "assigned", "timed")
        counts = ", ".join(f"{self.kinds[kind]} {kind}" for kind in kinds)
        yield f"{self.otherwise} of {self.compared} cases would have gone otherwise: {counts} otherwise"
        yield from (f"{count} cases are left out: {why}" for why, count in sorted(self.left_out.items()))


@dataclass(frozen=True, slots=True)
class Replay:
    """Decides past openings by the directory, the public days and the detectors of today."""

    directory: Directory
    announced: tuple[PublicDays, ...]
    reader: Reader

    def compare(
        self, cases: Iterable[PastCase], versions: Mapping[str, CompiledPolicy], other: CompiledPolicy
    ) -> Replayed:
        """Each case by its own version and by the other; both by what is known today, so that only they differ."""
        replayed = Replayed()
        for past in cases:
            own = versions.get(past.case.policy_key)
            contacts = past.contacts(own.content) if own else None
            if own is None or contacts is None:
                replayed.left_out[ERASED if own else UNPUBLISHED] += 1
                continue
            replayed.compared += 1
            detections = self.reader.detect([build_statement(one).text for one in contacts])
            before = self.outcome(past.case, contacts, detections, own)
            renamed = [under(other.content, contact) for contact in contacts]
            differences = list(differing(before, self.outcome(past.case, renamed, detections, other)))
            replayed.otherwise += bool(differences)
            replayed.kinds.update({kind for kind, _ in differences})
            replayed.lines += [f"{past.case.number}: {says}" for _, says in differences]
        return replayed

    def outcome(
        self,
        case: Case,
        contacts: Sequence[ContactReceived],
        detections: Sequence[Detection],
        policy: CompiledPolicy,
    ) -> Outcome:
        """What a version makes of a case whose contacts these are."""
        policies = Policies(default=policy.content.id)
        policies.follow(policy)
        world = World(self.directory, policies, Workload(), case.opened_at)
        first = StoredContact(contacts[0], detections[0], _unsealed(), _unsealed())
        change = decide(None, Cause(case.id, contacts[0].id, first), world)
        if not isinstance(change, Change):
            raise TypeError(f"{case.number}: a first contact opens a case")
        opened, more = change.state, zip(contacts[1:], detections[1:], strict=True)
        further = tuple(_judge(contact, detection, policy) for contact, detection in more)
        return Outcome(
            (Judged(opened.severity, opened.suspected, opened.criteria), *further),
            opened.owner_role,
            tuple((task.task, task.role) for task in opened.tasks),
            self._due(change, policy, case.opened_at),
        )

    def _due(self, change: Change[Case], policy: CompiledPolicy, now: datetime) -> Mapping[str, datetime]:
        """When what starts with the opening is due, by deadline; of several of one deadline the first."""
        rules, state = DeadlineRules(policy.content, self.announced), None
        own = (one.message for one in change.events if isinstance(one, Outgoing) and one.topic == "cases")
        for seq, event in enumerate(own, start=1):
            numbered: CaseEvent = event.model_copy(update={"seq": seq})  # type: ignore[assignment]
            state = decide_event(state, numbered, rules, now).state
        return dict(sorted(_running(state), reverse=True)) if state else {}


def under(policy: Policy, contact: ContactReceived) -> ContactReceived:
    """A contact that was taken under an earlier version, its channel, flags and form by what they are called now."""
    spec = policy.rebase
    channel, flags = spec.of("channels", contact.channel), spec.flags_of(contact.flags)
    form = spec.values_of(policy.opening.form, contact.form)
    return contact.model_copy(update={"channel": channel, "flags": flags, "form": form})


def _judge(contact: ContactReceived, detection: Detection, policy: CompiledPolicy) -> Judged:
    entry = read_entry(contact, _unsealed(), policy.content)
    assessment = assess(contact, detection, policy.content, entry.unread)
    return Judged(assessment.level, assessment.suspected, assessment.criteria)


def _unsealed() -> Sealed:
    """Stands for texts that are only read."""
    return Sealed(id=uuid4(), seal="")


def _running(state: Deadlines) -> Iterator[tuple[str, datetime]]:
    for name, deadline in state.deadlines.items():
        if deadline.view.status == "running" and deadline.view.due is not None:
            yield name.partition(":")[0], from_ms(deadline.view.due)


def differing(before: Outcome, after: Outcome) -> Iterator[tuple[Kind, str]]:
    """What is otherwise, in words, and of which kind."""
    judged = zip(before.contacts, after.contacts, strict=True)
    for at, (was, now) in enumerate(judged):
        if was != now:
            yield "judged", f"{f'contact {at + 1} ' if at else ''}is judged {now}; before {was}"
    yield from _assigned(before, after)
    for name in dict.fromkeys((*before.due, *after.due)):
        due, now_due = before.due.get(name), after.due.get(name)
        if due != now_due:
            yield "timed", f"{name} is due {_moment(now_due)}; before {_moment(due)}"


def _assigned(before: Outcome, after: Outcome) -> Iterator[tuple[Kind, str]]:
    if before.owner_role != after.owner_role:
        yield "assigned", f"belongs at first to {after.owner_role}; before {before.owner_role}"
    if before.tasks != after.tasks:
        yield "assigned", f"asks {_receivers(after.tasks)}; before {_receivers(before.tasks)}"


def _receivers(tasks: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{role} for {task}" for task, role in tasks) or "nobody"


def _moment(at: datetime | None) -> str:
    return at.isoformat() if at else "never"
