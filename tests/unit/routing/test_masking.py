"""Who reads whose a case is, and what the others are shown instead."""

from typing import Any

import pytest

from services.common.store.decision import Cause, Change
from services.routing.domain.decide import decide
from services.routing.domain.masking import mask, sees_customer
from services.routing.domain.policies import Policies
from services.routing.domain.revealing import Reveal
from services.routing.domain.seals import SealedForm
from tests.casework import Casework, sealed

WANG = {
    "customer": {
        "name": "王小明",
        "phone": "+86 138 0013 4127",
        "email": "xm.wang@example.com",
        "language": "zh",
    },
    "vehicle": {"brand": "gtmc", "model": "Camry", "vin": "LVGBE40K98G123456", "plate": "粤A12345"},
}


def customer(**changes: Any) -> dict[str, Any]:
    return {part: {name: changes.get(name, value) for name, value in WANG[part].items()} for part in WANG}


def text(words: str, **changes: Any) -> str:
    texts, _ = mask({"t": {"narrative": words}}, {"c": customer(**changes)})
    return texts["t"]["narrative"]


def test_of_a_customer_the_first_sign_of_a_name_and_the_last_of_a_number_are_shown() -> None:
    _, customers = mask({}, {"c": WANG})
    assert customers["c"] == {
        "customer": {
            "name": "王••", "phone": "+•• ••• •••• 4127", "email": "x•.••••@example.com", "language": "zh",
        },
        "vehicle": {"brand": "gtmc", "model": "Camry", "vin": "•••••••••••••3456", "plate": "••••345"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"name": ""}, ""),
        ({"name": "王"}, "王"),
        ({"name": "John Smith"}, "J••• •••••"),
    ],
)
def test_a_short_or_long_name_is_masked_sign_by_sign(given: dict[str, str], shown: str) -> None:
    _, customers = mask({}, {"c": customer(**given)})
    assert customers["c"]["customer"]["name"] == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [("", ""), ("12", "•2"), ("110", "••0"), ("95588", "•••88"), ("1380013", "••••013")],
)
def test_never_more_than_half_of_a_number_is_shown(given: str, shown: str) -> None:
    _, customers = mask({}, {"c": customer(phone=given)})
    assert customers["c"]["customer"]["phone"] == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("zhang,wei@example.com", "z••••,•••@example.com"),
        ("nobody", "n•••••"),
        ("a@b@example.com", "a@•@example.com"),
    ],
)
def test_an_address_that_cannot_be_used_is_masked_as_well(given: str, shown: str) -> None:
    _, customers = mask({}, {"c": customer(email=given)})
    assert customers["c"]["customer"]["email"] == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("我是王小明，车牌粤A12345。", "我是王••，车牌••••345。"),
        ("打我电话 139 2222 3333 吧", "打我电话 ••• •••• 3333 吧"),
        ("020-87654321 或 13922223333", "•••-••••4321 或 •••••••3333"),
        ("Write to jo.doe@example.org, please", "Write to j•.•••@example.org, please"),
        ("车架号LVGBE40K98G654321的那台", "车架号•••••••••••••4321的那台"),
        ("LFV2A21K3A3123456 fails", "•••••••••••••3456 fails"),
        ("卡号6222020000001234567", "卡号•••••••••••••••4567"),
        ("牌照 京B·67890 和粤b1234d", "牌照 ••·••890 和••••34d"),
        ("xm.WANG@example.com writes", "x•.••••@example.com writes"),
        ("2026-11-24 10:42 修了 3 次，花了 1260 元", "2026-11-24 10:42 修了 3 次，花了 1260 元"),
        (
            "The brake failed at 120 km/h on the G4 near Changsha",
            "The brake failed at 120 km/h on the G4 near Changsha",
        ),
    ],
)
def test_names_and_numbers_are_hidden_wherever_they_stand_in_a_text(words: str, shown: str) -> None:
    assert text(words) == shown
    assert len(shown) == len(words)


def test_a_short_name_is_sought_only_where_it_stands_alone() -> None:
    assert text("王府井店", name="王") == "王府井店"
    assert text("Lights of Mr Li, LI and li", name="Li") == "Lights of Mr L•, L• and L•"
    assert text("120 km/h, call 12", phone="12") == "120 km/h, call •2"


def test_who_has_a_part_and_who_follows_up_the_department_see_whose_it_is() -> None:
    casework = Casework()
    case = casework.receive()
    people = ("cr-1", "dm-service", "dm-sales", "sa-1", "gm-1", "mfr-1")

    def seeing() -> list[str]:
        return [name for name in people if sees_customer(case, name, casework.world())]

    assert sees_customer(case, case.owner, casework.world())
    assert seeing() == ["cr-1", "dm-service"]
    receivers = [("cr-1", "dept_manager", "dm-service"), ("dm-service", "sc_sa", "sa-1")]
    case = casework.reply(case, "cr-1", "accept")
    for giver, role, receiver in receivers:
        if role == "sc_sa":
            case = casework.act(case, giver, "judge", severity="general")
        case = casework.act(case, giver, "transfer", shop="north", role=role, person=receiver, note="…")
        case = casework.reply(case, receiver, "accept")
    assert seeing() == ["cr-1", "dm-service", "sa-1"]


def test_while_its_policy_is_not_known_nobody_sees_whose_it_is() -> None:
    casework = Casework()
    case = casework.receive()
    casework.policies = Policies(default="gtmc")
    assert not sees_customer(case, "op-1", casework.world())


def test_a_look_stands_in_the_history_and_changes_nothing_else() -> None:
    casework = Casework()
    case = casework.receive()
    note = sealed()
    message = Reveal(actor="gm-1", said=SealedForm(texts=("reason",), note=note))
    change = decide(case, Cause(case.id, note.id, message), casework.world())
    assert isinstance(change, Change)
    assert (change.state, change.events, change.visible) == (case, (), False)
    [entry] = change.history
    assert (entry.actor, entry.event, entry.facts["text"]) == ("gm-1", "case.revealed", str(note.id))
