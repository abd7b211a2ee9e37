"""What a decision may look at besides the case itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.policy import Rung
from schemas.staffing import Directory
from services.routing.domain.assignment import Roster, Workload
from services.routing.domain.case import Case
from services.routing.domain.programme import Programme, Programmes


@dataclass(frozen=True, slots=True)
class World:
    """The directory, the programmes and the workload at one moment."""

    directory: Directory
    programmes: Programmes
    workload: Workload
    now: datetime

    def programme(self, case: Case) -> Programme:
        return self.programmes.of(case.profile, case.profile_version)

    def ladder(self, case: Case) -> Sequence[Rung]:
        return self.programme(case).profile.ladder

    def roster(self) -> Roster:
        return Roster(self.directory, self.workload, self.now)
