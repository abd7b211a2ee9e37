"""What somebody should do next with a case, by the policy's basic flow: pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from schemas.directory import Person
from schemas.staffing import QUEUE
from schemas.vocabulary import Role

View = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Duty:
    """One action, or a reply to a `task`. `early` to `punctual` is when a dutiful person does it, `late` when a slow one does."""

    action: str
    early: timedelta
    punctual: timedelta
    late: timedelta
    body: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""

    @property
    def path(self) -> str:
        """Where it is posted, below its case."""
        return f"tasks/{self.task}/{self.action}" if self.task else f"actions/{self.action}"


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


_NOTE = {"note": "Looked at all of it with the customer's words at hand."}
ANSWERS: Mapping[str, Mapping[str, str]] = {
    "phone_call": {"note": "Told the department by telephone."},
    "support": {"support": "Somebody of the technical staff comes along."},
    "handling_notice": {"note": "Seen; we act on it."},
    "goodwill_approval": {"opinion": "Agreed."},
}
"""What is answered to each kind of task; to any other, how severe the case is."""
CLOSING: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "resolved": ("tidy", _NOTE),
    "callback_pending": ("call_back", {"outcome": "satisfied", **_NOTE}),
    "callback_confirmed": ("confirm_result", _NOTE),
}
"""What is done in each state of a case that is coming to its end."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the directory, and the staff to whom they can hand a case over."""

    person: Person
    staff: Sequence[Person]

    def roles(self, at: str) -> set[Role]:
        return {post.role for post in self.person.posts if post.at == at}

    def duty(self, case: View, now: datetime) -> Duty | None:
        """What they should do next with a case; None when there is nothing."""
        if case["stage"] == "over":
            return None
        if reply := self._reply(case):
            return reply
        if case["stage"] == "closing":
            return self._closing(case)
        if self._owns(case) and (owned := self._owned(case)):
            return owned
        return self._following(case, now)

    def _reply(self, case: View) -> Duty | None:
        """The reply to what is asked of them. It is up to them to say how severe it is where they are asked, or anybody is."""
        for task in _waiting(case, "answer"):
            if task["to"] == self.person.id or task["to"].startswith(QUEUE):
                body = ANSWERS.get(task["task"]) or {"severity": case["suspected"] or case["severity"]}
                return Duty("answer", *CONFIRM, body, task["task_id"])
        return next(
            (Duty("accept", *ACCEPT, task=task["task_id"]) for task in _waiting(case, "accept")), None
        )

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
        if "contact" not in case["done"]:
            return Duty("contact", *CONTACT, {"note": "Spoke with the customer and listened to all of it."})
        return None

    def _transfer(self, case: View, role: Role) -> Duty | None:
        """To somebody with the role in the case's department, unless somebody is asked to take it over already."""
        shop, department = case["shop"], case["department"]
        fitting = [
            person.id
            for person in self.staff
            for post in person.posts
            if (post.at, post.role) == (shop, role)
            and post.department in {None, department}
            and not person.absences
        ]
        if _is_handed_over(case) or not fitting:
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
        """The CR manager tidies, confirms and closes; whoever may calls the customer back in between."""
        action, body = CLOSING[case["state"]]
        if case["state"] == "callback_confirmed" and "confirm_result" in case["done"]:
            action = "close"
        return Duty(action, *CLOSE, body) if action in case["actions"] else None

    def _following(self, case: View, now: datetime) -> Duty | None:
        """A CR manager looks after a case that may become major once a day, whoever owns it."""
        if "dealer_cr_manager" not in self.roles(case["shop"]) or case["severity"] == "general":
            return None
        followed_up = case["done"].get("follow_up")
        last = datetime.fromisoformat(followed_up["at"] if followed_up else case["opened_at"])
        early, punctual, late = (max(last + span - now, timedelta()) for span in FOLLOW_UP)
        return Duty("follow_up", early, punctual, late, {"note": "Asked the department how it stands."})


def _waiting(case: View, reply: str) -> Iterator[View]:
    """The tasks to which they may reply so."""
    return (task for task in case["tasks"] if reply in case["replies"].get(task["task_id"], ()))


def _is_handed_over(case: View) -> bool:
    """Whether somebody is asked to take it over who has not accepted yet."""
    return any(task["moves_owner"] for task in case["tasks"])


def _resolve(case: View) -> Duty | None:
    if _is_handed_over(case):
        return None
    body = {"course": "Checked, explained and put right.", "result": "The customer agrees."}
    return Duty("handle_ok", *RESOLVE, body)
