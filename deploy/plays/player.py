"""Plays all stories at once: time goes from one scripted or due instant to the next, and each step is looked at."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from tenacity import retry, retry_if_result, stop_after_attempt

from deploy.plays.stage import Stage
from deploy.plays.story import MONDAY, ZONE, Step, Story, differences
from schemas.base import instant, stamp
from schemas.deliveries import DeliveryReported

AGE = timedelta(minutes=1)
"""How long before it is posted a customer has spoken."""
LOOKS = 3
"""How often somebody looks and acts: what falls due in between changes the case, and they look again."""


@dataclass(slots=True)
class Playing:
    """A story on its way. `wrong` says where it did not go as it should; after that it is not played on.

    `until` is when it was last looked at, and `told` who was sent which template since then, each as `person template`.
    """

    name: str
    story: Story
    done: int = 0
    case_id: str = ""
    number: str = ""
    until: datetime = MONDAY
    refused: str = ""
    told: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def step(self) -> Step | None:
        """What comes next."""
        return self.story.steps[self.done] if self.done < len(self.story.steps) and not self.wrong else None

    @property
    def place(self) -> str:
        """Which step comes next, in words."""
        return f"{self.name}, step {self.done + 1} ({self.story.steps[self.done].at})"


async def play(stories: Sequence[tuple[str, Story]], stage: Stage) -> list[Playing]:
    """Every story, played to its end or to where it went wrong."""
    playing = [Playing(name, story) for name, story in stories]
    while coming := [one for one in playing if one.step is not None]:
        acting = await _jump(coming, stage)
        await asyncio.gather(*(_act(one, stage) for one in acting))
        _distribute(await stage.wait_until_idle(), playing)
        await _look(acting, stage)
        stage.progress.show(_numbers(playing, stage))
    return playing


def _numbers(playing: Sequence[Playing], stage: Stage) -> str:
    """The present numbers in one line."""
    ended = sum(one.step is None for one in playing)
    now = stage.now().astimezone(ZONE)
    return f"day {(now - MONDAY).days + 1}, {now:%a %H:%M}: {ended} of {len(playing)} stories at their end"


async def _jump(coming: Sequence[Playing], stage: Stage) -> list[Playing]:
    """Let it be the next due or scripted instant; the stories with a step that stands there."""
    scripted = min(one.step.instant() for one in coming if one.step)
    due = await stage.next_due([one.case_id for one in coming if one.case_id], scripted)
    stage.jump_to(due or scripted)
    now = stage.now()
    return [] if due else [one for one in coming if one.step and one.step.instant() <= now]


def _distribute(sent: Sequence[DeliveryReported], playing: Sequence[Playing]) -> None:
    """Give every story the messages about its case."""
    by_case = {one.case_id: one for one in playing if one.case_id}
    for message in sent:
        if (one := by_case.get(str(message.case_id))) is not None:
            one.told.append(f"{message.person} {message.template}")


async def _act(one: Playing, stage: Stage) -> None:
    """Do what the story says next; what is refused and should not be is noted."""
    one.refused = ""
    try:
        if one.step is not None:
            await _do(one, one.step, stage)
    except (httpx.HTTPError, LookupError) as error:
        # Some errors of a client say nothing.
        one.wrong.append(f"{one.place}: {str(error) or type(error).__name__}")


async def _do(one: Playing, step: Step, stage: Stage) -> None:
    if step.contact is not None:
        await _post(one, step, step.contact, stage)
    elif step.action is not None or step.reply is not None:
        _check(one, step, await _ask(one, step, stage))


async def _post(one: Playing, step: Step, contact: dict[str, Any], stage: Stage) -> None:
    """The customer speaks; under the key of the story a later contact is one more of the same case."""
    body = {"received_at": stamp(instant(stage.now() - AGE)), "received_by": step.who, **contact}
    answer = await stage.intake.post("/v1/contacts", json=body, headers=stage.headers(step.who, one.name))
    if answer.status_code != httpx.codes.ACCEPTED:
        raise LookupError(f"contact: {answer.status_code} {answer.text}")
    opened = _content(answer)
    one.case_id, one.number = opened["case_id"], opened["case_number"]


@retry(
    retry=retry_if_result(lambda answer: answer.status_code == httpx.codes.PRECONDITION_FAILED),
    stop=stop_after_attempt(LOOKS),
    retry_error_callback=lambda last: last.outcome and last.outcome.result(),
)
async def _ask(one: Playing, step: Step, stage: Stage) -> httpx.Response:
    """Look at the case, and take the action or reply to the task."""
    case = (await stage.cases([one.case_id])).get(one.case_id)
    if case is None:
        raise LookupError(f"case {one.case_id} was not opened")
    headers = stage.headers(step.who, f"{one.name}:{one.done}", case["revision"])
    path = f"/v1/cases/{one.case_id}/{_path(step, case)}"
    return await stage.routing.post(path, json=step.form, headers=headers)


def _check(one: Playing, step: Step, answer: httpx.Response) -> None:
    """Note the rule by which it was refused; LookupError where the story does not say so."""
    if answer.is_success:
        return
    problem = _content(answer)
    one.refused = problem.get("rule", "")
    if one.refused != step.expect.refused:
        raise LookupError(f"{answer.status_code} {one.refused}: {problem.get('detail', answer.text)}")


def _content(answer: httpx.Response) -> dict[str, Any]:
    """What an answer says; LookupError with its text where that is no JSON."""
    try:
        content: dict[str, Any] = answer.json()
    except ValueError:
        raise LookupError(f"{answer.status_code} {answer.text}, which is no JSON") from None
    return content


def _path(step: Step, case: dict[str, Any]) -> str:
    if step.action is not None:
        return f"actions/{step.action}"
    waiting = [task for task in case["tasks"] if task["task"] == step.task]
    if not waiting:
        raise LookupError(f"no task {step.task} waits")
    own = [task for task in waiting if task["to"] == step.who]
    return f"tasks/{(own or waiting)[-1]['task_id']}/{step.reply}"


async def _look(acting: Sequence[Playing], stage: Stage) -> None:
    """Compare each case with what its step expects, and go on to the next step."""
    cases = await stage.cases([one.case_id for one in acting]) if acting else {}
    for one in acting:
        one.until = stage.now()
        if one.step is not None:
            one.wrong += [
                f"{one.place}: {what}" for what in _differences(one, one.step, cases.get(one.case_id))
            ]
            one.told.clear()
            one.done += 1


def _differences(one: Playing, step: Step, case: dict[str, Any] | None) -> Iterator[str]:
    """What is otherwise than expected."""
    if case is None:
        yield f"case {one.case_id} was not opened"
        return
    yield from differences(step.expect, case, one.told)
    if step.expect.refused and one.refused != step.expect.refused:
        yield f"was not refused by {step.expect.refused}"
