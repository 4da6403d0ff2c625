"""The roster: which role spoke, whether its key stands on the party's card, and who is on watch when.

No message needs a name. A role is a key on the card; a duty is a stretch of time in which the holder of that key keeps watch, in which
languages, and whether he or she may stop what is going on. A stretch that no duty covers is a gap, and a gap alarms.

Source: docs/spec/card.md (operators), the entry type `roster`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tafadi.errors import InputError, LimitError, NotOnRosterError, SignatureError
from tafadi.measure.instant import Instant, Span
from tafadi.model.names import Language, check_name
from tafadi.trust.card import Card
from tafadi.trust.envelope import Envelope

OPERATOR_SIGNATURE: Final = 1  # signature 0 is the node's
DUTIES_MAX: Final = 512  # a month of eight-hour shifts for five roles


@dataclass(frozen=True, slots=True)
class Duty:
    """A watch: a role keeps it with its key during `hours`, speaks these languages, and may stop or may not. Raises InputError."""

    role: str
    key_id: str
    hours: Span
    languages: tuple[Language, ...]
    may_stop: bool

    def __post_init__(self) -> None:
        check_name(self.role, "role")
        if not self.languages or self.hours.start == self.hours.end:
            raise InputError(f"the watch of {self.role} names no language or lasts no time")


def check_operator(card: Card, role: str, envelope: Envelope) -> None:
    """Nothing, if the holder of `role` on the card co-signed the entry. Raises NotOnRosterError otherwise, in whatever way."""
    key = card.operator(role)
    if key is None:
        raise NotOnRosterError(f"{card.party} has no role {role[:40]!r} on its card of epoch {card.epoch}")
    if len(envelope.signatures) <= OPERATOR_SIGNATURE:
        raise NotOnRosterError(f"no operator signed the entry; it says {role} spoke")
    try:
        envelope.verify(key, OPERATOR_SIGNATURE)
    except SignatureError as error:
        raise NotOnRosterError(f"the entry says {role} spoke, but {error}") from None


def check_duties(card: Card, duties: Iterable[Duty]) -> None:
    """Nothing, if every duty is of a role and key on the card. Raises NotOnRosterError for the first that is not."""
    listed = list(duties)
    if len(listed) > DUTIES_MAX:
        raise LimitError(f"{len(listed)} duties are more than the {DUTIES_MAX} that one roster may hold")
    for duty in listed:
        key = card.operator(duty.role)
        if key is None or key.id != duty.key_id:
            raise NotOnRosterError(f"{card.party} has no role {duty.role} with key {duty.key_id[:16]} on its card of epoch {card.epoch}")


def on_watch(duties: Iterable[Duty], at: Instant) -> tuple[Duty, ...]:
    """The duties that are being kept at `at`, those who may stop first, then in the order of the roster."""
    return tuple(sorted((duty for duty in duties if duty.hours.holds(at)), key=lambda duty: not duty.may_stop))


def gaps(duties: Iterable[Duty], during: Span, *, may_stop: bool = False) -> tuple[Span, ...]:
    """The stretches of `during` that no duty covers; with `may_stop`, that nobody covers who may stop."""
    covered = during.start
    found: list[Span] = []
    for hours in sorted((duty.hours for duty in duties if duty.may_stop or not may_stop), key=lambda span: span.start):
        if hours.start >= during.end:
            break
        if hours.start > covered:
            found.append(Span(covered, hours.start))
        covered = max(covered, hours.end)
    if covered < during.end:
        found.append(Span(covered, during.end))
    return tuple(found)
