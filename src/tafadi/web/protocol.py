"""HTTP as a node serves it: requests carry the certificate of whoever connected, have a deadline, and signals are the node's.

uvicorn does not hand the peer's certificate to the application; a small protocol class of ours does.
"""

import asyncio
import contextlib
import socket
import ssl
from typing import Any, Final, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tafadi.web.door import PeerDoor
from tafadi.web.peer_app import PEER_KEY

REQUEST_MAX_S: Final = 60.0  # from the first byte of a request to the end of its answer; the longest body takes 30 s at 300 kbit/s

_HEAD_ENDS: Final = b"\r\n\r\n"


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
        """Remembers the certificate for every request of the connection, and has every answer leave at once.

        asyncio does the latter only for sockets that it made itself: else the body of an answer waits 40 ms for the receipt of its head.
        """
        super().connection_made(cast(asyncio.Transport, _Joined(transport, self.loop)))
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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


class _Joined:
    """A transport that lets the head of an answer wait for its body, which follows at once: one record of TLS and one packet for both."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop, self._head = transport, loop, b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Writes now, or, what is a head alone, with what follows or in the next turn of the loop."""
        if not self._head and data.endswith(_HEAD_ENDS):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        head, self._head = self._head, b""
        self._transport.write(head + data)

    def close(self) -> None:
        """Closes, once everything is written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)


class QuietServer(uvicorn.Server):
    """A server that leaves signals to the node."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """No signals of its own."""
        yield
