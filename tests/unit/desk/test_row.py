"""What a row says of a case, whatever order the events of its case and of its deadlines come in."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.cases import CaseEvent, CaseSnapshot
from schemas.deadlines import (
    DeadlineBreached,
    DeadlineCancelled,
    DeadlineMessage,
    DeadlineMet,
    DeadlineMoved,
    DeadlinePaused,
    DeadlineStarted,
    DeadlineWarned,
    DeadlineWithdrawn,
)
from schemas.readers import keys
from schemas.staffing import Directory
from services.common.store.decision import Cause
from services.desk.domain.row import NEVER, ReadersChanged, Row, fold
from tests.casework import Casework
from tests.dealership import MONDAY, directory_file, person

HOUR = timedelta(hours=1)


def after(casework: Casework, *events: Any, row: Row | None = None) -> Row:
    """The row after these events."""
    for event in events:
        change = fold(row, Cause(uuid4(), uuid4(), event), casework.directory, casework.now)
        row = change.state if change else row
    assert row is not None
    return row


def deadline(casework: Casework, kind: type[DeadlineMessage], due: datetime = MONDAY, **fields: Any) -> Any:
    told = casework.events()[-1]
    said = {
        "deadline": "DL-01",
        "cycle": 1,
        "accountable": "operator",
        "due_at": due,
        "level": -1,
        "late": False,
        "reason": "pause",
        "breach": UUID(int=1),
    }
    return kind(
        **{
            "id": uuid4(),
            "case_id": told.case_id,
            "occurred_at": MONDAY + HOUR,
            "header": told.header,
            "met_at": MONDAY,
            **said,
            **fields,
        }
    )


@pytest.fixture
def casework() -> Casework:
    """A case that was received and accepted."""
    casework = Casework()
    casework.reply(casework.receive(), "cr-1", "accept")
    return casework


def test_a_row_says_of_a_case_how_the_whole_decision_has_left_it() -> None:
    """Who is asked is published before the case goes where it goes with that."""
    casework = Casework()
    case = casework.reply(casework.receive(), "cr-1", "accept")
    case = casework.act(
        case, "cr-1", "transfer", shop="north", role="dept_manager", person="dm-service", note="…"
    )
    last = casework.events()[-1]
    assert (last.header.state, case.state) == ("in_review", "transferred")
    row = after(casework, *casework.events())
    assert row.header == case.header


def test_a_row_says_what_the_newest_event_of_its_case_says(casework: Casework) -> None:
    events = casework.events()
    row = after(casework, *events)
    assert row.header == events[-1].header
    assert (row.header.owner, row.is_open, row.updated_at) == ("cr-1", True, events[-1].occurred_at)
    assert row.received_at == MONDAY - timedelta(minutes=5)
    assert row.holders == ("cr-1",)


def test_a_row_is_open_to_whoever_may_read_its_case(casework: Casework) -> None:
    opened, accepted = casework.events()[0], after(casework, *casework.events())
    asked = after(casework, opened)
    for row in (asked, accepted):
        seen = [
            name
            for name in casework.directory.people
            if keys(name, casework.directory, ["mfr_cr"], MONDAY) & set(row.readers)
        ]
        assert seen == ["op-1", "op-2", "cr-1", "dm-service", "dm-sales", "sa-1", "sa-2", "gm-1"]


def test_what_is_over_is_not_open_and_a_snapshot_says_all(casework: Casework) -> None:
    told: CaseEvent = casework.events()[-1]
    over = told.header.model_copy(update={"stage": "over"})
    snapshot = CaseSnapshot(
        id=uuid4(), case_id=told.case_id, occurred_at=MONDAY, header=over, received_at=MONDAY - HOUR,
        calendar=casework.directory.shops["north"].calendar,
    )  # fmt: skip
    row = after(casework, snapshot)
    assert (row.is_open, row.received_at, row.header) == (False, MONDAY - HOUR, over)


@pytest.mark.parametrize(
    ("kinds", "owed", "breaches"),
    [
        ([DeadlineStarted], True, 0),
        ([DeadlineStarted, DeadlineWarned], True, 0),
        ([DeadlineStarted, DeadlinePaused], False, 0),
        ([DeadlineStarted, DeadlinePaused, DeadlineMoved], True, 0),
        ([DeadlineStarted, DeadlineMet], False, 0),
        ([DeadlineStarted, DeadlineCancelled], False, 0),
        ([DeadlineStarted, DeadlineBreached], True, 1),
        ([DeadlineStarted, DeadlineBreached, DeadlineMet], False, 1),
        ([DeadlineStarted, DeadlineBreached, DeadlineWithdrawn], False, 0),
        ([DeadlineWithdrawn], False, 0),
    ],
)
def test_a_row_says_what_is_owed_next_and_how_often_it_was_late(
    casework: Casework, kinds: list[type[DeadlineMessage]], breaches: int, *, owed: bool
) -> None:
    row = after(casework, *casework.events(), *(deadline(casework, kind) for kind in kinds))
    assert (row.next_due, row.breach_count) == (MONDAY if owed else NEVER, breaches)


def test_the_earliest_of_several_is_owed_next_and_an_earlier_round_changes_nothing(
    casework: Casework,
) -> None:
    row = after(
        casework,
        *casework.events(),
        deadline(casework, DeadlineStarted, MONDAY + 2 * HOUR, cycle=2),
        deadline(casework, DeadlineStarted, MONDAY + 3 * HOUR, deadline="DL-02"),
        deadline(casework, DeadlineWithdrawn, MONDAY + HOUR, cycle=1),
    )
    assert row.next_due == MONDAY + 2 * HOUR


def test_what_a_deadline_did_may_be_read_before_what_happened_to_its_case(casework: Casework) -> None:
    started = deadline(casework, DeadlineStarted)
    early = after(casework, started, *casework.events())
    assert early == after(casework, *casework.events(), started).model_copy(
        update={"updated_at": early.updated_at}
    )


def test_who_is_away_lets_whoever_stands_in_see_what_is_theirs(casework: Casework) -> None:
    row = after(casework, *casework.events())
    absence = {"since": MONDAY, "until": MONDAY + 24 * HOUR}
    away = person("cr-1", absences=(absence,), deputy="cr-south")
    casework.directory = Directory(directory_file(cr_1=away).entries())
    changed = after(casework, ReadersChanged(), row=row)
    assert set(changed.readers) - set(row.readers) == {"person:cr-south"}
    assert changed == row.model_copy(update={"readers": changed.readers})
