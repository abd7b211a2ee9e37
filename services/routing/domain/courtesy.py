"""What customers are told: by the first medium of the notice for which an address can be used."""

from collections.abc import Iterator

from schemas.addresses import Address, EmailAddress, PhoneNumber, usable
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
        found = _reached(notice, contact.customer)
        if found is not None:
            medium, address = found
            yield OutreachRequested(
                id=event_id(event_id(contact.id, notice.when.type), f"{notice.template}:{medium}"),
                case_id=case.id,
                occurred_at=case.opened_at,
                case_number=case.number,
                profile=case.profile,
                profile_version=case.profile_version,
                template=notice.template,
                medium=medium,
                address=address.text,
                name=contact.customer.name,
                language=contact.customer.language,
                shop=case.shop,
            )


def _reached(notice: CustomerNotice, customer: Customer) -> tuple[Medium, Address] | None:
    """By what and where; what cannot be used, and a telephone that shows no texts, is passed over."""
    known: dict[Medium, Address | None] = {
        "email": usable(EmailAddress, customer.email),
        "sms": _texted(usable(PhoneNumber, customer.phone)),
    }
    return next(((medium, address) for medium in notice.by if (address := known[medium])), None)


def _texted(number: PhoneNumber | None) -> PhoneNumber | None:
    return number if number and number.takes_texts else None
