"""An open case goes on by another version of its policy, where every name has a counterpart."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from schemas.base import Frozen
from schemas.cases import CaseRebased
from schemas.policies import Policy
from schemas.rebase import RebaseSpec
from schemas.staffing import place
from services.common.store.decision import Change, Refusal
from services.routing.domain import steps
from services.routing.domain.case import Case, Contact, FormRecord, Task
from services.routing.domain.draft import Draft
from services.routing.domain.location import calendar
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.world import World

AUTOMATIC = "rebase"


class Rebase(Frozen):
    """Let an open case go on by this version; a person gives a reason."""

    policy_key: str
    by: str = AUTOMATIC
    reason: str | None = None


def rebase(case: Case, asked: Rebase, cause: UUID, world: World) -> Change[Case] | Refusal | None:
    """The case under the other version; None where it is over or there already, a refusal naming what has no counterpart."""
    if case.is_over or case.policy_key == asked.policy_key:
        return None
    target = world.policies[asked.policy_key]
    counterparts = Counterparts(target.content.rebase, target.content)
    if missing := list(counterparts.missing(case)):
        return Refusal(409, "rebase", f"no counterpart in {asked.policy_key}: {', '.join(missing)}")
    draft = Draft(case, case, cause, asked.by, world.now, target.content)
    draft.set(**_under(case, target, counterparts))
    _place(draft, world)
    draft.publish(
        CaseRebased, previous_version=case.policy_version, received_at=case.received_at,
        calendar=calendar(world.directory, case.shop),
    )  # fmt: skip
    draft.record_history(
        "case.rebased", previous=case.policy_key, policy=asked.policy_key, reason=asked.reason
    )
    steps.react_graver(draft, world)
    return draft.change()


class Counterparts:
    """What the names of a case are called in another version."""

    def __init__(self, spec: RebaseSpec, policy: Policy) -> None:
        self.spec, self.policy = spec, policy
        self.known: Mapping[str, Iterable[str]] = {
            "states": policy.state, "roles": policy.role, "levels": policy.severity.level_ids, "tasks": policy.task,
            "actions": policy.action, "forms": policy.form, "ladders": policy.ladder,
        }  # fmt: skip

    def missing(self, case: Case) -> Iterator[str]:
        """The names of a case that are nothing there."""
        held: dict[str, set[str]] = {
            "states": {
                case.state,
                *(state for task in case.tasks for state in (*(task.moved or ()), *(task.moved_first or ()))),
            },
            "roles": {case.owner_role, *(role for task in case.tasks for role in (task.role, *task.roles))},
            "levels": {case.severity, *filter(None, (case.suspected,))},
            "tasks": {task.task for task in case.tasks},
            "actions": {*case.done},
            "forms": {*case.filled},
            "ladders": {
                *case.rungs,
                *case.passes,
                *(task.ladder for task in case.tasks if task.ladder),
                *(name for task in case.tasks for name in task.rungs_before),
            },
        }
        for kind, names in held.items():
            yield from (
                f"{kind}.{one}" for one in sorted(names) if self.spec.of(kind, one) not in self.known[kind]
            )


def _under(case: Case, target: CompiledPolicy, names: Counterparts) -> dict[str, Any]:
    """The fields of the case as they are under the other version."""
    policy, spec = target.content, names.spec
    state, role = spec.of("states", case.state), spec.of("roles", case.owner_role)
    return {
        "policy": policy.id,
        "policy_version": target.version,
        "state": state,
        "stage": policy.state[state].stage,
        "channel": spec.of("channels", case.channel),
        "severity": spec.of("levels", case.severity),
        "suspected": case.suspected and spec.of("levels", case.suspected),
        "flags": spec.flags_of(case.flags),
        "contacts": tuple(_contact(contact, spec) for contact in case.contacts),
        "owner_role": role,
        "owner_where": policy.role[role].at,
        "owner_place": place(case, policy.role[role].at),
        "tasks": tuple(_task(case, task, names) for task in case.tasks),
        "rungs": {spec.of("ladders", name): rung for name, rung in case.rungs.items()},
        "passes": {spec.of("ladders", name): at for name, at in case.passes.items()},
        "done": {spec.of("actions", name): done for name, done in case.done.items()},
        "filled": dict(_filled(name, form, spec) for name, form in case.filled.items()),
    }


def _contact(contact: Contact, spec: RebaseSpec) -> Contact:
    channel, flags = spec.of("channels", contact.channel), spec.flags_of(contact.flags)
    return contact.model_copy(update={"channel": channel, "flags": flags})


def _filled(name: str, form: FormRecord, spec: RebaseSpec) -> tuple[str, FormRecord]:
    now = spec.of("forms", name)
    return now, form.model_copy(update={"values": spec.values_of(now, form.values)})


def _task(case: Case, task: Task, names: Counterparts) -> Task:
    spec, policy = names.spec, names.policy
    role, kind = spec.of("roles", task.role), spec.of("tasks", task.task)
    where = policy.role[role].at
    moved, first = (
        tuple(spec.of("states", state) for state in states) if states else None
        for states in (task.moved, task.moved_first)
    )
    return task.model_copy(
        update={
            "task": kind, "role": role, "where": where, "place": task.place or place(case, where),
            "moves_owner": policy.task[kind].moves_owner, "moved": moved,
            "moved_first": first, "roles": tuple(spec.of("roles", one) for one in task.roles),
            "ladder": task.ladder and spec.of("ladders", task.ladder),
            "rungs_before": {spec.of("ladders", name): rung for name, rung in task.rungs_before.items()},
        }
    )  # fmt: skip


def _place(draft: Draft, world: World) -> None:
    """Say the region of the case, which earlier formats did not keep."""
    franchises = world.directory.franchises.get(draft.case.shop, ())
    own = next((one for one in franchises if one.id == draft.case.franchise), None)
    if own is not None and not draft.case.region:
        draft.set(region=own.region)
