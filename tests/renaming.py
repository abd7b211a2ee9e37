"""A policy with every id renamed, and its plays with it: whoever knew one of its names would play them otherwise."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import yaml

from schemas.conditions import FORM, Comparable, comparable
from schemas.faults import Place
from schemas.policies import Policy
from schemas.policy_check import vocabulary
from schemas.policy_steps import conditions, steps, wanted_of
from schemas.vocabulary import Names, Vocabulary, names_in
from services.common.runtime import files
from services.routing.store.policy_files import load_policy

Json = dict[str, Any]
PLAYS = Path("deploy/plays")
HANDFUL = (
    "chapter1_general", "case4_warranty_refund", "suspected_unanswered", "customer_not_reached", "goodwill",
    "support_declined",
)  # fmt: skip
"""Plays of gtmc in which everything is done, asked, reached and due that the policy knows."""
NOTICES = ("notices", "customer_notices", "templates", "words")
"""What stands in a file of its own, where plays look for it."""


def other(name: str) -> str:
    """What an id is called instead: backwards, after a letter so that it stays one."""
    return f"z{name[::-1]}"


@dataclass(frozen=True)
class Renaming:
    """Renames what a policy calls by an id, and leaves whatever else is said."""

    policy: Policy

    @classmethod
    def of(cls, folder: Path) -> "Renaming":
        return cls(load_policy(folder))

    @cached_property
    def given(self) -> Mapping[Vocabulary, frozenset[str]]:
        return {what: frozenset(names) for what, names in vocabulary(self.policy).items()}

    @cached_property
    def fields(self) -> frozenset[str]:
        return frozenset(field.id for form in self.policy.forms for field in form.fields)

    @cached_property
    def choices(self) -> frozenset[str]:
        """What a field may say that is a name: an option, a level or a role."""
        options = {
            option.id for form in self.policy.forms for field in form.fields for option in field.options
        }
        return frozenset(options | self.given["levels"] | self.given["roles"])

    def name(self, of: Vocabulary, said: str) -> str:
        return other(said) if said in self.given[of] else said

    def marked(self, mark: Names, said: str) -> str:
        """A name where a policy may say more than that, such as `owner:` before a role."""
        before, colon, name = said.rpartition(":")
        prefixed: Vocabulary = "tasks" if before == "task" else "roles"
        return f"{before}:{self.name(prefixed, name)}" if colon else self.name(mark.of, said)

    def owner(self, said: str) -> str:
        """A person, or a queue, which is named by its role."""
        before, colon, role = said.rpartition(":")
        return f"{before}:{self.name('roles', role)}" if colon else said

    def field(self, said: str) -> str:
        return other(said) if said in self.fields else said

    def answer(self, said: Any) -> Any:
        """What was filled in, or what it may be."""
        if isinstance(said, list):
            return [self.answer(one) for one in said]
        return other(said) if isinstance(said, str) and said in self.choices else said

    def form(self, said: Json) -> Json:
        return {self.field(name): self.answer(value) for name, value in said.items()}


def renamed_policy(renaming: Renaming, folder: Path) -> Json:
    """What the files of the policy in a folder say, with every id renamed."""
    whole = {
        name: value for file in sorted(folder.glob("*.yaml")) for name, value in files.read(file).items()
    }
    # What files say once and mean twice is to be renamed in both places.
    changed: Json = json.loads(json.dumps(whole))
    keys = list(_rename_names(changed, renaming))
    _rename_conditions(changed, renaming)
    _rename_rebased(changed.get("rebase", {}), renaming)
    for place, step, _ in steps(renaming.policy):
        if step.judge is not None:
            judge = _at(changed, place)["judge"]
            judge |= {name: renaming.field(said) for name, said in judge.items()}
    for place, said in keys:
        inner = _at(changed, place)
        inner[other(said)] = inner.pop(said)
    _rename_ids(changed)
    return changed


def _rename_names(changed: Json, renaming: Renaming) -> Iterator[tuple[Place, str]]:
    """Renames what is said as a value; yields what is said as a key, which is renamed when nothing reaches through it any more."""
    for place, mark, said in names_in(renaming.policy):
        *way, last = place
        inner = _at(changed, way)
        if inner is None or (isinstance(inner, dict) and last not in inner):
            continue
        if inner[last] == said:
            inner[last] = renaming.marked(mark, said)
        elif renaming.name(mark.of, said) != said:
            yield tuple(way), said


def _rename_conditions(changed: Json, renaming: Renaming) -> None:
    for place, wanted, model in wanted_of(renaming.policy):
        inner = _at(changed, place)
        for path in wanted:
            _rename_wanted(inner, path, comparable(model).get(path), renaming)
    for place, when, _ in conditions(renaming.policy):
        if when.form:
            _at(changed, place)["form"] = renaming.form(_at(changed, place)["form"])


def _rename_rebased(rebase: Json, renaming: Renaming) -> None:
    """Rename what fields and options of before are called now."""
    for fields in rebase.get("fields", {}).values():
        fields |= {before: renaming.field(now) for before, now in fields.items()}
    for form, fields in rebase.get("options", {}).items():
        rebase["options"][form] = {
            renaming.field(field): {before: renaming.answer(now) for before, now in options.items()}
            for field, options in fields.items()
        }


def _rename_wanted(wanted: Json, path: str, what: Comparable | None, renaming: Renaming) -> None:
    """Rename a field of a condition, where it is one of a form, and the values that it may have."""
    values = wanted.pop(path)
    if path.startswith(FORM):
        path, values = FORM + renaming.field(path.removeprefix(FORM)), renaming.answer(values)
    elif what and what.names:
        values = [renaming.marked(what.names, said) for said in values]
    wanted[path] = values


def _rename_ids(value: Any) -> None:
    if isinstance(value, dict):
        if "id" in value:
            value["id"] = other(value["id"])
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        _rename_ids(inner)


def _at(value: Any, place: Place | list[int | str]) -> Any:
    """What stands at a place, or None."""
    for step in place:
        if value is None or (isinstance(value, dict) and step not in value):
            return None
        value = value[step]
    return value


def write_policy(renaming: Renaming, folder: Path, into: Path) -> None:
    """Write the renamed policy of a folder into a folder of its own."""
    whole = renamed_policy(renaming, folder)
    own = into / whole["id"]
    own.mkdir(parents=True)
    notices = {name: whole.pop(name) for name in NOTICES if name in whole}
    for file, content in ("policy.yaml", whole), ("notices.yaml", notices):
        (own / file).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")


def write_plays(renaming: Renaming, folder: Path, into: Path) -> list[Path]:
    """Write the plays of a folder, and who plays in them, as the renamed policy calls things; the files of the stories."""
    own = into / other(renaming.policy.id)
    own.mkdir(parents=True)
    for file in sorted(folder.glob("*.yaml")):
        said = json.loads(json.dumps(files.read(file)))
        rename = _rename_directory if file.name == "directory.yaml" else _rename_story
        rename(said, renaming)
        (own / file.name).write_text(yaml.safe_dump(said, allow_unicode=True, sort_keys=False), "utf-8")
    return [file for file in sorted(own.glob("*.yaml")) if file.name != "directory.yaml"]


def _rename_directory(directory: Json, renaming: Renaming) -> None:
    for franchise in directory["franchises"]:
        franchise["policies"] = {
            renaming.name("kinds", kind): other(policy) for kind, policy in franchise["policies"].items()
        }
    for person in directory["people"]:
        for post in person["posts"]:
            post["role"] = renaming.name("roles", post["role"])
            if "department" in post:
                post["department"] = renaming.name("departments", post["department"])


def _rename_story(story: Json, renaming: Renaming) -> None:
    for step in story["steps"]:
        if "contact" in step:
            _rename_contact(step["contact"], renaming)
        _rename_named(step, renaming, action="actions", task="tasks")
        if "form" in step:
            step["form"] = renaming.form(step["form"])
        if "expect" in step:
            _rename_expected(step["expect"], renaming)


def _rename_named(said: Json, renaming: Renaming, **of: Vocabulary) -> None:
    """Rename what these fields name."""
    for name, what in of.items():
        if isinstance(said.get(name), str):
            said[name] = renaming.name(what, said[name])


def _rename_contact(contact: Json, renaming: Renaming) -> None:
    _rename_named(contact, renaming, kind="kinds", channel="channels", department="departments")
    if "flags" in contact:
        contact["flags"] = {renaming.name("flags", flag): said for flag, said in contact["flags"].items()}
    if "ticks" in contact:
        contact["ticks"] = [renaming.name("criteria", tick) for tick in contact["ticks"]]
    if "form" in contact:
        contact["form"] = renaming.form(contact["form"])


def _rename_expected(expected: Json, renaming: Renaming) -> None:
    rules = {rule.id for action in renaming.policy.actions for rule in action.refused}
    _rename_named(expected, renaming, state="states", severity="levels", suspected="levels")
    rename: Mapping[str, Callable[[Any], Any]] = {
        "owner": renaming.owner,
        "refused": lambda rule: other(rule) if rule in rules else rule,
        "tasks": lambda asked: {
            renaming.name("tasks", task): [renaming.owner(one) for one in to] for task, to in asked.items()
        },
        "deadlines": lambda seen: {renaming.name("deadlines", name): status for name, status in seen.items()},
        **dict.fromkeys(("told", "not_told"), partial(_rename_messages, renaming=renaming)),
    }
    for name in rename.keys() & expected.keys():
        expected[name] = rename[name](expected[name])


def _rename_messages(messages: list[str], renaming: Renaming) -> list[str]:
    sent = (message.split() for message in messages)
    return [f"{person} {renaming.name('templates', template)}" for person, template in sent]
