"""What people are told when a rule forbids something: what is missing and who could, in their language."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from schemas.actions import OWNER, ActionSpec
from schemas.base import Bilingual
from schemas.contacts import Language
from schemas.directory import Person
from schemas.forms import FormSpec
from schemas.policies import Policy
from schemas.staffing import Queue
from schemas.steps import RefusalSpec
from schemas.vocabulary import Vocabulary
from services.common.store.decision import Refusal
from services.routing.domain.case import Case, Task
from services.routing.domain.world import World

_SAYINGS = {
    "who_may": Bilingual(zh="“{action}”只能由{who}进行。", en="Only {who} may do this: {action}."),
    "accept_first": Bilingual(
        zh="投诉案件已转交给您：请先接手，再进行“{action}”。",
        en="The case is handed over to you: accept it first, then: {action}.",
    ),
    "not_by_the_same": Bilingual(
        zh="“{action}”不能由进行过“{other}”的人进行。",
        en="Whoever did this may not do the next: {other}; {action}.",
    ),
    "from_state": Bilingual(
        zh="投诉案件的状态为“{state}”：“{action}”只能在{states}时进行。",
        en="The case is: {state}. This can be done only when it is {states}: {action}.",
    ),
    "task_done": Bilingual(zh="这项请求已经办结或撤回。", en="This task is done, or was taken back."),
    "asked": Bilingual(zh="“{task}”请{who}处理。", en="This is asked of {who}: {task}."),
    "by_another": Bilingual(
        zh="“{task}”不能由提出请求的人处理。", en="Whoever asked for it may not do it: {task}."
    ),
    "not_twice": Bilingual(
        zh="“{task}”须由未答复过的人处理。",
        en="Whoever has answered it before may not do it once more: {task}.",
    ),
    "accepted_before": Bilingual(zh="请先受理“{task}”。", en="Accept it first: {task}."),
    "is_accepted": Bilingual(zh="“{task}”已受理。", en="It is accepted already: {task}."),
    "not_accepted": Bilingual(
        zh="“{task}”无需受理，请直接答复。", en="Nobody has to accept this, answer it: {task}."
    ),
    "not_answered": Bilingual(zh="“{task}”不用答复，请接手或退回。", en="Accept or refuse this: {task}."),
    "not_refused": Bilingual(zh="“{task}”不能退回。", en="Nobody can refuse this: {task}."),
    "lower_with_reason": Bilingual(
        zh="由“{present}”改为“{level}”须说明理由（{field}）。",
        en="{field}: is needed to go from {present} to {level}.",
    ),
    "named_person": Bilingual(zh="{field}：查无此人：{person}。", en="{field}: nobody is known as {person}."),
    "named_place": Bilingual(
        zh="{field}：{role}应在{places}。", en="{field}: {role} of this case works at {places}."
    ),
    "named_role": Bilingual(
        zh="{field}：{person}不是{place}的{role}。", en="{field}: {person} is no {role} at {place}."
    ),
    "to_another": Bilingual(
        zh="{field}：应是投诉案件现负责人以外的人。",
        en="{field}: should be somebody else than the one who has it.",
    ),
    "named_receiver": Bilingual(
        zh="{field}：{giver}只能转交给{receivers}（{source}）。",
        en="{field}: {giver} hands over to {receivers} ({source}).",
    ),
}


_NAMES: dict[str, Vocabulary] = {
    "action": "actions",
    "other": "actions",
    "level": "levels",
    "present": "levels",
    "role": "roles",
    "state": "states",
    "task": "tasks",
}
"""What the names in the sayings are the names of; the others are said as they are."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks to one person about one case."""

    case: Case
    world: World
    language: Language

    @staticmethod
    def to(actor: str, case: Case, world: World) -> "Speaker":
        person = world.directory.people.get(actor)
        return Speaker(case, world, person.language if person else "en")

    @property
    def policy(self) -> Policy:
        return self.world.policy(self.case)

    def who_may(self, action: ActionSpec) -> Refusal:
        return self.refusal("who_may", 422, action=action.id, who=self._parties(action.by))

    def accept_first(self, action: ActionSpec) -> Refusal:
        return self.refusal("accept_first", 409, action=action.id)

    def not_by_the_same(self, action: ActionSpec, other: str) -> Refusal:
        return self.refusal("not_by_the_same", 422, action=action.id, other=other)

    def from_state(self, action: ActionSpec) -> Refusal:
        states = action.in_states or [one.id for one in self.policy.states if one.stage != "over"]
        said = self.either(self.title("states", state) for state in states)
        return self.refusal("from_state", 409, action=action.id, state=self.case.state, states=said)

    def refused(self, rule: RefusalSpec) -> Refusal:
        return Refusal(409, rule.id, getattr(rule.says, self.language))

    def about(self, rule: str, task: Task) -> Refusal:
        """A refusal about a task: whom it is asked of."""
        return self.refusal(rule, 409, task=task.task, who=self.name(task.to))

    def refusal(self, rule: str, status: Literal[409, 422] = 422, **names: str) -> Refusal:
        """A refusal by one of the engine's own rules; ids of the policy are said by their titles."""
        said = {name: self.title(_NAMES.get(name), value) for name, value in names.items()}
        return Refusal(status, rule, getattr(_SAYINGS[rule], self.language).format(**said))

    def title(self, of: Vocabulary | None, name: str) -> str:
        """What people call something of the policy; what has no title as it is."""
        return self.policy.called(of, name, self.language)

    def field(self, form: FormSpec, name: str) -> str:
        """What people call a field of a form, and its name for whoever fills it in by program."""
        return f"{getattr(form.by_id[name].title, self.language)} ({name})"

    def name(self, who: str) -> str:
        """What a person is called; of a queue, its role."""
        queue, person = Queue.named(who), self.world.directory.people.get(who)
        if queue is not None:
            return self.title("roles", queue.role)
        return person.name if person else who

    def either(self, names: Iterable[str]) -> str:
        """Several of which one is meant."""
        return ("或" if self.language == "zh" else " or ").join(dict.fromkeys(names))

    def _parties(self, parties: Iterable[str]) -> str:
        """Who may, by name where somebody is meant in person."""
        given = list(parties)
        # Whoever may as the owner in a role may anyhow where everybody in that role may.
        meant = (one for one in given if not (one.startswith(f"{OWNER}:") and one.split(":")[1] in given))
        return self.either(name for party in meant for name in self._party(party))

    def _party(self, party: str) -> Iterable[str]:
        kind, _, name = party.partition(":")
        if kind == OWNER:
            mine = not name or name == self.case.owner_role
            return [self.name(self.case.owner)] if mine else [self.title("roles", name)]
        if name:
            return [self.name(task.to) for task in self.case.tasks_of(name)] or [self.title("tasks", name)]
        present = [
            one.id for seat in self.world.seats(self.case, party) for one in self._present(seat.at, seat.role)
        ]
        names = ", ".join(self.name(one) for one in present[:3])
        title = self.title("roles", party)
        return [f"{title} ({names})" if names else title]

    def _present(self, at: str, role: str) -> list[Person]:
        directory, now = self.world.directory, self.world.now
        staff = directory.staff(at, role, self.case.department)
        return [one for person in staff if (one := directory.on_duty(person, at, now)) is not None]
