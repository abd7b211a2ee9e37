"""A case as a story: what happened to it and how time passed, and the events of its deadlines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from schemas.calendar import CalendarSpec
from schemas.cases import ADAPTER, CaseHeader
from schemas.deadline_spec import DeadlineSpec
from schemas.deadlines import DeadlineMessage
from schemas.policies import Policy
from services.sla.domain.deadline import Tick, decide_event, decide_tick
from services.sla.domain.due.terms import DeadlineRules
from services.sla.domain.state import Deadlines
from tests import casework

CASE = UUID("00000000-0000-0000-0000-00000000ca5e")
NOTE = str(UUID(int=7))
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai

SHOP = CalendarSpec.model_validate(
    {
        "zone": "Asia/Shanghai",
        "holidays": "CN",
        "hours": {
            day: [["08:30", "12:00"], ["13:30", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")
        },
    }
)
EVENT: Mapping[str, Any] = {
    "channel": "onsite", "criteria": [], "contact": NOTE, "severity": "major", "previous": "general",
    "previous_state": "registered", "previous_version": "1", "because": "not_late", "via": "transfer",
    "task_id": UUID(int=1), "task": "hand_over", "to": "p1", "role": "dealer_cr_manager", "place": "s1",
    "where": "shop", "moves_owner": True,
}  # fmt: skip
"""What events say of which a test says nothing else; each takes the fields it has and leaves the others."""
LEAVES: Mapping[str, Mapping[str, str]] = {
    "resolve": {"state": "resolved", "stage": "closing"},
    "close": {"state": "closed", "stage": "over"},
}
"""How the header shows a case as these actions have left it."""


def gtmc() -> Policy:
    """The policy by which tests decide, with its deadlines."""
    return casework.gtmc().content


def body_of(kind: str) -> dict[str, Any]:
    """What an event says by default, named by its type or by the action of the policy that it is."""
    is_action = kind in gtmc().action
    return {**EVENT, "type": "case.acted" if is_action else f"case.{kind}", "action": kind}


def did(*actions: str) -> dict[str, Any]:
    """The condition that somebody does one of these."""
    return {"type": "case.acted", "where": {"action": list(actions)}}


PAUSES: Mapping[str, Any] = {"pause": [did("try_to_reach")], "resume": [did("follow_up")]}
"""It holds from an attempt to reach the customer until somebody follows up."""


def at(minutes: float) -> datetime:
    """So many minutes after Monday 09:00 in Shanghai."""
    return MONDAY + timedelta(minutes=minutes)


def a_header(**fields: Any) -> CaseHeader:
    defaults = {
        "number": "0000-0000-0000-0", "kind": "complaint", "channel": "onsite", "franchise": "f1", "shop": "s1",
        "group": "g1", "region": "r1", "manufacturer": "m1", "department": "after_sales", "severity": "general",
        "state": "registered", "stage": "intake", "owner": "p0", "owner_role": "operator", "owner_where": "shop",
        "policy": "gtmc", "policy_version": "1",
    }  # fmt: skip
    return CaseHeader.model_validate(defaults | fields)


def a_deadline(deadline: str = "C", /, **fields: Any) -> DeadlineSpec:
    """A deadline of an hour, from the opening of a case to a contact, whose breach escalates."""
    defaults = {
        "id": deadline, "title": {"zh": "", "en": ""}, "source": "test", "accountable": "owner",
        "limit": {"elapsed_minutes": 60}, "start": [{"type": "case.opened"}], "stop": [did("contact")],
        "warnings": [], "on_breach": [{"escalate": "handling"}],
    }  # fmt: skip
    return DeadlineSpec.model_validate(defaults | fields)


def a_policy(*deadlines: DeadlineSpec) -> Policy:
    """The policy by which tests decide, with these deadlines and nobody to be notified of them."""
    return Policy.model_validate(_without_deadlines() | {"deadlines": deadlines})


@cache
def _without_deadlines() -> dict[str, Any]:
    kept = {name: getattr(gtmc(), name) for name in Policy.model_fields}
    return {**kept, "deadlines": (), "notices": ()}


@dataclass
class Story:
    """Applies what happened, in minutes after Monday 09:00, to the deadlines and keeps their events."""

    policy: Policy
    before: Policy | None = None
    calendar: CalendarSpec = SHOP
    header: CaseHeader = field(default_factory=a_header)
    state: Deadlines | None = None
    events: list[DeadlineMessage] = field(default_factory=list)
    seq: int = 0

    def happens(self, kind: str, occurred: float, /, read: float | None = None, **fields: Any) -> list[str]:
        """An event of the case, or an action, read at once unless given, and what the deadlines did on it."""
        self.seq += 1
        places = {name: fields.pop(name) for name in list(fields) if name.startswith("header_")}
        changed = {name.removeprefix("header_"): value for name, value in places.items()}
        if kind in {"judged", "severity_raised"} and "severity" in fields:
            changed["severity"] = fields["severity"]
        self.header = self.header.model_copy(update={**LEAVES.get(kind, {}), **changed})
        body = {
            "id": uuid5(CASE, str(self.seq)), "case_id": CASE, "occurred_at": at(occurred), "seq": self.seq,
            "header": self.header, "note": NOTE, "received_at": at(occurred), "calendar": self.calendar,
        }  # fmt: skip
        event = ADAPTER.validate_python(body_of(kind) | body | fields)
        rules = DeadlineRules(self.policy, before=self.before)
        change = decide_event(self.state, event, rules, at(occurred if read is None else read))
        self.state, self.before = change.state, None
        return self._keep(change.events)

    def passes(self, until: float, *, catch_up: bool = False) -> list[str]:
        """Time passes in one go, and what the deadlines did on it."""
        tick = Tick(at(until), catch_up)
        done: list[str] = []
        while (change := decide_tick(self.state, CASE, tick, DeadlineRules(self.policy))) is not None:
            self.state = change.state
            done += self._keep(change.events)
        return done

    def of(self, kind: str) -> list[Any]:
        """All events of one kind, such as `breached`."""
        return [event for event in self.events if event.type == f"deadline.{kind}"]  # type: ignore[attr-defined]

    def due_in(self, deadline: str = "C") -> float | None:
        """Minutes after Monday 09:00 at which the deadline is due as it stands."""
        assert self.state is not None
        due = self.state.deadlines[deadline].view.due
        return None if due is None else (due / 1000 - MONDAY.timestamp()) / 60

    def status(self, deadline: str = "C") -> str:
        assert self.state is not None
        return self.state.deadlines[deadline].view.status

    def _keep(self, events: Any) -> list[str]:
        messages = [event.message for event in events]
        self.events += messages
        several = len(self.policy.deadlines) > 1
        return [m.type.removeprefix("deadline.") + (f" {m.deadline}" if several else "") for m in messages]


def an_open_case(*deadlines: DeadlineSpec, **fields: Any) -> Story:
    """A story of a case that was opened on Monday at 09:00."""
    story = Story(a_policy(*deadlines))
    story.happens("opened", 0, **fields)
    return story
