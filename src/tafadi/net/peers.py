"""Peers: the task that performs the talk with one other node (`tafadi.desk.session`): sends what it asks, and waits where it waits.

Everything that is decided is decided there. Here are the connection, its limits, the waiting, and what goes wrong with them.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from inspect import GEN_CLOSED, GEN_CREATED, getgeneratorstate
from pathlib import Path
from typing import Final

import httpx

from tafadi.desk.exchange import Answer, Ask, Line, Pause, Step, Talk
from tafadi.desk.session import BACKOFF_MAX_S, Rhythm, talk
from tafadi.errors import LimitError, TafadiError, UnavailableError
from tafadi.net.tls import client_context
from tafadi.trust.heartbeat import HEARTBEAT_MAX_BYTES

TIMEOUT_S: Final = 10.0  # one exchange on a healthy line takes milliseconds; a hung one must not hold up the next
EXCHANGE_MAX_S: Final = 60.0  # the whole of one exchange, for an answer that comes byte by byte restarts the time above with each
ANSWER_MAX_BYTES: Final = HEARTBEAT_MAX_BYTES  # the longest answer there is; a longer one is not read to its end
WAIT_DIGITS_MAX: Final = 6  # of the seconds after which to ask again; a million of them are eleven days
BINARY: Final = {"content-type": "application/octet-stream", "accept-encoding": "identity"}

Report = Callable[["Link", TafadiError], None]
Take = Callable[[Callable[[], Step]], Awaitable[Step]]  # performs one step of a talk in its turn among all that is done at the node


async def at_once(step: Callable[[], Step]) -> Step:
    """Takes the step now: nobody else does anything at the node."""
    return step()


@dataclass
class Link(Line):
    """The line to one other party, with where it goes; `wake` is set when own entries wait to be pushed."""

    url: str
    certificate: bytes
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def leads_to(self, url: str | None) -> bool:
        """Whether the line goes there, and to the certificate that the other party's card has now."""
        return (url, self.desk.pact.cards[self.party].tls_certificate) == (self.url, self.certificate)


async def keep(link: Link, keys: Path, heartbeat_s: float, report: Report, take: Take = at_once) -> None:
    """Runs until cancelled: pushes, beats, backs off. Every trouble is reported once, when it begins or changes. Raises DamagedError."""
    context = client_context(keys, link.certificate)
    rhythm = Rhythm(heartbeat_s, random.uniform, time.monotonic)
    async with httpx.AsyncClient(verify=context, base_url=link.url, timeout=TIMEOUT_S, trust_env=False) as client:
        with closing(talk(link, rhythm)) as spoken:
            await _perform(spoken, link, client, report, take)


async def _perform(spoken: Talk[None], link: Link, client: httpx.AsyncClient, report: Report, take: Take) -> None:
    advance: Callable[[], Step] = spoken.__next__
    while True:
        try:
            answer = await _done(await take(advance), link, client, report)
            advance = partial(spoken.send, answer)
        except TafadiError as error:
            if getgeneratorstate(spoken) == GEN_CLOSED:
                raise  # the talk itself has ended with it
            if getgeneratorstate(spoken) == GEN_CREATED:  # not even its first step could be taken: a disk that is full
                await asyncio.sleep(BACKOFF_MAX_S)
            else:
                advance = partial(spoken.throw, error)


async def _done(step: Step, link: Link, client: httpx.AsyncClient, report: Report) -> Answer | None:
    """Does what the talk asks for; the answer, where that was a question. Raises UnavailableError, LimitError."""
    if isinstance(step, Ask):
        return await exchange(client, step)
    if isinstance(step, Pause):
        await _pause(link, step)
    else:
        report(link, step.error)
    return None


async def _pause(link: Link, pause: Pause) -> None:
    """Waits; where it may be cut short, a stop does not wait for a backoff to end."""
    if not pause.wakes:
        await asyncio.sleep(pause.longest_s)
        return
    try:
        await asyncio.wait_for(link.wake.wait(), pause.longest_s)
    except TimeoutError:
        return
    link.wake.clear()  # nothing is awaited from here on until the session has looked at what there is
    link.has_news = True


async def exchange(client: httpx.AsyncClient, ask: Ask) -> Answer:
    """The answer, whatever it says. Raises UnavailableError when there is none, LimitError for one that is too long."""
    try:
        async with asyncio.timeout(EXCHANGE_MAX_S), client.stream(ask.method, ask.path, content=ask.body, headers=BINARY) as streamed:
            return Answer(streamed.status_code, await _within(streamed), _wait_s(streamed))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
        raise UnavailableError(f"{client.base_url} does not answer ({type(error).__name__})") from None


def _wait_s(streamed: httpx.Response) -> int | None:
    """What the answer says of when to ask again, in seconds; a date is none that we have agreed on."""
    text = streamed.headers.get("retry-after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= WAIT_DIGITS_MAX else None


async def _within(streamed: httpx.Response) -> bytes:
    """The body as it is on the wire: nothing is unpacked, and nothing is read beyond the longest answer there is."""
    data = b""
    async for chunk in streamed.aiter_raw():
        data += chunk
        if len(data) > ANSWER_MAX_BYTES:
            raise LimitError(f"the other node's answer is longer than the {ANSWER_MAX_BYTES} bytes that any answer has")
    return data
