"""A policy asks who is to confirm something by SMS and mail, and nobody else reads of it before."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.cases import CaseOpened, CaseSeverityRaised, CaseTaskSent
from schemas.contacts import Language
from schemas.deadlines import DeadlineStarted
from schemas.media import Medium
from services.common.store.versions import Versions
from services.notify.domain.delivery import Delivery
from services.notify.domain.rules import Rulebook
from services.notify.domain.texts import find, render
from tests.casework import gtmc
from tests.dealership import MONDAY, person
from tests.unit.notify.events import PLACE, POLICY, directory, fields, task

TASK = task("dm-service", "dept_manager", "confirm", safety=True)
SUSPECTED = {"severity": "general", "suspected": "major", "tasks": (TASK,)}
STARTED = {
    "deadline": "TK-01", "task_id": TASK.task_id, "accountable": "dept_manager", "cycle": 1,
    "due_at": MONDAY + timedelta(minutes=30),
}  # fmt: skip


def deliveries(event: Any, language: Language = "zh") -> list[Delivery]:
    asked = person("dm-service", language=language)
    return Rulebook(Versions({POLICY: gtmc().content}), directory(dm_service=asked)).deliveries(event, PLACE)


def started(**changes: Any) -> DeadlineStarted:
    return DeadlineStarted.model_validate(fields(STARTED | changes, **SUSPECTED))


def text(delivery: Delivery, medium: Medium) -> str:
    template = find(gtmc().content, delivery.template)
    rendered = render(template, medium, delivery.language, delivery.facts)
    return f"{rendered.subject}\n{rendered.body}"


def test_whoever_is_asked_is_notified_by_both_media() -> None:
    sent = deliveries(started())
    assert [(one.person, one.medium, one.template) for one in sent] == [
        ("dm-service", "email", "confirm_asked"), ("dm-service", "sms", "confirm_asked"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "says"),
    [("zh", ("疑似重要投诉", "03-02 10:30")), ("en", ("uspected major complaint", "03-02 10:30"))],
)
def test_they_read_what_is_suspected_and_by_when(language: Language, says: tuple[str, ...]) -> None:
    email, sms = deliveries(started(), language)
    for part in says:
        assert part in text(email, "email")
        assert part in text(sms, "sms")


def test_a_later_round_of_the_deadline_asks_nobody_again() -> None:
    assert deliveries(started(cycle=2)) == []


def test_neither_a_manager_nor_the_manufacturer_reads_of_what_is_only_suspected() -> None:
    events = (
        CaseOpened.model_validate(fields({}, **SUSPECTED)),
        CaseTaskSent.model_validate(fields({**dict(TASK), "via": "assignment"}, **SUSPECTED)),
    )
    assert [one for event in events for one in deliveries(event)] == []


@pytest.mark.parametrize("unconfirmed", [None, "nobody_on_duty", "not_in_time"])
def test_what_acts_unconfirmed_says_so(unconfirmed: str | None) -> None:
    changes = {"unconfirmed": unconfirmed, "severity": "major", "previous": "general"}
    event = CaseSeverityRaised.model_validate(fields(changes, severity="major"))
    sent = {one.person: text(one, one.medium) for one in deliveries(event) if one.medium == "sms"}
    assert set(sent) == {"gm-1", "mfr-1", "mfr-2", "cr-1"}
    assert all(("疑似" in read) == (unconfirmed is not None) for read in sent.values())
