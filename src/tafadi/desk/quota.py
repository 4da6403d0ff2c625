"""Quotas: how much of one party's feeds is taken in an hour and kept in all, by the agreement; stops and distress have a reserve beyond it.

It is the owner of the feed that is counted, whoever brings the entries: nobody else can make them, and a party that relays another's does
not spend what is its own. A push beyond the quota gets no receipt; the stops in it are taken in alone (`tafadi.desk.express`), and ring.
What an officer brings on a stick is the officer's own will, and counts as kept alone.

Source: docs/spec/exchange.md, docs/spec/agreement.md.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.examine import examine
from tafadi.desk.express import take
from tafadi.desk.intake import HOUR_S
from tafadi.errors import InputError, PeerError, QuotaError
from tafadi.model.entry import VITAL
from tafadi.trust.envelope import LEAF_MAX_BYTES

FULL_WAIT_S: Final = HOUR_S  # nothing that is kept goes away by itself: people have to make room, or another agreement


def check_quota(desk: Desk, origin: str, start: int, entries: Sequence[bytes]) -> None:
    """Nothing, where these entries are within the quota, or are stops and distress alone and within their reserve.

    Raises QuotaError, once the stops among them have been taken in alone.
    """
    beyond = _beyond(desk, origin, entries)
    if beyond is None:
        return
    vital = [leaf for index, leaf in enumerate(entries, start) if _is_vital(desk, origin, index, leaf)]
    if len(vital) == len(entries) and _fits(desk, origin, entries, desk.pact.agreement.quota.stop_reserve_bytes):
        return
    for leaf in vital:
        with suppress(PeerError, InputError, QuotaError):  # said of itself already; what it came in is refused all the same
            take(desk, leaf)
    raise beyond


def count(desk: Desk, origin: str, entries: Sequence[bytes], *, by_hand: bool = False) -> None:
    """Counts entries that are stored now; what came `by_hand` is kept like all else, and is no traffic."""
    owner = _owner(desk, origin)
    size_bytes = sum(map(len, entries))
    if not by_hand:
        desk.intake.hour(owner).add(desk.clock.now(), len(entries), size_bytes)
    if owner in desk.intake.kept_bytes:
        desk.intake.kept_bytes[owner] += size_bytes


def _owner(desk: Desk, origin: str) -> str:
    owner = desk.pact.party_of(origin)
    assert owner is not None  # its feed has been found in the pact by whoever asks here
    return owner


def _beyond(desk: Desk, origin: str, entries: Sequence[bytes]) -> QuotaError | None:
    """Why these entries are too many now; None where they are not."""
    if not entries:
        return None
    owner, quota, now = _owner(desk, origin), desk.pact.agreement.quota, desk.clock.now()
    hour = desk.intake.hour(owner)
    came, came_bytes = hour.since(now)
    if came + len(entries) > quota.entries_hourly:
        return QuotaError(f"{owner} has brought {came} entries within the hour; {quota.entries_hourly} are agreed", hour.wait_s(now))
    if came_bytes + sum(map(len, entries)) > quota.bytes_hourly:
        return QuotaError(f"{owner} has brought {came_bytes} bytes within the hour; {quota.bytes_hourly} are agreed", hour.wait_s(now))
    if not _fits(desk, origin, entries, 0):
        return QuotaError(f"the {quota.bytes_stored} bytes that are agreed to be kept of {owner} are full", FULL_WAIT_S)
    return None


def _fits(desk: Desk, origin: str, entries: Sequence[bytes], reserve_bytes: int) -> bool:
    """Whether there is room to keep them. The journal is asked only where entries of the largest size could have filled it."""
    owner, room_bytes = _owner(desk, origin), desk.pact.agreement.quota.bytes_stored + reserve_bytes
    new_bytes = sum(map(len, entries))
    feeds = desk.pact.origins(owner)
    if sum(desk.journal.head(feed).frontier.size for feed in feeds) * LEAF_MAX_BYTES + new_bytes <= room_bytes:
        return True
    if owner not in desk.intake.kept_bytes:
        desk.intake.kept_bytes[owner] = sum(desk.journal.kept_bytes(feed) for feed in feeds)
    return desk.intake.kept_bytes[owner] + new_bytes <= room_bytes


def _is_vital(desk: Desk, origin: str, index: int, leaf: bytes) -> bool:
    said = examine(leaf, desk.pact.entry_id(origin, index), desk.pact).message
    return said is not None and said.type in VITAL
