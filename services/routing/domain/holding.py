"""In which parts a case is somebody's, under which post, and whether that still holds."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from schemas.base import Frozen
from schemas.cases import Part, Role
from schemas.contacts import Department
from schemas.directory import Post
from schemas.staffing import MANUFACTURER, QUEUE, Directory, Queue
from services.routing.domain.case import Case

Why = Literal["left", "post_lost"]


class Hold(NamedTuple):
    """A person or queue with a part in a case of a department; `post` is empty where it was not kept.

    `announced` says that it was told of the queue that it has no members.
    """

    part: Part
    name: str
    at: str
    role: Role
    post: str
    department: Department
    announced: bool


class PendingHandOver(Frozen):
    """a hand-over, as far as it says whose it is."""

    to: str
    role: Role
    post: str = ""


class Asked(Frozen):
    """A request for support, as far as it says whose it is."""

    to: str
    post: str = ""


class Standing(Frozen):
    """The fields of a case that say whose it is."""

    department: Department
    unstaffed: tuple[str, ...] = ()
    shop: str
    manufacturer: str
    owner: str
    owner_role: Role
    owner_post: str = ""
    hand_over: PendingHandOver | None = None
    support: Asked | None = None


def holds_of(case: Case | Standing) -> tuple[Hold, ...]:
    """Everyone with a part in a case."""
    found: list[tuple[Part, str, str, Role, str]] = [
        ("owner", case.owner, case.shop, case.owner_role, case.owner_post)
    ]
    if case.hand_over is not None:
        found.append(("hand_over", case.hand_over.to, case.shop, case.hand_over.role, case.hand_over.post))
    if case.support is not None:
        asked = case.support
        found.append(("support", asked.to, case.manufacturer, MANUFACTURER, asked.post))
    return tuple(Hold(*one, case.department, one[1] in case.unstaffed) for one in found)


def lost(hold: Hold, directory: Directory) -> Why | None:
    """Why a case is no longer somebody's; None where it is."""
    if Queue.named(hold.name) is not None:
        return None
    person = directory.person(hold.name)
    if person is None:
        return "left"
    if hold.post:
        kept = any(_is(post, hold) for post in person.posts)
    else:
        # What was written before posts were kept: any post near the case will do.
        kept = directory.is_near(person, hold.at) or (
            bool(person.posts) and not directory.is_staffed(hold.at)
        )
    return None if kept else "post_lost"


def _is(post: Post, hold: Hold) -> bool:
    """Whether a post is still the one kept; of one kept without a department, for the case's."""
    role = f"{post.at}/{post.role}"
    if hold.post == role:
        return post.department in (None, hold.department)
    return hold.post.startswith(f"{role}/") and post.department in (None, hold.post.removeprefix(f"{role}/"))


def unstaffed(hold: Hold, directory: Directory) -> bool:
    """Whether a case is in a queue without members."""
    queue = Queue.named(hold.name) if hold.name.startswith(QUEUE) else None
    return queue is not None and not directory.staff(*queue)


def misplaced(holds: Iterable[Hold], directory: Directory) -> bool:
    """Whether a case is to be looked at now that the directory is this: somebody lost it, or a queue its members.

    Also where a queue has members again, so that it is announced once more when they go.
    """
    return any(lost(hold, directory) or unstaffed(hold, directory) != hold.announced for hold in holds)
