"""Lasting answers: HTTP for the API, where a request has its deadline as everywhere, and a stream of events lifts it."""

import asyncio
from typing import Any, Final

from tafadi.web.protocol import PeerProtocol

UNHURRIED: Final = "tafadi.unhurried"  # in the extensions of a request: what lifts its deadline, for an answer that does not end


class LastingProtocol(PeerProtocol):
    """HTTP/1.1 with a deadline for each request, which an answer without end may lift."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Has every request of the connection know how to lift its deadline."""
        super().connection_made(transport)
        inner = self.app

        async def with_deadline(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[UNHURRIED] = self._end_deadline
            await inner(scope, receive, send)

        self.app = with_deadline
