"""The peers' door before TLS: whoever has not yet shown a pinned certificate may hold few descriptors, and those not for long.

Anybody can open TCP connections and stay silent. Each holds a descriptor until its handshake ends, and the officer's control socket needs
descriptors too. So unfinished handshakes are counted and timed; when there are too many the oldest goes, for a true peer finishes within a
few round trips and a silent stranger never does.
"""

import asyncio
import resource
import socket
from typing import Any, Final

from tafadi.errors import UnavailableError

HANDSHAKES_MAX: Final = 256  # a true peer is among the newest for the tenths of a second that it needs
HANDSHAKE_MAX_S: Final = 10.0  # several round trips and a lost packet on a line of 300 kbit/s
SHARE_OF_FILES: Final = 4  # at most one in so many descriptors is for strangers
OPEN_FILES: Final = 16_384  # descriptors asked for, where the system gives them
BACKLOG: Final = 64  # how many are taken in one turn of the loop, before those that were dropped are closed


class PeerDoor(socket.socket):
    """A listening socket whose accepted connections must finish their handshake in time; too many, and the oldest unfinished is cut.

    To be accepted from inside of a running event loop only.
    """

    def __init__(self, family: socket.AddressFamily) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._strangers: dict[int, tuple[socket.socket, asyncio.TimerHandle]] = {}
        self._leaving: list[socket.socket] = []
        self.handshakes_max = HANDSHAKES_MAX

    @property
    def strangers(self) -> int:
        """How many connections have not finished their handshake."""
        return len(self._strangers)

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection; its handshake is timed from now. Raises BlockingIOError while too many that were cut are still open."""
        self._leaving = [connection for connection in self._leaving if connection.fileno() >= 0]
        if len(self._leaving) >= self.handshakes_max:
            raise BlockingIOError  # they close within some turns of the loop; so strangers never hold more than twice the limit
        connection, address = super().accept()
        number = connection.fileno()
        self.known(number)  # a descriptor is given again only after its last connection was closed
        self._drop_closed()
        while len(self._strangers) >= self.handshakes_max:
            self._cut(next(iter(self._strangers)))
        timer = asyncio.get_running_loop().call_later(HANDSHAKE_MAX_S, self._cut, number)
        self._strangers[number] = connection, timer
        return connection, address

    def known(self, number: int) -> None:
        """The connection with that descriptor has shown a certificate that is pinned."""
        if number in self._strangers:
            self._strangers.pop(number)[1].cancel()

    def _drop_closed(self) -> None:
        for number in [number for number, (connection, _) in self._strangers.items() if connection.fileno() < 0]:
            self.known(number)

    def _cut(self, number: int) -> None:
        connection, timer = self._strangers.pop(number)
        timer.cancel()
        self._leaving.append(connection)
        try:
            connection.shutdown(socket.SHUT_RDWR)  # its transport reads the end, and closes it
        except OSError:
            return  # closed already, or never connected any more


def listening_socket(host: str, port: int) -> PeerDoor:
    """A listening TCP socket. Raises UnavailableError when the address is taken."""
    listener = PeerDoor(socket.AF_INET6 if ":" in host else socket.AF_INET)
    _bind(listener, host, port)
    return listener


def local_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket for programs on this machine. Raises UnavailableError when the address is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    _bind(listener, host, port)
    return listener


def _bind(listener: socket.socket, host: str, port: int) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, UnicodeError) as error:
        listener.close()
        raise UnavailableError(f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}") from None


def allow_open_files(door: PeerDoor) -> None:
    """Asks for as many descriptors as the system gives, and leaves most of them to peers and officers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft != resource.RLIM_INFINITY:
        door.handshakes_max = max(1, min(HANDSHAKES_MAX, soft // SHARE_OF_FILES))
