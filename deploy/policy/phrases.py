"""What stands in a policy, in words for people: names with their titles, limits, conditions and steps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from schemas.conditions import Bounds, Condition, Wanted, When
from schemas.deadline_spec import Warn
from schemas.forms import FieldSpec
from schemas.policies import Policy
from schemas.steps import ACTOR, Step
from schemas.tasks import HandOverRule
from schemas.vocabulary import Vocabulary

PARTIES = {
    ACTOR: "whoever takes the action",
    "owner": "the owner",
    "asked": "whoever the task asks",
    "accountable": "whoever is accountable",
    "giver": "whoever handed it over",
    "subject": "whom the event is about",
    "manufacturer": "the manufacturer",
}
LIMITS = {
    "elapsed_minutes": "{} minutes",
    "working_minutes": "{} working minutes",
    "working_days": "{} working days",
    "calendar_days": "{} calendar days",
    "end_of": "the end of the {}",
    "same_day": "the same day",
}
NAMED = {"severity": "levels", "suspected": "levels", "previous": "levels"}
"""Fields of conditions that are not called after what they name."""


def yes(answer: bool) -> str:  # noqa: FBT001 - what is said of it is its value
    """Yes or no."""
    return "yes" if answer else "no"


def limit(given: BaseModel) -> str:
    """A limit, such as 90 working minutes."""
    [(name, amount)] = given.model_dump().items()
    return LIMITS[name].format(amount)


def warning(given: Warn) -> str:
    """When a warning comes."""
    if given.percent is not None:
        return f"after {given.percent} % of the limit"
    return f"{given.minutes_before} minutes before it is due"


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words of one policy for what stands in it."""

    policy: Policy

    def name(self, of: Vocabulary, name: str) -> str:
        """A name with what people call it in both languages."""
        title = self.policy.titles.get(of, {}).get(name)
        return f"{name} ({title.zh}, {title.en})" if title else name

    def names(self, of: Vocabulary, names: Iterable[str]) -> tuple[str, ...]:
        """Several names with what people call them."""
        return tuple(self.name(of, name) for name in names)

    def party(self, party: str) -> str:
        """Who may do something, or is notified."""
        kind, _, name = party.partition(":")
        if kind == "task" and name:
            return f"who is asked by task {self.name('tasks', name)}"
        if kind == "owner" and name:
            return f"the owner as {self.name('roles', name)}"
        return PARTIES.get(party) or self.name("roles", party)

    def parties(self, parties: Iterable[str]) -> tuple[str, ...]:
        """Several of them."""
        return tuple(self.party(party) for party in parties)

    def value(self, value: object, path: str) -> str:
        """A value of a condition, with the title of what the field at `path` names, else of what is called so at all."""
        titles, text, field = self.policy.titles, str(value), path.rpartition(".")[2]
        of_field = NAMED.get(field, f"{field}s")
        of = next((of for of in sorted(titles, key=lambda of: of != of_field) if text in titles[of]), None)
        return self.name(of, text) if of else text

    def wanted(self, wanted: Wanted) -> str:
        """What fields have to be."""
        return " and ".join(f"{path} is {self._allowed(allowed, path)}" for path, allowed in wanted.items())

    def _allowed(self, allowed: Bounds | tuple[object, ...], path: str) -> str:
        if isinstance(allowed, Bounds):
            bounds = (("over", allowed.over), ("under", allowed.under))
            return " and ".join(f"{name} {bound}" for name, bound in bounds if bound is not None)
        return " or ".join(self.value(one, path) for one in allowed)

    def when(self, when: When) -> str:
        """An event for which something waits."""
        return f"{when.type} where {self.wanted(when.where)}" if when.where else when.type

    def events(self, whens: Iterable[When]) -> tuple[str, ...]:
        """Several of them."""
        return tuple(map(self.when, whens))

    def field(self, field: FieldSpec) -> str:
        """A field of a form."""
        options = [f"{one.id} ({one.title.zh}, {one.title.en})" for one in field.options]
        needed = ", has to be filled in" if field.required else ""
        kind = f"{field.kind} of {', '.join(options)}" if options else field.kind
        return f"{field.id} ({field.title.zh}, {field.title.en}): {kind}{needed}"

    def hand_over(self, rule: HandOverRule) -> str:
        """Who may ask something of whom."""
        return f"{self.name('roles', rule.giver)} to {', '.join(self.names('roles', rule.receivers))}"

    def condition(self, condition: Condition) -> str:
        """When something holds; empty where it always does."""
        wanted = (condition.case, condition.event, condition.form)
        lists: tuple[tuple[str, Vocabulary, tuple[str, ...]], ...] = (
            ("was done", "actions", condition.done),
            ("was not done", "actions", condition.not_done),
            ("waits for an answer", "tasks", condition.waiting),
            ("waits for no answer", "tasks", condition.not_waiting),
        )
        met = [self.wanted(fields) for fields in wanted if fields]
        met += [f"{' or '.join(self.names(of, names))} {holds}" for holds, of, names in lists if names]
        met += ["none of the above holds"] if condition.otherwise else []
        return " and ".join(met)

    def steps(self, steps: Iterable[Step]) -> tuple[str, ...]:
        """What follows, step by step."""
        return tuple(map(self.step, steps))

    def step(self, step: Step) -> str:
        """What a step does, and when."""
        condition = self.condition(step.when)
        done = " and ".join(self._effects(step))
        return f"{done}, where {condition}" if condition else done

    def _effects(self, step: Step) -> Iterator[str]:
        if step.to:
            yield f"the case goes to {self.name('states', step.to)}"
        if step.send:
            receivers = ", ".join(self.parties(step.send.to))
            task = self.name("tasks", step.send.task)
            yield f"task {task} is sent to {receivers}" if receivers else f"task {task} is sent"
        if step.withdraw:
            yield f"tasks {', '.join(self.names('tasks', step.withdraw))} are taken back"
        if step.escalate:
            yield f"the case is escalated on {self.name('ladders', step.escalate)}"
        yield from self._judgements(step)

    def _judgements(self, step: Step) -> Iterator[str]:
        if step.judge:
            yield f"{step.judge.level} of the form is the level, {step.judge.reason} the reason for a lower one"
        if step.as_suspected:
            yield "what is suspected acts where the safety of people may hang on it"
        if step.ask:
            yield f"{step.ask} {'is' if step.ask == 'next' else 'are'} asked"
