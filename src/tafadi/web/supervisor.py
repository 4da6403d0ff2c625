"""The supervisor: what systemd, or whatever speaks its protocol, is told of the node: that it is ready, that it lives, that it ends.

A datagram to the socket that `NOTIFY_SOCKET` names, one `NAME=value` a line (sd_notify(3)). Where nobody supervises nothing is said. The
sign of life comes from the same event loop that takes what peers and officers say, so it stops when that does; and it is withheld while
the record cannot be trusted.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_BEATS_WITHIN: Final = 3  # signs of life within what the supervisor waits for: one may come late on a loaded machine
_SHORTEST_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Whoever supervises this process: where it is told, and within how many seconds it wants a sign of life (0: none)."""

    address: str = ""
    patience_s: float = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> "Supervisor":
        """As the environment of the process `pid` names it; the one that is told nothing where it names none."""
        address = environment.get("NOTIFY_SOCKET", "")
        microseconds = environment.get("WATCHDOG_USEC", "")
        is_meant = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        patience_s = int(microseconds) / 1e6 if is_meant and microseconds.isascii() and microseconds.isdecimal() else 0.0
        return cls(address if address.startswith(("/", "@")) else "", patience_s)

    def tell(self, **said: str | int) -> None:
        """Says it. Where it cannot be said nothing happens: to serve goes before being supervised."""
        if not self.address:
            return
        text = "\n".join(f"{name.upper()}={value}" for name, value in said.items())
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
            out.sendto(text.encode("utf-8", "replace"), self.address.replace("@", "\0", 1) if self.address[0] == "@" else self.address)

    async def keep_telling(self, is_well: Callable[[], bool]) -> None:
        """Gives a sign of life, again and again, as long as all is well. Ends at once where none is wanted."""
        if not self.address or self.patience_s <= 0.0:
            return
        while True:
            if is_well():
                self.tell(watchdog=1)
            await asyncio.sleep(max(_SHORTEST_S, self.patience_s / _BEATS_WITHIN))


def supervisor() -> Supervisor:
    """Whoever supervises this process."""
    return Supervisor.of(os.environ, os.getpid())
