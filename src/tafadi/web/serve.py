"""Serving: runs one node until it is told to stop. One event loop; every step of the desk is whole between two awaits.

The peers' port speaks TLS 1.3 with pinned certificates; uvicorn does not hand the peer's certificate to the application, so a small
protocol class of ours does. The control socket is a Unix socket that its owner alone can open.
"""

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO, cast

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tafadi.desk.desk import Desk
from tafadi.desk.follow import Follower
from tafadi.engine.warm import warm_up
from tafadi.errors import DamagedError, NotPermittedError, TafadiError, UnavailableError
from tafadi.model.names import Mode
from tafadi.model.track import Plot
from tafadi.net.feeds import Feed, Source, follow_source
from tafadi.net.peers import Link, keep
from tafadi.net.tls import server_context, trust
from tafadi.node import Alarm, Node
from tafadi.web.control_app import control_app
from tafadi.web.door import BACKLOG, PeerDoor, allow_open_files
from tafadi.web.peer_app import PEER_KEY, peer_app

CONNECTIONS_MAX: Final = 200  # a party has a handful of peers and consoles
REQUEST_MAX_S: Final = 60.0  # from the first byte of a request to the end of its answer; the longest body takes 30 s at 300 kbit/s
SOCKET_PATH_MAX: Final = 107  # bytes; what a Unix socket's address has room for
CARD_WARNING_S: Final = 7 * 86_400.0  # how long before a card runs out the officers are told, and told again each day
CARD_LOOK_S: Final = 86_400.0
KEEP_ALIVE_S: Final = 300  # longer than any heartbeat, so that a line stays open between two of them
GRACE_S: Final = 3  # what a graceful stop waits for requests under way
LOOK_AGAIN_S: Final = 5.0  # how often the inbox is looked at though nothing came in
JUDGE_AGAIN_S: Final = 1.0  # how soon a judgement that failed is tried again

log = structlog.get_logger()


class PeerProtocol(H11Protocol):
    """HTTP/1.1 that tells the application with which certificate the other side connected, and does not wait for half a request."""

    deadline: asyncio.TimerHandle | None = None
    door: PeerDoor | None = None

    def data_received(self, data: bytes) -> None:
        """Takes what came; the first byte of a request starts its deadline."""
        self._await_request()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """The request is over, and its deadline with it."""
        self._end_deadline()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._end_deadline()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        if self.deadline is None and not self.transport.is_closing():
            self.deadline = self.loop.call_later(REQUEST_MAX_S, self.transport.abort)

    def _end_deadline(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remembers the certificate for every request of the connection."""
        super().connection_made(transport)
        if self.door is not None:
            self.door.known(transport.get_extra_info("socket").fileno())
        self._await_request()
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls else None
        inner = self.app

        async def with_certificate(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[PEER_KEY] = certificate
            await inner(scope, receive, send)

        self.app = with_certificate


class QuietServer(uvicorn.Server):
    """A server that leaves signals to the node."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """No signals of its own."""
        yield


@dataclass
class Running:
    """One node while it runs: its servers, its links, and the task that judges."""

    node: Node
    tls: ssl.SSLContext
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    to_judge: asyncio.Event = field(default_factory=asyncio.Event)
    warm: asyncio.Event = field(default_factory=asyncio.Event)
    links: dict[tuple[str, str], tuple[Link, asyncio.Task[None]]] = field(default_factory=dict)
    mode: Mode | None = None
    followers: dict[str, Follower] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    servers: list[QuietServer] = field(default_factory=list)
    damage: str = ""

    def after_verb(self) -> None:
        """Something may have been signed or said: judge, and see whether there are new peers."""
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
                if known and known[0].url != url:
                    known[1].cancel()  # it listens elsewhere now
                    self.tasks.remove(known[1])
                if url and (known is None or known[0].url != url):
                    self._add_link(Link(desk, party, url))

    def _add_link(self, link: Link) -> None:
        key = (link.desk.pact.id, link.party)
        self.node.links["/".join(key)] = lambda: {"heard_at": str(link.heard_at) if link.heard_at else None, "trouble": link.trouble}
        beat_s = float(link.desk.pact.agreement.timing.heartbeat_s)
        self.links[key] = link, self.spawn(keep(link, self.node.folder.path / "keys", beat_s, _report_link))

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

    async def judge(self) -> None:
        """Judges the inbox whenever something came in. The engine works in a thread; stops, storing and cosigning never wait for it."""
        self.node.has_worker = True
        self.spawn(self._warm_up())
        told = ""
        while True:
            await self._something_to_judge()
            try:
                self.node.judge()
                while self.warm.is_set() and (work := self.node.work_ahead()) is not None:
                    await asyncio.to_thread(work)
                    self.node.judge()
                told = ""
            except DamagedError:
                raise
            except TafadiError as error:  # what waits is judged in the end, and nobody takes the silence for clear air until then
                if str(error) != told:
                    self.alarm_all(f"what came in cannot be judged: {error}")
                told = str(error)
                await asyncio.sleep(JUDGE_AGAIN_S)
                self.to_judge.set()

    async def _warm_up(self) -> None:
        """Loads the engine beside the event loop: the first notice waits for it, and nothing else does."""
        await asyncio.to_thread(warm_up)
        self.warm.set()
        self.to_judge.set()

    async def _something_to_judge(self) -> None:
        """Waits until something came in, or until what waits for what it has seen may have waited long enough."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.to_judge.wait(), LOOK_AGAIN_S)
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

    def _follower(self, desk: Desk) -> Follower:
        if desk.pact.id not in self.followers:
            self.followers[desk.pact.id] = Follower(desk, mode_for_tracks(desk, self.mode))
        return self.followers[desk.pact.id]

    def follow(self, source: Source) -> None:
        """Follows a track source; its state stands beside those of the lines."""
        feed = Feed(source, self.node.clock, self.take_plots, self.alarm_all)
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
                        self.node.bell.alarm(desk.pact, f"the card of {party} is valid only until {card.valid.end}", None)
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


def _tell_alarm(alarm: Alarm) -> None:
    log.warning("ALARM", agreement=alarm.agreement, entry=str(alarm.entry or ""), sentence=alarm.sentence)


def listening_socket(host: str, port: int) -> PeerDoor:
    """A listening TCP socket. Raises UnavailableError when the address is taken."""
    listener = PeerDoor(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, UnicodeError) as error:
        listener.close()
        raise UnavailableError(f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}") from None
    return listener


def control_socket(path: Path) -> socket.socket:
    """A listening Unix socket that its owner alone can open. Raises UnavailableError when the path is too long for one."""
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        raise UnavailableError(f"{path} is longer than the {SOCKET_PATH_MAX} bytes of a socket's name; give the node a shorter folder")
    path.unlink(missing_ok=True)  # left by a node that was killed; the folder's lock is ours
    door = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        door.bind(str(path))
        door.listen()
    finally:
        os.umask(before)
    return door


async def serve(node: Node, sources: tuple[Source, ...], on_ready: Callable[[int], None], mode: Mode | None = None) -> None:
    """Runs the node until a signal or `stop`. `on_ready` is told the port once both doors are open. Raises DamagedError."""
    running = Running(node, server_context(node.folder.path / "keys", ()), mode=mode)
    node.bell.on_entries = running.wake_links
    node.bell.on_alarm = _tell_alarm
    listener = listening_socket(node.settings.host, node.settings.port)
    door = control_socket(node.folder.path / "control.sock")
    allow_open_files(listener)
    _handle_signals(running)
    _start_doors(running, listener, door)
    running.spawn(running.judge())
    running.to_judge.set()
    running.connect()
    running.spawn(running.watch_cards())
    for source in sources:
        running.follow(source)
    await _until_started(running)
    if not running.stop.is_set():
        on_ready(listener.getsockname()[1])
    await running.stop.wait()
    await _shut_down(running)
    if running.damage:
        raise DamagedError(running.damage)


def _handle_signals(running: Running) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stop.set)


def _start_doors(running: Running, listener: PeerDoor, door: socket.socket) -> None:
    context = running.tls

    class DoorProtocol(PeerProtocol):
        door = listener

    peers = uvicorn.Config(
        peer_app(running.node, running.to_judge.set, running.give_up),
        http=DoorProtocol,
        ssl_context_factory=lambda config, default: context,
        limit_concurrency=CONNECTIONS_MAX,
        backlog=BACKLOG,
        **_COMMON,
    )
    control = uvicorn.Config(control_app(running.node, running.after_verb, running.give_up), **_COMMON)
    for config, opened in ((peers, listener), (control, door)):
        server = QuietServer(config)
        running.servers.append(server)
        running.spawn(server.serve(sockets=[opened]))


_COMMON: Final[dict[str, Any]] = {
    "log_config": None,
    "access_log": False,
    "lifespan": "off",
    "server_header": False,
    "timeout_keep_alive": KEEP_ALIVE_S,
    "timeout_graceful_shutdown": GRACE_S,
}


async def _until_started(running: Running) -> None:
    while not all(server.started for server in running.servers) and not running.stop.is_set():
        await asyncio.sleep(0.01)


async def _shut_down(running: Running) -> None:
    for server in running.servers:
        server.should_exit = True
    await asyncio.sleep(0)
    for task in running.tasks[len(running.servers) :]:
        task.cancel()
    await asyncio.gather(*running.tasks, return_exceptions=True)
    (running.node.folder.path / "control.sock").unlink(missing_ok=True)


class LastingError:
    """Standard error for as long as it lasts: whoever reads the log may leave, and the line must not be cut for that."""

    def write(self, text: str) -> None:
        """Writes the text, if anybody still takes it."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Hands on what was written."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def configure_logs() -> None:
    """Structured lines on standard error, one JSON object each; no message bodies are ever put in."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, LastingError())),
    )
