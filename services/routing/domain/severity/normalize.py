"""Writes a complaint in one form: no markup, no hidden characters, plain, simplified, in lower case.

What names a person, a car or a day (plates, VINs, phone numbers, addresses, order numbers, dates) is taken out, with the
brackets around it: it says nothing about how severe a complaint is, and a number in it is none of those that do.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from opencc import OpenCC

Origins: TypeAlias = Sequence[int]

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
# What stands before a telephone number and goes with it.
_CALLED = r"(?:(?:电话|手机号?)(?:是|为)?[:： ]*|\b(?:call|phone|tel|telephone|mobile|cell)[:. ]+)?"
_REFERENCE = re.compile(
    r"\b[a-hj-npr-z0-9]{17}\b"  # vehicle identification number
    rf"|[{_PROVINCES}][a-z][·.\- ]?[a-z0-9]{{5,6}}(?![a-z0-9])"  # plate
    rf"|{_CALLED}(?<!\d)(?:"
    r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # mobile
    r"|0\d{2,3}-\d{7,8}|(?:\(\d{3}\) ?|\d{3}[- .])\d{3}[- .]\d{4}"  # other telephones
    r")(?!\d)"
    r"|[\w.+-]+@[\w-]+\.[\w.]+|(?:https?://|www\.)[^\s，。()（）\[\]]+"
    r"|(?:订单|工单|投诉|受理|合同|车架|发票)(?:编|)号(?:码|)(?:是|为|)[:： ]?[a-z0-9-]{4,}"
    r"|(?:order|case|ref(?:erence)?|invoice|vin|claim|ticket|plate)(?: ?(?:no\.?|number|id|#))*[:# ]+(?=[a-z-]*\d)[a-z0-9-]{5,}"
    r"|\b\d{2}[ve]-?\d{3}(?:000)?\b"  # campaign number of a recall
    r"|(?:(?:19|20)\d{2}|(?<!\d)\d{2})[年](?:\d{1,2}月(?:份|底|初|中旬)?(?:\d{1,2}[日号]?)?)?|\d{1,2}月份?(?:\d{1,2}[日号]?)?"
    r"|(?<!\d)(?:19|20)\d{2}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?!\d)|(?<!\d)\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})(?!\d)"
    r"|\[(?:[a-z]{2,12}|姓名|电话|工号|地址|车牌|手机号?|号码)\]"
)
_EMPTY_BRACKETS = re.compile(r"[(（\[【][\s,，。:：;；、]*[)）\]】]")
_TAG = re.compile(r"</?[a-z][^<>]{0,300}>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,10});", re.IGNORECASE)
# Fillers that Unicode counts as letters although nothing of them is seen.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
# Categories of what is not seen by itself: controls, formats, marks on other signs, unassigned code points.
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me", "Cn"})
_CACHE_SIZE = 50_000
_MAY_REFER = re.compile(r"[\d@\[(（【<&]|www")


@dataclass(frozen=True, slots=True)
class Normalized:
    """The text in its one form, and for each character of it the place in the original where it stood."""

    text: str
    origins: Origins


def normalize(text: str) -> Normalized:
    """Returns the text in its one form."""
    normalized = Normalized(text, range(len(text)))
    if "<" in text:
        normalized = _replace(normalized, _TAG, lambda _: "")
    if "&" in text:
        normalized = _replace(normalized, _ENTITY, lambda entity: html.unescape(entity[0])[:1])
    normalized = _simplify(normalized)
    if _MAY_REFER.search(normalized.text):
        shorter = _replace(normalized, _REFERENCE, lambda _: "")
        if len(shorter.text) != len(normalized.text):
            normalized = _replace(shorter, _EMPTY_BRACKETS, lambda _: "")
    return normalized


def _replace(
    normalized: Normalized, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str]
) -> Normalized:
    """Replaces every match by nothing or by one character."""
    text, origins = normalized.text, normalized.origins
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        replacement = by(match)
        parts += text[done:start], replacement
        places += origins[done:start]
        places += origins[start : start + len(replacement)]
        done = end
    if not done:
        return normalized
    return Normalized("".join((*parts, text[done:])), [*places, *origins[done:]])


class _Forms(dict[int, str]):
    """The one form of a character by its code point: nothing, itself, or its plain form; computed once.

    `uneven` are the characters met so far whose form is none or several.
    """

    def __init__(self) -> None:
        super().__init__({0x2018: "'", 0x2019: "'"})
        self._simplified = OpenCC("t2s")
        self.uneven: set[str] = set()

    def __missing__(self, code: int) -> str:
        form = self._form(chr(code))
        if len(form) != 1:
            self.uneven.add(chr(code))
        if len(self) < _CACHE_SIZE:
            self[code] = form
        return form

    def _form(self, character: str) -> str:
        """Letters and figures in their plain form; signs stay. Half a surrogate pair becomes a question mark."""
        if "\ud800" <= character <= "\udfff":
            return "?"
        if character in _FILLERS or (unicodedata.category(character) in _UNSEEN and not character.isspace()):
            return ""
        plain = unicodedata.normalize("NFKC", character)
        return self._simplified.convert(plain).lower() if plain.isalnum() else character


_FORMS = _Forms()


def _simplify(normalized: Normalized) -> Normalized:
    text = normalized.text
    plain = text.translate(_FORMS)
    if _FORMS.uneven.isdisjoint(text):
        return Normalized(plain, normalized.origins)
    origins = [
        origin
        for character, origin in zip(text, normalized.origins, strict=True)
        for _ in _FORMS[ord(character)]
    ]
    return Normalized(plain, origins)
