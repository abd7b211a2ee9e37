"""What of a contact its policy knows; the rest is kept, and named for triage."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas import faults
from schemas.base import Strict
from schemas.contacts import ContactReceived
from schemas.forms import filled
from schemas.policies import Policy
from schemas.vocabulary import Department
from services.routing.domain.seals import Sealed, SealedForm


@dataclass(frozen=True, slots=True)
class ContactEntry:
    """A contact as its policy reads it; `unknown` says of each field what it does not know, for people.

    `unread` says so of marks that may mean something grave.
    """

    department: Department
    said: SealedForm
    unknown: tuple[str, ...]
    unread: tuple[str, ...]


def read_entry(contact: ContactReceived, text: Sealed, policy: Policy) -> ContactEntry:
    """Returns what a contact says in the policy's terms; what was not answered has the policy's first."""
    department, unknown = _department(contact, policy)
    said, unread = _form(contact, text, policy)
    kind = _unknown("kind", filter(None, (contact.kind,)), policy.kinds, policy)
    channel = _unknown("channel", (contact.channel,), policy.channels, policy)
    flags = _unknown("flags", contact.flags, policy.severity.flags, policy)
    ticks = _unknown("criteria", _misticked(contact, policy), policy.severity.criteria, policy)
    return ContactEntry(department, said, (*kind, *channel, *unknown, *unread), (*flags, *ticks))


def _unknown(field: str, said: Iterable[str], known: Iterable[Any], policy: Policy) -> Iterator[str]:
    names = {one.id for one in known}
    yield from (f"{field}: {one!r} is unknown to policy {policy.id!r}" for one in said if one not in names)


def _misticked(contact: ContactReceived, policy: Policy) -> Iterable[str]:
    """Ticks that are no criteria, in small letters or capitals."""
    known = {criterion.id.casefold() for criterion in policy.severity.criteria}
    return dict.fromkeys(tick for tick in contact.ticks if tick.casefold() not in known)


def _department(contact: ContactReceived, policy: Policy) -> tuple[Department, tuple[str, ...]]:
    known = [department.id for department in policy.departments]
    if contact.department in known:
        return contact.department, ()
    wrong = f"department: {contact.department!r} is unknown to policy {policy.id!r}"
    return known[0], (wrong,) if contact.department else ()


def _form(contact: ContactReceived, text: Sealed, policy: Policy) -> tuple[SealedForm, tuple[str, ...]]:
    """What was filled in, of each field that the form has and that can be what was said; the rest by name."""
    form = policy.form.get(policy.opening.form or "")
    given = dict(contact.form)
    unknown = tuple(
        f"form.{name}: no such field in policy {policy.id!r}"
        for name in given
        if form is None or name not in form.by_id
    )
    if form is None or not given:
        return SealedForm(), unknown
    known = {name: said for name, said in given.items() if name in form.by_id}
    model = policy.model(form.id, partly=True)
    wrong = _wrong(model, known)
    right = {name: said for name, said in known.items() if name not in wrong}
    read = filled(form, model.model_validate(right))
    said = SealedForm(values=read.values, texts=tuple(read.texts), note=text if read.texts else None)
    return said, (*unknown, *(f"form.{name}: {says}" for name, says in wrong.items()))


def _wrong(model: type[Strict], given: Mapping[str, object]) -> dict[str, str]:
    """The fields that cannot be what was said, and what would be right."""
    try:
        model.model_validate(given)
    except ValidationError as error:
        return {str(one["loc"][0]): faults.describe(one) for one in error.errors()}
    return {}
