"""What a decision may look at besides the case itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.cases import Role, tier
from schemas.policies import Rung
from schemas.staffing import Directory, Queue, place
from services.routing.domain.assignment import Roster, Workload
from services.routing.domain.case import Case
from services.routing.domain.policies import CompiledPolicy, Policies


@dataclass(frozen=True, slots=True)
class World:
    """The directory, the policies and the workload at one moment."""

    directory: Directory
    policies: Policies
    workload: Workload
    now: datetime

    def policy(self, case: Case) -> CompiledPolicy:
        return self.policies[case.policy_key]

    def ladder(self, case: Case) -> Sequence[Rung]:
        return self.policy(case).content.ladder

    def post(self, case: Case, name: str, role: Role) -> str:
        """The post under which what a role has in a case is somebody's: of that role, or that stands in for it."""
        if tier(role) == "manufacturer":
            others = self.directory.readers(case.manufacturer)
        else:
            others = [Queue(case.shop, one) for one in self.policy(case).stand_ins(role)]
        return self.directory.post(name, [Queue(place(case, role), role), *others], case.department)

    def roster(self) -> Roster:
        return Roster(self.directory, self.workload, self.now)
