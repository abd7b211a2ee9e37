"""What the customer himself is told: by the first medium of the notice for which he gave an address."""

from collections.abc import Iterator

from schemas.contacts import ContactReceived, Customer
from schemas.deliveries import Medium
from schemas.outreach import OutreachRequested
from schemas.policy import CustomerNotice
from services.common.decision import event_id
from services.routing.domain.case import Case
from services.routing.domain.programme import Programme


def requests(case: Case, contact: ContactReceived, programme: Programme) -> Iterator[OutreachRequested]:
    """What to tell the customer whose contact opened the case; asked again, the same ids."""
    for notice in programme.profile.customer_notices:
        medium = _medium(notice, contact.customer)
        if medium is not None:
            yield OutreachRequested(
                id=event_id(event_id(contact.id, notice.when.type), f"{notice.template}:{medium}"),
                case_id=case.id,
                occurred_at=case.opened_at,
                case_number=case.number,
                profile=case.profile,
                profile_version=case.profile_version,
                template=notice.template,
                medium=medium,
                address=_address(medium, contact.customer),
                name=contact.customer.name,
                language=contact.customer.language,
                shop=case.shop,
            )


def _medium(notice: CustomerNotice, customer: Customer) -> Medium | None:
    return next((medium for medium in notice.by if _address(medium, customer)), None)


def _address(medium: Medium, customer: Customer) -> str:
    return customer.phone if medium == "sms" else customer.email
