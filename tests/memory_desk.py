"""Desk over documents in memory: its HTTP interface as it is, and what it announces."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from schemas import keys
from schemas.staffing import Directory
from services.common.kafka.outbox import OutboxPublisher
from services.common.store.write_path import Store
from services.common.web import problems
from services.common.web.keyring import Keyring
from services.desk import handlers
from services.desk.api import Desk, install
from services.desk.domain import passwords
from services.desk.domain.account import Account, account_id
from services.desk.domain.account_changes import Creation
from services.desk.domain.machine_token import MachineToken
from services.desk.domain.row import Row
from services.desk.settings import Settings
from services.desk.store import Accounts, MachineTokens, RowDocuments, Rows
from tests import signing
from tests.dealership import directory_file
from tests.fakes import MemoryDocuments, MemoryLog
from tests.openapi import OpenApi
from tests.signing import SIGNER

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"


class Listed(MemoryDocuments):
    """Documents that can be listed, in order of a field of their state; what asks for some is tried on a real store."""

    async def page(
        self, _query: Mapping[str, Any], order: Sequence[tuple[str, int]], limit: int
    ) -> list[dict[str, Any]]:
        [(field_name, _)] = order
        name = field_name.removeprefix("state.")
        return sorted(self.documents.values(), key=lambda one: str(one["state"][name]))[:limit]

    async def find(self, _query: Mapping[str, Any], _fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        for stored in list(self.documents.values()):
            yield stored


@dataclass
class MemoryDesk:
    """Desk with the test dealership, and accounts as tests make them."""

    people: Directory = field(default_factory=lambda: Directory(directory_file().entries()))
    log: MemoryLog = field(default_factory=MemoryLog)
    documents: Listed = field(default_factory=Listed)
    row_documents: RowDocuments = field(default_factory=Listed)
    now: datetime = NOON
    settings: Settings = field(default_factory=lambda: Settings(secure_cookies=False))

    def __post_init__(self) -> None:
        self.publisher = OutboxPublisher(self.log)
        machines = Listed()
        self.accounts = Accounts(
            Store(Account, self.documents, self.publisher, lambda: NOON, lambda: None), self.documents
        )
        store = Store(
            Row, self.row_documents, self.publisher, lambda: self.now, lambda: None, handlers.revive
        )
        self.rows = Rows(store, self.row_documents, lambda: self.people)
        self.dependencies = Desk(
            self.settings,
            self.accounts,
            MachineTokens(
                Store(MachineToken, machines, self.publisher, lambda: NOON, lambda: None), machines
            ),
            lambda: self.people,
            SIGNER,
            signing.keyring(),
            self.rows,
            lambda: frozenset({"mfr_cr"}),
        )

    async def having(
        self, login: str, person: str | None = None, *, administrator: bool = False, must_change: bool = False
    ) -> None:
        """Make an account whose password is PASSWORD."""
        account = Account(
            login=login,
            person=person,
            administrator=administrator,
            password=passwords.HASHER.hash(PASSWORD),
            must_change=must_change,
        )
        await self.accounts.change(login, Creation(account, "test", NOON))

    async def account(self, login: str) -> Account:
        """An account as it rests."""
        found = await self.accounts.find(account_id(login))
        assert found is not None
        return found

    async def history(self, login: str) -> list[str]:
        """What happened to an account, by the names of its entries."""
        [stored] = (await self.documents.load([account_id(login)])).values()
        return [entry["event"] for entry in stored["history"]["entries"]]

    async def keyring(self) -> Keyring:
        """What another service believes by what was announced."""
        await self.publisher.flush()
        ring = Keyring()
        ring.changed("ours", SIGNER.public)
        for key, value in self.log.topics.get(keys.TOPIC, []):
            entry = keys.ADAPTER.validate_json(value)
            assert key.decode() == keys.key(entry)
            ring.changed(key.decode(), entry)
        ring.heed()
        return ring

    def browser(self) -> httpx.AsyncClient:
        """A browser that holds every answer to the document of desk."""
        app = FastAPI()
        problems.install(app)
        install(app, self.dependencies.settings)
        app.state.dependencies = self.dependencies
        hooks = {"response": [OpenApi(app.openapi()).check]}
        transport = httpx.ASGITransport(app=app)
        return httpx.AsyncClient(transport=transport, base_url="http://desk", event_hooks=hooks)


async def sign_in(browser: httpx.AsyncClient, login: str, password: str = PASSWORD) -> httpx.Response:
    """What is answered to somebody who signs in."""
    return await browser.post("/v1/session", json={"login": login, "password": password})
