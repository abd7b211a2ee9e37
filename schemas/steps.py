"""What a policy lets follow, step by step, when somebody acts or something befalls the case."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from schemas.base import Bilingual, Identifier, Strict
from schemas.conditions import Condition
from schemas.vocabulary import Ladder, Names, State, TaskKind

ACTOR = "actor"
Receiver = Annotated[str, Names("roles", besides=(ACTOR,))]
"""Of whom something is asked: the first on duty of a role, or whoever takes the action, in the role in which they do."""


class Send(Strict):
    """Ask something of somebody: of the first in `to`; without these of whom the form of the action names, else of the
    roles that the task names.
    """

    task: TaskKind
    to: tuple[Receiver, ...] = ()


class Judge(Strict):
    """A person says how severe the case is: which fields of their form say the level, and the reason for a lower one."""

    level: Identifier
    reason: Identifier


class Step(Strict):
    """One thing that happens, where `when` holds.

    The case goes `to` a state. A task is sent, or those of some kinds that still wait are taken back. The case is
    escalated by a rung of a ladder. It is judged by a person; or `as_suspected`, what is only suspected acts where the
    safety of people may hang on it. `ask` asks others what somebody has declined, or the next of the task's roles what nobody has answered.
    """

    when: Condition = Condition()
    to: State | None = None
    send: Send | None = None
    withdraw: tuple[TaskKind, ...] = ()
    escalate: Ladder | None = None
    judge: Judge | None = None
    as_suspected: bool = False
    ask: Literal["others", "next"] | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        done = (self.to, self.send, self.withdraw, self.escalate, self.judge, self.as_suspected, self.ask)
        if not any(done):
            raise ValueError("should do something: to, send, withdraw, escalate, judge, as_suspected or ask")
        return self


class RefusalSpec(Strict):
    """What forbids an action although the state and the person are right; `says` is what is missing, for people."""

    id: Identifier
    when: Condition
    says: Bilingual
    source: str
