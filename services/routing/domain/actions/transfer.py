"""Handing over to a named person: no hand-over without a name, and only to whom the policy allows."""

from collections.abc import Mapping
from typing import Any

from schemas.cases import CaseHandedOver, Role, State, tier
from schemas.contacts import Department
from schemas.directory import Identifier, Person
from schemas.staffing import holds
from services.common.store.decision import Refusal
from services.routing.domain.actions.action import Action, Form, Text
from services.routing.domain.actions.permission import acting_as
from services.routing.domain.assignment import Chosen
from services.routing.domain.case import Case, HandOver
from services.routing.domain.draft import Draft
from services.routing.domain.location import franchise_of
from services.routing.domain.manufacturer_support import SupportRequest, request_support
from services.routing.domain.seals import Sealed
from services.routing.domain.world import World


class TransferForm(Form):
    """Store, authority, person and note, as S0 asks for them."""

    shop: Identifier
    role: Role
    person: Identifier
    note: Text

    def texts(self) -> Mapping[str, Any]:
        return {"note": self.note}

    def action(self, actor: str, texts: Sealed) -> Action:
        return Transfer(actor=actor, shop=self.shop, role=self.role, person=self.person, note=texts)


class Transfer(Action):
    """Hand over to a named person: store, authority, person and a note to them (S0 CR manager, step 4)."""

    name = "transfer"
    form = TransferForm
    by = frozenset({"owner", "supporter", "dealer_gm"})

    shop: str
    role: Role
    person: str
    note: Sealed

    def apply(self, draft: Draft, world: World) -> Refusal | None:
        if refused := _forbidden(draft.case, self, world):
            return refused
        draft.set(notes=draft.case.notes + 1)
        if tier(self.role) == "manufacturer":
            draft.set(state="escalated")
            named = Chosen(self.person, "named", {"role": self.role})
            request_support(draft, named, SupportRequest("support", note=self.note), world)
        else:
            _hand_over(draft, self, world)
        return None


def _forbidden(case: Case, action: Transfer, world: World) -> Refusal | None:
    directory = world.directory
    person, places = directory.person(action.person), _places(case, action.role, world)
    if person is None:
        return Refusal(422, "transfer_named_person", f"person: nobody is known as {action.person!r}")
    if action.shop not in places:
        where = " or ".join(map(repr, places)) or "no place that the directory knows"
        return Refusal(422, "transfer_within_case", f"shop: a {action.role} of this case works at {where}")
    if not holds(person, action.shop, action.role):
        detail = f"person: {action.person!r} is no {action.role} at {action.shop!r}"
        return Refusal(422, "transfer_named_role", detail)
    if action.person in {case.owner, action.actor}:
        return Refusal(422, "transfer_to_another", "person: should be somebody else than the one who has it")
    return _against_policy(case, action, world)


def _places(case: Case, role: Role, world: World) -> list[str]:
    """Where it may go: a case of a shop where nobody works goes to any that handles its manufacturer's cars."""
    directory = world.directory
    if tier(role) == "manufacturer":
        others = (queue.at for queue in directory.last_resorts(case.manufacturer, world.now))
        return list(dict.fromkeys(filter(None, (case.manufacturer, *others))))
    if directory.is_staffed(case.shop):
        return [case.shop]
    franchises = (each for shop in directory.shops for each in directory.franchises.get(shop, ()))
    return list(
        dict.fromkeys(each.shop for each in franchises if case.manufacturer in ("", each.manufacturer))
    )


def _against_policy(case: Case, action: Transfer, world: World) -> Refusal | None:
    """Only to a role that the policy's `hand_overs` name for the giver's."""
    giver = acting_as(case, action.actor, world)
    rules = [rule for rule in world.policy(case).content.hand_overs if rule.giver == giver]
    receivers = [role for rule in rules for role in rule.receivers]
    if action.role in receivers:
        return None
    source = rules[0].source if rules else "no rule"
    detail = f"role: a {giver} hands over to {' or '.join(receivers) or 'nobody'} ({source})"
    return Refusal(422, f"hand_over_by_{giver}", detail)


def _hand_over(draft: Draft, action: Transfer, world: World) -> None:
    moved = _move(draft, action.shop, world)
    draft.set(department=_department(world.directory.people[action.person], action, draft.case.department))
    case = draft.case
    rung = world.policy(case).rung(action.role) or 0
    pending = HandOver(
        to=action.person, role=action.role, via="transfer", rung=rung, at=draft.at, giver=action.actor,
        before=_before(case), rung_before=case.rung, post=world.post(case, action.person, action.role),
    )  # fmt: skip
    draft.set(hand_over=pending, rung=rung, declined_by=(), state=_state(case, action.role))
    facts = {"to": action.person, "role": action.role, "via": "transfer"}
    draft.publish(CaseHandedOver, tier="dealer", rung=rung, note=action.note.id, **facts)
    draft.record_history(
        "case.handed_over", text=str(action.note.id), text_seal=action.note.seal, **facts, **moved
    )


def _move(draft: Draft, shop: str, world: World) -> dict[str, str]:
    """Let the case belong where it is handed to; what the history says of it, if it does move."""
    case, directory = draft.case, world.directory
    if shop == case.shop:
        return {}
    franchise = franchise_of(directory, shop, case.manufacturer)
    draft.set(shop=shop, group=directory.shops[shop].group, franchise=franchise.id if franchise else "")
    if franchise:
        draft.set(manufacturer=franchise.manufacturer)
    return {"shop": shop, "previous_shop": case.shop}


def _department(person: Person, action: Transfer, present: Department) -> Department:
    """The case follows the department of the manager who gets it."""
    if holds(person, action.shop, action.role, present):
        return present
    posts = (post for post in person.posts if (post.at, post.role) == (action.shop, action.role))
    return next((post.department for post in posts if post.department), present)


def _state(case: Case, role: Role) -> State:
    return "transferred" if role == "dept_manager" and not case.confirmed else case.state


def _before(case: Case) -> State:
    """What it returns to when declined: without the escalations that this hand-over takes the place of."""
    state, hand_over = case.state, case.hand_over
    while state == "escalated" and hand_over is not None and hand_over.via == "escalation":
        state, hand_over = hand_over.before, hand_over.previous
    return state
