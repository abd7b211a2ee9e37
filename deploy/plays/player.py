"""Plays all stories at once: time goes from one scripted or due instant to the next, and each step is looked at."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from deploy.plays.stage import Stage
from deploy.plays.story import Step, Story, differences
from schemas.base import instant, stamp

AGE = timedelta(minutes=1)
"""How long before it is posted a customer has spoken."""


@dataclass(slots=True)
class Seen:
    """The case at a moment: what a picture shows of it."""

    at: datetime
    state: str
    owner: str
    severity: str
    breaches: int


@dataclass(slots=True)
class Playing:
    """A story on its way. `wrong` says where it did not go as it should; after that it is not played on."""

    name: str
    story: Story
    done: int = 0
    case_id: str = ""
    number: str = ""
    refused: str = ""
    told: Counter[str] = field(default_factory=Counter)
    way: list[Seen] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def step(self) -> Step | None:
        """What comes next."""
        return self.story.steps[self.done] if self.done < len(self.story.steps) and not self.wrong else None


async def play(stories: Sequence[tuple[str, Story]], stage: Stage) -> list[Playing]:
    """Every story, played to its end or to where it went wrong."""
    playing = [Playing(name, story) for name, story in stories]
    while coming := [one for one in playing if one.step is not None]:
        scripted = min(one.step.instant() for one in coming if one.step)
        cases = [one.case_id for one in coming if one.case_id]
        due = await stage.next_due(cases) if cases else None
        if due is not None and due < scripted:
            stage.jump_to(due)
            await stage.wait_until_idle()
        else:
            stage.jump_to(scripted)
            await _step([one for one in coming if one.step and one.step.instant() <= stage.now()], stage)
        for one in playing:
            await _watch(one, stage)
    return playing


async def _step(playing: Sequence[Playing], stage: Stage) -> None:
    """Do what stands at this instant, one story after the other, and look at all of them when nothing moves any more."""
    for one in playing:
        if one.step is not None:
            try:
                await _do(one, one.step, stage)
            except (httpx.HTTPError, LookupError) as error:
                one.wrong.append(f"{_place(one)}: {error}")
    await stage.wait_until_idle()
    for one in playing:
        if one.step is not None:
            await _look(one, one.step, stage)
            one.done += 1


def _place(one: Playing) -> str:
    return f"{one.name}, step {one.done + 1} ({one.story.steps[one.done].at})"


async def _do(one: Playing, step: Step, stage: Stage) -> None:
    one.refused = ""
    if step.contact is not None:
        await _post(one, step, step.contact, stage)
    elif step.action is not None:
        await _act(one, step, f"actions/{step.action}", stage)
    elif step.reply is not None:
        case = await stage.case(one.case_id)
        waiting = [task["task_id"] for task in case["tasks"] if task["task"] == step.task]
        if not waiting:
            raise LookupError(f"no task {step.task} waits")
        await _act(one, step, f"tasks/{waiting[-1]}/{step.reply}", stage)


async def _post(one: Playing, step: Step, contact: dict[str, Any], stage: Stage) -> None:
    """The customer speaks; under the key of the story a later contact is one more of the same case."""
    body = {"received_at": stamp(instant(stage.now() - AGE)), "received_by": step.who, **contact}
    answer = await stage.intake.post("/v1/contacts", json=body, headers=stage.headers(step.who, one.name))
    if answer.status_code != httpx.codes.ACCEPTED:
        raise LookupError(f"contact: {answer.status_code} {answer.text}")
    one.case_id, one.number = answer.json()["case_id"], answer.json()["case_number"]


async def _act(one: Playing, step: Step, path: str, stage: Stage) -> None:
    case = await stage.case(one.case_id)
    headers = stage.headers(step.who, f"{one.name}:{one.done}", case["revision"])
    answer = await stage.routing.post(f"/v1/cases/{one.case_id}/{path}", json=step.form, headers=headers)
    if answer.is_success:
        return
    problem = answer.json()
    one.refused = problem.get("rule", "")
    if one.refused != step.expect.refused:
        raise LookupError(
            f"{answer.status_code} {problem.get('rule', '')}: {problem.get('detail', answer.text)}"
        )


async def _look(one: Playing, step: Step, stage: Stage) -> None:
    """Compare the case with what the step expects."""
    if one.wrong or not one.case_id:
        return
    case, told = await stage.case(one.case_id), Counter(await stage.notified(one.case_id))
    new = list((told - one.told).elements())
    one.told = told
    found = list(differences(step.expect, case, new))
    if step.expect.refused and one.refused != step.expect.refused:
        found.append(f"was not refused by {step.expect.refused}")
    one.wrong += [f"{_place(one)}: {what}" for what in found]


async def _watch(one: Playing, stage: Stage) -> None:
    """Remember how the case is, where it has changed."""
    if not one.case_id:
        return
    try:
        case = await stage.case(one.case_id)
    except LookupError:
        return
    now = Seen(stage.now(), case["state"], case["owner"], case["severity"], case["breach_count"])
    last = one.way[-1] if one.way else None
    if last is None or (last.state, last.owner, last.severity, last.breaches) != (
        now.state,
        now.owner,
        now.severity,
        now.breaches,
    ):
        one.way.append(now)
