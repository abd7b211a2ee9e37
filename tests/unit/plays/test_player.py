"""Stories are played to their end, and where one goes otherwise it is said by step and time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from rich.console import Console

from deploy.plays.player import LOOKS, Playing, play
from deploy.plays.progress import Progress
from deploy.plays.story import MONDAY, Story
from schemas.deliveries import DeliveryReported

CASE = str(UUID(int=1))
OPENS = {"at": "1 09:00", "who": "desk", "contact": {"channel": "onsite"}}


@dataclass
class Setting:
    """A stage on which a case is opened and every action is taken unless a rule `forbids` it.

    The path that `breaks` is answered otherwise than by JSON, what is sent to that which `drops` by nothing; so many
    times as it `changes`, the case is another by the time somebody acts.
    """

    dues: list[datetime] = field(default_factory=list)
    sent: list[DeliveryReported] = field(default_factory=list)
    forbids: str = ""
    breaks: str = ""
    drops: str = ""
    changes: int = 0
    time: datetime = MONDAY
    jumps: list[datetime] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    progress: Progress = field(default_factory=lambda: Progress(Console(quiet=True)))

    def __post_init__(self) -> None:
        self.intake = self.routing = httpx.AsyncClient(
            base_url="http://local", transport=httpx.MockTransport(self._answer)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.posted.append(request.url.path)
        if request.url.path == self.drops:
            raise httpx.ReadError("")
        if request.url.path == self.breaks:
            return httpx.Response(502, text="Bad gateway")
        if request.url.path == "/v1/contacts":
            return httpx.Response(202, json={"case_id": CASE, "case_number": "0-1"})
        if self.changes:
            self.changes -= 1
            return httpx.Response(412, json={"rule": "if_match", "detail": "It is another now."})
        return (
            httpx.Response(409, json={"rule": self.forbids}) if self.forbids else httpx.Response(200, json={})
        )

    def now(self) -> datetime:
        return self.time

    def headers(self, who: str, key: str, revision: int | None = None) -> dict[str, str]:
        return {"Idempotency-Key": f"{who}:{key}:{revision}"}

    def jump_to(self, to: datetime) -> None:
        self.time = max(self.time, to)
        self.jumps.append(to)

    async def wait_until_idle(self) -> list[DeliveryReported]:
        self.dues = [due for due in self.dues if due > self.time]
        sent, self.sent = self.sent, []
        return sent

    async def cases(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        task = {"task": "look", "to": "desk", "task_id": "t-1"}
        return (
            {CASE: {"state": "open", "revision": 1, "tasks": [task], "deadlines": {}}} if CASE in ids else {}
        )

    async def next_due(self, cases: Collection[str], before: datetime) -> datetime | None:
        return min((due for due in self.dues if due < before and cases), default=None)


async def played(setting: Setting, *steps: dict[str, Any]) -> Playing:
    story = Story.model_validate(
        {"title": {"zh": "试", "en": "try"}, "source": "ours", "steps": [OPENS, *steps]}
    )
    [one] = await play([("shop/try", story)], setting)  # type: ignore[arg-type]
    return one


def a_message(person: str) -> DeliveryReported:
    return DeliveryReported(
        id=uuid4(), case_id=UUID(CASE), occurred_at=MONDAY, delivery=uuid4(), event=uuid4(), person=person,
        medium="email", template="opened", result="sent",
    )  # fmt: skip


def hours(*numbers: int) -> Sequence[datetime]:
    return [MONDAY + timedelta(hours=number) for number in numbers]


async def test_what_is_due_between_two_steps_has_an_instant_of_its_own_and_what_is_due_later_none() -> None:
    setting = Setting(dues=list(hours(10, 12)))
    one = await played(setting, {"at": "1 11:00", "expect": {"state": "open"}})
    assert (one.wrong, setting.jumps) == ([], hours(9, 10, 11))


async def test_a_reply_goes_to_the_task_that_waits() -> None:
    setting = Setting()
    assert (
        await played(setting, {"at": "1 09:10", "who": "desk", "reply": "accept", "task": "look"})
    ).wrong == []
    assert setting.posted[-1] == f"/v1/cases/{CASE}/tasks/t-1/accept"


async def test_a_reply_to_what_is_not_asked_is_named() -> None:
    one = await played(Setting(), {"at": "1 09:10", "who": "desk", "reply": "accept", "task": "pay"})
    assert one.wrong == ["shop/try, step 2 (1 09:10): no task pay waits"]


async def test_a_state_that_is_another_ends_the_story() -> None:
    setting = Setting()
    one = await played(
        setting,
        {"at": "1 09:10", "expect": {"state": "shut"}},
        {"at": "1 09:20", "who": "desk", "action": "shut"},
    )
    assert one.wrong == ["shop/try, step 2 (1 09:10): state: open, expected shut"]
    assert setting.posted == ["/v1/contacts"]


async def test_messages_count_for_the_step_after_which_they_went_out() -> None:
    setting = Setting(sent=[a_message("anna")])
    one = await played(setting, {"at": "1 09:10", "expect": {"told": ["anna opened"]}})
    assert one.wrong == ["shop/try, step 2 (1 09:10): not told: anna opened"]


async def test_what_should_be_refused_is_to_be_refused_by_that_rule() -> None:
    step = {"at": "1 09:10", "who": "desk", "action": "shut", "expect": {"refused": "too_soon"}}
    assert (await played(Setting(forbids="too_soon"), step)).wrong == []
    assert (await played(Setting(), step)).wrong == [
        "shop/try, step 2 (1 09:10): was not refused by too_soon"
    ]
    assert (await played(Setting(forbids="by"), step)).wrong == [
        'shop/try, step 2 (1 09:10): 409 by: {"rule":"by"}'
    ]


@pytest.mark.parametrize(
    ("path", "place"),
    [("/v1/contacts", "step 1 (1 09:00): contact"), (f"/v1/cases/{CASE}/actions/shut", "step 2 (1 09:10)")],
)
async def test_a_story_ends_with_an_answer_that_is_no_json(path: str, place: str) -> None:
    one = await played(Setting(breaks=path), {"at": "1 09:10", "who": "desk", "action": "shut"})
    assert one.wrong[0].startswith(f"shop/try, {place}: 502 Bad gateway")


async def test_an_error_that_says_nothing_is_named() -> None:
    one = await played(Setting(drops="/v1/contacts"))
    assert one.wrong == ["shop/try, step 1 (1 09:00): ReadError"]


ACT = {"at": "1 10:00", "who": "desk", "action": "judge"}


async def test_whoever_finds_the_case_changed_looks_again() -> None:
    setting = Setting(changes=1)
    one = await played(setting, ACT)
    assert (one.wrong, setting.posted.count(f"/v1/cases/{CASE}/actions/judge")) == ([], 2)


async def test_what_changes_whenever_somebody_acts_is_said() -> None:
    one = await played(Setting(changes=LOOKS), ACT)
    assert one.wrong == ["shop/try, step 2 (1 10:00): 412 if_match: It is another now."]
