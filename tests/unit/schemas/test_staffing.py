"""Who stands in for whom, and who answers for a queue: one rule for all services."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.directory import Absence, DirectoryFile, Person, Post, key
from schemas.staffing import Directory, Queue
from tests.dealership import MONDAY, directory_file, person

AWAY = (Absence(since=MONDAY - timedelta(days=1), until=MONDAY + timedelta(days=1)),)


def absent(name: str, deputy: str | None = None, **changes: Any) -> Person:
    return person(name, absences=AWAY, deputy=deputy, **changes)


def directory(*changed: Person) -> Directory:
    """The dealership with these people changed or added, unchecked as it may rest on the topic."""
    return Directory({key(entry): entry for entry in (*directory_file().entries(), *changed)}.values())


def line(known: Directory, name: str, at: str = "north") -> list[str]:
    return [one.id for one in known.stand_ins(known.people[name], at, MONDAY)]


def test_while_somebody_is_there_nobody_stands_in() -> None:
    assert line(directory(person("cr-1", deputy="gm-1")), "cr-1") == ["cr-1"]


def test_deputies_are_asked_one_after_the_other_until_one_is_there() -> None:
    known = directory(absent("op-1", "op-2"), absent("op-2", "gm-1"))
    assert line(known, "op-1") == ["op-1", "op-2", "gm-1"]


def test_at_most_three_deputies_are_asked() -> None:
    chain = ["op-1", "op-2", "cr-1", "gm-1", "dm-sales"]
    known = directory(*(absent(one, deputy) for one, deputy in pairwise(chain)))
    assert line(known, "op-1") == chain[:4]


def test_a_chain_that_leads_back_ends() -> None:
    assert line(directory(absent("op-1", "op-2"), absent("op-2", "op-1")), "op-1") == ["op-1", "op-2"]


@pytest.mark.parametrize(
    ("deputy", "stands_in"), [("gm-1", True), ("cr-south", True), ("mfr-1", False), ("nobody", False)]
)
def test_a_deputy_works_at_the_same_shop_or_group(deputy: str, *, stands_in: bool) -> None:
    known = directory(absent("cr-1", deputy))
    assert (deputy in line(known, "cr-1")) is stands_in
    assert known.acts_for(deputy, "cr-1", "north", MONDAY) is stands_in
    assert ("dealer_cr_manager" in known.stands_for(deputy, "north", MONDAY)) is stands_in
    assert ("cr-1" in known.represented(deputy, MONDAY)) is stands_in


def test_of_somebody_with_two_posts_a_deputy_fills_only_the_one_near_them() -> None:
    posts = (Post(at="north", role="dealer_gm"), Post(at="gtmc", role="mfr_cr"))
    known = directory(absent("gm-1", "cr-1", posts=posts))
    assert known.acts_for("cr-1", "gm-1", "north", MONDAY)
    assert not known.acts_for("cr-1", "gm-1", "gtmc", MONDAY)
    assert Queue("gtmc", "mfr_cr") not in known.seats("cr-1", MONDAY)


def test_whoever_is_leaving_holds_nothing_and_stands_in_for_nobody() -> None:
    known = directory(absent("cr-1", "gm-1"), person("gm-1", status="leaving"))
    assert line(known, "cr-1") == ["cr-1"]
    assert known.staff("north", "dealer_gm") == []
    assert known.people["gm-1"].name == "gm-1"


def attending(known: Directory, queue: Queue, *rungs: Queue) -> Sequence[str]:
    return [one.id for one in known.attending((queue, *rungs), "after_sales", MONDAY)]


def test_a_queue_is_answered_for_by_the_first_that_has_somebody_on_duty() -> None:
    operators, managers = Queue("north", "operator"), Queue("north", "dealer_gm")
    assert attending(directory(), operators, managers) == ["op-1", "op-2"]
    assert attending(directory(absent("op-1", "cr-1"), absent("op-2")), operators, managers) == ["cr-1"]
    both = (absent("op-1"), absent("op-2"))
    assert attending(directory(*both), operators, managers) == ["gm-1"]
    assert attending(directory(*both, absent("gm-1")), operators, managers) == ["op-1", "op-2"]


def test_a_queue_of_a_shop_whose_name_has_a_colon_is_still_one() -> None:
    assert Queue.named("queue:a:b:operator") == ("a:b", "operator")
    assert Queue.named("op-1") is None
    assert Queue.named("queue") is None
    assert Queue.named("queue:north") is None
    assert Queue.named("queue:north:janitor") == ("north", "janitor")


def file(*changed: Person, **more: Any) -> DirectoryFile:
    whole = directory_file()
    people = {one.id: one for one in (*whole.people, *changed)}
    return DirectoryFile.model_validate({**whole.model_dump(), "people": list(people.values()), **more})


STRANGER = {"id": "stranger", "name": "stranger", "posts": []}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ([person("cr-1", deputy="mfr-1")], "people.2.deputy .*'mfr-1' has none where 'cr-1' works"),
        (
            [person("cr-1", deputy="stranger"), Person.model_validate(STRANGER)],
            "people.2.deputy .*'stranger'",
        ),
        ([person("op-1", deputy="op-1")], "people.0.deputy .*op-1 → op-1"),
        (
            [person("op-1", deputy="op-2"), person("op-2", deputy="op-1")],
            "people.0.deputy .*op-1 → op-2 → op-1",
        ),
        (
            [
                person(one, deputy=two)
                for one, two in (("op-1", "op-2"), ("op-2", "cr-1"), ("cr-1", "gm-1"), ("gm-1", "dm-sales"))
            ],
            "people.0.deputy .*at most 3",
        ),
    ],
)
def test_deputies_who_cannot_stand_in_are_refused_by_name(changed: Sequence[Person], says: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        file(*changed)
    places = {(".".join(map(str, one["loc"])) + " " + one["msg"]) for one in wrong.value.errors()}
    field, text = says.split(" .*")
    assert any(place.startswith(field) and text in place for place in places), places


def test_three_deputies_one_after_the_other_and_one_of_the_same_group_are_taken() -> None:
    file(person("op-1", deputy="op-2"), person("op-2", deputy="cr-1"), person("cr-1", deputy="cr-south"))


def test_the_reader_of_last_resort_is_somebody() -> None:
    file(last_resort={"at": "gtmc", "role": "mfr_cr"})
    for at, role in (("gtmc", "operator"), ("nowhere", "mfr_cr")):
        with pytest.raises(ValidationError, match=f"{at}"):
            file(last_resort={"at": at, "role": role})


def test_who_reads_what_nobody_else_does_is_missed_aloud() -> None:
    named = {key(one): one for one in file(last_resort={"at": "north", "role": "dealer_gm"}).entries()}
    assert Directory(named.values()).unread({"mfr_cr"}) == ""
    gone = named | {"person:gm-1": person("gm-1", status="left")}
    assert "dealer_gm at 'north'" in Directory(gone.values()).unread({"mfr_cr"})
    nobody = {name: one for name, one in named.items() if not name.startswith(("person:mfr", "last"))}
    assert "nobody works for a manufacturer" in Directory(nobody.values()).unread({"mfr_cr"})


def test_whom_the_policies_name_reads_what_nobody_else_does() -> None:
    assert directory().unread({"mfr_cr"}) == directory().unread({"head_office", "mfr_cr"}) == ""
    assert "nobody works for a manufacturer" in directory().unread({"head_office"})
    assert directory().readers("gtmc", "mfr_cr") == [Queue("gtmc", "mfr_cr")]
    assert directory().readers("", "mfr_cr") == [Queue("gtmc", "mfr_cr")]
    assert directory().readers("gtmc", "head_office") == []
