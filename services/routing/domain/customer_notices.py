"""Notices to customers: by the first medium of the notice for which an address can be used."""

from collections.abc import Iterator

from schemas.addresses import Address, usable
from schemas.contacts import ContactReceived, Customer
from schemas.identity import customer_message_id
from schemas.media import MEDIA, Medium
from schemas.notices import CustomerNotice
from schemas.outreach import OutreachRequested
from services.routing.domain.case import Case
from services.routing.domain.policies import CompiledPolicy

NAMES = {
    "customer.email": "e-mail",
    "customer.phone": "phone",
    "vehicle.brand": "brand",
    "vehicle.plate": "plate",
    "vehicle.vin": "VIN",
}


def requests(case: Case, contact: ContactReceived, policy: CompiledPolicy) -> Iterator[OutreachRequested]:
    """The notices to the customer whose contact opened the case; the same ids however often it is read."""
    for notice in policy.content.customer_notices:
        reachable = _reachable(notice, contact.customer)
        if reachable is not None:
            medium, address = reachable
            yield OutreachRequested(
                id=customer_message_id(contact.id, notice.when.type, notice.template, medium),
                case_id=case.id,
                occurred_at=case.opened_at,
                case_number=case.number,
                policy=case.policy,
                policy_version=case.policy_version,
                template=notice.template,
                medium=medium,
                address=address.text,
                name=contact.customer.name,
                language=contact.customer.language,
                shop=case.shop,
            )


def _reachable(notice: CustomerNotice, customer: Customer) -> tuple[Medium, Address] | None:
    """By what and where; what cannot be used, and a telephone that shows no texts, is passed over."""
    return next(((medium, address) for medium in notice.by if (address := _address(medium, customer))), None)


def _address(medium: Medium, customer: Customer) -> Address | None:
    return MEDIA[medium].usable(getattr(customer, MEDIA[medium].field))


def unusable(contact: ContactReceived) -> tuple[str, ...]:
    """What was given but cannot be used, for people to read."""
    fields = _unread(contact.customer) if contact.refused is None else contact.refused
    return tuple(
        f"{NAMES.get(field, field)} was given but cannot be used ({field})" for field in sorted(set(fields))
    )


def _unread(customer: Customer) -> Iterator[str]:
    """The addresses that cannot be used of a contact from before they were looked at when it was taken."""
    for spec in MEDIA.values():
        given = getattr(customer, spec.field, "")
        if given and usable(spec.address, given) is None:
            yield f"customer.{spec.field}"
