"""One form for each address, and a sentence where there is none."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.addresses import Address, AddressError, EmailAddress, PhoneNumber, WebhookUrl, usable
from schemas.directory import Person
from tests.soak import rounds

ONE_NUMBER = [
    "13800138000", "8613800138000", "+86 138 0013 8000", "008613800138000", "１３８００１３８０００", "tel:+8613800138000",
    "138.0013.8000", "138。0013。8000", "(+86)138-0013-8000", "+86（138）0013 8000", " 138\u20110013\u20138000 ",
    "\u202a+8613800138000\u202c", "TEL：１３８　００１３　８０００", "138\u00a00013\u00a08000",
]  # fmt: skip
ONE_EXTENSION = [
    "0755-8888 6666转801", "0755-88886666 ext 801", "075588886666x801", "（0755）88886666 分机801", "0755-88886666-801",
    "+86 755 8888 6666;ext=801", "0755-88886666#801", "0755 88886666转分机801", "+86 (0)755 8888 6666 轉 801",
    "0755-88886666，转801", "0755-88886666 Ext. 801", "tel:+86-755-88886666;ext=801", "0755-88886666 內線：801",
]  # fmt: skip
NO_NUMBER = [
    "((((((", "   ", "", "12", "+", "------", "110", "1380013800", "138001380001", "138,0013,8000", "88886666",
    "13800138000,13900139000", "13800138000/13900139000", "13800138000 13900139000", "call me", "1380013800O",
    "x13800138000", "13800138000\n", "13800138000\x00", "17909 13800138000", "+8613800138000;ext=", "转801",
    "1" * 5_000, "13800138000*1", "+86+13800138000", "٣٨٠٠١٣٨٠٠٠", "138\ud80000138000",
]  # fmt: skip
ONE_MAILBOX = [
    "Li@example.com", "mailto:Li@EXAMPLE.com", "Ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "Li@example。com", "  Li@example｡com\u3000",
    "MAILTO:Li@Example.Com", "\ufeffLi@example.com\u200b",
]  # fmt: skip
NO_MAILBOX = [
    "zhang,wei@example.com", "li;z@example.com", "x<other@example.com>", "李 <li@example.com>", "li@", "@example.com", "li",
    '"a b"@example.com', '"li"@example.com', "li@example.com.", "li@example.com。", "li.@example.com", ".li@example.com",
    "li@example.com,wei@example.com", "li@example.com wei@example.com", "li@example.com;wei@example.com",
    "li@example.com\r\nRCPT TO:<x@example.com>", "li@example.com\n", "li\x00@example.com", "li@ⓔxample.com", "a@b@example.com",
    "li@-example.com", "li@[127.0.0.1]", "li@localhost", "l" * 65 + "@example.com", "li@" + "a" * 10_000 + ".com",
    "li @example.com", "mailto:li@example.com?subject=x", "li\ud800@example.com", "li\u200b@example.com", "", "   ",
]  # fmt: skip
NO_URL = [
    "", "hooks.maker.example", "http://hooks.example.com/", "http://127.0.0.1.example.com/", "ftp://hooks.example.com/", "https://",
    "https://user:word@hooks.example.com/", "https://hooks.example.com/#part", "https://hooks.example.com:0/", "https://hooks.example.com:70000/",
    "https://hooks.example.com/a b", "https://hooks.example.com/\r\nHost: x", "https://hooks.例子.com/", "https://hooks.example.com\\@other.example/",
    "https://hooks.example.com/" + "a" * 2_000, "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("written", ONE_NUMBER)
def test_a_number_has_one_form_however_it_is_written(written: str) -> None:
    assert PhoneNumber.parse(written) == PhoneNumber("+8613800138000")


@pytest.mark.parametrize("written", ONE_EXTENSION)
def test_an_extension_is_kept_beside_its_number_and_shows_no_text(written: str) -> None:
    number = PhoneNumber.parse(written)
    assert (number.text, number.takes_texts) == ("+8675588886666;ext=801", False)


@pytest.mark.parametrize(
    ("written", "form", "texted"),
    [
        ("+1 415 555 2671", "+14155552671", True),
        ("0044 (0)20 7946 0958", "+442079460958", False),
        ("400-800-1234", "+864008001234", False),
        ("+86 100 0000 0001", "+8610000000001", True),
    ],
)
def test_numbers_of_other_kinds_and_countries_are_numbers_too(
    written: str, form: str, *, texted: bool
) -> None:
    number = PhoneNumber.parse(written)
    assert (number.text, number.takes_texts) == (form, texted)


@pytest.mark.parametrize("written", ONE_MAILBOX)
def test_a_mailbox_has_one_form_however_it_is_written(written: str) -> None:
    assert EmailAddress.parse(written) == EmailAddress("Li", "example.com", "example.com")


@pytest.mark.parametrize(
    ("written", "envelope", "only_with_smtputf8"),
    [
        ("用户@例子.中国", "用户@xn--fsqu00a.xn--fiqs8s", True),
        ("li@例子。中国", "li@xn--fsqu00a.xn--fiqs8s", False),
        ("li@xn--fsqu00a.xn--fiqs8s", "li@xn--fsqu00a.xn--fiqs8s", False),
        ("li@ÄPFEL.example", "li@xn--pfel-koa.example", False),
        ("jose\u0301@example.com", "josé@example.com", True),
        ("li+car@example.com", "li+car@example.com", False),
    ],
)
def test_names_in_every_script_are_addresses(
    written: str, envelope: str, *, only_with_smtputf8: bool
) -> None:
    address = EmailAddress.parse(written)
    assert (address.envelope, address.needs_smtputf8) == (envelope, only_with_smtputf8)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        *((PhoneNumber, each) for each in NO_NUMBER),
        *((EmailAddress, each) for each in NO_MAILBOX),
        *((WebhookUrl, each) for each in NO_URL),
    ],
)
def test_what_is_not_one_address_and_nothing_else_is_refused_in_words(
    kind: type[Address], written: str
) -> None:
    with pytest.raises(AddressError) as refusal:
        kind.parse(written)
    said = str(refusal.value)
    assert said.startswith("should ")
    assert not set(said) & set("^$\\{}|")
    assert len(written.strip()) < 13 or written not in said


COUNTRIES = ["86", "1", "7", "39", "44", "49", "54", "55", "62", "81", "84", "225", "358", "852", "886"]
NUMBERS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "+", "00", "+ ", "00 "]),
    st.sampled_from(["", *COUNTRIES, *(f"{country} (0)" for country in COUNTRIES)]),
    st.sampled_from(["", "0", "00", "000", "1", "15", "179", "9"]),
    st.text("0123456789 -", min_size=4, max_size=13),
    st.sampled_from(["", " ext 801", "-801", "转0", ";ext=0012345", "-000001"]),
)
MAILBOXES = st.builds(
    "{}@{}.{}".format,
    st.text("aZ9.-+_é例ａ\u0301\u0958Å\u200d", min_size=1, max_size=8),
    st.one_of(st.text("aZ9-é例ａß\u0130", min_size=1, max_size=8), st.sampled_from(["xn--fsqu00a", "STRASSE", "faß"])),
    st.sampled_from(["com", "中国", "xn--fiqs8s", "COM", "ｃｎ"]),
)  # fmt: skip


@example("+49 006 19345678")
@example("+8400 1234 5678")
@example("0755-88886666-801")
@example("+39 06 698 12345")
@settings(max_examples=rounds(300, 5_000), deadline=None)
@given(NUMBERS)
def test_the_form_of_a_number_reads_as_the_same_number(written: str) -> None:
    number = usable(PhoneNumber, written)
    assert number is None or usable(PhoneNumber, number.text) == number


@settings(deadline=None)
@given(MAILBOXES)
def test_the_form_of_a_mailbox_reads_as_the_same_mailbox(written: str) -> None:
    mailbox = usable(EmailAddress, written)
    assert mailbox is None or usable(EmailAddress, mailbox.text) == mailbox


def test_what_is_printed_of_an_address_does_not_tell_it() -> None:
    mailbox, number = EmailAddress.parse("wang.xiaoming@example.com"), PhoneNumber.parse("13800138000")
    assert f"{mailbox} {mailbox!r}" == "w***@example.com w***@example.com"
    assert f"{number} {number!r}" == "***000 ***000"


def test_somebody_with_an_address_that_cannot_be_used_is_read_without_it() -> None:
    written = {"id": "li", "name": "李", "email": "li@", "phone": "138 0013 8000", "posts": []}
    person = Person.model_validate(written)
    assert (person.email, person.phone) == (None, PhoneNumber("+8613800138000"))
    assert Person.model_validate_json(person.model_dump_json()) == person


@pytest.mark.parametrize(
    ("written", "endpoint"),
    [
        ("https://hooks.example.com/redress?key=7", "hooks.example.com"),
        (" https://Hooks.Example.com:8443/v1 ", "hooks.example.com:8443"),
        ("HTTPS://hooks.example.com", "hooks.example.com"),
        ("https://hooks.example.com:443/v1", "hooks.example.com"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://127.0.0.1:8127/", "127.0.0.1:8127"),
        ("http://[::1]:8127/redress", "[::1]:8127"),
    ],
)
def test_a_webhook_is_https_or_on_this_machine_and_shows_no_path(written: str, endpoint: str) -> None:
    url = WebhookUrl.parse(written)
    assert (url.text, url.endpoint, str(url)) == (written.strip(), endpoint, f"{endpoint}/***")
    assert WebhookUrl.parse(url.text) == url
