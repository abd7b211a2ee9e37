"""Writes that the store took, but may not keep."""

from typing import Any
from uuid import UUID

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError

from services.common.store.mongo import MongoDocuments


class Taking:
    """A collection whose bulk writes end with the details given."""

    def __init__(self, **details: Any) -> None:
        self.details = {"writeErrors": [], "writeConcernErrors": []} | details

    def __getitem__(self, _name: str) -> "Taking":
        return self

    async def bulk_write(self, _writes: Any, *, ordered: bool) -> None:
        assert not ordered
        raise BulkWriteError(self.details)


def documents(**details: Any) -> MongoDocuments:
    return MongoDocuments(Taking(**details), "any")  # type: ignore[arg-type]


STORED = {"_id": str(UUID(int=1)), "version": 1}


@pytest.mark.parametrize(
    "details",
    [
        {"writeConcernErrors": [{"code": 64, "errmsg": "waiting for replication timed out"}]},
        {"writeErrors": [{"index": 0, "code": 11_602}]},
        {"writeErrors": [{"index": 0, "code": 11_000}], "writeConcernErrors": [{"code": 91}]},
        {"writeErrors": [{"index": 0, "code": 14_031}]},
    ],
)
async def test_an_unconfirmed_write_is_made_again(details: dict[str, Any]) -> None:
    with pytest.raises(AutoReconnect):
        await documents(**details).write([STORED])
    with pytest.raises(AutoReconnect):
        await documents(**details).clear({UUID(int=1): ["event"]})


async def test_a_lost_race_is_named_and_any_other_refusal_is_a_fault() -> None:
    why = 'E11000 duplicate key error collection: x.any index: _id_ dup key: { _id: "1" }'
    lost = documents(writeErrors=[{"index": 0, "code": 11_000, "errmsg": why}])
    assert await lost.write([STORED]) == {0}
    with pytest.raises(BulkWriteError):
        await documents(writeErrors=[{"index": 0, "code": 121}]).write([STORED])
