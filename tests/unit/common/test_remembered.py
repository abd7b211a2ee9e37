"""What a document remembers of those that came without a sequence: each kind has a ring of its own."""

from dataclasses import replace

from services.common.store.codec import from_stored, to_stored
from services.common.store.decision import Cause
from services.common.store.document import Document
from services.common.store.sequence import KEPT
from tests.sums import KEYS, NOON, Added, Sum, added, decide

KEY = KEYS[0]
ACTION = replace(added(KEY, 0, 5, seq=False), digest="a")


def delivery(number: int) -> Cause[Added]:
    return replace(added(KEY, number, 1, seq=False), stream="deliveries")


def test_messages_however_many_do_not_push_out_what_a_person_did() -> None:
    document = Document[Sum](KEY)
    document.take(ACTION, decide, NOON)
    for number in range(1, 2 * KEPT):
        document.take(delivery(number), decide, NOON)
    document = from_stored(to_stored(document), Sum)
    assert document.take(ACTION, decide, NOON).kind == "duplicate"
    assert document.take(replace(ACTION, digest="b"), decide, NOON).kind == "reused"


def test_of_each_kind_the_newest_two_hundred_are_known_again() -> None:
    document = Document[Sum](KEY)
    for number in range(1, KEPT + 2):
        document.take(delivery(number), decide, NOON)
    assert [document.take(delivery(number), decide, NOON).kind for number in (KEPT + 1, 2, 1)] == [
        "duplicate",
        "duplicate",
        "applied",
    ]
