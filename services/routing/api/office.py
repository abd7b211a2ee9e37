"""What the routes work with, and who is asking for what."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Request

from schemas.directory import Person
from schemas.staffing import Directory
from services.common.store.codec import from_stored
from services.common.store.document import Document
from services.common.store.write_path import Documents
from services.common.web import tokens
from services.common.web.problems import Problem, away
from services.routing.domain.case import Case
from services.routing.domain.reach import Reach, reach
from services.routing.handlers import Cases
from services.routing.settings.environment import Settings
from services.routing.store import Words

log = logging.getLogger(__name__)

T = TypeVar("T")


class Shelf(Documents, Protocol):
    """The case documents, as the routes read them."""

    async def past(self, key: UUID) -> list[dict[str, Any]]: ...

    async def page(self, query: Any, order: Any, limit: int) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Office:
    """The service's store and rules, once they are there."""

    cases: Cases
    documents: Shelf
    texts: Words
    customers: Words

    def directory(self) -> Directory:
        return self.cases.world().directory

    def reach(self, person: Person) -> Reach:
        return reach(person.id, self.directory(), self.cases.store.now())

    async def document(self, key: UUID, person: Person) -> Document[Case]:
        """A case that somebody may see; one he may not see is not there."""
        stored = (await self.documents.load([key])).get(key)
        document = from_stored(stored, Case) if stored else Document[Case](key)
        if document.state is None or not self.reach(person).covers(document.state):
            raise Problem(404, "No such case", f"No case {key} is known to you.")
        return document


def office(request: Request) -> Office:
    found: Office | None = getattr(request.app.state, "office", None)
    if found is None:
        raise away("The service is starting; it")
    return found


def patience(request: Request) -> float:
    """Seconds within which somebody has an answer, the store being away or not."""
    settings: Settings = request.app.state.settings
    return settings.answer_seconds


def actor(request: Request, office: Annotated[Office, Depends(office)]) -> Person:
    """Whom the token names; he must be in the directory."""
    settings: Settings = request.app.state.settings
    name = tokens.subject(request.headers.get("authorization", ""), settings.token_key.get_secret_value())
    person = office.directory().person(name)
    if person is None:
        raise Problem(403, "Not in the directory", f"Nobody is known as {name!r}.", rule="known_person")
    return person


async def soon(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result, or a TimeoutError that the application answers with 503.

    The work goes on: cut off between write and publisher, its events would wait for the next sweep.
    """
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.add_done_callback(_late)
        raise TimeoutError
    return task.result()


def _late(task: "asyncio.Future[Any]") -> None:
    error = None if task.cancelled() else task.exception()
    log.warning("answered too late", extra={"reason": repr(error)})


TheOffice = Annotated[Office, Depends(office)]
Actor = Annotated[Person, Depends(actor)]
Patience = Annotated[float, Depends(patience)]
