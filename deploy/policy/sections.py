"""What each field of a policy means for people: the tables by which two versions are compared."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from deploy.policy.phrases import Phrases, limit, warning, yes
from schemas.policies import Policy
from schemas.vocabulary import Vocabulary

Show = Callable[[Phrases, Any], str | tuple[str, ...]]


class Aspect(NamedTuple):
    """What a field means for people; `show` puts its value into words, several one by one unless they belong together."""

    label: str
    show: Show = lambda _phrases, value: str(value)
    whole: bool = False


class Section(NamedTuple):
    """One kind of entries of a policy, with what is said of each of their fields."""

    noun: str
    of: Vocabulary
    entries: Callable[[Policy], Iterable[Any]]
    aspects: Mapping[str, Aspect] = {}


def _yes(label: str) -> Aspect:
    return Aspect(label, lambda _phrases, value: yes(value))


def _named(label: str, of: Vocabulary) -> Aspect:
    return Aspect(label, lambda phrases, value: phrases.name(of, value) if value else "none")


def _listed(label: str, of: Vocabulary, empty: str = "") -> Aspect:
    return Aspect(label, lambda phrases, value: phrases.names(of, value) or ((empty,) if empty else ()))


def _events(label: str) -> Aspect:
    return Aspect(label, Phrases.events)


def _steps(label: str) -> Aspect:
    return Aspect(label, Phrases.steps)


def _worded(label: str) -> Aspect:
    return Aspect(label, lambda _phrases, text: (f"“{text.zh}”", f"“{text.en}”"), whole=True)


def _limits(phrases: Phrases, limits: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{limit(one)} where {phrases.name('levels', level)}" for level, one in limits.items())


def _rungs(phrases: Phrases, rungs: Iterable[Any]) -> tuple[str, ...]:
    return tuple(
        f"{phrases.name('roles', rung.role)}"
        + (f" by task {phrases.name('tasks', rung.task)}" if rung.task else ", who is only notified")
        for rung in rungs
    )


def _limit(_phrases: Phrases, value: Any) -> str:
    return limit(value) if value else "none"


def _applies(phrases: Phrases, wanted: Any) -> str:
    return phrases.wanted(wanted) or "in every case"


def _refusals(phrases: Phrases, rules: Iterable[Any]) -> tuple[str, ...]:
    return tuple(f"where {phrases.condition(one.when)}: “{one.says.zh}” / “{one.says.en}”" for one in rules)


def _customer_notices(_phrases: Phrases, rules: Iterable[Any]) -> tuple[str, ...]:
    return tuple(f"{one.template} by {' or '.join(one.by)}" for one in rules)


def _thresholds(phrases: Phrases, learned: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{name} {amount:g} for {phrases.name('levels', level)}"
        for level, of_level in learned.items()
        for name, amount in of_level.model_dump().items()
    )


SECTIONS = (
    Section("Kind of case", "kinds", lambda policy: policy.kinds),
    Section("Channel", "channels", lambda policy: policy.channels),
    Section("Department", "departments", lambda policy: policy.departments),
    Section(
        "Role", "roles", lambda policy: policy.roles,
        {
            "at": Aspect("works at the"),
            "stand_ins": _listed("is stood in for by", "roles"),
            "sees_customer": _yes("reads who the customer is, without a part in the case"),
        },
    ),
    Section(
        "Level", "levels", lambda policy: policy.severity.levels,
        {"outside_hours": _yes("escalations go on outside the hours of the shop")},
    ),
    Section("Flag", "flags", lambda policy: policy.severity.flags),
    Section(
        "Criterion", "criteria", lambda policy: policy.severity.criteria,
        {
            "level": _named("leads to level", "levels"),
            "signals": Aspect("is met by the signals", lambda _phrases, value: tuple(value)),
            "channels": _listed("is met by the channels", "channels"),
            "flags": _listed("is met by the flags", "flags"),
            "corroborated_by": _listed("needs only a hint beside the flags", "flags"),
            "default": _yes("holds where no other does"),
            "safety": _yes("the safety of people may hang on it"),
        },
    ),
    Section(
        "Form", "forms", lambda policy: policy.forms,
        {"fields": Aspect("asks for", lambda phrases, value: tuple(map(phrases.field, value)))},
    ),
    Section("State", "states", lambda policy: policy.states, {"stage": Aspect("is of the stage")}),
    Section(
        "Action", "actions", lambda policy: policy.actions,
        {
            "by": Aspect("may be taken by", Phrases.parties),
            "not_by": _listed("may not be taken by whoever took", "actions"),
            "in_states": _listed("may be taken in", "states", "every state that is not final"),
            "form": _named("takes the form", "forms"),
            "refused": Aspect("is refused", _refusals),
            "steps": _steps("leads to"),
        },
    ),
    Section(
        "Task", "tasks", lambda policy: policy.tasks,
        {
            "to": Aspect("asks", Phrases.parties, whole=True),
            "in_order": _yes("all of them have to answer in turn"),
            "by_another": _yes("has to be answered by another than who asked for it"),
            "single": _yes("only one waits at a time"),
            "moves_owner": _yes("moves the owner when it is accepted"),
            "waits_for_acceptance": _yes("has to be accepted before it is answered"),
            "hand_overs": Aspect(
                "may be sent by name from", lambda phrases, rules: tuple(map(phrases.hand_over, rules))
            ),
            "answer": _named("takes for the answer the form", "forms"),
            "refusal": _named("takes for a refusal the form", "forms"),
            "sent": _steps("leads, when it is sent, to"),
            "accepted": _steps("leads, when it is accepted, to"),
            "answered": _steps("leads, when it is answered, to"),
            "refused": _steps("leads, when it is refused, to"),
        },
    ),
    Section(
        "Ladder", "ladders", lambda policy: policy.ladders,
        {"rungs": Aspect("goes up by", _rungs, whole=True)},
    ),
    Section(
        "Deadline", "deadlines", lambda policy: policy.deadlines,
        {
            "per_task": _named("runs for each task of the kind", "tasks"),
            "accountable": Aspect("is that of", Phrases.party),
            "limit": Aspect("has the limit", _limit),
            "limit_by_severity": Aspect("has by severity the limits", _limits),
            "starts_from": Aspect("counts from the"),
            "applies": Aspect("applies where", _applies),
            "start": _events("starts with"),
            "pause": _events("pauses with"),
            "resume": _events("goes on with"),
            "stop": _events("is met by"),
            "cancel": _events("ends without being met by"),
            "restart": _events("starts anew with"),
            "recurring": _yes("recurs"),
            "repeats": Aspect("recurs at this pace so many times:"),
            "then": Aspect("has after that the limit", _limit),
            "warnings": Aspect("warns", lambda _phrases, value: tuple(map(warning, value))),
            "on_breach": _steps("leads, when it is breached, to"),
            "statutory": _yes("a law counts it"),
        },
    ),
    Section(
        "Notice", "templates", lambda policy: policy.notices,
        {
            "when": Aspect("is sent on", Phrases.when),
            "applies": Aspect("is sent where", _applies),
            "to": Aspect("goes to", Phrases.parties),
            "by": Aspect("goes by", lambda _phrases, value: tuple(value)),
            "template": Aspect("has the text"),
            "not_after_minutes": Aspect("is worth sending for so many minutes:"),
        },
    ),
    Section(
        "Text", "templates", lambda policy: policy.templates,
        {
            "subject": _worded("has the subject"),
            "body": _worded("reads"),
            "sms": _worded("reads as SMS"),
            "segments": Aspect("takes as SMS segments:"),
            "payload": Aspect("gives to machines", lambda _phrases, value: tuple(value)),
        },
    ),
)  # fmt: skip
SEVERITY: Mapping[str, Aspect] = {
    "confirmed_by": _named("What is suspected is confirmed by the task", "tasks"),
    "tells_suspected": _yes("The manufacturer hears of what is only suspected"),
    "learned": Aspect("The classifier is trusted with", _thresholds),
}
OPENING: Mapping[str, Aspect] = {
    "owner": _named("A new case belongs at first to", "roles"),
    "form": _named("Whoever takes a contact fills in", "forms"),
}
REACTIONS: Mapping[str, Aspect] = {
    "opened": _steps("The opening of a case leads to"),
    "contact_added": _steps("A further contact leads to"),
    "graver": _steps("A graver case leads to"),
}
WHOLE: Mapping[str, Aspect] = {
    "last_resort": _named("What nobody else reads is read by", "roles"),
    "customer_notices": Aspect("Customers are sent", _customer_notices),
    "words": Aspect(
        "The engine's own words are",
        lambda _phrases, words: tuple(f"{name} ({one.zh}, {one.en})" for name, one in words.items()),
    ),
}
