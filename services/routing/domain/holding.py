"""In which parts a case is somebody's, under which post, and whether that still holds."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from schemas.base import Frozen
from schemas.cases import Part, Role
from schemas.staffing import MANUFACTURER, QUEUE, Directory, Queue
from services.routing.domain.case import Case

Why = Literal["left", "post_lost"]


class Hold(NamedTuple):
    """A person or queue with a part in a case; `post` is empty where it was not kept."""

    part: Part
    name: str
    at: str
    role: Role
    post: str


class Offered(Frozen):
    """An offer, as far as it says whose it is."""

    to: str
    role: Role
    post: str = ""


class Asked(Frozen):
    """A request for support, as far as it says whose it is."""

    to: str
    post: str = ""


class Standing(Frozen):
    """The fields of a case that say whose it is."""

    shop: str
    manufacturer: str
    owner: str
    owner_role: Role
    owner_post: str = ""
    offer: Offered | None = None
    support: Asked | None = None


def holds_of(case: Case | Standing) -> tuple[Hold, ...]:
    """Everyone with a part in a case."""
    found = [Hold("owner", case.owner, case.shop, case.owner_role, case.owner_post)]
    if case.offer is not None:
        found.append(Hold("offered", case.offer.to, case.shop, case.offer.role, case.offer.post))
    if case.support is not None:
        asked = case.support
        found.append(Hold("support", asked.to, case.manufacturer, MANUFACTURER, asked.post))
    return tuple(found)


def lost(hold: Hold, directory: Directory) -> Why | None:
    """Why a case is no longer somebody's; None where it is."""
    if Queue.named(hold.name) is not None:
        return None
    person = directory.person(hold.name)
    if person is None:
        return "left"
    if hold.post:
        kept = hold.post in {f"{post.at}/{post.role}" for post in person.posts}
    else:
        # What was written before posts were kept: any post near the case will do.
        kept = directory.is_near(person, hold.at) or (
            bool(person.posts) and not directory.is_staffed(hold.at)
        )
    return None if kept else "post_lost"


def unmanned(hold: Hold, directory: Directory) -> bool:
    """Whether a case is in a queue without members."""
    queue = Queue.named(hold.name) if hold.name.startswith(QUEUE) else None
    return queue is not None and not directory.staff(*queue)


def misplaced(holds: Iterable[Hold], directory: Directory) -> bool:
    """Whether a case is to be looked at now that the directory is this."""
    return any(lost(hold, directory) or unmanned(hold, directory) for hold in holds)
