"""Admission: may this entry take effect under the agreement? Computed from the entry alone, so that both parties find the same.

An entry that may not is stored and cosigned all the same; the receiver's `refusal` says which rule it broke. STOP, distress, line checks,
attempts and answers are never held to a lead, and nothing here looks at a clock.
"""

from collections.abc import Callable
from typing import Final

from tafadi.measure.instant import Span
from tafadi.model.agreement import Agreement, AgreementBody, AgreementStep
from tafadi.model.entry import BEFORE_EFFECT, EntryType
from tafadi.model.message import Message
from tafadi.model.movement import MovementBody
from tafadi.model.names import Precedence
from tafadi.model.operation import NoticeBody
from tafadi.model.reply import Refusal, RefusalCode

Rule = Callable[[Message, Agreement], Refusal | None]


def mode_is_allowed(entry: Message, agreement: Agreement) -> Refusal | None:
    """The agreement names the modes in which the line may be used. Distress is heard in whatever mode, and shown in it."""
    return None if entry.mode in agreement.modes or entry.type is EntryType.DISTRESS else Refusal(RefusalCode.MODE_NOT_ALLOWED, "mode")


def parties_are_known(entry: Message, agreement: Agreement) -> Refusal | None:
    """An entry is addressed to other parties of the agreement."""
    others = set(agreement.parties) - {entry.sender}
    return None if set(entry.recipients) <= others else Refusal(RefusalCode.NOT_ON_ROSTER, "recipients")


def lead_is_kept(entry: Message, agreement: Agreement) -> Refusal | None:
    """A notice comes early enough, unless it is sent as FLASH; a movement has leads of its own. A late one is still shown and checked."""
    if entry.precedence is Precedence.FLASH:
        return None
    body = entry.body
    if isinstance(body, NoticeBody) and body.notice is not None:
        return _early(entry, body.notice.span, agreement.timing.lead_of_s(body.notice.kind), "body.notice")
    if isinstance(body, MovementBody) and body.movement is not None:
        lead_s = agreement.timing.lead_of_s("movement", is_emergency=body.movement.emergency)
        return _early(entry, body.movement.span, lead_s, "body.movement")
    return None


def _early(entry: Message, span: Span, lead_s: int, field: str) -> Refusal | None:
    return None if span.start.since(entry.sent_at) >= lead_s else Refusal(RefusalCode.LEAD_TOO_SHORT, field)


def agreement_stands_first(entry: Message, agreement: Agreement) -> Refusal | None:
    """The agreement as it is signed is entry 0, and nothing else is: neither a later step of it."""
    first = isinstance(entry.body, AgreementBody) and entry.body.step is AgreementStep.SIGNED
    return None if first == (entry.index == 0) else Refusal(RefusalCode.WRONG_PLACE, "index")


def agreement_is_effective(entry: Message, agreement: Agreement) -> Refusal | None:
    """Before its effective instant an agreement carries only `BEFORE_EFFECT`: itself, stops, distress, line checks and attempts."""
    early = entry.type not in BEFORE_EFFECT and entry.sent_at < agreement.effective
    return Refusal(RefusalCode.NOT_IN_FORCE, "sent_at") if early else None


RULES: Final[tuple[Rule, ...]] = (
    agreement_stands_first,
    mode_is_allowed,
    agreement_is_effective,
    parties_are_known,
    lead_is_kept,
)


def admit(entry: Message, agreement: Agreement) -> Refusal | None:
    """The first refusal that a rule gives; None when the entry may take effect."""
    for rule in RULES:
        refusal = rule(entry, agreement)
        if refusal is not None:
            return refusal
    return None
