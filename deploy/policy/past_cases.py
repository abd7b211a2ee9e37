"""Past cases as they rest: their first and further contacts, put together again from what is kept of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas.contacts import ContactReceived, Customer, Vehicle
from schemas.policies import Policy
from services.common.runtime.connections import Connections
from services.common.store.codec import from_stored
from services.common.store.document import Document
from services.common.store.mongo import MongoDocuments, MongoRecords
from services.routing.domain.case import Case, Contact
from services.routing.store.texts import TextRepository

RECEIVED = "received by"
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class PastCase:
    """A case, who had received its first contact, and the texts that have not been erased, by their ids."""

    case: Case
    received_by: str | None
    texts: Mapping[str, Mapping[str, Any]]
    customers: Mapping[str, Mapping[str, Any]]

    def contacts(self, policy: Policy) -> list[ContactReceived] | None:
        """Its contacts as they were received under `policy`, as far as is kept; None where a text was erased."""
        if any(str(one.text) not in self.texts for one in self.case.contacts):
            return None
        first, *more = self.case.contacts
        again = {"received_by": self.received_by, "form": self._form(policy)}
        return [self._contact(first, **again), *(self._contact(one) for one in more)]

    def _contact(self, contact: Contact, **more: Any) -> ContactReceived:
        case, texts = self.case, self.texts[str(contact.text)]
        person = self.customers.get(str(contact.customer), {})
        written = {
            name.removeprefix("form."): text for name, text in texts.items() if name.startswith("form.")
        }
        return ContactReceived(
            id=contact.id,
            case_id=case.id,
            occurred_at=case.opened_at,
            case_number=case.number,
            caller="",
            kind=case.kind,
            channel=contact.channel,
            shop=case.shop,
            department=case.department,
            received_at=contact.received_at,
            received_by=more.get("received_by"),
            customer=Customer.model_validate(person.get("customer", {})),
            vehicle=Vehicle.model_validate(person.get("vehicle", {})),
            narrative=texts["narrative"],
            demand=texts["demand"],
            ticks=contact.ticks,
            flags=contact.flags,
            form={**more.get("form", {}), **written},
        )

    def _form(self, policy: Policy) -> Mapping[str, Any]:
        """What was chosen in the form of the first contact, as long as nobody has filled it in anew."""
        filled = self.case.filled.get(policy.opening.form or "")
        return filled.values if filled is not None and filled.at == self.case.opened_at else {}


async def read_past_cases(parts: Connections, policy: str, last: int) -> list[PastCase]:
    """The newest cases of a policy with what is kept of their contacts; nothing is written."""
    documents = MongoDocuments(parts.database, "cases", "case_history")
    query, newest = {"state.policy": policy}, [("state.opened_at", -1), ("_id", -1)]
    keys = [UUID(stored["_id"]) for stored in await documents.page(query, newest, last)]
    read: list[PastCase] = []
    for at in range(0, len(keys), AT_ONCE):
        stored = await documents.load(some := keys[at : at + AT_ONCE])
        read += await _with_texts(
            parts, documents, [from_stored(stored[key], Case) for key in some if key in stored]
        )
    return read


async def _with_texts(
    parts: Connections, documents: MongoDocuments, loaded: Sequence[Document[Case]]
) -> list[PastCase]:
    cases = [(document, document.state) for document in loaded if document.state is not None]
    contacts = [contact for _, case in cases for contact in case.contacts]
    texts = await TextRepository(MongoRecords(parts.database, "texts")).read([one.text for one in contacts])
    customers = await TextRepository(MongoRecords(parts.database, "customers")).read(
        [one.customer for one in contacts]
    )
    return [
        PastCase(case, _received_by(await _first_entry(documents, document)), texts, customers)
        for document, case in cases
    ]


async def _first_entry(documents: MongoDocuments, document: Document[Case]) -> Mapping[str, Any]:
    """How its history begins."""
    entries = document.history.entries
    if entries and entries[0]["number"] != 1:
        entries = await documents.past(document.key)
    return entries[0] if entries else {}


def _received_by(entry: Mapping[str, Any]) -> str | None:
    facts = entry.get("facts", {})
    return facts.get("owner") if facts.get("step") == RECEIVED else None
