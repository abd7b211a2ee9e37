"""What a decision may look at besides the case itself."""

from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.assignment import Roster, Workload
from services.routing.domain.case import Case
from services.routing.domain.directory import Directory
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

    def roster(self) -> Roster:
        return Roster(self.directory, self.workload, self.now)
