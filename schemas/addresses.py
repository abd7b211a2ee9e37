"""E-mail addresses, phone numbers and webhooks: read once, with one form each."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, Self, TypeVar

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

REGION = "CN"
CHINA = 86
LONGEST_EMAIL = 254
LONGEST_PHONE = 60
LONGEST_URL = 2_000

# Full width as input methods write it, the stops of Chinese, and the many signs for a blank and a dash.
# Compatibility forms beyond these are left alone: they would make another address of what was given.
HALF_WIDTH: dict[int, int | str] = {
    **{0xFF01 + at: 0x21 + at for at in range(0x5E)},
    **dict.fromkeys(map(ord, "\u3002\uff61"), "."),
    **dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2007\u2009\u202f"), " "),
}
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
# Left around numbers by whoever copies them out of a list of contacts.
INVISIBLE_ENDS = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
NUMBER = re.compile(r"[ (]*\+?[0-9 ()./-]+")
EXTENSION = re.compile(
    r"(?:,|;)? ?(?:(?:转|轉|分机|分機|内线|內線)[号號]?|ext(?:ension|n)?|x|#|;ext)+[ .:=号號]*([0-9]{1,7})$",
    re.IGNORECASE,
)
DASHED_EXTENSION = re.compile(r"-([0-9]{1,6})$")
# The ordinary case, which is worth the library's time saved: what it says of these is always the same.
MOBILE = re.compile("1[3-9][0-9]{9}")
# What people write before the number proper: of the country, and of the trunk.
WRITTEN_BEFORE = ("", "0", "{country}", "00{country}", "{country}0", "00{country}0")
URL = re.compile(
    r"(https?)://([a-z0-9.-]{1,253}|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?:[/?][a-z0-9._~:/?\[\]@!$&'()*+,;=%-]*)?",
    re.IGNORECASE,
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
TEXTED = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.UNKNOWN})


class AddressError(ValueError):
    """Why a text is no address to be used, in a sentence that does not repeat it."""


class Address(Protocol):
    """Where a person is reached by some medium; printed, it shows only enough to recognise it."""

    @classmethod
    def parse(cls, given: str) -> Self:
        """The address in `given`; raises AddressError where it is not one and nothing else."""

    @property
    def text(self) -> str:
        """Its one form, which reads as the same address."""


A = TypeVar("A", bound=Address)


@dataclass(frozen=True, slots=True, repr=False)
class EmailAddress:
    """One mailbox; `text` is how people write it, `envelope` what a mail server is told."""

    local: str
    domain: str
    ascii_domain: str

    @classmethod
    def parse(cls, given: str) -> Self:
        """The address in `given`; raises AddressError where it is not one mailbox and nothing else."""
        text = _plain(given, "mailto:", LONGEST_EMAIL)
        try:
            read = validate_email(text, check_deliverability=False, strict=True)
        except EmailNotValidError as error:
            raise AddressError(f"should be one e-mail address such as name@example.com: {error}") from None
        local, _, domain = unicodedata.normalize("NFC", text).rpartition("@")
        if read.local_part != local or domain.lower() not in {read.domain, read.ascii_domain}:
            raise AddressError("should be one e-mail address in plain letters: some signs stand for others")
        return cls(read.local_part, read.domain, read.ascii_domain)

    @property
    def text(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def envelope(self) -> str:
        """The domain in ASCII; ASCII throughout unless `needs_smtputf8`."""
        return f"{self.local}@{self.ascii_domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server that offers SMTPUTF8 can be given it."""
        return not self.local.isascii()

    def mask(self) -> str:
        """Enough to recognise an address one knows, not enough to learn it."""
        return f"{self.local[:1]}***@{self.domain}"

    __str__ = __repr__ = mask


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """One number in E.164 (`+8613800138000`), and the extension behind it, digits or empty."""

    e164: str
    extension: str = ""

    @classmethod
    def parse(cls, given: str) -> Self:
        """The number in `given`, of China where no country is named; raises AddressError where it is not one."""
        if MOBILE.fullmatch(given):
            return cls(f"+86{given}")
        text = _plain(given, "tel:", LONGEST_PHONE).translate(DASHES)
        found = EXTENSION.search(text)
        number = _number(text[: found.start()] if found else text)
        if number is not None:
            return cls(number, found[1] if found else "")
        dashed = DASHED_EXTENSION.search(text)
        number = _number(text[: dashed.start()]) if dashed and not found else None
        if dashed is None or number is None:
            raise AddressError(
                "should be one phone number such as 138 0013 8000, 0755-8888 6666 转 801 or +86 138 0013 8000"
            )
        return cls(number, dashed[1])

    @property
    def text(self) -> str:
        return f"{self.e164};ext={self.extension}" if self.extension else self.e164

    @property
    def takes_texts(self) -> bool:
        """Whether an SMS can reach it: neither an extension nor a fixed line shows one."""
        return not self.extension and phonenumbers.number_type(phonenumbers.parse(self.e164)) in TEXTED

    def mask(self) -> str:
        """Enough to recognise a number one knows, not enough to learn it."""
        return f"***{self.e164[-3:]}"

    __str__ = __repr__ = mask


@dataclass(frozen=True, slots=True, repr=False)
class WebhookUrl:
    """Where signed requests go; `endpoint` is its host, with the port where it names one: secrets are kept for that."""

    text: str
    endpoint: str

    @classmethod
    def parse(cls, given: str) -> Self:
        """The URL in `given`: of https, or of http on this machine; raises AddressError where it is not one."""
        text = _plain(given, "url:", LONGEST_URL)
        found = URL.fullmatch(text)
        if found is None or not 0 < int(found[3] or 443) <= 65_535:
            raise AddressError("should be one URL such as https://hooks.example.com/redress")
        scheme, host = found[1].lower(), found[2].lower()
        if scheme != "https" and host not in LOOPBACK:
            raise AddressError("should begin with https://: others could read what is sent")
        usual = {"https": "443", "http": "80"}[scheme]
        return cls(text, f"{host}:{found[3]}" if found[3] not in (None, "", usual) else host)

    def mask(self) -> str:
        """Without its path, which often holds a secret."""
        return f"{self.endpoint}/***"

    __str__ = __repr__ = mask


def usable(kind: type[A], given: str) -> A | None:
    """The address in `given`; None where there is none or it cannot be used."""
    if not given:
        return None
    try:
        return kind.parse(given)
    except AddressError:
        return None


def half_width(text: str) -> str:
    """Letters, digits, stops and blanks of full width in the width of ASCII."""
    return text if text.isascii() else text.translate(HALF_WIDTH)


def _plain(given: str, scheme: str, longest: int) -> str:
    """`given` in half width without what only surrounds it."""
    if not given.isprintable() and any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in given):
        raise AddressError("should have no control characters")
    text = half_width(given).strip(INVISIBLE_ENDS + " ")
    if text[: len(scheme)].lower() == scheme:
        text = text[len(scheme) :].strip()
    if len(text) > longest:
        raise AddressError(f"should have at most {longest} characters")
    return text


def _number(written: str) -> str | None:
    """The E.164 form of digits with signs between them; None where it is no number that could be dialled."""
    if not NUMBER.fullmatch(written):
        return None
    given = re.sub("[^0-9]", "", written)
    try:
        read = phonenumbers.parse(f"+{given}" if "+" in written else given, REGION)
    except NumberParseException:
        return None
    # A range that was handed out after the library's data is no mistake; a digit too few is.
    if not phonenumbers.is_valid_number(read) and not _as_long_as_a_mobile(read):
        return None
    national = phonenumbers.national_significant_number(read)
    known = {before.format(country=read.country_code) + national for before in WRITTEN_BEFORE}
    e164 = phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
    return e164 if given in known and _reads_as_itself(read, e164, given) else None


def _reads_as_itself(read: phonenumbers.PhoneNumber, e164: str, given: str) -> bool:
    """Whether its form is this number again: with a zero left before it, the next reader takes that one off too."""
    # Read so already, or never read otherwise: worth the time of a second reading saved.
    if e164 == f"+{given}" or (read.country_code == CHINA and MOBILE.fullmatch(str(read.national_number))):
        return True
    try:
        return bool(phonenumbers.parse(e164) == read)
    except NumberParseException:
        return False


def _as_long_as_a_mobile(number: phonenumbers.PhoneNumber) -> bool:
    length = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
    return bool(length == ValidationResult.IS_POSSIBLE)


def _read(kind: type[A]) -> PlainValidator:
    def read(given: Any) -> A | None:
        if given is None or isinstance(given, kind):
            return given
        if not isinstance(given, str):
            raise ValueError("should be text, in quotes")  # noqa: TRY004 - pydantic collects value errors
        return usable(kind, given)

    return PlainValidator(read)


def _text(address: Address | None) -> str:
    return address.text if address else ""


# For models that must stay readable whatever was written once: what cannot be used is no address.
_AS_TEXT = PlainSerializer(_text, return_type=str), WithJsonSchema({"type": "string"})
Email = Annotated[EmailAddress | None, _read(EmailAddress), *_AS_TEXT]
Phone = Annotated[PhoneNumber | None, _read(PhoneNumber), *_AS_TEXT]
Webhook = Annotated[WebhookUrl | None, _read(WebhookUrl), *_AS_TEXT]
