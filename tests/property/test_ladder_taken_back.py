"""Escalated, taken back, declined and taken on in any order: a case is where those who are still asked have brought it."""

import random
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import CaseEscalated
from schemas.deadlines import DeadlineBreached
from services.common.store.decision import Change
from services.routing.domain.case import Case, Task
from tests.asking import reply
from tests.casework import Casework, gtmc
from tests.dealership import a_contact
from tests.soak import rounds

FIRE = "车子突然起火冒烟,必须给我一个说法"
LADDER = gtmc().content.ladder["handling"]
ROLES = [rung.role for rung in LADDER.rungs]
ACCEPTED = {"dealer_cr_manager": "in_review", "dept_manager": "transferred"}


@dataclass
class Expected:
    """Where the case is to be: `base` and `floor` are where it is without any escalation that can be taken back."""

    base: str
    floor: int = 0
    rungs: dict[UUID, int] = field(default_factory=dict)
    causes: dict[UUID, set[UUID]] = field(default_factory=dict)
    holding: set[UUID] = field(default_factory=set)
    notified: set[UUID] = field(default_factory=set)

    @property
    def state(self) -> str:
        return "escalated" if self.holding else self.base

    @property
    def rung(self) -> int:
        return max([self.floor, *self.rungs.values()])

    def forget(self, task: UUID) -> int:
        """A task moves the case no more; the rung to which it had brought it."""
        self.causes.pop(task, None)
        self.holding.discard(task)
        self.notified.discard(task)
        return self.rungs.pop(task, 0)

    def moved_on(self, state: str) -> None:
        """Somebody has moved the case on: it does not go back behind that."""
        self.base = state
        self.holding.clear()


class Story:
    """One case, and where it is to be after each thing that befalls it."""

    def __init__(self, narrative: str) -> None:
        self.casework = Casework()
        self.case = self.casework.receive(a_contact(narrative))
        self.owner = self.case.owner
        self.expected = Expected(self.case.state)
        self.breaches: list[DeadlineBreached] = []

    def escalate(self, deadline: str, *, at_once: bool) -> None:
        """A deadline passes; `at_once` is found together with what escalated it last."""
        self.casework.later(hours=0 if at_once else 1)
        breach = self.casework.breached(self.case, deadline)
        self.case = self.casework.fold(self.case, breach)
        due = self.casework.escalation_due(self.case, breach)
        told = len(self.casework.events())
        decision = self.casework.decide(self.case, self.case.id, due)
        self.case = decision.state if isinstance(decision, Change) else self.case
        self.breaches.append(breach)
        new = self.casework.events()[told:]
        asked = {getattr(event, "task_id", None) for event in new}
        for task in self.case.tasks:
            if breach.id in task.breaches:
                self._moved(task, breach.id, asked=task.task_id in asked)
        for event in new:
            if isinstance(event, CaseEscalated):
                self._notified(event, breach.id)

    def _notified(self, event: CaseEscalated, breach: UUID) -> None:
        """Who has accepted what their rung asks is notified and not asked again: what brought the case there alone counts."""
        [task] = [one for one in self.case.tasks if breach in one.breaches]
        self.expected.rungs[task.task_id] = ROLES.index(event.role)
        self.expected.causes[task.task_id] = {breach}
        self.expected.notified.add(task.task_id)

    def _moved(self, task: Task, breach: UUID, *, asked: bool) -> None:
        """What a breach is found together with answers it as well; else somebody is asked, perhaps once more."""
        if asked:
            self.expected.rungs[task.task_id] = ROLES.index(task.role)
            self.expected.holding.add(task.task_id)
        self.expected.causes.setdefault(task.task_id, set()).add(breach)

    def withdraw(self, nth: int) -> None:
        if self.breaches:
            breach = self.breaches.pop(nth % len(self.breaches))
            accepted = {task.task_id for task in self.case.tasks if task.accepted} - self.expected.notified
            self.case = self.casework.fold(self.case, self.casework.withdrawn(self.case, breach))
            for task, causes in list(self.expected.causes.items()):
                causes.discard(breach.id)
                if not causes and task not in accepted:
                    self.expected.forget(task)

    def refuse(self, nth: int) -> None:
        if task := self._receiver(nth):
            self.case = reply(self.casework, self.case, task.to, "refuse")
            rung = self.expected.forget(task.task_id)
            if task.ladder is not None:
                self.expected.floor = max(self.expected.floor, rung)

    def accept(self, nth: int) -> None:
        task = self._receiver(nth)
        if task is None or task.accepted:
            return
        before = self.case
        self.case = reply(self.casework, self.case, task.to, "accept")
        if task.moves_owner:
            self.owner = task.to
            for one in before.hand_overs:
                self.expected.floor = max(self.expected.floor, self.expected.forget(one.task_id))
            if task.role in ROLES:  # the next escalation counts from whoever has accepted
                self.expected.rungs.clear()
                self.expected.floor = ROLES.index(task.role)
            self.expected.moved_on(ACCEPTED.get(task.role, "in_progress"))
        elif before.state == "escalated" and not before.hand_overs:
            self.expected.moved_on("in_progress")

    def _receiver(self, nth: int) -> Task | None:
        """Somebody in person who is asked something, and nothing later."""
        last = {task.to: task for task in self.case.tasks if task.to in self.casework.directory.people}
        asked = list(last.values())
        return asked[nth % len(asked)] if asked else None

    def check(self) -> None:
        case, expected = self.case, self.expected
        assert (case.state, case.rungs.get("handling", 0)) == (expected.state, expected.rung)
        assert case.owner == self.owner
        asked = [task.to for task in case.hand_overs]
        assert self.owner not in asked
        assert len(asked) == len(set(asked)), "somebody is asked twice to take it over"


HAPPENINGS = st.one_of(
    st.tuples(st.sampled_from(["escalate", "at once"]), st.sampled_from([0, 1])),
    st.tuples(st.sampled_from(["withdraw", "refuse", "accept"]), st.integers(0, 5)),
)


@settings(max_examples=rounds(100, 1_500), deadline=None)
@given(st.sampled_from(["空调有异响,请检查", FIRE]), st.lists(HAPPENINGS, max_size=14))
def test_the_case_is_where_those_who_are_still_asked_have_brought_it(
    narrative: str, happenings: list[tuple[str, int]]
) -> None:
    story = Story(narrative)
    for what, nth in happenings:
        match what:
            case "escalate" | "at once":
                story.escalate(("DL-03", "HO-01")[nth], at_once=what == "at once")
            case "withdraw":
                story.withdraw(nth)
            case "refuse":
                story.refuse(nth)
            case _:
                story.accept(nth)
        story.check()


@settings(max_examples=rounds(50, 500), deadline=None)
@given(st.sampled_from(["空调有异响,请检查", FIRE]), st.integers(1, 4), st.randoms(use_true_random=False))
def test_escalations_that_are_all_taken_back_leave_the_case_as_it_was(
    narrative: str, escalations: int, chance: random.Random
) -> None:
    story = Story(narrative)
    first = story.case
    for _ in range(escalations):
        story.escalate("HO-01", at_once=False)
    chance.shuffle(story.breaches)
    while story.breaches:
        story.withdraw(0)
    assert _left(story.case) == _left(first)


def _left(case: Case) -> object:
    return {task.task_id: task for task in case.tasks}, case.rungs, case.state, case.owner
