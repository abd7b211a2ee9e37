"""What a policy asks of its forms: fields that are there, levels filled in, and who is named."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from schemas.cases import CaseActed, CaseTaskAnswered, CaseTaskSent
from schemas.conditions import DESCRIPTIONS, FORM, Allowed, Bounds, Wanted
from schemas.faults import Fault, Place, must_be_among
from schemas.forms import FieldKind, FieldSpec, FormSpec
from schemas.policy_steps import conditions, steps, wanted_of
from schemas.vocabulary import Given

if TYPE_CHECKING:
    from schemas.policies import Policy

Forms = Sequence[FormSpec]
_AMOUNT = re.compile(r"[0-9]{1,10}\.[0-9]{2}")


def form_faults(policy: "Policy", given: Given) -> Iterator[Fault]:
    """Every mistake about what is filled in; nothing of a form that cannot be read."""
    for place, wanted, forms in _filled(policy):
        yield from ((place + at, says) for at, says in _not_in(wanted, forms, given))
    yield from _misjudged(policy)
    yield from _without_person(policy)
    yield from _half_named(policy)


def _filled(policy: "Policy") -> Iterator[tuple[Place, Wanted, Forms]]:
    """Every condition on what was filled in, with the forms that it can be."""
    for place, wanted, model in wanted_of(policy):
        fields = {path: values for path, values in wanted.items() if path.startswith(FORM)}
        forms = _forms(policy, wanted, model) if fields else None
        if forms is not None:
            yield place, fields, forms
    for place, when, _ in conditions(policy):
        forms = _form_at(policy, place) if when.form else None
        if forms is not None:
            yield (*place, "form"), when.form, forms


def _forms(policy: "Policy", wanted: Wanted, model: type[BaseModel]) -> Forms | None:
    """The forms that an event can carry, of the actions or tasks that it is asked to be of; None where one cannot be read."""
    if model is CaseActed:
        named = _only(wanted.get("action"), policy.action)
        ids = [policy.action[name].form for name in named]
    elif model is CaseTaskAnswered:
        ids = [policy.task[name].answer for name in _only(wanted.get("task"), policy.task)]
    elif model is CaseTaskSent:
        ids = [policy.opening.form, *(action.form for action in policy.actions)]
    else:
        ids = [policy.opening.form]
    return _read_all(policy, ids)


def _read_all(policy: "Policy", names: Iterable[str | None]) -> Forms | None:
    """The forms of these names; None where one cannot be read, so that nobody knows what it has."""
    named = [name for name in names if name is not None]
    forms = [policy.form[name] for name in named if name in policy.form]
    all_read = len(forms) == len(named) and all(
        field.id and field.kind for form in forms for field in form.fields
    )
    return forms if all_read else None


def _only(wanted: Any, known: Mapping[str, Any]) -> Iterable[str]:
    return [name for name in wanted or known if name in known]


def _form_at(policy: "Policy", place: Place) -> Forms | None:
    """The form that is filled in before a step is taken; None where it cannot be read."""
    match place:
        case ("actions", int(at), *_):
            name = policy.actions[at].form
        case ("tasks", int(at), "answered", *_):
            name = policy.tasks[at].answer
        case ("tasks", int(at), "refused", *_):
            name = policy.tasks[at].refusal
        case ("reactions", "opened" | "contact_added", *_):
            name = policy.opening.form
        case _:
            name = None
    return _read_all(policy, [name])


def _not_in(wanted: Wanted, forms: Forms, given: Given) -> Iterator[Fault]:
    """Fields that none of the forms has, and values that they cannot have."""
    codes = [field for form in forms for field in form.fields if field.kind != "text"]
    for path, values in wanted.items():
        named = [field for field in codes if field.id == path.removeprefix(FORM)]
        if not named:
            yield (path,), must_be_among(dict.fromkeys(field.id for field in codes))
        elif isinstance(values, Bounds):
            if all(field.kind not in {"number", "money"} for field in named):
                yield (path,), f"should be a list of values: a {named[0].kind} is neither over nor under"
        else:
            yield from (((path, at), says) for at, says in _never_filled(named, values, given))


def _never_filled(fields: Sequence[FieldSpec], values: Allowed, given: Given) -> Iterator[tuple[int, str]]:
    """The values that none of the fields can have, and what would be right."""
    for at, value in enumerate(values):
        says = [_right(field, value, given) for field in fields]
        if all(says):
            yield at, f"{says[0]}, not {value!r}"


def _right(field: FieldSpec, value: object, given: Given) -> str:
    """What would be right where a field cannot be the value; empty where it can."""
    options = [option.id for option in field.options]
    names: Mapping[str, Sequence[str] | None]
    names = {"level": given.get("levels"), "role": given.get("roles"), "choice": options, "choices": options}
    if field.kind in names:
        known = names[field.kind]
        return "" if known is None or value in known else must_be_among(known)
    if field.kind == "money":
        is_amount = isinstance(value, str) and _AMOUNT.fullmatch(value)
        return "" if is_amount else 'should be an amount such as "120.50"'
    kind = {"yes_no": bool, "number": int}.get(field.kind, str)
    return "" if type(value) is kind else f"should be {DESCRIPTIONS[kind]}"


def _misjudged(policy: "Policy") -> Iterator[Fault]:
    """Judgements for which nobody fills in a level, or whose reason is no field."""
    for place, step, _ in steps(policy):
        # Of a contact nothing is required, so that it may say no level.
        forms = () if place[0] == "reactions" else _form_at(policy, place)
        if step.judge is None or forms is None:
            continue
        fields = [field for form in forms for field in form.fields]
        levels = [field.id for field in fields if field.kind == "level" and field.required]
        texts = [field.id for field in fields if field.kind == "text"]
        for name, said, fits in ("level", step.judge.level, levels), ("reason", step.judge.reason, texts):
            if said not in fits:
                yield (*place, "judge", name), f"{must_be_among(fits)}, not {said!r}"


def _without_person(policy: "Policy") -> Iterator[Fault]:
    """Tasks that can be sent where nobody is named whom they are asked of."""
    sent = {
        step.send.task
        for place, step, _ in steps(policy)
        if step.send and not step.send.to and "person" not in _always_filled(policy, place)
    }
    for at, task in enumerate(policy.tasks):
        if task.id in {*sent, policy.severity.confirmed_by} and not task.to:
            yield ("tasks", at, "to"), "should be given: nobody is named whom it is asked of"


def _half_named(policy: "Policy") -> Iterator[Fault]:
    """Forms by which a task is asked of a person without the place and role in which they are meant."""
    for place, step, _ in steps(policy):
        named = any(form.of_kind("person") for form in _form_at(policy, place) or ())
        missing = [kind for kind in ("shop", "role") if kind not in _always_filled(policy, place)]
        if step.send and place[0] == "actions" and named and missing:
            yield (
                (*place[:2], "form"),
                f"should have required fields of kinds {', '.join(missing)} beside the person",
            )


def _always_filled(policy: "Policy", place: Place) -> set[FieldKind]:
    """What whoever acts has to fill in before a step: only with an action somebody is asked by name."""
    forms = _form_at(policy, place) if place[0] == "actions" else ()
    if forms is None:
        return {"person", "shop", "role"}
    return {field.kind for form in forms for field in form.fields if field.required}
