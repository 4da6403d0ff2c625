"""What of a node runs beside each other while it serves: the links, the judge, the sources of tracks, the watch on the cards.

Each is one task. What one of them cannot do is told to the officers; damage, and a failure that nobody foresaw, stop the node.
"""

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from tafadi.desk.desk import Desk
from tafadi.desk.exchange import Step
from tafadi.desk.follow import Follower
from tafadi.desk.judge import JUDGED_AT_ONCE, forget_computed
from tafadi.desk.thin import ThinTalk
from tafadi.engine.warm import warm_up
from tafadi.errors import DamagedError, MissingError, NotPermittedError, TafadiError
from tafadi.model.names import Mode
from tafadi.model.track import Plot
from tafadi.net.feeds import Feed, Source, follow_source
from tafadi.net.peers import Link, keep
from tafadi.net.thin import ThinLink, ThinWay, keep_thin
from tafadi.net.tls import trust
from tafadi.node import Node
from tafadi.web.protocol import QuietServer
from tafadi.web.turn import Turns

CARD_WARNING_S: Final = 7 * 86_400.0  # how long before a card runs out the officers are told, and told again each day
CARD_LOOK_S: Final = 86_400.0
LOOK_AGAIN_S: Final = 5.0  # how often the inbox is looked at though nothing came in
FIRST_CONTACT_S: Final = 3.0  # how long a node that starts hears the others before it judges; a stop is to be heard within a minute
FIRST_LOOK_S: Final = 0.05
JUDGE_AGAIN_S: Final = 1.0  # how soon a judgement that failed is tried again
ENGINE_THREAD: Final = "engine"  # begins the name of the thread in which the engine works; nobody waits for it in order to stop

log = structlog.get_logger()


@dataclass
class Running:
    """One node while it runs: its servers, its links, and the task that judges."""

    node: Node
    tls: ssl.SSLContext
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    to_judge: asyncio.Event = field(default_factory=asyncio.Event)
    engine: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, ENGINE_THREAD))
    warm: asyncio.Event = field(default_factory=asyncio.Event)
    links: dict[tuple[str, str], tuple[Link, asyncio.Task[None]]] = field(default_factory=dict)
    mode: Mode | None = None
    followers: dict[str, Follower] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    servers: list[QuietServer] = field(default_factory=list)
    damage: str = ""
    turns: Turns = field(init=False)
    thin: list[ThinLink] = field(default_factory=list)
    late: list[Plot] = field(default_factory=list)  # live plots that came while a group was being written
    trouble: str = ""  # why what came in cannot be judged now

    def __post_init__(self) -> None:
        self.turns = Turns(self.node)

    def after_verb(self) -> None:
        """Something may have been signed or said, or a card taken: judge, and see whether there are new peers or new certificates."""
        self.to_judge.set()
        self.connect()

    def connect(self) -> None:
        """Trusts every other party's certificate, and makes a link to each whose address is known."""
        settings = self.node.folder.settings
        for desk in self.node.desks.values():
            for party in desk.pact.others(desk.party):
                trust(self.tls, [desk.pact.cards[party].tls_certificate])
                url = (settings.peers or {}).get(party)
                known = self.links.get((desk.pact.id, party))
                if known and known[0].leads_to(url):
                    continue
                if known:
                    known[1].cancel()  # it listens elsewhere now, or by another certificate
                    self.tasks.remove(known[1])
                    del self.links[desk.pact.id, party]
                if url:
                    self._add_link(Link(desk, party, url, desk.pact.cards[party].tls_certificate))

    def _add_link(self, link: Link) -> None:
        key = (link.desk.pact.id, link.party)
        self.node.links["/".join(key)] = lambda: {
            "heard_at": str(link.heard_at) if link.heard_at else None,
            "trouble": link.trouble,
            "held_back": link.held_back,
        }
        beat_s = float(link.desk.pact.agreement.timing.heartbeat_s)
        self.links[key] = link, self.spawn(keep(link, self.node.folder.tls(), beat_s, _report_link, self._take_link_step))

    def thin_desk(self, way: ThinWay) -> Desk:
        """The desk whose other party is at the other end. Raises MissingError for one that is none."""
        desk = self.node.desk(way.agreement)
        if way.party not in desk.pact.others(desk.party):
            raise MissingError(f"{way.party} is no other party of {desk.pact.id}")
        return desk

    def add_thin(self, way: ThinWay) -> None:
        """Speaks over a thin link; its state stands beside those of the lines. Raises as `thin_desk` does."""
        desk = self.thin_desk(way)
        link = ThinLink(way, ThinTalk(desk, way.party, way.bits_per_s, time.monotonic()))
        self.thin.append(link)
        self.node.links[f"thin {way}"] = lambda: dict(link.state())
        self.spawn(keep_thin(link, partial(self.turns.take, alone=True)))

    async def _take_link_step(self, step: Callable[[], Step]) -> Step:
        return await self.turns.take(step, repeats=False)  # a talk has gone on; what it could not keep it finds out by asking again

    def spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        """Runs the work beside the others; a failure that nobody foresaw stops the node, loudly."""
        task = asyncio.ensure_future(self._guarded(work))
        task.add_done_callback(self._ended)
        self.tasks.append(task)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.give_up(f"{type(error).__name__}: {error}")
            log.error("the node stops, for something failed that nobody foresaw", exc_info=error)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except DamagedError as error:
            self.give_up(str(error))
        except TafadiError as error:
            log.error("a task of the node ended", error=str(error))

    def give_up(self, damage: str) -> None:
        """The record cannot be trusted: the node stops and says why."""
        self.damage = damage
        self.stop.set()

    def wake_links(self, agreement: str) -> None:
        """Own entries wait to be pushed."""
        for (name, _), (link, _task) in self.links.items():
            if name == agreement:
                link.wake.set()
        for thin in self.thin:
            thin.wake.set()

    async def judge(self) -> None:
        """Judges the inbox whenever something came in. The engine works in a thread; stops, storing and cosigning never wait for it."""
        self.node.has_worker = True
        self.spawn(self._warm_up())
        await self.first_contact()
        told = ""
        while True:
            await self._something_to_judge()
            try:
                await self._judge_all()
                told = self.trouble = ""
            except DamagedError:
                raise
            except TafadiError as error:  # what waits is judged in the end, and nobody takes the silence for clear air until then
                if str(error) != told:
                    self.alarm_all(f"what came in cannot be judged: {error}")
                told = self.trouble = str(error)
                await asyncio.sleep(JUDGE_AGAIN_S)
                self.to_judge.set()

    async def _judge_all(self) -> None:
        """Judges until nothing is left but what waits. Between two goes everybody else has a turn: what comes in, the officers, the engine.

        None of these holds up another: not a long inbox the engine, nor the engine a stop.
        """
        while True:
            judged, work = await self.turns.take(self._judge_some, commits=JUDGED_AT_ONCE)
            if work is not None:
                await self._in_engine(work)
            elif judged >= JUDGED_AT_ONCE:  # fewer are all that there was at any desk
                await asyncio.sleep(0)
            else:
                return

    def _judge_some(self) -> tuple[int, Callable[[], object] | None]:
        """How many entries were judged, and what the engine is to compute before there is more to judge."""
        judged = self.node.judge()
        return judged, self.node.work_ahead() if self.warm.is_set() else None

    async def first_contact(self) -> None:
        """Waits until each line has been tried once: a record put back from a copy is found out there, before the node says anything."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_CONTACT_S):
                while not all(link.has_met or link.trouble for link, _task in self.links.values()):
                    await asyncio.sleep(FIRST_LOOK_S)

    async def _in_engine(self, work: Callable[[], object]) -> None:
        """Does the work in the engine's own thread. Not in asyncio's: for those its end waits, and a compiler may take minutes.

        Where a group of changes was taken back meanwhile, the work was about what is not: nothing of it is gone by.
        """
        before = self.turns.taken_back
        await asyncio.get_running_loop().run_in_executor(self.engine, work)
        if self.turns.taken_back != before:
            for desk in self.node.desks.values():
                forget_computed(desk)

    async def _warm_up(self) -> None:
        """Loads the engine beside the event loop: the first notice waits for it, and nothing else does."""
        await self._in_engine(warm_up)
        self.warm.set()
        self.to_judge.set()

    async def _something_to_judge(self) -> None:
        """Waits until something came in, or until what waits for what it has seen may have waited long enough."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_S):  # not wait_for: in Python 3.11 that can swallow the cancelling of a stop
                await self.to_judge.wait()
        self.to_judge.clear()

    def take_plots(self, plots: list[Plot]) -> None:
        """Gives live plots to the follower of every agreement in force. What a follower cannot take is alarmed, not dropped in silence."""
        for desk in self.node.desks.values():
            if not desk.in_force:
                continue
            try:
                if self._follower(desk).take(plots, self.node.assigned):
                    self.to_judge.set()
            except DamagedError:
                raise
            except TafadiError as error:
                desk.bell.alarm(desk.pact, f"live tracks are NOT watched: {error}", None)

    def bring_plots(self, plots: list[Plot]) -> None:
        """Takes live plots: now, or as soon as the group is on the disk that is being written."""
        if self.turns.is_free:
            self.take_plots(plots)
            return
        if not self.late:
            asyncio.ensure_future(self._guarded(self._take_late())).add_done_callback(self._ended)
        self.late += plots

    async def _take_late(self) -> None:
        await self.turns.rest()
        plots, self.late = self.late, []
        self.take_plots(plots)

    def _follower(self, desk: Desk) -> Follower:
        if desk.pact.id not in self.followers:
            self.followers[desk.pact.id] = Follower(desk, mode_for_tracks(desk, self.mode))
        return self.followers[desk.pact.id]

    def follow(self, source: Source) -> None:
        """Follows a track source; its state stands beside those of the lines."""
        feed = Feed(source, self.node.clock, self.bring_plots, self.alarm_all)
        self.node.links[f"source {source}"] = lambda: {
            "heard_at": str(feed.heard_at) if feed.heard_at else None,
            "trouble": feed.trouble,
            "unread": feed.unread,
        }
        self.spawn(self._follow_when_warm(feed))

    async def _follow_when_warm(self, feed: Feed) -> None:
        await self.warm.wait()  # a plot before that would make the whole node wait for the compiler
        await follow_source(feed)

    def alarm_all(self, sentence: str) -> None:
        """Tells the officers of every agreement."""
        for desk in self.node.desks.values():
            self.node.bell.alarm(desk.pact, sentence, None)

    async def watch_cards(self) -> None:
        """Alarms when a card has run out or soon will. The line is not cut: somebody may have to say stop over it."""
        while True:
            now = self.node.clock.now()
            for desk in self.node.desks.values():
                for party, card in desk.pact.cards.items():
                    if now.plus(CARD_WARNING_S) >= card.valid.end:
                        way_on = "; `tafadi node renew` makes the next" if party == desk.party else ""
                        self.node.bell.alarm(desk.pact, f"the card of {party} is valid only until {card.valid.end}{way_on}", None)
            await asyncio.sleep(CARD_LOOK_S)


def mode_for_tracks(desk: Desk, named: Mode | None) -> Mode:
    """The mode in which alerts about live tracks are raised: the one named, or the agreement's only one. Raises NotPermittedError."""
    modes = desk.pact.agreement.modes
    if named is None and len(modes) == 1:
        return modes[0]
    if named not in modes:
        raise NotPermittedError(f"say in which mode tracks are followed, with --mode: {', '.join(modes)}")
    return named


def _report_link(link: Link, error: TafadiError) -> None:
    log.warning("line", party=link.party, agreement=link.desk.pact.id, trouble=str(error))


def engine_works() -> bool:
    """Whether the engine's thread is still there after its node has stopped: compiling, or with a computation that nobody waits for."""
    return any(thread.name.startswith(ENGINE_THREAD) for thread in threading.enumerate())
