"""Who is responsible for which part of a case, under which post, and whether they still are."""

from collections.abc import Iterable
from typing import Literal, NamedTuple
from uuid import UUID

from schemas.base import Frozen
from schemas.cases import Part
from schemas.directory import Post
from schemas.staffing import QUEUE, Directory, Queue
from schemas.vocabulary import Department, Role
from services.routing.domain.case import Case

Why = Literal["left", "post_lost"]


class Responsibility(NamedTuple):
    """A person or queue with a part in a case of a department; `post` is empty where it was not kept.

    `announced` says that the queue was announced to have no members.
    """

    part: Part
    name: str
    at: str
    role: Role
    post: str
    department: Department
    announced: bool
    task_id: UUID | None = None


class TaskFields(Frozen):
    """A task that is not done, as far as it says whose it is."""

    task_id: UUID
    to: str
    role: Role
    place: str
    post: str = ""


class ResponsibleFields(Frozen):
    """The fields of a case that say whose it is."""

    department: Department
    unstaffed: tuple[str, ...] = ()
    owner: str
    owner_role: Role
    owner_place: str
    owner_post: str = ""
    tasks: tuple[TaskFields, ...] = ()


def responsibilities_of(case: Case | ResponsibleFields) -> tuple[Responsibility, ...]:
    """Everyone with a part in a case."""
    owner = Responsibility(
        "owner", case.owner, case.owner_place, case.owner_role, case.owner_post, case.department,
        case.owner in case.unstaffed,
    )  # fmt: skip
    tasks = (
        Responsibility(
            "task",
            task.to,
            task.place,
            task.role,
            task.post,
            case.department,
            task.to in case.unstaffed,
            task.task_id,
        )
        for task in case.tasks
    )
    return owner, *tasks


def why_lost(responsibility: Responsibility, directory: Directory) -> Why | None:
    """Why a part of a case is no longer somebody's; None where it is."""
    if Queue.named(responsibility.name) is not None:
        return None
    person = directory.person(responsibility.name)
    if person is None:
        return "left"
    if responsibility.post:
        kept = any(_is_kept(post, responsibility) for post in person.posts)
    else:
        # What was written before posts were kept: any post near the case will do.
        unstaffed = bool(person.posts) and not directory.is_staffed(responsibility.at)
        kept = directory.is_near(person, responsibility.at) or unstaffed
    return None if kept else "post_lost"


def _is_kept(post: Post, responsibility: Responsibility) -> bool:
    """Whether a post is still the one kept; of one kept without a department, for the case's."""
    role, kept = f"{post.at}/{post.role}", responsibility.post
    if kept == role:
        return post.department in (None, responsibility.department)
    return kept.startswith(f"{role}/") and post.department in (None, kept.removeprefix(f"{role}/"))


def is_unstaffed(responsibility: Responsibility, directory: Directory) -> bool:
    """Whether a case is in a queue without members."""
    name = responsibility.name
    queue = Queue.named(name) if name.startswith(QUEUE) else None
    return queue is not None and not directory.staff(*queue)


def is_misplaced(responsibilities: Iterable[Responsibility], directory: Directory) -> bool:
    """Whether a case is to be looked at now that the directory is this: somebody lost it, or a queue its members.

    Also where a queue has members again, so that it is announced once more when they go.
    """
    return any(
        why_lost(responsibility, directory)
        or is_unstaffed(responsibility, directory) != responsibility.announced
        for responsibility in responsibilities
    )
