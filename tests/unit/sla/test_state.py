"""What is kept of deadlines, in the names of every format."""

import json
from typing import Any

from schemas.cases import CaseHeader
from schemas.formats.first import renamed
from services.sla.domain.state import Deadlines
from tests.unit.sla.story import a_deadline, a_header, an_open_case, did

Json = dict[str, Any]

SECOND: Json = {
    "number": "0000-0000-0000-0", "kind": "complaint", "franchise": "f1", "shop": "s1", "group": "g1",
    "manufacturer": "m1", "department": "after_sales", "severity": "general", "suspected": None,
    "state": "in_review", "owner": "p0", "owner_role": "operator", "hand_over_to": None, "hand_over_role": None,
    "support_to": None, "tasks": [], "rung": 0, "policy": "gtmc", "policy_version": "1", "triage": False,
}  # fmt: skip
"""What format 2 said of a case."""
FIRST = {
    "policy": "profile",
    "policy_version": "profile_version",
    "hand_over_to": "offered_to",
    "hand_over_role": "offered_role",
}
RUN = {"phase": "course", "since": "known"}


def a_long_story() -> Deadlines:
    """The deadlines of a case so old that all but the newest of what occurred is in their base."""
    story = an_open_case(a_deadline(recurring=True, stop=[], restart=[did("follow_up")]))
    for hour in range(1, 70):
        story.happens("follow_up", hour * 60 - 1)
    assert story.state is not None
    return story.state


def as_first_written(deadline: Json) -> Json:
    first = renamed(deadline, {"occurrences": "signals", "escalation": "climb"})
    first["signals"] = [renamed(kept, {"effects": "deeds"}) for kept in first.get("signals", ())]
    return {**first, "base": renamed(first["base"], RUN)}


def header_of(state: Json, of: int) -> CaseHeader:
    return Deadlines.model_validate(Deadlines.upgraded(state, of)).header


def test_a_compacted_deadline_of_the_first_format_goes_on_from_its_base() -> None:
    state = a_long_story()
    present = state.model_dump(mode="json")
    first = renamed(present, {"deadlines": "clocks"})
    first["header"] = json.dumps(renamed(SECOND, FIRST))
    deadlines = json.loads(present["deadlines"])
    first["clocks"] = json.dumps({name: as_first_written(kept) for name, kept in deadlines.items()})
    assert '"known"' in first["clocks"]
    read = Deadlines.model_validate(Deadlines.upgraded(first, 1))
    assert read.model_copy(update={"header": state.header}) == state
    assert (read.header.state, read.header.stage, read.header.tasks) == ("in_review", "intake", ())


def test_whom_the_second_format_named_beside_the_tasks_is_asked_by_a_task() -> None:
    named = {"hand_over_to": "dm-1", "hand_over_role": "dept_manager", "support_to": "mfr-1"}
    present = a_long_story().model_dump(mode="json")
    header = header_of({**present, "header": json.dumps(SECOND | named)}, 2)
    asked = [(one.task, one.to, one.place, one.where, one.moves_owner) for one in header.tasks]
    assert asked == [
        ("hand_over", "dm-1", "s1", "shop", True), ("support", "mfr-1", "m1", "manufacturer", False),
    ]  # fmt: skip
    assert header.tasks[0].role == "dept_manager"


def test_what_is_written_now_is_read_as_it_is() -> None:
    state = a_long_story().model_copy(update={"header": a_header(state="closed", stage="over")})
    assert Deadlines.model_validate(state.model_dump(mode="json")) == state
