"""Routing's API without HTTP, over documents in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.policies import Policy
from services.common.kafka.outbox import OutboxPublisher
from services.common.store.decision import Cause
from services.common.store.write_path import Store
from services.routing.api.actions import ActionRequest, ActionSender, Wish
from services.routing.api.dependencies import Dependencies
from services.routing.domain.acting import Act
from services.routing.domain.case import Case
from services.routing.handlers import revive
from services.routing.store.cases import Cases
from services.routing.store.texts import TextRepository
from tests.casework import Casework, patterns, stored_contact
from tests.dealership import a_contact, person
from tests.fakes import MemoryDocuments, MemoryLog, MemoryRecords


@dataclass
class MemoryCases(MemoryDocuments):
    """Documents of cases that can be listed; `away` refuses to write."""

    away: bool = False

    async def write(self, documents: Sequence[dict[str, Any]]) -> set[int]:
        if self.away:
            raise TimeoutError
        return await super().write(documents)


@dataclass
class MemoryRouting:
    """What the handlers of routing's API work with, without HTTP and without a store."""

    casework: Casework = field(default_factory=Casework)
    documents: MemoryCases = field(default_factory=MemoryCases)
    texts: MemoryRecords = field(default_factory=MemoryRecords)

    def __post_init__(self) -> None:
        store = Store(
            Case,
            self.documents,
            OutboxPublisher(MemoryLog()),
            lambda: self.casework.now,
            lambda: None,
            revive,
        )
        cases = Cases(store, self.casework.world, self.casework.open_cases)
        self.dependencies = Dependencies(
            cases, self.documents, TextRepository(self.texts), TextRepository(MemoryRecords()), patterns()
        )

    async def opened(self, narrative: str = "空调有异响") -> Case:
        contact = a_contact(narrative)
        cause = Cause(contact.case_id, contact.id, stored_contact(contact), "contacts")
        state = (await self.dependencies.cases.change(cause))[0].state
        assert state is not None
        return state

    def request(self, name: str, case: Case, action: str, **form: Any) -> ActionRequest:
        """Somebody asks for an action, with what they send for its form."""

        def wish(_case: Case, policy: Policy) -> Wish:
            return Wish(
                action, policy.action[action].form, lambda said: Act(actor=name, action=action, said=said)
            )

        sender = ActionSender(person(name), self.dependencies, "once", case.revision)
        return ActionRequest(case.id, sender, form, wish)
