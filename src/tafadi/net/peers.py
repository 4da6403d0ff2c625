"""Peers: the task that keeps one other node supplied with our entries, and tells it that we are alive.

It pushes whenever there is something new, waits when there is not, and backs off while the other cannot be reached. Nothing here waits for
any other party, and nothing here decides what is true: bytes go out, receipts are checked by the desk.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import held_by, is_far_behind, next_checkpoint, next_entries, next_push, take_receipt
from tafadi.desk.proof import evidence_of
from tafadi.desk.pulse import beat, hear
from tafadi.desk.succession import next_card
from tafadi.errors import (
    DamagedError,
    EquivocationError,
    InputError,
    LimitError,
    PeerError,
    RefusedError,
    SessionError,
    TafadiError,
    UnavailableError,
)
from tafadi.measure.instant import Instant
from tafadi.net.fetch import cards_in, cards_path
from tafadi.net.tls import client_context
from tafadi.trust.catchup import parse_mirror_info
from tafadi.trust.heartbeat import HEARTBEAT_MAX_BYTES
from tafadi.trust.push import Push, encode_push

TIMEOUT_S: Final = 10.0  # one exchange on a healthy line takes milliseconds; a hung one must not hold up the next
EXCHANGE_MAX_S: Final = 60.0  # the whole of one exchange, for an answer that comes byte by byte restarts the time above with each
BACKOFF_FIRST_S: Final = 0.1
BACKOFF_MAX_S: Final = 5.0
ANSWER_MAX_BYTES: Final = HEARTBEAT_MAX_BYTES  # the longest answer there is; a longer one is not read to its end
RESUMES_MAX: Final = 3  # how often in a row the other node may name another size; one that goes on so leads us in a circle
DOWN_AFTER_BEATS: Final = 3  # heartbeats missed until the officers are alarmed: 90 s at the usual 30
NOT_NOW: Final = (404, 429, 503)  # the statuses of an answer after which the same is asked again later
BINARY: Final = {"content-type": "application/octet-stream", "accept-encoding": "identity"}


@dataclass
class Link:
    """What is known of the line to one other party."""

    desk: Desk
    party: str
    url: str
    certificate: bytes
    heard_at: Instant | None = None
    trouble: str = ""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    lost_s: float = 0.0  # monotonic seconds of the first trouble since it was last well; 0 while it is
    is_down: bool = False
    has_met: bool = False  # whether we have heard the other since the line was last well, before we told it anything of our feeds
    told: set[bytes] = field(default_factory=set)  # the cards and proofs that the other has been told since the line was last well

    def leads_to(self, url: str | None) -> bool:
        """Whether the line goes there, and to the certificate that the other party's card has now."""
        return (url, self.desk.pact.cards[self.party].tls_certificate) == (self.url, self.certificate)

    def well(self) -> None:
        """The line works; where it was down, the officers are told."""
        if self.is_down:
            self.desk.bell.alarm(self.desk.pact, f"the line to {self.party} is up again", None)
        self.trouble, self.lost_s, self.is_down = "", 0.0, False

    def troubled(self, trouble: str, now_s: float, patience_s: float) -> None:
        """Remembers the trouble; once it has lasted for `patience_s` the officers are alarmed."""
        self.trouble, self.lost_s = trouble, self.lost_s or now_s
        self.told.clear()  # it may be another record that answers the next time
        self.has_met = False
        if not self.is_down and now_s - self.lost_s >= patience_s:
            self.is_down = True
            self.desk.bell.alarm(self.desk.pact, f"the line to {self.party} is DOWN: {trouble}", None)


async def keep(link: Link, keys: Path, heartbeat_s: float, report: Callable[[Link, TafadiError], None]) -> None:
    """Runs until cancelled: pushes, beats, backs off. Every trouble is reported once, when it begins or changes."""
    context = client_context(keys, link.certificate)
    wait_s = BACKOFF_FIRST_S
    async with httpx.AsyncClient(verify=context, base_url=link.url, timeout=TIMEOUT_S, trust_env=False) as client:
        while True:
            link.wake.clear()
            try:
                doubt = None if link.has_met else await _meet(link, client, report)
                await _tell(link, client, report)
                await _push_feeds(link, client, report)
                await _beat(link, client, report)
                if doubt is not None:
                    raise doubt
                wait_s = BACKOFF_FIRST_S
                link.well()
                await _pause(link, heartbeat_s)
            except DamagedError:
                raise  # our own record cannot be trusted; the node must stop
            except TafadiError as error:
                if str(error) != link.trouble:
                    report(link, error)
                link.troubled(str(error), time.monotonic(), DOWN_AFTER_BEATS * heartbeat_s)
                await asyncio.sleep(BACKOFF_FIRST_S)  # even if there is always something new
                await _pause(link, wait_s * random.uniform(0.5, 1.0))  # jitter: two nodes must not knock in step
                wait_s = min(2 * wait_s, BACKOFF_MAX_S)


async def _pause(link: Link, longest_s: float) -> None:
    """Waits for something new, at most until the next heartbeat or attempt; a stop does not wait for a backoff to end."""
    try:
        await asyncio.wait_for(link.wake.wait(), longest_s)
    except TimeoutError:
        return


async def _meet(link: Link, client: httpx.AsyncClient, report: Callable[[Link, TafadiError], None]) -> TafadiError | None:
    """Hears the other before we say anything: whether it goes by a newer card of our own party, or holds more of our feed than we do.

    What comes back is why that could not be learned about the card: it holds up no entry, for one of them may be a stop; but the line is
    not well, and is tried again. Raises DamagedError where it was learned: this record was put back from a copy, or another node has taken
    over (the other tells its card to that node, never to us).
    """
    doubt = await _doubt_about_cards(link, client, report)
    await _tell(link, client, report)  # our heartbeat verifies by the key on our newest card
    try:
        await _beat(link, client, report)
    except (PeerError, InputError, RefusedError) as refused:  # a stop must go out all the same
        report(link, refused)
    link.has_met = True
    return doubt


async def _doubt_about_cards(link: Link, client: httpx.AsyncClient, report: Callable[[Link, TafadiError], None]) -> TafadiError | None:
    """Nothing, once the other has shown that it knows no newer card of our own party, or has refused for good to show it.

    Else why what it answered shows neither. Raises DamagedError for a newer card, UnavailableError where there is no answer.
    """
    own = link.desk.pact.cards[link.desk.party]
    path = cards_path(link.desk.pact.id, own.party, own.epoch + 1)
    try:
        answer = await _answered(client, "GET", path)
        if answer.status_code not in (200, *NOT_NOW):
            report(link, _refusal(answer, path))
            return None
        if answer.status_code != 200:
            raise SessionError(str(_refusal(answer, path)))
        for signed in cards_in(answer.content, own, own.epoch + 1):
            next_card(link.desk.pact, link.desk.party, signed.data)
    except (PeerError, InputError, RefusedError) as error:
        return SessionError(f"whether {link.party} knows a newer card of {own.party} cannot be told; entries go out all the same: {error}")
    return None


async def _tell(link: Link, client: httpx.AsyncClient, report: Callable[[Link, TafadiError], None]) -> None:
    """Passes on every card that is not in the agreement, and every proof; one that the other node refuses holds up nothing else."""
    cards = [(f"/card/{link.desk.pact.id}", signed.data) for signed in link.desk.pact.later()]
    proofs = [(f"/evidence/{link.desk.pact.id}", exhibit.data) for exhibit in evidence_of(link.desk)]
    for path, body in (*cards, *proofs):
        if body in link.told:
            continue
        try:
            await _post(client, path, body)
        except SessionError as refused:
            report(link, refused)
        link.told.add(body)


async def _push_feeds(link: Link, client: httpx.AsyncClient, report: Callable[[Link, TafadiError], None]) -> None:
    """Pushes all feeds, oldest first; trouble with one that has ended must not hold up the newest."""
    *ended, newest = link.desk.pact.origins(link.desk.party)
    for origin in ended:
        try:
            await _push_all(link, client, origin)
        except SessionError as refused:
            if (said := f"{origin}: {refused}".encode()) not in link.told:
                report(link, refused)
            link.told.add(said)
    await _push_all(link, client, newest)


async def _push_all(link: Link, client: httpx.AsyncClient, origin: str) -> None:
    held, resumes = held_by(link.desk, link.party, origin), 0
    if is_far_behind(link.desk, origin, held):
        held = await _catch_up(link, client, origin, held)
    push = next_push(link.desk, held, origin) or _renewal(link, origin, held)
    while push is not None:
        answer = await _post(client, "/push", encode_push(push))
        if answer.status_code == 409:
            resumes += 1
            held = _resumed(push, _size_of(answer), link, resumes)
            push = next_push(link.desk, held, origin) or _renewal(link, origin, held)
            continue
        held, resumes = push.old_size + len(push.entries), 0
        take_receipt(link.desk, link.party, held, answer.text, origin)
        push = next_push(link.desk, held, origin)


def _renewal(link: Link, origin: str, held: int) -> Push | None:
    """A push without entries: the other node has them all, and the receipt was lost when this node died before it was kept."""
    note = link.desk.journal.head(origin).checkpoint
    is_all = held == link.desk.journal.head(origin).frontier.size
    return Push(origin, held, (), note) if note is not None and is_all and held_by(link.desk, link.party, origin) < held else None


async def _catch_up(link: Link, client: httpx.AsyncClient, origin: str, held: int) -> int:
    """Brings a node that is far behind up to our newest checkpoint, package by package; how many entries it holds then."""
    answer = await _post(client, "/add-checkpoint", next_checkpoint(link.desk, origin, held))
    if answer.status_code == 409:
        answer = await _post(client, "/add-checkpoint", next_checkpoint(link.desk, origin, _size_of(answer)))
    if answer.status_code != 200:
        raise SessionError(f"{link.party} does not take our checkpoint from the size that it named itself")
    ours, size, came_to = link.desk.journal.head(origin).frontier.size, 0, -1
    answer = await _post(client, "/add-entries", next_entries(link.desk, origin, 0, 0))
    while answer.status_code != 200:
        where = parse_mirror_info(answer.content)
        if where.next_entry == where.pending_size == ours:
            return ours  # it holds them all: its receipt was lost, and a push renews it
        if not came_to < where.next_entry < where.pending_size <= ours:
            raise SessionError(f"{link.party} needs entry {where.next_entry} of {where.pending_size}; that leads nowhere")
        came_to, size = where.next_entry, where.pending_size
        answer = await _post(client, "/add-entries", next_entries(link.desk, origin, came_to, size))
    take_receipt(link.desk, link.party, size, answer.text, origin)
    return size


def _resumed(push: Push, said: int, link: Link, resumes: int) -> int:
    """Where to go on after a 409. Raises SessionError for an answer that leads nowhere."""
    size = link.desk.journal.head(push.origin).frontier.size
    if said == push.old_size or said > size or resumes > RESUMES_MAX:
        raise SessionError(f"{link.party} says it holds {said} of our {size} entries; that cannot be")
    return said


def _size_of(answer: httpx.Response) -> int:
    text = answer.text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise SessionError("the other node named no size that it holds")
    return int(text)


async def _beat(link: Link, client: httpx.AsyncClient, report: Callable[[Link, TafadiError], None]) -> None:
    answer = await _post(client, "/heartbeat", beat(link.desk))
    try:
        hear(link.desk, link.party, answer.content)
    except EquivocationError as fork:  # kept and alarmed by the desk; the line that brought the proof is well, and goes on
        report(link, fork)
    link.heard_at = link.desk.clock.now()


async def _post(client: httpx.AsyncClient, path: str, body: bytes) -> httpx.Response:
    """The answer to a POST, as `_exchange` gives it."""
    return await _exchange(client, "POST", path, body)


async def _exchange(client: httpx.AsyncClient, method: str, path: str, body: bytes = b"") -> httpx.Response:
    """The answer 200, 202 or 409. Raises UnavailableError when there is none for now, SessionError when the other node refuses."""
    answer = await _answered(client, method, path, body)
    if answer.status_code in (200, 202, 409):
        return answer
    raise _refusal(answer, path)


async def _answered(client: httpx.AsyncClient, method: str, path: str, body: bytes = b"") -> httpx.Response:
    """The answer, whatever it says. Raises UnavailableError when there is none, LimitError for one that is too long."""
    try:
        async with asyncio.timeout(EXCHANGE_MAX_S), client.stream(method, path, content=body, headers=BINARY) as streamed:
            return httpx.Response(streamed.status_code, content=await _within(streamed))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
        raise UnavailableError(f"{client.base_url} does not answer ({type(error).__name__})") from None


def _refusal(answer: httpx.Response, path: str) -> TafadiError:
    """What an answer says that gives nothing: to try again later, or no."""
    if answer.status_code in NOT_NOW:
        return UnavailableError(f"the other node does not take {path} now ({answer.status_code}: {_detail(answer)})")
    return SessionError(f"the other node refused {path} ({answer.status_code}: {_detail(answer)})")


async def _within(streamed: httpx.Response) -> bytes:
    """The body as it is on the wire: nothing is unpacked, and nothing is read beyond the longest answer there is."""
    data = b""
    async for chunk in streamed.aiter_raw():
        data += chunk
        if len(data) > ANSWER_MAX_BYTES:
            raise LimitError(f"the other node's answer is longer than the {ANSWER_MAX_BYTES} bytes that any answer has")
    return data


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail", ""))[:300]
    except (ValueError, AttributeError):
        return answer.text[:100]
