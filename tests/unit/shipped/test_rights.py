"""Every role of every shipped policy, at the places of a case and elsewhere: who reads it, whose it is, and acts on it.

What should be so is read from the policy's files, not from what the engine makes of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import yaml

from schemas.contacts import Vehicle
from schemas.directory import DirectoryFile
from schemas.readers import keys, readers
from schemas.staffing import Directory
from services.routing.domain import acting
from services.routing.domain.case import Case
from services.routing.domain.masking import sees_customer
from services.routing.domain.policies import Policies
from services.routing.settings import POLICIES
from services.routing.store.policy_files import compile_policy, load_policy
from tests.casework import Casework
from tests.dealership import CALENDAR, a_contact

SHIPPED = sorted(path.name for path in POLICIES.iterdir() if (path / "policy.yaml").exists())
PLACES = {
    "shop": ("a", "b", "c"),
    "group": ("own-group", "other-group"),
    "region": ("own-region", "other-region"),
    "manufacturer": ("own-maker", "other-maker"),
}
"""The first of each is where the case of shop `a` belongs; `b` is of the same group, `c` of another."""
GENERAL, GRAVE = "空调有异响,请检查", "车子突然自燃了,烧伤了人"


@cache
def written(policy: str, file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((POLICIES / policy / f"{file}.yaml").read_text("utf-8"))
    return content


def roles(policy: str) -> dict[str, dict[str, Any]]:
    return {role["id"]: role for role in written(policy, "policy")["roles"]}


@dataclass(frozen=True)
class Seat:
    """Somebody who works in one role at one place."""

    at: str
    role: str
    where: str

    @property
    def name(self) -> str:
        return f"{self.at}.{self.role}"

    @property
    def is_of_the_case(self) -> bool:
        return self.at == PLACES[self.where][0]


def seats(policy: str) -> list[Seat]:
    return [Seat(at, name, role["at"]) for name, role in roles(policy).items() for at in PLACES[role["at"]]]


def directory(policy: str) -> Directory:
    """Two groups, two makers, two regions; somebody in every role at every place."""
    name = {"zh": "名称", "en": "Name"}
    own = {"manufacturer": "own-maker", "region": "own-region", "brand": "own"}
    other = {"manufacturer": "other-maker", "region": "other-region", "brand": "other"}
    sold = [("a", own), ("b", own), ("b", other), ("c", own), ("c", other)]
    file = {
        "manufacturers": [{"id": at, "name": name, "calendar": CALENDAR} for at in PLACES["manufacturer"]],
        "regions": [
            {"id": one["region"], "name": name, "manufacturer": one["manufacturer"]} for one in (own, other)
        ],
        "groups": [{"id": at, "name": name} for at in PLACES["group"]],
        "shops": [
            {
                "id": at,
                "name": name,
                "calendar": CALENDAR,
                "group": f"{'other' if at == 'c' else 'own'}-group",
            }
            for at in PLACES["shop"]
        ],
        "franchises": [
            {"id": f"{shop}-{one['brand']}", "shop": shop, "policies": {"complaint": policy}, **one}
            for shop, one in sold
        ],
        "people": [
            {"id": seat.name, "name": seat.name, "posts": [{"at": seat.at, "role": seat.role}]}
            for seat in seats(policy)
        ],
    }
    return Directory(DirectoryFile.model_validate(file).entries())


def opened(policy: str, narrative: str) -> tuple[Casework, Case]:
    published = Policies(default=policy)
    published.follow(compile_policy(load_policy(POLICIES / policy)))
    casework = Casework(directory=directory(policy), policies=published)
    contact = a_contact(narrative, shop="a", caller="a", vehicle=Vehicle(brand="own"))
    return casework, casework.receive(contact)


def reads(case: Case, seat: Seat) -> bool:
    """At the shop and in its group everybody, elsewhere who was asked, or works where somebody was."""
    parts = {case.owner, *(task.to for task in case.tasks)}
    return seat.at in {"a", "own-group", case.owner_place, *case.asked} or seat.name in parts


def does(policy: str, case: Case, seat: Seat) -> set[str]:
    """The actions that the files give to the role at the places of the case, to its owner, or to whoever has a task."""
    parties = {seat.role} if seat.is_of_the_case else set()
    if case.owner == seat.name:
        parties |= {"owner", f"owner:{case.owner_role}"}
    parties |= {f"task:{task.task}" for task in case.tasks if task.to == seat.name}
    return {one["id"] for one in written(policy, "actions")["actions"] if parties & set(one["by"])}


def knows(policy: str, case: Case, seat: Seat) -> bool:
    has_part = seat.name in {case.owner, *(task.to for task in case.tasks)}
    return has_part or (seat.is_of_the_case and bool(roles(policy)[seat.role].get("sees_customer")))


def differences(policy: str, casework: Casework, case: Case) -> Iterator[str]:
    world = casework.world()
    opens = readers(case.header, casework.directory, casework.now)
    for seat in seats(policy):
        has = keys(seat.name, casework.directory, casework.policies.last_resorts(), casework.now)
        expected = (reads(case, seat), does(policy, case, seat), knows(policy, case, seat))
        found = (
            casework.may_read(seat.name, case),
            set(acting.allowed(case, seat.name, world)),
            sees_customer(case, seat.name, world),
        )
        if found != expected:
            yield f"{seat.name}: {found}, not {expected}"
        if has.isdisjoint(opens) == expected[0]:
            yield f"{seat.name}: {'misses' if expected[0] else 'finds'} it in the lists"


@pytest.mark.parametrize("narrative", [GENERAL, GRAVE], ids=["general", "grave"])
@pytest.mark.parametrize("policy", SHIPPED)
def test_every_role_reads_knows_and_does_what_its_policy_says(policy: str, narrative: str) -> None:
    casework, case = opened(policy, narrative)
    assert len(seats(policy)) > 12
    assert list(differences(policy, casework, case)) == []


def test_the_maker_of_a_grave_case_is_asked_so_that_both_are_tried() -> None:
    asked = {policy: "own-maker" in opened(policy, GRAVE)[1].asked for policy in SHIPPED}
    assert asked["gtmc"]
    assert not any("own-maker" in opened(policy, GENERAL)[1].asked for policy in SHIPPED)
