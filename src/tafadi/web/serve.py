"""Serving: runs one node until it is told to stop. One event loop; every step of the desk is whole, in its turn (`tafadi.web.turn`).

Two doors are opened, the peers' port (TLS 1.3 with pinned certificates) and the control socket; what runs behind them is in `running`.
"""

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any, Final

import uvicorn

from tafadi.errors import DamagedError
from tafadi.model.names import Mode
from tafadi.net.feeds import Source
from tafadi.net.thin import ThinWay
from tafadi.net.tls import server_context
from tafadi.node import Node
from tafadi.web.control_app import control_app, control_socket
from tafadi.web.door import BACKLOG, PeerDoor, allow_open_files, listening_socket
from tafadi.web.peer_app import peer_app
from tafadi.web.protocol import PeerProtocol, QuietServer
from tafadi.web.running import Running
from tafadi.web.service import Service
from tafadi.web.timekeeper import keep_time

CONNECTIONS_MAX: Final = 200  # a party has a handful of peers and consoles
KEEP_ALIVE_S: Final = 300  # longer than any heartbeat, so that a line stays open between two of them
GRACE_S: Final = 3  # what a graceful stop waits for requests under way


async def serve(
    node: Node,
    sources: tuple[Source, ...],
    on_ready: Callable[[int, str], None],
    mode: Mode | None = None,
    api: str = "",
    thin: tuple[ThinWay, ...] = (),
) -> None:
    """Runs the node until a signal or `stop`. Raises DamagedError; MissingError for a thin link to a party that is none.

    `on_ready` is told the port, and where the API is (nowhere, unless `api` or the settings say so), once all doors are open.
    """
    running = Running(node, server_context(node.folder.tls(), ()), mode=mode)
    for way in thin:
        running.thin_desk(way)
    node.bell.on_entries = running.wake_links
    service = Service(running)
    node.bell.on_alarm = service.take_alarm
    listener = listening_socket(node.settings.host, node.settings.port)
    programs = service.open_api(api or node.settings.api, _COMMON)
    door = control_socket(node.folder.path / "control.sock")
    allow_open_files(listener)
    _handle_signals(running)
    _start_doors(running, listener, door)
    for config, opened in programs:
        _start(running, config, opened)
    running.spawn(running.judge())
    running.to_judge.set()
    running.connect()
    running.spawn(running.watch_cards())
    running.spawn(keep_time(running))
    service.begin(running.spawn)
    for source in sources:
        running.follow(source)
    for way in thin:
        running.add_thin(way)
    await _until_started(running)
    if not running.stop.is_set():
        on_ready(listener.getsockname()[1], service.api)
        service.ready()
    await running.stop.wait()
    service.stopping()
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
        peer_app(running.node, running.to_judge.set, running.after_verb, running.give_up, running.turns),
        http=DoorProtocol,
        ssl_context_factory=lambda config, default: context,
        limit_concurrency=CONNECTIONS_MAX,
        backlog=BACKLOG,
        **_COMMON,
    )
    control = uvicorn.Config(control_app(running.node, running.after_verb, running.give_up, running.turns), **_COMMON)
    for config, opened in ((peers, listener), (control, door)):
        _start(running, config, opened)


def _start(running: Running, config: uvicorn.Config, opened: socket.socket) -> None:
    server = QuietServer(config)
    running.servers.append(server)
    running.spawn(server.serve(sockets=[opened]))


_COMMON: Final[dict[str, Any]] = {
    "log_config": None,
    "access_log": False,
    "lifespan": "off",
    "server_header": False,
    "proxy_headers": False,  # nobody stands between: who asks is who connected
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
    await running.turns.end()
    running.engine.shutdown(wait=False, cancel_futures=True)
    (running.node.folder.path / "control.sock").unlink(missing_ok=True)
