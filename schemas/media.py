"""The media by which people are reached, and what each asks of addresses, templates and providers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.addresses import Address, EmailAddress, PhoneNumber, WebhookUrl, usable

Medium = Literal["email", "sms", "webhook"]
Audience = Literal["staff", "customer", "manufacturer"]
Form = Literal["letter", "short", "payload"]
"""What a template has for a medium: its subject and body, its `sms` within so many segments, or the facts it names."""
IfUnknown = Literal["ask", "person", "resend"]
"""What follows when a message may have arrived: the provider is asked, a person decides, or it is sent again."""


@dataclass(frozen=True, slots=True)
class MediumSpec:
    """One medium. Its address stands in `field` of a person, customer or manufacturer; `takes` is whether such an address shows it.

    `if_unknown` has everybody whom it can reach.
    """

    field: str
    address: type[Address]
    form: Form
    if_unknown: Mapping[Audience, IfUnknown]
    takes: Callable[[Any], bool] = lambda _address: True

    def usable(self, given: str) -> Address | None:
        """The address in `given`; None where there is none or this medium cannot reach it."""
        address = usable(self.address, given)
        return address if address and self.takes(address) else None


MEDIA: Mapping[Medium, MediumSpec] = {
    "email": MediumSpec("email", EmailAddress, "letter", {"staff": "resend", "customer": "person"}),
    "sms": MediumSpec(
        "phone", PhoneNumber, "short", {"staff": "ask", "customer": "ask"}, lambda number: number.takes_texts
    ),
    "webhook": MediumSpec("webhook", WebhookUrl, "payload", {"staff": "resend", "manufacturer": "resend"}),
}


def reaching(audience: Audience) -> list[Medium]:
    """The media that can reach them."""
    return [medium for medium, spec in MEDIA.items() if audience in spec.if_unknown]
