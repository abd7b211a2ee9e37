"""Topic `policies` (compacted): one policy's rules as data; a case keeps the version it opened with."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Self, TypeVar

from pydantic import Discriminator, ModelWrapValidatorHandler, Tag, TypeAdapter, model_validator

from schemas.actions import ActionSpec
from schemas.base import Bilingual, Count, Frozen, Identifier, Instant, Strict, policy_key
from schemas.contacts import Language
from schemas.deadline_spec import DeadlineSpec
from schemas.faults import FILLED, once
from schemas.formats import FORMAT
from schemas.forms import FormSpec, model_of
from schemas.ladders import LadderSpec
from schemas.notices import Wording
from schemas.rebase import RebaseSpec
from schemas.severity import SeverityPolicy
from schemas.steps import Step
from schemas.tasks import TaskSpec
from schemas.vocabulary import FormName, Role, Stage, Vocabulary, Where
from schemas.whole import checked

TOPIC = "policies"
S = TypeVar("S")


class NamedSpec(Strict):
    """Something that a policy calls by an id, and people by a title."""

    id: Identifier
    title: Bilingual


class RoleSpec(NamedSpec):
    """Who somebody is, and where they work for a case.

    Where nobody of the role can, somebody in one of the `stand_ins` fills it, and answers for its queue. Who the customer
    is reads whoever has a part in the case, of the others at its places only a role that `sees_customer`.
    """

    at: Where
    source: str
    stand_ins: tuple[Role, ...] = ()
    sees_customer: bool = False


class StateSpec(NamedSpec):
    """A state of a case; the first of a policy is that in which it opens."""

    stage: Stage


class OpeningSpec(Strict):
    """Who owns a case until somebody accepts it, besides whoever took the contact; which form they fill in."""

    owner: Role
    form: FormName | None = None


class Reactions(Strict):
    """What follows when something befalls a case. `graver` is whenever it is of a level, or suspected of one, anew."""

    opened: tuple[Step, ...] = ()
    contact_added: tuple[Step, ...] = ()
    graver: tuple[Step, ...] = ()


class Policy(Wording):
    """A policy: everything that differs between manufacturers, with the source of each rule.

    `last_resort` is the role, at the manufacturer, that reads what nobody else does.
    """

    id: str
    title: Bilingual
    kinds: Annotated[tuple[NamedSpec, ...], FILLED, once("id")]
    channels: Annotated[tuple[NamedSpec, ...], once("id")] = ()
    departments: Annotated[tuple[NamedSpec, ...], FILLED, once("id")]
    roles: Annotated[tuple[RoleSpec, ...], FILLED, once("id")]
    severity: SeverityPolicy
    forms: Annotated[tuple[FormSpec, ...], once("id")] = ()
    states: Annotated[tuple[StateSpec, ...], FILLED, once("id")]
    opening: OpeningSpec
    reactions: Reactions = Reactions()
    last_resort: Role
    actions: Annotated[tuple[ActionSpec, ...], once("id")] = ()
    tasks: Annotated[tuple[TaskSpec, ...], once("id")] = ()
    ladders: Annotated[tuple[LadderSpec, ...], once("id")] = ()
    deadlines: Annotated[tuple[DeadlineSpec, ...], once("id")] = ()
    rebase: RebaseSpec = RebaseSpec()

    @cached_property
    def version(self) -> str:
        """The hash of the content: the same rules are the same version."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    @cached_property
    def role(self) -> Mapping[str, RoleSpec]:
        """The roles by their ids."""
        return _by_id(self.roles)

    @cached_property
    def state(self) -> Mapping[str, StateSpec]:
        """The states by their ids."""
        return _by_id(self.states)

    @cached_property
    def form(self) -> Mapping[str, FormSpec]:
        """The forms by their ids."""
        return _by_id(self.forms)

    def model(self, form: FormName | None, *, partly: bool = False) -> type[Strict]:
        """The model by which what is sent for a form is checked and described; `partly`, nothing of it is required."""
        if (form, partly) not in self._models:
            spec = self.form.get(form or "")
            asked = spec.partly if spec and partly else spec
            self._models[form, partly] = model_of(asked, self.severity.level_ids, self.role)
        return self._models[form, partly]

    @cached_property
    def _models(self) -> dict[tuple[FormName | None, bool], type[Strict]]:
        """Made once: to make one takes longer than many decisions."""
        return {}

    @cached_property
    def action(self) -> Mapping[str, ActionSpec]:
        """The actions by their ids."""
        return _by_id(self.actions)

    @cached_property
    def task(self) -> Mapping[str, TaskSpec]:
        """The kinds of tasks by their ids."""
        return _by_id(self.tasks)

    @cached_property
    def ladder(self) -> Mapping[str, LadderSpec]:
        """The ladders by their ids."""
        return _by_id(self.ladders)

    @cached_property
    def deadline(self) -> Mapping[str, DeadlineSpec]:
        """The deadlines by their ids."""
        return _by_id(self.deadlines)

    @cached_property
    def titles(self) -> Mapping[Vocabulary, Mapping[str, Bilingual]]:
        """What people call everything that has an id, by what it is."""
        titled = {what: specs for what, specs in self.named.items() if what != "templates"}
        return {what: {one.id: one.title for one in specs} for what, specs in titled.items()}

    @property
    def named(self) -> Mapping[Vocabulary, Iterable[Any]]:
        """Everything that has an id, by what it is."""
        severity = self.severity
        return {
            "kinds": self.kinds, "channels": self.channels, "departments": self.departments, "roles": self.roles,
            "levels": severity.levels, "criteria": severity.criteria, "flags": severity.flags, "forms": self.forms,
            "states": self.states, "actions": self.actions, "tasks": self.tasks, "ladders": self.ladders,
            "deadlines": self.deadlines, "templates": self.templates,
        }  # fmt: skip

    def called(self, of: Vocabulary | None, name: str, language: Language) -> str:
        """What people call something of the policy, or one of the engine's own words; what has no title as it is."""
        title = (self.titles[of].get(name) if of else None) or self.words.get(name)
        return str(getattr(title, language)) if title else name

    def steps(self) -> Iterator[tuple[tuple[int | str, ...], tuple[Step, ...]]]:
        """Every list of steps with its place in the policy."""
        for name in type(self.reactions).model_fields:
            yield ("reactions", name), getattr(self.reactions, name)
        for at, action in enumerate(self.actions):
            yield ("actions", at, "steps"), action.steps
        for at, task in enumerate(self.tasks):
            for name in ("sent", "accepted", "answered", "refused"):
                yield ("tasks", at, name), getattr(task, name)
        for at, deadline in enumerate(self.deadlines):
            yield ("deadlines", at, "on_breach"), deadline.on_breach

    @model_validator(mode="wrap")
    @classmethod
    def _every_name_is_given(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        from schemas.policy_check import faults  # noqa: PLC0415 - it reads a whole policy

        return checked(cls, given, read, faults)


def _by_id(specs: Iterable[S]) -> Mapping[str, S]:
    return {spec.id: spec for spec in specs}  # type: ignore[attr-defined]


class PublishedPolicy(Strict):
    """The record on Kafka, keyed `<policy>@<version>`; `first_format` is that in which it was published."""

    format: Count = FORMAT
    first_format: Count = FORMAT
    version: str
    policy: Policy

    @property
    def is_outdated(self) -> bool:
        """Whether it says less than the engine now asks: it was published in an earlier format."""
        return self.first_format < FORMAT


class CurrentVersion(Frozen):
    """The record on Kafka that says by which version of a policy new cases open, and who decided so, when and why.

    `number` counts the moves of a policy: Kafka may hold an earlier one behind a later one, and it turns nothing back.
    """

    format: Count = FORMAT
    current: Identifier
    number: Count = 0
    version: str
    previous: str | None = None
    by: str
    at: Instant
    reason: str

    @property
    def key(self) -> str:
        """The name of the version, as cases say it."""
        return policy_key(self.current, self.version)


def _kind(given: Any) -> str:
    is_current = isinstance(given, CurrentVersion) or (isinstance(given, dict) and "current" in given)
    return "current" if is_current else "published"


Announcement = Annotated[
    Annotated[PublishedPolicy, Tag("published")] | Annotated[CurrentVersion, Tag("current")],
    Discriminator(_kind),
]
ADAPTER: TypeAdapter[PublishedPolicy | CurrentVersion] = TypeAdapter(Announcement)


def key(announced: PublishedPolicy | CurrentVersion) -> str:
    """The key of a record on the compacted topic: of a version its name; of a policy `<policy>@current`."""
    if isinstance(announced, CurrentVersion):
        return policy_key(announced.current, "current")
    return policy_key(announced.policy.id, announced.version)
