"""Deadlines against a model that counts single minutes, whatever the order in which things are read."""

from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.deadline_spec import DeadlineSpec
from services.sla.domain.deadline import Tick, decide_tick
from services.sla.domain.due.terms import DeadlineRules
from services.sla.domain.state import Deadlines, DeadlineState, View
from tests.property.minutes import SEVERITIES, Happening, Minutes
from tests.soak import rounds
from tests.unit.sla.story import CASE, PAUSES, Story, a_deadline, a_policy, at, did

EVENTS = ("contact", "close", "try_to_reach", "follow_up", "task_refused", "severity")
AGAIN = {"type": "case.task_refused"}
HOLD: dict[str, Any] = {
    **PAUSES,
    "cancel": [did("close")],
    "start": [{"type": "case.opened"}, AGAIN],
    "limit": {"elapsed_minutes": 10},
    "warnings": [{"percent": 50}],
}
DEADLINE = (
    a_deadline("simple", **HOLD),
    a_deadline("own", **HOLD, restart=[AGAIN]),
    a_deadline("cadence", **HOLD, recurring=True, restart=[did("follow_up")]),
    a_deadline("slowing", **HOLD, recurring=True, repeats=2, then={"elapsed_minutes": 25}),
    a_deadline("major only", **HOLD, recurring=True, applies={"severity": ["major"]}),
    a_deadline("by severity", **HOLD, limit_by_severity={"major": {"elapsed_minutes": 4}}),
)


class DeadlineMachine(RuleBasedStateMachine):
    """People act, some of it is read late, time passes, the process dies and decides again."""

    @initialize(severity=st.sampled_from(SEVERITIES))
    def opened(self, severity: str) -> None:
        self.now = 0
        self.read_up_to = 0
        self.severity = severity
        self.happenings = [Happening(0, 1, "opened", severity)]
        self.story = Story(a_policy(*DEADLINE))
        self.story.happens("opened", 0, header_severity=severity)

    @rule(kind=st.sampled_from(EVENTS), ago=st.sampled_from((0, 0, 0, 1, 2, 5, 11, 30)))
    def something_happens(self, kind: str, ago: int) -> None:
        occurred = max(0, self.now - ago)
        changed = None
        if kind == "severity":
            kind = "judged"
            changed = self.severity = SEVERITIES[self.severity == "general"]
        self.happenings.append(Happening(occurred, len(self.happenings) + 1, kind, changed))
        self._twice(lambda story: story.happens(kind, occurred, read=self.now, header_severity=self.severity))
        self.read_up_to = -1

    @rule(minutes=st.sampled_from((1, 2, 3, 4, 5, 6, 10, 11, 25, 60)))
    def nobody_looks(self, minutes: int) -> None:
        self.now += minutes

    @rule(minutes=st.sampled_from((0, 1, 5, 10)))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes
        self._twice(lambda story: story.passes(self.now))
        self.read_up_to = self.now

    @rule()
    def the_process_restarts(self) -> None:
        state = self.story.state
        assert state is not None
        assert Deadlines.model_validate(state.model_dump(mode="json")) == state
        self.story.state = Deadlines.model_validate(state.model_dump(mode="json"))

    @invariant()
    @precondition(lambda self: hasattr(self, "story"))
    def every_id_is_published_once(self) -> None:
        ids = [event.id for event in self.story.events]
        assert len(ids) == len(set(ids))

    @invariant()
    @precondition(lambda self: hasattr(self, "story"))
    def nothing_fires_early(self) -> None:
        for breach in self.story.of("breached"):
            assert breach.due_at <= breach.occurred_at

    @invariant()
    @precondition(lambda self: hasattr(self, "story"))
    def only_published_breaches_are_withdrawn_and_only_once(self) -> None:
        withdrawn = [one.breach for one in self.story.of("withdrawn")]
        assert len(withdrawn) == len(set(withdrawn))
        assert set(withdrawn) <= {one.id for one in self.story.of("breached")}

    @invariant()
    @precondition(lambda self: hasattr(self, "story") and self.read_up_to == self.now)
    def exactly_the_breached_deadlines_are_breached(self) -> None:
        assert self.story.state is not None
        for spec in DEADLINE:
            model = Minutes(spec, self.happenings)
            breaches = model.breaches(self.now)
            assert len(self._valid_breaches(spec)) == len(breaches), (spec.id, breaches, self.happenings)
            view = self.story.state.deadlines.get(spec.id, DeadlineState()).view
            assert self._status(view) == model.status(), (spec.id, self.happenings)

    def _status(self, view: View) -> str:
        return "late" if view.late else view.status

    def _valid_breaches(self, spec: DeadlineSpec) -> set[UUID]:
        withdrawn = {one.breach for one in self.story.of("withdrawn")}
        return {one.id for one in self.story.of("breached") if one.deadline == spec.id} - withdrawn

    def _twice(self, act: Any) -> None:
        """A crash between deciding and writing: the same is decided again, to the letter."""
        story = self.story
        before = (story.state, list(story.events), story.seq, story.header)
        act(story)
        first = (story.state, story.events)
        story.state, story.events, story.seq, story.header = before
        act(story)
        assert (story.state, story.events) == first

    def teardown(self) -> None:
        if hasattr(self, "story"):
            self.time_passes(0)
            self.exactly_the_breached_deadlines_are_breached()
            assert self.story.state is not None
            assert (
                decide_tick(self.story.state, CASE, Tick(at(self.now)), DeadlineRules(self.story.policy))
                is None
            )
            assert (
                self.story.state.next_due is None
                or self.story.state.next_due > at(self.now).timestamp() * 1000
            )


TestDeadlines = DeadlineMachine.TestCase
TestDeadlines.settings = settings(max_examples=rounds(60, 1_000), stateful_step_count=25, deadline=None)
