"""What the routes depend on: the cases, the texts, and who is signed in."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Request

from schemas.directory import Person
from schemas.readers import may_read
from schemas.staffing import Directory
from services.common.store.codec import from_stored
from services.common.store.document import Document
from services.common.store.write_path import Documents
from services.common.web import tokens
from services.common.web.problems import Problem, away
from services.routing.domain.case import Case
from services.routing.domain.severity.detection import Reader
from services.routing.settings import Settings
from services.routing.store.cases import Cases
from services.routing.store.texts import TextRepository

log = logging.getLogger(__name__)

AUDIENCE = "routing"

T = TypeVar("T")


class CaseRepository(Documents, Protocol):
    """The case documents, as the routes read them."""

    async def past(self, key: UUID) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The service's cases and texts, once they are there, and what finds signals in texts.

    Texts are judged one at a time, so that the interpreter is free for everything else half of the time.
    """

    cases: Cases
    documents: CaseRepository
    texts: TextRepository
    customers: TextRepository
    reader: Reader
    judging: asyncio.Lock = field(default_factory=asyncio.Lock)

    def directory(self) -> Directory:
        return self.cases.world().directory

    def may_read(self, person: Person, case: Case) -> bool:
        world = self.cases.world()
        return may_read(person.id, case, world.directory, world.policies.last_resorts(), world.now)

    async def document(self, key: UUID, person: Person) -> Document[Case]:
        """A case that somebody may see; one they may not see is not there."""
        stored = (await self.documents.load([key])).get(key)
        document = from_stored(stored, Case) if stored else Document[Case](key)
        if document.state is None or not self.may_read(person, document.state):
            raise Problem(404, "No such case", f"No case {key} is known to you.")
        return document


def dependencies(request: Request) -> Dependencies:
    """What the service works with; answered with 503 while it starts."""
    ready: Dependencies | None = getattr(request.app.state, "dependencies", None)
    if ready is None:
        raise away("The service is starting; it")
    return ready


def patience(request: Request) -> float:
    """Seconds within which somebody has an answer, the store being away or not."""
    settings: Settings = request.app.state.settings
    return settings.answer_seconds


def actor(request: Request, depends: Annotated[Dependencies, Depends(dependencies)]) -> Person:
    """Whom the token names; they must be in the directory, and not about to go."""
    name = tokens.subject(request.headers.get("authorization", ""), request.app.state.keyring, AUDIENCE)
    person = depends.directory().person(name)
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


Needed = Annotated[Dependencies, Depends(dependencies)]
Actor = Annotated[Person, Depends(actor)]
Patience = Annotated[float, Depends(patience)]
