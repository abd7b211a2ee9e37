"""Judgements by hand, and cases of which something is to be confirmed."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.directory import Person
from schemas.severity import Doubt, Judgement, Signal, Statement
from schemas.staffing import Directory
from schemas.vocabulary import Level
from services.routing.domain import assessment
from services.routing.domain.case import Case, Task
from services.routing.domain.replies import TaskReply
from tests.casework import Casework
from tests.dealership import MONDAY, a_contact, directory_file, person


def suspecting(
    suspected: Level | None, *criteria: str, confirmed: Level = "general", doubt: Doubt = "pattern_alone"
) -> Judgement:
    """Nothing of these criteria is certain."""
    signals = tuple(
        Signal(criterion=name, detector=f"{name}.test", start=0, end=2, certain=False) for name in criteria
    )
    return Judgement(
        level=suspected or confirmed, confirmed=confirmed, suspected=suspected, criteria=criteria or ("G1",),
        suspicions=criteria, deciding=(*criteria, "G1")[0], signals=signals, doubts=(doubt,),
    )  # fmt: skip


def certain(level: Level, criterion: str) -> Judgement:
    """All of it is certain."""
    signal = Signal(criterion=criterion, detector=f"{criterion}.test", start=0, end=2)
    return Judgement(
        level=level, confirmed=level, criteria=(criterion,), deciding=criterion, signals=(signal,)
    )


def use_judgements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every text be judged by `judge`."""
    monkeypatch.setattr(assessment, "judge", judge)


def judge(statement: Statement, _detection: Any, _policy: Any) -> Judgement:
    """What `JUDGEMENTS` says of a text; every other is a certain general complaint."""
    return JUDGEMENTS.get(statement.text, certain("general", "G1"))


SMOKE, COURT, FIRE, ODD = "好像有烟", "说要去法院", "车子起火了", "???"
JUDGEMENTS = {
    SMOKE: suspecting("major", "M1"),
    COURT: suspecting("major_preliminary", "P3"),
    FIRE: certain("major", "M1"),
    ODD: suspecting(None, doubt="unreadable"),
}
"""A safety matter and another that are suspected, one that is certain, and a text that nobody can read."""


def suspected(casework: Casework, narrative: str = SMOKE) -> tuple[Case, Task]:
    case = casework.receive(a_contact(narrative))
    return case, task_of(case)


def task_of(case: Case) -> Task:
    """What a person is asked to confirm."""
    [task] = case.tasks_of("confirm")
    return task


def away(name: str) -> Person:
    absence = {"since": MONDAY - timedelta(days=1), "until": MONDAY + timedelta(days=9)}
    return Person.model_validate({**person(name).model_dump(), "absences": [absence]})


def without(*names: str) -> Casework:
    """Nobody of these is on duty."""
    absent = {name.replace("-", "_"): away(name) for name in names}
    return Casework(directory=Directory(directory_file(**absent).entries()))


def confirmation(
    casework: Casework, case: Case, actor: str = "dm-service", severity: str = "major"
) -> TaskReply:
    """What somebody says when asked, without a reason."""
    return casework.replied(case, actor, "answer", "confirm", severity=severity)


def confirm(
    casework: Casework, case: Case, actor: str = "dm-service", severity: str = "major", **form: Any
) -> Case:
    """Somebody says how severe it is, perhaps with a `reason`."""
    return casework.reply(case, actor, "answer", "confirm", severity=severity, **form)


def again(casework: Casework, case: Case, narrative: str) -> Case:
    return casework.receive(a_contact(narrative, case_id=case.id), case)


def lapse(casework: Casework, case: Case) -> Case:
    """The deadline of the task passes."""
    casework.later(minutes=30)
    task = task_of(case)
    deadline = "TK-01" if task.safety else "TK-02"
    return casework.fold(case, casework.breached(case, deadline, task_id=task.task_id, accountable=task.role))
