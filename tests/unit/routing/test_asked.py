"""An action over HTTP: what it says is what is kept, and looking ahead loads nobody."""

import pytest

from services.routing.api.bodies import FollowUpBody, ReturnBody
from tests.casework import heard
from tests.counter import Counter
from tests.dealership import a_contact


async def test_a_key_that_comes_again_with_other_words_after_a_failure_keeps_those() -> None:
    counter = Counter()
    case = await counter.opened()
    counter.shelf.away = True
    with pytest.raises(TimeoutError):
        await counter.asked("cr-1", case, FollowUpBody(note="甲"), "follow-ups").perform()
    counter.shelf.away = False
    await counter.asked("cr-1", case, FollowUpBody(note="乙"), "follow-ups").perform()
    facts = counter.shelf.documents[case.id]["history"]["entries"][-1]["facts"]
    assert counter.texts.records[facts["text"]]["words"] == {"note": "乙"}


async def test_looking_ahead_loads_nobody() -> None:
    counter = Counter()
    case = await counter.opened("车子突然起火冒烟,必须给我一个说法")
    assert case.support is not None
    asked = counter.asked(case.support.to, case, ReturnBody(reason="请同事"), "return")
    foreseen = (await counter.office.document(case.id, asked.hand.actor)).take(
        asked.cause(heard(a_contact()).text), counter.office.foresee, counter.casework.now
    )
    assert foreseen.kind == "applied"
    assert counter.casework.ledger.workload.loads[case.support.to] == 1
