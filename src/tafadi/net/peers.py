"""Peers: the task that keeps one other node supplied with our entries, and tells it that we are alive.

It pushes whenever there is something new, waits when there is not, and backs off while the other cannot be reached. Nothing here waits for
any other party, and nothing here decides what is true: bytes go out, receipts are checked by the desk.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import held_by, is_far_behind, next_checkpoint, next_entries, next_push, take_receipt
from tafadi.desk.pulse import beat, hear
from tafadi.errors import DamagedError, SessionError, TafadiError, UnavailableError
from tafadi.measure.instant import Instant
from tafadi.net.tls import client_context
from tafadi.trust.catchup import parse_mirror_info
from tafadi.trust.push import encode_push

TIMEOUT_S: Final = 10.0  # one exchange on a healthy line takes milliseconds; a hung one must not hold up the next
BACKOFF_FIRST_S: Final = 0.1
BACKOFF_MAX_S: Final = 5.0
BINARY: Final = {"content-type": "application/octet-stream"}


@dataclass
class Link:
    """What is known of the line to one other party."""

    desk: Desk
    party: str
    url: str
    heard_at: Instant | None = None
    trouble: str = ""
    wake: asyncio.Event = field(default_factory=asyncio.Event)


async def keep(link: Link, keys: Path, heartbeat_s: float, report: Callable[[Link, TafadiError], None]) -> None:
    """Runs until cancelled: pushes, beats, backs off. Every trouble is reported once, when it begins or changes."""
    context = client_context(keys, link.desk.pact.cards[link.party].tls_certificate)
    wait_s = BACKOFF_FIRST_S
    async with httpx.AsyncClient(verify=context, base_url=link.url, timeout=TIMEOUT_S, trust_env=False) as client:
        while True:
            link.wake.clear()
            try:
                await _push_all(link, client)
                await _beat(link, client)
                wait_s, link.trouble = BACKOFF_FIRST_S, ""
                await _pause(link, heartbeat_s)
            except DamagedError:
                raise  # our own record cannot be trusted; the node must stop
            except TafadiError as error:
                if str(error) != link.trouble:
                    report(link, error)
                link.trouble = str(error)
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # jitter: two nodes must not knock in step
                wait_s = min(2 * wait_s, BACKOFF_MAX_S)


async def _pause(link: Link, heartbeat_s: float) -> None:
    """Waits for something new, at most until the next heartbeat; new entries are pushed without a heartbeat between."""
    try:
        await asyncio.wait_for(link.wake.wait(), heartbeat_s)
    except TimeoutError:
        return


async def _push_all(link: Link, client: httpx.AsyncClient) -> None:
    held = held_by(link.desk, link.party)
    if is_far_behind(link.desk, held):
        held = await _catch_up(link, client, held)
    while (push := next_push(link.desk, held)) is not None:
        answer = await _post(client, "/push", encode_push(push))
        if answer.status_code == 409:
            held = _resumed(held, _size_of(answer), link)
            continue
        held = push.old_size + len(push.entries)
        take_receipt(link.desk, link.party, held, answer.text)


async def _catch_up(link: Link, client: httpx.AsyncClient, held: int) -> int:
    """Brings a node that is far behind up to our newest checkpoint, package by package; the size that it then gave a receipt for."""
    answer = await _post(client, "/add-checkpoint", next_checkpoint(link.desk, held))
    if answer.status_code == 409:
        answer = await _post(client, "/add-checkpoint", next_checkpoint(link.desk, _size_of(answer)))
    if answer.status_code != 200:
        raise SessionError(f"{link.party} does not take our checkpoint from the size that it named itself")
    answer = await _post(client, "/add-entries", next_entries(link.desk, 0, 0))
    while answer.status_code != 200:
        where = parse_mirror_info(answer.content)
        if where.pending_size == 0 or where.next_entry >= where.pending_size:
            raise SessionError(f"{link.party} needs entry {where.next_entry} of {where.pending_size}; that leads nowhere")
        size = where.pending_size
        answer = await _post(client, "/add-entries", next_entries(link.desk, where.next_entry, size))
    take_receipt(link.desk, link.party, size, answer.text)
    return size


def _resumed(held: int, said: int, link: Link) -> int:
    """Where to go on after a 409. Raises SessionError for an answer that leads nowhere."""
    size = link.desk.journal.head(link.desk.origin).frontier.size
    if said == held or said > size:
        raise SessionError(f"{link.party} says it holds {said} of our {size} entries; that cannot be")
    return said


def _size_of(answer: httpx.Response) -> int:
    text = answer.text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise SessionError("the other node named no size that it holds")
    return int(text)


async def _beat(link: Link, client: httpx.AsyncClient) -> None:
    answer = await _post(client, "/heartbeat", beat(link.desk))
    hear(link.desk, link.party, answer.content)
    link.heard_at = link.desk.clock.now()


async def _post(client: httpx.AsyncClient, path: str, body: bytes) -> httpx.Response:
    """The answer 200, 202 or 409. Raises UnavailableError when there is none for now, SessionError when the other node refuses."""
    try:
        answer = await client.post(path, content=body, headers=BINARY)
    except (httpx.HTTPError, OSError) as error:
        raise UnavailableError(f"{client.base_url} does not answer ({type(error).__name__})") from None
    if answer.status_code in (200, 202, 409):
        return answer
    if answer.status_code in (404, 429, 503):
        raise UnavailableError(f"the other node does not take {path} now ({answer.status_code}: {_detail(answer)})")
    raise SessionError(f"the other node refused {path} ({answer.status_code}: {_detail(answer)})")


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail", ""))[:300]
    except (ValueError, AttributeError):
        return answer.text[:100]
