"""What is wrong with a policy as a whole: names it does not give, roles that cannot be."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel

from schemas.conditions import Bounds, Wanted, comparable, never
from schemas.faults import Fault, must_be_among
from schemas.form_check import form_faults
from schemas.policy_steps import conditions, steps, wanted_of
from schemas.steps import ACTOR
from schemas.vocabulary import Given, Names, Vocabulary, names_in
from schemas.whole import Unread

if TYPE_CHECKING:
    from schemas.policies import Policy

_PREFIXED: Mapping[str, Vocabulary] = {"owner:": "roles", "task:": "tasks"}


def faults(policy: "Policy") -> Iterator[Fault]:
    """Every mistake that shows only in the whole, with its place and what would be right."""
    given = vocabulary(policy)
    for place, what, said in names_in(policy):
        allowed = _allowed(what, given)
        if allowed is not None and said not in allowed:
            yield place, f"{must_be_among(allowed)}, not {said!r}"
    for place, wanted, model in wanted_of(policy):
        yield from ((place + at, says) for at, says in _unknown(wanted, model, given))
    yield from _of_no_event(policy)
    yield from _of_no_task(policy)
    yield from _of_no_actor(policy)
    yield from _misplaced(policy)
    yield from _of_no_form(policy)
    yield from form_faults(policy, given)


def vocabulary(policy: "Policy") -> Given:
    """All names that a policy gives, by what they name; nothing of what cannot be read."""
    known = {what: entries for what, entries in policy.named.items() if not isinstance(entries, Unread)}
    return {what: tuple(one.id for one in entries if one.id is not None) for what, entries in known.items()}


def _allowed(what: Names, given: Given) -> tuple[str, ...] | None:
    """What may be said; None where that cannot be read."""
    if not {what.of, *(_PREFIXED[prefix] for prefix in what.prefixes)} <= given.keys():
        return None
    prefixed = (f"{prefix}{name}" for prefix in what.prefixes for name in given[_PREFIXED[prefix]])
    return (*what.besides, *given[what.of], *prefixed)


def _unknown(wanted: Wanted, model: type[BaseModel], given: Given) -> Iterator[Fault]:
    """Values that are no names which the policy gives; that the fields are there at all is looked at where they stand."""
    fields = comparable(model)
    for path, values in wanted.items():
        what = fields[path].names if path in fields else None
        allowed = _allowed(what, given) if what is not None else None
        if allowed is None or isinstance(values, Bounds):
            continue
        for at, value in enumerate(values):
            if value not in allowed and not fields[path].is_literal(value):
                yield (path, at), f"{must_be_among(allowed)}, not {value!r}"


def _of_no_event(policy: "Policy") -> Iterator[Fault]:
    """Conditions on an event that can never hold of what has just occurred."""
    for place, when, event in conditions(policy):
        if event is None and when.event:
            yield (*place, "event"), "should be left out: no event comes with it"
        elif event is not None:
            yield from (((*place, "event", *at), says) for at, says in never(when.event, event))


def _of_no_task(policy: "Policy") -> Iterator[Fault]:
    """Steps about a task where none is at hand: only with a reply to one, or a deadline of one."""
    of_tasks = {at for at, deadline in enumerate(policy.deadlines) if deadline.per_task}
    for place, step, _ in steps(policy):
        if place[0] == "tasks" or (place[0] == "deadlines" and place[1] in of_tasks):
            continue
        for name in ("ask", "as_suspected"):
            if getattr(step, name):
                yield (*place, name), "should be left out: no task comes with it"


def _of_no_actor(policy: "Policy") -> Iterator[Fault]:
    """What is asked of whoever acts where nobody does, where somebody else has to answer, or of others as well."""
    for place, step, _ in steps(policy):
        if step.send is None or ACTOR not in step.send.to:
            continue
        spec, to = policy.task.get(step.send.task), (*place, "send", "to")
        if place[0] != "actions":
            yield to, f"should be roles, not {ACTOR!r}: nobody takes an action here"
        elif spec is not None and spec.by_another:
            yield to, f"should be roles, not {ACTOR!r}: {spec.id} is answered by another than who asks"
        if len(step.send.to) > 1:
            yield (
                to,
                f"should be {ACTOR!r} alone or roles alone: whoever acts is asked before any of the roles",
            )


def _misplaced(policy: "Policy") -> Iterator[Fault]:
    """Roles and rungs that cannot do what they are named for."""
    role = policy.role.get(policy.last_resort)
    if role and role.at and role.at != "manufacturer":
        yield ("last_resort",), f"should be a role at the manufacturer; {role.id} works at the {role.at}"
    for at, ladder in enumerate(policy.ladders):
        for nth, rung in enumerate(ladder.rungs):
            if rung.task is None and ladder.asks:
                says = "should be given, as on another rung: a ladder either asks or only tells"
                yield ("ladders", at, "rungs", nth, "task"), says


def _of_no_form(policy: "Policy") -> Iterator[Fault]:
    """What earlier fields and options are called now, where a form has none so called."""
    for name, form in policy.form.items():
        for earlier, field in policy.rebase.fields.get(name, {}).items():
            if field not in form.by_id:
                yield ("rebase", "fields", name, earlier), f"{must_be_among(form.by_id)}, not {field!r}"
        for field, renamed in policy.rebase.options.get(name, {}).items():
            place = ("rebase", "options", name, field)
            if field not in form.by_id:
                yield place, f"{must_be_among(form.by_id)}, not {field!r}"
                continue
            options = [option.id for option in form.by_id[field].options]
            yield from (
                ((*place, earlier), f"{must_be_among(options)}, not {option!r}")
                for earlier, option in renamed.items()
                if option not in options
            )
