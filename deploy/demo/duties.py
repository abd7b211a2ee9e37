"""What somebody should do next with a case, by the policy's basic flow: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from schemas.directory import Person
from schemas.staffing import QUEUE
from schemas.vocabulary import Role

View = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Duty:
    """One action. `early` to `punctual` is when a dutiful person does it, `late` when a slow one does."""

    action: str
    early: timedelta
    punctual: timedelta
    late: timedelta
    body: Mapping[str, Any] = field(default_factory=dict)


def _minutes(early: float, punctual: float, late: float) -> tuple[timedelta, timedelta, timedelta]:
    return timedelta(minutes=early), timedelta(minutes=punctual), timedelta(minutes=late)


CONFIRM = _minutes(3, 15, 90)
ACCEPT = _minutes(5, 35, 220)
TRANSFER = _minutes(5, 30, 240)
JUDGE = _minutes(5, 40, 240)
CONTACT = _minutes(45, 420, 1_560)
RESOLVE = _minutes(180, 700, 1_200)
CLOSE = _minutes(60, 240, 1_200)
FOLLOW_UP = _minutes(13 * 60, 21 * 60, 27 * 60)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the directory, and the staff to whom they can hand a case over."""

    person: Person
    staff: Sequence[Person]

    def roles(self, at: str) -> set[Role]:
        return {post.role for post in self.person.posts if post.at == at}

    def duty(self, case: View, now: datetime) -> Duty | None:
        """What they should do next with a case; None when there is nothing."""
        if case["state"] == "closed":
            return None
        if "confirm" in case["actions"] and self._has_task(case):
            return Duty("confirm", *CONFIRM, {"severity": case["suspected"] or case["severity"]})
        if "accept" in case["actions"]:
            return Duty("accept", *ACCEPT)
        if case["state"] == "resolved":
            return self._closing(case)
        if self._owns(case) and (owned := self._owned(case)):
            return owned
        return self._following(case, now)

    def _has_task(self, case: View) -> bool:
        """Whether it is up to them to confirm it: they are asked, or anybody is."""
        return any(task["to"] == self.person.id or task["to"].startswith(QUEUE) for task in case["tasks"])

    def _owns(self, case: View) -> bool:
        owner: str = case["owner"]
        return owner == self.person.id or (owner.startswith(QUEUE) and "transfer" in case["actions"])

    def _owned(self, case: View) -> Duty | None:
        match case["owner_role"]:
            case "operator":
                return self._transfer(case, "dealer_cr_manager")
            case "dealer_cr_manager":
                return self._transfer(case, "dept_manager")
            case "dept_manager":
                return self._handled(case) or self._transfer(case, "sc_sa") or _resolve(case)
            case _:
                return self._handled(case) or _resolve(case)

    def _handled(self, case: View) -> Duty | None:
        """The nature is judged, then the customer is spoken with."""
        if not case["confirmed"] and "judge" in case["actions"]:
            return Duty("judge", *JUDGE, {"severity": case["severity"]})
        if case["contacted_at"] is None:
            return Duty("contacts", *CONTACT, {"note": "Spoke with the customer and listened to all of it."})
        return None

    def _transfer(self, case: View, role: Role) -> Duty | None:
        """To somebody with the role in the case's department, unless a hand-over is open already."""
        shop, department = case["shop"], case["department"]
        fitting = [
            person.id
            for person in self.staff
            for post in person.posts
            if (post.at, post.role) == (shop, role)
            and post.department in {None, department}
            and not person.absences
        ]
        if case["hand_over"] is not None or not fitting:
            return None
        person = fitting[case["revision"] % len(fitting)]
        body = {
            "shop": shop,
            "role": role,
            "person": person,
            "note": "Please see what the customer asks for.",
        }
        return Duty("transfer", *TRANSFER, body)

    def _closing(self, case: View) -> Duty | None:
        if "close" not in case["actions"]:
            return None
        return Duty("close", *CLOSE, {"note": "Called back: the customer confirms the result."})

    def _following(self, case: View, now: datetime) -> Duty | None:
        """A CR manager looks after a case that may become major once a day, whoever owns it."""
        if "dealer_cr_manager" not in self.roles(case["shop"]) or case["severity"] == "general":
            return None
        last = datetime.fromisoformat(case["followed_up_at"] or case["opened_at"])
        early, punctual, late = (max(last + span - now, timedelta()) for span in FOLLOW_UP)
        return Duty("follow-ups", early, punctual, late, {"note": "Asked the department how it stands."})


def _resolve(case: View) -> Duty | None:
    if case["hand_over"] is not None:
        return None
    body = {"course": "Checked, explained and put right.", "result": "The customer agrees."}
    return Duty("resolve", *RESOLVE, body)
