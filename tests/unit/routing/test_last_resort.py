"""Whatever is wrong or missing in a contact or in the directory: somebody sees the case, is told and can act."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas.cases import CaseEvent
from schemas.contacts import ContactReceived, Vehicle
from schemas.directory import Absence, DirectoryFile, Entry, Person
from schemas.staffing import Directory
from services.common.runtime import files
from services.notify.domain.recipients import Parties
from services.routing.domain import acting, replies
from services.routing.domain.case import Case
from services.routing.domain.permission import is_party
from tests.casework import Casework
from tests.dealership import MONDAY, a_contact

FIRE = "车子突然起火冒烟,必须给我一个说法"
KNOWN = Path(__file__).parents[2] / "data" / "directory.yaml"
AWAY = Absence(since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2090, 1, 1, tzinfo=UTC))

Change = Callable[[Entry], Entry | None]


@cache
def all_entries() -> Sequence[Entry]:
    return tuple(files.load(KNOWN, DirectoryFile).entries())


def directory(change: Change | None = None) -> Directory:
    changed = [change(entry) if change else entry for entry in all_entries()]
    return Directory(entry for entry in changed if entry is not None)


def people(who: Callable[[Person], bool], then: Callable[[Person], Person | None]) -> Change:
    return lambda entry: then(entry) if isinstance(entry, Person) and who(entry) else entry


def works_at(shop: str, *roles: str) -> Callable[[Person], bool]:
    return lambda one: any(post.at == shop and (not roles or post.role in roles) for post in one.posts)


def gone(_person: Person) -> None:
    return None


def left(person: Person) -> Person:
    return person.model_copy(update={"status": "left"})


def away(person: Person) -> Person:
    return person.model_copy(update={"absences": (AWAY,), "deputy": None})


def contact(shop: str, brand: str, **changes: Any) -> ContactReceived:
    return a_contact(**{"shop": shop, "vehicle": Vehicle(brand=brand), **changes})


def no_last_resort(entry: Entry) -> Entry | None:
    return None if entry.kind == "last_resort" else entry


EMPTIED = "dg-nancheng"
WORLDS: dict[str, Change | None] = {
    "as it is": None,
    "no last resort named": no_last_resort,
    "a shop emptied": people(works_at(EMPTIED), gone),
    "a shop left": people(works_at(EMPTIED), left),
    "a shop away": people(works_at(EMPTIED), away),
    "no operator, no CR manager": people(works_at(EMPTIED, "operator", "dealer_cr_manager"), gone),
    "no manager at all": people(works_at(EMPTIED, "dealer_cr_manager", "dept_manager", "dealer_gm"), left),
    "the maker emptied": people(works_at("hanlu-motors"), gone),
    "the maker away": people(works_at("hanlu-motors"), away),
    "everybody away": people(lambda _: True, away),
}
PLACES = [
    ("no-such-shop", "hanlu"), ("no-such-shop", "Ｓｏｎｇｙｅ"), ("no-such-shop", ""), ("no:such:shop", "no-such-brand"),
    ("gz-tianhe", ""), ("gz-tianhe", "no-such-brand"), ("sz-nanshan", ""), (EMPTIED, "hanlu"), (EMPTIED, "songye"), (EMPTIED, ""),
    ("", ""), ("hanlu-motors", ""),
]  # fmt: skip


def notified(casework: Casework, events: Iterable[CaseEvent]) -> set[str]:
    """Who is reached of those whom the policy tells of these events."""
    policy = casework.world().policies.current["gtmc"].content
    found: set[str] = set()
    for event in events:
        rules = [rule for rule in policy.notices if rule.when.type == event.type]
        parties = Parties(event, casework.directory, policy)
        found |= {name for rule in rules for name in parties.people(rule.to)}
    return {name for name in found if casework.directory.person(name)}


def readers(casework: Casework, case: Case) -> set[str]:
    return {name for name in casework.directory.people if casework.may_read(name, case)}


def actors(casework: Casework, case: Case, action: str, among: Iterable[str] | None = None) -> set[str]:
    """Who may take an action, of everybody or of some."""
    names = casework.directory.people if among is None else among
    return {name for name in names if action in acting.allowed(case, name, casework.world())}


def accepting(casework: Casework, case: Case, among: Iterable[str] | None = None) -> set[str]:
    """Who may accept something that is asked, of everybody or of some."""
    names = casework.directory.people if among is None else among
    asked = {name: replies.allowed(case, name, casework.world()) for name in names}
    return {name for name, tasks in asked.items() if any("accept" in verbs for verbs in tasks.values())}


@pytest.mark.whole
@pytest.mark.parametrize("narrative", ["空调有异响,请检查", FIRE])
@pytest.mark.parametrize("place", PLACES, ids="/".join)
@pytest.mark.parametrize("world", WORLDS)
def test_somebody_sees_it_is_told_and_can_act(world: str, place: tuple[str, str], narrative: str) -> None:
    casework = Casework(directory=directory(WORLDS[world]))
    case = casework.receive(contact(*place, narrative=narrative))
    seen, reached = readers(casework, case), notified(casework, casework.events())
    assert seen, "nobody sees it"
    assert reached & seen, "nobody who sees it is told"
    assert accepting(casework, case, reached & seen), "nobody who is told may accept it"
    assert actors(casework, case, "transfer", seen), "nobody may hand it on"
    for hold in casework.open_cases.cases[case.id].responsibilities:
        answering = {name for name in seen if _is_responsible(casework, case, hold.name, name)}
        assert answering or casework.directory.person(hold.name), f"nobody answers for {hold.name}"


def _is_responsible(casework: Casework, case: Case, named: str, actor: str) -> bool:
    return is_party(case, named, case.shop, actor, casework.world())


@pytest.mark.whole
@pytest.mark.parametrize("place", PLACES, ids="/".join)
@pytest.mark.parametrize("world", WORLDS)
def test_the_ladder_escalates_to_somebody(world: str, place: tuple[str, str]) -> None:
    casework = Casework(directory=directory(WORLDS[world]))
    case = casework.receive(contact(*place))
    asked: set[str] = set()
    for deadline in ("DL-01", "HO-01", "HO-01", "HO-01"):
        case, _ = casework.breach(case, deadline)
        asked |= {
            name
            for task in case.tasks
            for name in casework.directory.people
            if is_party(case, task.to, task.place, name, casework.world())
        }
    assert asked
    assert asked & readers(casework, case)


@pytest.mark.parametrize("shop", ["no-such-shop", "sz-nanshan"])
def test_several_makers_known_and_none_meant_is_read_by_whom_the_directory_names(shop: str) -> None:
    casework = Casework(directory=directory())
    case = casework.receive(contact(shop, "", narrative=FIRE))
    assert case.manufacturer == ""
    [support] = case.tasks_of("support")
    assert support.to.startswith("hanlu")
    outsiders = {name for name in readers(casework, case) if name.startswith("songye")}
    assert not outsiders, "the other maker reads what is not known to be its own"


def test_the_brand_says_whose_case_of_an_unknown_shop_it_is() -> None:
    casework = Casework(directory=directory())
    for brand, maker in (
        ("songye", "songye-motors"),
        ("Hanlu", "hanlu-motors"),
        ("ＨＡＮＬＵ", "hanlu-motors"),
    ):
        assert casework.receive(contact("no-such-shop", brand)).manufacturer == maker


def test_a_case_of_an_unknown_shop_can_be_handed_to_a_real_one() -> None:
    casework = Casework(directory=directory())
    case = casework.receive(contact("no-such-shop", "songye"))
    reader = min(accepting(casework, case))
    case = casework.reply(case, reader, "accept")
    fields = {"shop": "fs-chancheng", "role": "dept_manager", "person": "fs-chancheng.manager"}
    case = casework.act(case, reader, "transfer", **fields)
    assert (case.shop, case.franchise, case.group) == ("fs-chancheng", "fs-chancheng.songye", "nanfeng")
    case = casework.reply(case, "fs-chancheng.manager", "accept")
    assert "fs-chancheng.gm" in readers(casework, case)
    fields = {"shop": "gz-panyu", "role": "dealer_gm", "person": "gz-panyu.gm"}
    elsewhere = casework.request(case, "fs-chancheng.manager", "transfer", **fields)
    assert casework.refused(case, elsewhere).rule == "named_place"


def test_a_case_of_a_makers_brand_is_not_handed_to_a_shop_of_another() -> None:
    casework = Casework(directory=directory())
    case = casework.receive(contact("no-such-shop", "songye"))
    reader = min(accepting(casework, case))
    case = casework.reply(case, reader, "accept")
    fields = {"shop": "gz-panyu", "role": "dept_manager", "person": "gz-panyu.service"}
    hand = casework.request(case, reader, "transfer", **fields)
    assert casework.refused(case, hand).rule == "named_place"


def test_a_queue_has_members_again_when_somebody_comes() -> None:
    casework = Casework(directory=directory(people(works_at(EMPTIED), gone)))
    case = casework.receive(contact(EMPTIED, "hanlu"))
    assert case.owner == f"queue:{EMPTIED}:operator"
    assert sum(casework.open_cases.unstaffed(casework.directory).values()) > 0
    casework.directory = directory()
    assert f"{EMPTIED}.op1" in actors(casework, case, "transfer")
    assert not casework.open_cases.unstaffed(casework.directory)
    assert not {name for name in readers(casework, case) if name.startswith("hanlu")}


def test_a_queue_without_members_is_announced_once() -> None:
    casework = Casework(directory=directory(people(works_at(EMPTIED), gone)), now=MONDAY)
    case = casework.receive(contact(EMPTIED, "hanlu"))
    assert casework.types().count("case.unattended") == len(case.unstaffed) > 0
    before = casework.types().count("case.unattended")
    casework.now += timedelta(minutes=1)
    casework.receive(contact(EMPTIED, "hanlu", case_id=case.id, narrative="再次来电"), case)
    assert casework.types().count("case.unattended") == before
