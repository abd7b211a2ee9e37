"""How people are: on time, late, or never; drawn by chance that is the same in every run."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Literal

from deploy.demo.duties import Duty
from schemas.directory import Person

Manner = Literal["on time", "late", "never"]
USUAL: dict[Manner, float] = {"on time": 0.82, "late": 0.11, "never": 0.07}
NEGLECT: dict[Manner, float] = {"on time": 0.05, "late": 0.10, "never": 0.85}


@dataclass(frozen=True, slots=True)
class Temper:
    """The draws of one run. At the dealers' hardly anybody cares for a case whose number is `neglected`."""

    seed: int
    neglected: Container[str]

    def wait(self, who: Person, number: str, duty: Duty, nth: int) -> timedelta | None:
        """Business time until he does what he was asked the `nth` time; None when he does not."""
        draws = Random(f"{self.seed}:{who.id}:{number}:{duty.action}:{nth}")
        shares = NEGLECT if number in self.neglected and _of_a_dealer(who) else USUAL
        [manner] = draws.choices(list(shares), list(shares.values()))
        match manner:
            case "on time":
                return duty.early + (duty.punctual - duty.early) * draws.random()
            case "late":
                return duty.late * (0.8 + 0.4 * draws.random())
            case "never":
                return None


def _of_a_dealer(person: Person) -> bool:
    return all(post.role != "mfr_cr" for post in person.posts)
