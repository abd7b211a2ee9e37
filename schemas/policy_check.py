"""What is wrong with a policy as a whole: names that it does not give, fields that no form has, roles that cannot be."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from schemas.cases import CaseActed, CaseHeader, CaseTaskAnswered, CaseTaskSent
from schemas.conditions import EVENTS, FORM, Bounds, Wanted, comparable, never
from schemas.faults import Fault, Place, must_be_among
from schemas.forms import FieldSpec, FormSpec
from schemas.steps import Step
from schemas.vocabulary import Names, Vocabulary, names_in

if TYPE_CHECKING:
    from schemas.policies import Policy

Names_ = Mapping[Vocabulary, tuple[str, ...]]
_PREFIXED: Mapping[str, Vocabulary] = {"owner:": "roles", "task:": "tasks"}


def faults(policy: "Policy") -> Iterator[Fault]:
    """Every mistake that shows only in the whole, with its place and what would be right."""
    given = vocabulary(policy)
    for place, what, said in names_in(policy):
        if said not in (allowed := _allowed(what, given)):
            yield place, f"{must_be_among(allowed)}, not {said!r}"
    for place, wanted, model in _wanted(policy):
        yield from ((place + at, says) for at, says in _unknown(wanted, model, given))
    for place, wanted, forms in _filled(policy):
        yield from ((place + at, says) for at, says in _not_in(wanted, forms))
    yield from _of_no_event(policy)
    yield from _misplaced(policy)


def vocabulary(policy: "Policy") -> Names_:
    """All names that a policy gives, by what they name."""
    return {
        "kinds": _ids(policy.kinds),
        "channels": _ids(policy.channels),
        "departments": _ids(policy.departments),
        "roles": _ids(policy.roles),
        "levels": policy.severity.level_ids,
        "criteria": _ids(policy.severity.criteria),
        "flags": _ids(policy.severity.flags),
        "forms": _ids(policy.forms),
        "states": _ids(policy.states),
        "actions": _ids(policy.actions),
        "tasks": _ids(policy.tasks),
        "ladders": _ids(policy.ladders),
        "deadlines": _ids(policy.deadlines),
        "templates": _ids(policy.templates),
    }


def _ids(specs: Iterable[Any]) -> tuple[str, ...]:
    return tuple(spec.id for spec in specs)


def _allowed(what: Names, given: Names_) -> tuple[str, ...]:
    prefixed = (f"{prefix}{name}" for prefix in what.prefixes for name in given[_PREFIXED[prefix]])
    return (*what.besides, *given[what.of], *prefixed)


def _wanted(policy: "Policy") -> Iterator[tuple[Place, Wanted, type[BaseModel]]]:
    """Every condition on an event or header, with what it is a condition on."""
    for at, rule in enumerate(policy.notices):
        yield ("notices", at, "when", "where"), rule.when.where, EVENTS[rule.when.type]
        yield ("notices", at, "applies"), rule.applies, CaseHeader
    for at, deadline in enumerate(policy.deadlines):
        yield ("deadlines", at, "applies"), deadline.applies, CaseHeader
        for name in ("start", "pause", "resume", "stop", "cancel", "restart"):
            for nth, when in enumerate(getattr(deadline, name)):
                yield ("deadlines", at, name, nth, "where"), when.where, EVENTS[when.type]
    for place, step, event in _steps(policy):
        yield (*place, "when", "case"), step.when.case, CaseHeader
        if event is not None:
            yield (*place, "when", "event"), step.when.event, event


def _steps(policy: "Policy") -> Iterator[tuple[Place, Step, type[BaseModel] | None]]:
    """Every step with its place, and the event after which it is taken."""
    for place, steps in policy.steps():
        for nth, step in enumerate(steps):
            yield (*place, nth), step, _EVENTS.get(str(place[-1]))


_EVENTS: Mapping[str, type[BaseModel]] = {
    "opened": EVENTS["case.opened"],
    "contact_added": EVENTS["case.contact_added"],
    "steps": CaseActed,
    "sent": CaseTaskSent,
    "accepted": EVENTS["case.task_accepted"],
    "answered": CaseTaskAnswered,
    "refused": EVENTS["case.task_refused"],
    "on_breach": EVENTS["deadline.breached"],
}


def _unknown(wanted: Wanted, model: type[BaseModel], given: Names_) -> Iterator[Fault]:
    """Values that are no names which the policy gives; that the fields are there at all is looked at where they stand."""
    fields = comparable(model)
    for path, values in wanted.items():
        what = fields[path].names if path in fields else None
        if what is None or isinstance(values, Bounds):
            continue
        allowed = _allowed(what, given)
        for at, value in enumerate(values):
            if value not in allowed and not fields[path].is_literal(value):
                yield (path, at), f"{must_be_among(allowed)}, not {value!r}"


def _filled(policy: "Policy") -> Iterator[tuple[Place, Wanted, Iterable[FormSpec]]]:
    """Every condition on what was filled in, with the forms that it can be."""
    for place, wanted, model in _wanted(policy):
        fields = {path.removeprefix(FORM): values for path, values in wanted.items() if path.startswith(FORM)}
        if fields:
            yield place, fields, tuple(_forms(policy, wanted, model))
    for place, step, _ in _steps(policy):
        if step.when.form:
            yield (*place, "when", "form"), step.when.form, _form_at(policy, place)


def _forms(policy: "Policy", wanted: Wanted, model: type[BaseModel]) -> Iterator[FormSpec]:
    """The forms that an event can carry, of the actions or tasks that it is asked to be of."""
    if model is CaseActed:
        named = _only(wanted.get("action"), policy.action)
        ids = [policy.action[name].form for name in named]
    elif model is CaseTaskAnswered:
        ids = [policy.task[name].answer for name in _only(wanted.get("task"), policy.task)]
    else:
        ids = [policy.opening.form, *(action.form for action in policy.actions)]
    yield from (policy.form[name] for name in ids if name is not None and name in policy.form)


def _only(wanted: Any, known: Mapping[str, Any]) -> Iterable[str]:
    return [name for name in wanted or known if name in known]


def _form_at(policy: "Policy", place: Place) -> Iterable[FormSpec]:
    """The form that is filled in before a step is taken."""
    match place:
        case ("actions", int(at), *_):
            name = policy.actions[at].form
        case ("tasks", int(at), "answered", *_):
            name = policy.tasks[at].answer
        case ("tasks", int(at), "refused", *_):
            name = policy.tasks[at].refusal
        case _:
            name = policy.opening.form
    return [policy.form[name]] if name is not None and name in policy.form else []


def _not_in(wanted: Wanted, forms: Iterable[FormSpec]) -> Iterator[Fault]:
    """Fields that none of the forms has, and values that they cannot have."""
    fields: dict[str, list[FieldSpec]] = {}
    for form in forms:
        for field in form.fields:
            if field.kind != "text":
                fields.setdefault(field.id, []).append(field)
    for path, values in wanted.items():
        if path not in fields:
            yield (path,), must_be_among(fields)
        elif not isinstance(values, Bounds):
            options = [option.id for field in fields[path] for option in field.options]
            for at, value in enumerate(values):
                if options and value not in options:
                    yield (path, at), f"{must_be_among(options)}, not {value!r}"


def _of_no_event(policy: "Policy") -> Iterator[Fault]:
    """Conditions on an event that can never hold of what has just occurred."""
    for place, step, event in _steps(policy):
        if event is None and step.when.event:
            yield (*place, "when", "event"), "should be left out: no event comes with it"
        elif event is not None:
            yield from (((*place, "when", "event", *at), says) for at, says in never(step.when.event, event))


def _misplaced(policy: "Policy") -> Iterator[Fault]:
    """Roles that cannot do what they are named for where they work."""
    role = policy.role.get(policy.last_resort)
    if role is not None and role.at != "manufacturer":
        yield ("last_resort",), f"should be a role at the manufacturer; {role.id} works at the {role.at}"
    for at, task in enumerate(policy.tasks):
        named = any(
            step.send and step.send.task == task.id and not step.send.to for _, step, _ in _steps(policy)
        )
        if named and not task.to and not task.hand_overs:
            yield ("tasks", at, "to"), "should be given: nobody is named whom it is asked of"
