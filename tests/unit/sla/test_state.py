"""What is kept of deadlines, in the names of every format."""

import json
from typing import Any

from schemas.formats import renamed
from services.sla.domain.state import Deadlines
from tests.unit.sla.story import a_deadline, an_open_case, did

HEADER = {
    "policy": "profile",
    "policy_version": "profile_version",
    "hand_over_to": "offered_to",
    "hand_over_role": "offered_role",
}
RUN = {"phase": "course", "since": "known"}


def as_first_written(deadline: dict[str, Any]) -> dict[str, Any]:
    first = renamed(deadline, {"occurrences": "signals", "escalation": "climb"})
    first["signals"] = [renamed(kept, {"effects": "deeds"}) for kept in first.get("signals", ())]
    return {**first, "base": renamed(first["base"], RUN)}


def test_a_compacted_deadline_of_the_first_format_goes_on_from_its_base() -> None:
    story = an_open_case(a_deadline(recurring=True, stop=[], restart=[did("follow_up")]))
    for hour in range(1, 70):
        story.happens("follow_up", hour * 60 - 1)
    assert story.state is not None
    present = story.state.model_dump(mode="json")
    first = renamed(present, {"deadlines": "clocks"})
    first["header"] = json.dumps(renamed(json.loads(present["header"]), HEADER))
    deadlines = json.loads(present["deadlines"])
    first["clocks"] = json.dumps({name: as_first_written(kept) for name, kept in deadlines.items()})
    assert '"known"' in first["clocks"]
    assert Deadlines.model_validate(Deadlines.upgraded(first)) == story.state
