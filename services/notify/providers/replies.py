"""What the answers of providers mean: final only what names this recipient or this text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from uuid import UUID

from services.common.runtime.clock import wall
from services.common.web import strict_json
from services.notify.domain.delivery import Receipt, Verdict

Stage = Literal["connect", "mail", "rcpt", "data", "body"]

# SMTP codes about the session, the log-in or the server, at whatever stage they come.
NOT_OF_THE_MESSAGE = {421, 432, 454, 500, 502, 503, 504, 521, 530, 534, 535, 538}
# Servers may hold back what they have against sender, client or log-in until they hear a recipient.
OF_US = re.compile(
    r"sender address rejected|relay|authenticat|client host|blocked using|not logged in",
    re.IGNORECASE,
)
OUR_CLASSES = re.compile(r"5\.(1\.[78]|3\.[0-35-9]|5\.\d+)\b")
OF_THE_TEXT = re.compile(r"5\.(6\.\d+|2\.3|3\.4)\b")
TEXT_CODES = {523, 552}

# An SMS provider answers JSON {reference, status} with the reference it was given. To a message: 2xx, or 409 where it
# has it already, with a status of TAKEN; 400, 413 or 422 for what it will never take. To the question for a message:
# 200 with a status of TAKEN, or 404 with status "unknown" for one it never took. Without `status` the code says it.
TAKEN = ("accepted", "queued", "sent", "delivered")
FINAL = {400, 413, 422}
SERVER_ERROR = range(500, 600)
# The request may have been carried out: 408 and most of 5xx come from whoever lost sight of it.
CERTAIN_5XX = 503
TIMED_OUT = 408


def judge_smtp(stage: Stage, code: int, text: str) -> Receipt:
    """What a reply other than the wanted one means; its text may repeat the address and is not passed on."""
    reason = f"smtp {code} at {stage}"
    if not 400 <= code <= 599:
        # No refusal that SMTP knows: after the text was handed over it may as well have been taken.
        return Receipt("unknown" if stage == "body" else "later", reason, provider="fails")
    if stage in ("connect", "mail", "data") or code in NOT_OF_THE_MESSAGE:
        return Receipt("later", reason, provider="fails")
    if code < 500:
        return Receipt("later", reason)
    if _names_recipient(text) if stage == "rcpt" else _names_text(code, text):
        return Receipt("refused", reason)
    return Receipt("later", reason, provider="fails")


def _names_recipient(text: str) -> bool:
    return not (OF_US.search(text) or OUR_CLASSES.match(text))


def _names_text(code: int, text: str) -> bool:
    return code in TEXT_CODES or OF_THE_TEXT.match(text) is not None


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response, its headers by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def fields(self) -> dict[str, Any] | None:
        """The JSON object in its body, read strictly; None where it is anything else."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            return None
        try:
            value = strict_json.read(self.body)
        except strict_json.JsonError:
            return None
        return value if isinstance(value, dict) else None

    def pause(self) -> float:
        """Seconds of Retry-After, which may also be a date; 0 without one that can be read."""
        given = self.headers.get("retry-after", "").strip()
        if re.fullmatch("[0-9]{1,9}", given):
            return float(given)
        try:
            until = parsedate_to_datetime(given)
        except (ValueError, OverflowError):
            return 0.0
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - wall()).total_seconds())


def judge_message(reference: UUID, reply: Reply) -> Receipt:
    """What the answer to a message means."""
    fields = reply.fields()
    if (200 <= reply.status <= 299 or reply.status == 409) and _reports(fields, reference, TAKEN):
        return Receipt("accepted")
    if reply.status in FINAL and may_refuse(reference, reply):
        return Receipt("refused", f"http {reply.status}")
    return judge_other(reply)


def judge_other(reply: Reply) -> Receipt:
    """What an answer means that says nothing of the message: later where it was certainly not taken, else unknown."""
    verdict: Verdict = "later" if _certainly_not_taken(reply.status) else "unknown"
    return Receipt(verdict, _reason(reply), provider="fails", pause=reply.pause())


def judge_fate(reference: UUID, reply: Reply) -> Receipt:
    """What the answer to the question for a message means."""
    fields = reply.fields()
    if reply.status == 200 and _reports(fields, reference, TAKEN):
        return Receipt("accepted")
    if reply.status == 404 and _reports(fields, reference, ("unknown",)):
        return Receipt("later", "not known to the provider")
    return Receipt("unknown", _reason(reply), provider="fails", pause=reply.pause())


def _reports(fields: dict[str, Any] | None, reference: UUID, statuses: tuple[str, ...]) -> bool:
    if fields is None:
        return False
    status = fields.get("status", statuses[0])
    return bool(fields.get("reference") == str(reference) and status in statuses)


def may_refuse(reference: UUID, reply: Reply) -> bool:
    """Whether a refusal is the provider's own: it need not say more than its status, but the page of a proxy is none."""
    fields = reply.fields()
    if fields is None:
        return not reply.body
    return bool(fields.get("reference", str(reference)) == str(reference))


def _certainly_not_taken(status: int) -> bool:
    if status in SERVER_ERROR:
        return status == CERTAIN_5XX
    return 300 <= status <= 499 and status not in {TIMED_OUT, 409, *FINAL}


def _reason(reply: Reply) -> str:
    answered = reply.status < 300 or reply.status == 409
    return f"http {reply.status}" + (", not the answer agreed on" if answered else "")
