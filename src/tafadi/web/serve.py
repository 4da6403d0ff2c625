"""Serving: runs one node until it is told to stop. One event loop; every step of the desk is whole between two awaits.

The peers' port speaks TLS 1.3 with pinned certificates; uvicorn does not hand the peer's certificate to the application, so a small
protocol class of ours does. The control socket is a Unix socket that its owner alone can open.
"""

import asyncio
import contextlib
import signal
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tafadi.desk.follow import Follower
from tafadi.engine.warm import warm_up
from tafadi.errors import DamagedError, StoreError, TafadiError, UnavailableError
from tafadi.model.names import Mode
from tafadi.model.track import Plot
from tafadi.net.feeds import Source, follow_source
from tafadi.net.peers import Link, keep
from tafadi.net.tls import server_context, trust
from tafadi.node import Alarm, Node
from tafadi.web.control_app import control_app
from tafadi.web.peer_app import PEER_KEY, peer_app

CONNECTIONS_MAX: Final = 200  # a party has a handful of peers and consoles
KEEP_ALIVE_S: Final = 300  # longer than any heartbeat, so that a line stays open between two of them
GRACE_S: Final = 3  # what a graceful stop waits for requests under way
JUDGE_AGAIN_S: Final = 1.0  # how soon a judgement that failed is tried again

log = structlog.get_logger()


class PeerProtocol(H11Protocol):
    """HTTP/1.1 that tells the application with which certificate the other side connected."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remembers the certificate for every request of the connection."""
        super().connection_made(transport)
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
    links: dict[tuple[str, str], Link] = field(default_factory=dict)
    followers: dict[tuple[str, Mode], Follower] = field(default_factory=dict)
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
                if url and (desk.pact.id, party) not in self.links:
                    self._add_link(Link(desk, party, url))

    def _add_link(self, link: Link) -> None:
        key = (link.desk.pact.id, link.party)
        self.links[key] = link
        self.node.links["/".join(key)] = lambda: {"heard_at": str(link.heard_at) if link.heard_at else None, "trouble": link.trouble}
        beat_s = float(link.desk.pact.agreement.timing.heartbeat_s)
        self.spawn(keep(link, self.node.folder.path / "keys", beat_s, _report_link))

    def spawn(self, work: Awaitable[None]) -> None:
        """Runs the work beside the others; a failure that nobody foresaw stops the node, loudly."""
        task = asyncio.ensure_future(self._guarded(work))
        self.tasks.append(task)

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
        for (name, _), link in self.links.items():
            if name == agreement:
                link.wake.set()

    async def judge(self) -> None:
        """Judges the inbox whenever something came in, once the engine is loaded; storing and cosigning never wait for it."""
        await asyncio.to_thread(warm_up)
        while True:
            await self.to_judge.wait()
            self.to_judge.clear()
            try:
                self.node.judge()
            except DamagedError:
                raise
            except StoreError as error:
                log.error("could not judge", error=str(error))
                await asyncio.sleep(JUDGE_AGAIN_S)
                self.to_judge.set()

    def take_plots(self, plots: list[Plot]) -> None:
        """Gives live plots to the follower of every agreement in force."""
        for desk in self.node.desks.values():
            if desk.in_force:
                mode = desk.pact.agreement.modes[0]
                follower = self.followers.setdefault((desk.pact.id, mode), Follower(desk, mode))
                if follower.take(plots, self.node.assigned):
                    self.to_judge.set()


def _report_link(link: Link, error: TafadiError) -> None:
    log.warning("line", party=link.party, agreement=link.desk.pact.id, trouble=str(error))


def _tell_alarm(alarm: Alarm) -> None:
    log.warning("ALARM", agreement=alarm.agreement, entry=str(alarm.entry or ""), sentence=alarm.sentence)


def listening_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises UnavailableError when the address is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise UnavailableError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener


async def serve(node: Node, sources: tuple[Source, ...], on_ready: Callable[[int], None]) -> None:
    """Runs the node until a signal or `stop`. `on_ready` is told the port once both doors are open. Raises DamagedError."""
    running = Running(node, server_context(node.folder.path / "keys", ()))
    node.bell.on_entries = running.wake_links
    node.bell.on_alarm = _tell_alarm
    listener = listening_socket(node.settings.host, node.settings.port)
    _handle_signals(running)
    _start_doors(running, listener)
    running.spawn(running.judge())
    running.to_judge.set()
    running.connect()
    for source in sources:
        running.spawn(follow_source(source, running.take_plots))
    await _until_started(running)
    on_ready(listener.getsockname()[1])
    await running.stop.wait()
    await _shut_down(running)
    if running.damage:
        raise DamagedError(running.damage)


def _handle_signals(running: Running) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stop.set)


def _start_doors(running: Running, listener: socket.socket) -> None:
    context = running.tls
    peers = uvicorn.Config(
        peer_app(running.node, running.to_judge.set, running.give_up),
        http=PeerProtocol,
        ssl_context_factory=lambda config, default: context,
        limit_concurrency=CONNECTIONS_MAX,
        **_COMMON,
    )
    control_path = running.node.folder.path / "control.sock"
    control_path.unlink(missing_ok=True)  # left by a node that was killed; the folder's lock is ours
    control = uvicorn.Config(control_app(running.node, running.after_verb, running.give_up), **_COMMON)
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(control_path))
    control_path.chmod(0o600)
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


def configure_logs() -> None:
    """Structured lines on standard error, one JSON object each; no message bodies are ever put in."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
