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

from tafadi.desk.exchange import Answer, Ask, Line, Pause, Step, Talk
from tafadi.desk.session import BACKOFF_MAX_S, Rhythm, talk
from tafadi.errors import TafadiError, UnavailableError
from tafadi.net.caller import Caller
from tafadi.net.tls import client_context
from tafadi.trust.heartbeat import HEARTBEAT_MAX_BYTES

EXCHANGE_MAX_S: Final = 60.0  # the whole of one exchange, for an answer that comes byte by byte never falls silent
ANSWER_MAX_BYTES: Final = HEARTBEAT_MAX_BYTES  # the longest answer there is; a longer one is not read to its end

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
    with closing(Caller(link.url, context, ANSWER_MAX_BYTES)) as caller, closing(talk(link, rhythm)) as spoken:
        await _perform(spoken, link, caller, report, take)


async def _perform(spoken: Talk[None], link: Link, caller: Caller, report: Report, take: Take) -> None:
    advance: Callable[[], Step] = spoken.__next__
    while True:
        try:
            answer = await _done(await take(advance), link, caller, report)
            advance = partial(spoken.send, answer)
        except TafadiError as error:
            if getgeneratorstate(spoken) == GEN_CLOSED:
                raise  # the talk itself has ended with it
            if getgeneratorstate(spoken) == GEN_CREATED:  # not even its first step could be taken: a disk that is full
                await asyncio.sleep(BACKOFF_MAX_S)
            else:
                advance = partial(spoken.throw, error)


async def _done(step: Step, link: Link, caller: Caller, report: Report) -> Answer | None:
    """Does what the talk asks for; the answer, where that was a question. Raises UnavailableError, LimitError."""
    if isinstance(step, Ask):
        return await exchange(caller, step)
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
        async with asyncio.timeout(pause.longest_s):  # not wait_for: in Python 3.11 that can swallow the cancelling of a stop
            await link.wake.wait()
    except TimeoutError:
        return
    link.wake.clear()  # nothing is awaited from here on until the session has looked at what there is
    link.has_news = True


async def exchange(caller: Caller, ask: Ask) -> Answer:
    """The answer, whatever it says. Raises UnavailableError when there is none, LimitError for one that is too long."""
    try:
        async with asyncio.timeout(EXCHANGE_MAX_S):
            return await caller.ask(ask)
    except TimeoutError:
        raise UnavailableError(f"{caller.url} does not answer (TimeoutError)") from None
