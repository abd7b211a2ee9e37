"""Accounts, the tokens of machines and the rows of the lists, changed by the one write path."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

from schemas.staffing import Directory
from services.common.runtime.connections import Connections
from services.common.store.codec import read_state
from services.common.store.decision import Cause, Outcome
from services.common.store.write_path import Documents, Store
from services.desk.domain import account_changes, machine_token
from services.desk.domain.account import Account, account_id
from services.desk.domain.account_changes import Event
from services.desk.domain.machine_token import Issue, MachineToken, Revocation
from services.desk.domain.row import ReadersChanged, Row, fold

Revive = Callable[[str, bytes], Cause[Any]]

ACCOUNTS, ACCOUNT_PAGES = "accounts", "account_history"
MACHINE_TOKENS = "api_tokens"
MOST_LISTED = 1_000
ROWS = "case_rows"
PLACE = ("state.readers", "state.is_open")
"""What every list asks for first."""
LISTS = [(*PLACE, f"state.{order}") for order in ("received_at", "updated_at", "next_due")]
SEARCHES = [("state.holders",), ("state.header.number",), *LISTS]
AT_ONCE = 200


class Listed(Documents, Protocol):
    """Documents that can be listed."""

    async def page(
        self, query: Mapping[str, Any], order: Sequence[tuple[str, int]], limit: int
    ) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who may sign in."""

    store: Store[Account]
    documents: Listed

    async def find(self, key: UUID) -> Account | None:
        """An account by its document."""
        stored = (await self.documents.load([key])).get(key)
        return read_state(stored, Account) if stored else None

    async def change(self, login: str, event: Event) -> Outcome[Account, Event]:
        """What comes of an event; it is never taken for another's."""
        cause = Cause(account_id(login), uuid4(), event, once=False)
        return (await self.store.change(cause, account_changes.decide))[0]

    async def all(self) -> list[Account]:
        """All of them by login, the first thousand."""
        stored = await self.documents.page({}, [("state.login", 1)], MOST_LISTED)
        return [read_state(one, Account) for one in stored]


@dataclass(frozen=True, slots=True)
class MachineTokens:
    """Which tokens machines have."""

    store: Store[MachineToken]
    documents: Listed

    async def change(
        self, token: UUID, event: Issue | Revocation
    ) -> Outcome[MachineToken, Issue | Revocation]:
        """What comes of an event."""
        cause = Cause(token, uuid4(), event, once=False)
        return (await self.store.change(cause, machine_token.decide))[0]

    async def all(self) -> list[tuple[UUID, MachineToken]]:
        """All of them with their ids, the first to end first, the first thousand."""
        stored = await self.documents.page({}, [("state.until", 1)], MOST_LISTED)
        return [(UUID(one["_id"]), read_state(one, MachineToken)) for one in stored]


class RowDocuments(Listed, Protocol):
    """Rows that can also be gone through."""

    def find(self, query: Mapping[str, Any], fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Which cases there are, as the lists show them."""

    store: Store[Row]
    documents: RowDocuments
    directory: Callable[[], Directory]

    async def change_many(self, causes: Sequence[Cause[Any]]) -> list[Outcome[Row, Any]]:
        """Fold events in arrival order."""
        return await self.store.change_many(
            causes, lambda row, cause: fold(row, cause, self.directory(), self.store.now())
        )

    async def page(
        self, query: Mapping[str, Any], order: Sequence[tuple[str, int]], limit: int
    ) -> list[tuple[UUID, Row]]:
        """The first rows that match, in order, each with the id of its case."""
        stored = await self.documents.page(query, order, limit)
        return [(UUID(one["_id"]), read_state(one, Row)) for one in stored]

    async def ask_anew(self, holders: Collection[str] | None = None) -> None:
        """Ask who may see every case, or those in which one of these people and queues has a part."""
        query = {} if holders is None else {"state.holders": {"$in": sorted(holders)}}
        found = [UUID(one["_id"]) async for one in self.documents.find(query, ["_id"])]
        for at in range(0, len(found), AT_ONCE):
            causes = [Cause(key, uuid4(), ReadersChanged(), once=False) for key in found[at : at + AT_ONCE]]
            await self.change_many(causes)


async def rows(parts: Connections, directory: Callable[[], Directory], revive: Revive) -> Rows:
    """The rows as they rest."""
    documents = await parts.documents(ROWS, Row, searched=SEARCHES)
    store = Store(Row, documents, parts.publisher, parts.clock.now, parts.conflicted, revive)
    return Rows(store, documents, directory)


async def accounts(parts: Connections) -> Accounts:
    """The accounts as they rest."""
    documents = await parts.documents(ACCOUNTS, Account, ACCOUNT_PAGES, searched=[["state.login"]])
    return Accounts(Store(Account, documents, parts.publisher, parts.clock.now, parts.conflicted), documents)


async def machine_tokens(parts: Connections) -> MachineTokens:
    """The tokens of machines as they rest."""
    documents = await parts.documents(MACHINE_TOKENS, MachineToken, searched=[["state.until"]])
    return MachineTokens(
        Store(MachineToken, documents, parts.publisher, parts.clock.now, parts.conflicted), documents
    )
