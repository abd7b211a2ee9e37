"""Further contacts of a case: judged again, raised, never lowered, never lost."""

from services.routing.domain.actions.action import Accept, Close, JudgeNature, LogContact, Resolve, Transfer
from tests.casework import Casework, heard, words
from tests.dealership import a_contact

FIRE = "车子突然起火冒烟,必须给我一个说法"


def test_a_further_contact_is_kept_with_its_own_words() -> None:
    casework = Casework()
    case = casework.hear()
    case = casework.hear(a_contact("空调还是有异响", case_id=case.id), case)
    first, second = case.contacts
    assert first.text != second.text
    assert casework.types()[-1] == "case.contact_added"


def test_a_graver_contact_raises_the_severity_and_asks_the_manufacturer() -> None:
    casework = Casework()
    case = casework.hear()
    case = casework.hear(a_contact(FIRE, case_id=case.id), case)
    assert (case.severity, case.confirmed) == ("major", False)
    assert case.support is not None
    assert casework.types()[-3:] == ["case.contact_added", "case.severity_raised", "case.handed_over"]
    assert case.criteria[0] == "M1"


def test_a_milder_contact_never_lowers_it() -> None:
    casework = Casework()
    case = casework.hear(a_contact(FIRE))
    case = casework.hear(a_contact("谢谢,没事了", case_id=case.id), case)
    assert case.severity == "major"
    assert "case.severity_raised" not in casework.types()


def test_a_contact_the_case_has_already_is_left_out() -> None:
    casework, contact = Casework(), a_contact()
    case = casework.hear(contact)
    assert casework.decide(case, case.id, heard(contact)) is None


def test_a_customer_who_speaks_again_reopens_what_was_closed() -> None:
    casework = Casework()
    case = casework.act(casework.hear(), Accept(actor="cr-1"))
    hand = Transfer(actor="cr-1", shop="north", role="dept_manager", person="dm-service", note=words())
    case = casework.act(casework.act(case, hand), Accept(actor="dm-service"))
    case = casework.act(case, JudgeNature(actor="dm-service", severity="general"))
    case = casework.act(case, LogContact(actor="dm-service", note=words()))
    case = casework.act(case, Resolve(actor="dm-service", note=words()))
    resolved = casework.hear(a_contact("还没修好", case_id=case.id), case)
    assert resolved.state == "in_progress"
    case = casework.act(case, Close(actor="cr-1", note=words()))
    case = casework.hear(a_contact("又坏了", case_id=case.id), case)
    assert (case.state, case.closed_at) == ("registered", None)
    assert case.offer is not None
    assert case.offer.to == "cr-1"
