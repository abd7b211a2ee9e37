"""Asking somebody by name: who may ask whom, where they may work, and the move to another shop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.forms import FieldKind, FormSpec
from schemas.staffing import holds, place
from schemas.tasks import TaskSpec
from schemas.vocabulary import Department, Role
from services.common.store.decision import Refusal
from services.routing.domain.case import Case
from services.routing.domain.draft import Draft
from services.routing.domain.location import franchise_of
from services.routing.domain.moments import Moment
from services.routing.domain.sayings import Speaker
from services.routing.domain.world import World


@dataclass(frozen=True, slots=True)
class NamedReceiver:
    """Somebody named in a form, in a role at a place; `fields` are the names of the form's fields."""

    form: FormSpec

    at: str
    role: Role
    person: str
    fields: Mapping[FieldKind, str]


def named(form: FormSpec | None, moment: Moment) -> NamedReceiver | None:
    """Whom a form names; None where it has no field for a person, or nobody was named."""
    if form is None:
        return None
    kinds: tuple[FieldKind, ...] = ("shop", "role", "person")
    fields = {kind: form.of_kind(kind) or "" for kind in kinds}
    at, role, person = (str(moment.said.values.get(fields[kind], "")) for kind in kinds)
    return NamedReceiver(form, at, role, person, fields) if person else None


def forbidden(case: Case, spec: TaskSpec, who: NamedReceiver, moment: Moment, world: World) -> Refusal | None:
    """Why somebody may not be asked by name."""
    speaker, directory = Speaker.to(moment.actor or "", case, world), world.directory
    person, places = directory.person(who.person), places_of(case, who.role, world)
    if person is None:
        return speaker.refusal(
            "named_person", field=speaker.field(who.form, who.fields["person"]), person=who.person
        )
    if who.at not in places:
        where = speaker.either(directory.name(at, speaker.language) for at in places)
        return speaker.refusal(
            "named_place", field=speaker.field(who.form, who.fields["shop"]), role=who.role, places=where
        )
    if not holds(person, who.at, who.role):
        at = directory.name(who.at, speaker.language)
        return speaker.refusal(
            "named_role",
            field=speaker.field(who.form, who.fields["person"]),
            person=person.name,
            role=who.role,
            place=at,
        )
    if who.person in ({case.owner, moment.actor} if spec.moves_owner else {moment.actor}):
        return speaker.refusal("to_another", field=speaker.field(who.form, who.fields["person"]))
    return _against_rules(spec, who, moment, speaker)


def _against_rules(spec: TaskSpec, who: NamedReceiver, moment: Moment, speaker: Speaker) -> Refusal | None:
    """Only of a role that the task's `hand_overs` name for the giver's."""
    rules = [rule for rule in spec.hand_overs if rule.giver in moment.roles]
    receivers = [role for rule in rules for role in rule.receivers]
    if who.role in receivers:
        return None
    source = rules[0].source if rules else "-"
    asked = speaker.either(speaker.title("roles", role) for role in receivers) or "-"
    return speaker.refusal(
        "named_receiver",
        field=speaker.field(who.form, who.fields["role"]),
        giver=speaker.either(speaker.title("roles", role) for role in moment.roles),
        receivers=asked,
        source=source,
    )


def places_of(case: Case, role: Role, world: World) -> list[str]:
    """Where somebody of a role may work for a case; at the shops it may go to each is a place."""
    directory, policy = world.directory, world.policy(case)
    where = policy.role[role].at
    if where == "shop":
        return _shops(case, world)
    own = place(case, where)
    last = directory.last_resorts(case.manufacturer, role, world.now) if role == policy.last_resort else []
    return list(dict.fromkeys(filter(None, (own, *(queue.at for queue in last)))))


def _shops(case: Case, world: World) -> list[str]:
    """Its shop and those of its group for the same manufacturer; of a shop where nobody works, any for that manufacturer."""
    directory, present = world.directory, world.directory.shops.get(case.shop)
    others = [
        shop.id
        for shop in directory.shops.values()
        if any(case.manufacturer in ("", one.manufacturer) for one in directory.franchises.get(shop.id, ()))
    ]
    if not directory.is_staffed(case.shop):
        return others
    near = (shop for shop in others if present and directory.shops[shop].group == present.group)
    return list(dict.fromkeys((case.shop, *near)))


def move(draft: Draft, who: NamedReceiver, world: World) -> dict[str, Any]:
    """Let the case belong where it is handed to; what the history says of it, if it does move."""
    draft.set(department=_department(draft.case, who, world))
    case, directory = draft.case, world.directory
    if draft.policy.role[who.role].at != "shop" or who.at == case.shop:
        return {}
    franchise = franchise_of(directory, who.at, case.manufacturer)
    draft.set(shop=who.at, group=directory.shops[who.at].group, franchise=franchise.id if franchise else "")
    if franchise:
        draft.set(manufacturer=franchise.manufacturer, region=franchise.region)
    return {"shop": who.at, "previous_shop": case.shop}


def _department(case: Case, who: NamedReceiver, world: World) -> Department:
    """The case follows the department of whoever gets it."""
    person = world.directory.people[who.person]
    if holds(person, who.at, who.role, case.department):
        return case.department
    posts = (post for post in person.posts if (post.at, post.role) == (who.at, who.role))
    return next((post.department for post in posts if post.department), case.department)
