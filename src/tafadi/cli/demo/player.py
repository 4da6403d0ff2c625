"""The player: a track source on a loopback port that plays plots to whoever connects, paced by the scenario's clock."""

import socket
import threading
import time
from collections.abc import Sequence
from typing import Final

from tafadi.formats.plots import write_line
from tafadi.measure.instant import Clock, Instant
from tafadi.model.track import Plot

TICK_S: Final = 0.01  # wall seconds; a plot is never later than this by the player's own doing


class Player:
    """Listens at once; plays when told to."""

    def __init__(self, clock: Clock, rate: float) -> None:
        self._clock = clock
        self._rate = rate
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._clients.append(client)

    def play(self, plots: Sequence[Plot]) -> None:
        """Begins to play in the background: each plot when the clock reaches its time."""
        thread = threading.Thread(target=self._play, args=(list(plots),), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _play(self, plots: Sequence[Plot]) -> None:
        for plot in plots:
            self._wait_until(plot.at)
            if self._over.is_set():
                return
            self._send(write_line(plot))

    def _wait_until(self, at: Instant) -> None:
        while (left_s := at.since(self._clock.now()) / self._rate) > 0 and not self._over.is_set():
            time.sleep(min(left_s, TICK_S))

    def _send(self, line: bytes) -> None:
        with self._lock:
            for client in list(self._clients):
                try:
                    client.sendall(line)
                except OSError:  # a node that was killed; it connects again when it is back
                    self._clients.remove(client)

    def close(self) -> None:
        """Ends everything."""
        self._over.set()
        self._listener.close()
        with self._lock:
            for client in self._clients:
                client.close()
