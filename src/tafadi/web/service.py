"""The service: what a node is to the machine it runs on. Its API, its health, its alarms in the log, its clock source, its supervisor.

What FastAPI needs is loaded only where an API is asked for.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
import uvicorn

from tafadi.node import Alarm, SystemClock
from tafadi.store.settings import check_api
from tafadi.web.alarms import AlarmBook, kind_of
from tafadi.web.clock_source import clock_source
from tafadi.web.door import local_socket
from tafadi.web.health import SKEW_S, Health
from tafadi.web.lasting import LastingProtocol
from tafadi.web.running import Running
from tafadi.web.supervisor import Supervisor, supervisor

API_CONNECTIONS_MAX: Final = 100  # 32 streams, and a handful of programs with some connections each
CLOCK_LOOK_S: Final = 60.0  # how often the clock source is looked at
CLOCK_AGAIN: Final = 1_440  # looks after which the officers are told again: once a day

log = structlog.get_logger()


@dataclass
class Service:
    """One running node as a service. `api` is where its API listens, once it does."""

    running: Running
    told: Supervisor = field(default_factory=supervisor)
    alarms: AlarmBook = field(default_factory=lambda: AlarmBook(secrets.token_hex(8)))
    api: str = ""

    @property
    def health(self) -> Health:
        """How the node is."""
        return Health(self.running)

    def take_alarm(self, alarm: Alarm) -> None:
        """Counts the alarm and writes it into the log.

        Of one about an entry only what stands before the colon: behind it may be what the entry says. That is on the screens, and in the
        record.
        """
        self.alarms.take(alarm)
        words = alarm.sentence.partition(": ")[0] if alarm.entry else alarm.sentence
        about = str(alarm.entry or "")
        log.warning("ALARM", kind=kind_of(alarm), agreement=alarm.agreement, number=self.alarms.count, entry=about, sentence=words)

    def open_api(self, address: str, common: dict[str, Any]) -> list[tuple[uvicorn.Config, socket.socket]]:
        """The API's server with the socket on which it listens; none where there is no address. Raises InputError, UnavailableError."""
        if not address:
            return []
        from tafadi.web.api.app import api_app
        from tafadi.web.api.house import House
        from tafadi.web.metrics import Metrics

        host, port = check_api(address)
        listener = local_socket(host, port)
        port = listener.getsockname()[1]
        self.api = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        running, health = self.running, self.health
        metrics = Metrics(running.node, self.alarms, health.heard, health.checks)
        house = House(
            node=running.node,
            turns=running.turns,
            alarms=self.alarms,
            metrics=metrics,
            after=running.after_verb,
            on_damage=running.give_up,
            is_stopping=running.stop.is_set,
            health=health.told,
        )
        hosts = frozenset({self.api, f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"})
        app = api_app(house, hosts)
        return [(uvicorn.Config(app, http=LastingProtocol, limit_concurrency=API_CONNECTIONS_MAX, **common), listener)]

    def begin(self, spawn: Callable[[Any], object]) -> None:
        """Begins what goes on beside: the sign of life, and the watch on the clock source."""
        self.running.node.readiness = self.health.told
        spawn(self.told.keep_telling(lambda: not self.running.damage))
        spawn(self.watch_clock_source())

    def ready(self) -> None:
        """Says that the doors are open."""
        self.told.tell(ready=1, status=f"party {self.running.node.settings.party}: the doors are open")

    def stopping(self) -> None:
        """Says that the node is about to end, and why where it does so by itself."""
        self.told.tell(stopping=1, status=self.running.damage or "stopping")

    async def watch_clock_source(self) -> None:
        """Alarms when nothing keeps this machine's clock, once when that begins and once a day; and says when something does again."""
        if not isinstance(self.running.node.clock, SystemClock):
            return  # a scenario's clock tells no time of day
        told, looks = "", 0
        while True:
            trouble = clock_source().trouble(self._tolerance_s())
            if trouble and (not told or looks >= CLOCK_AGAIN):
                self.running.alarm_all(trouble)
                looks = 0
            elif told and not trouble:
                self.running.alarm_all("something keeps this machine's clock again")
            told, looks = trouble, looks + 1
            await asyncio.sleep(CLOCK_LOOK_S)

    def _tolerance_s(self) -> float:
        skews = (desk.pact.agreement.timing.skew_max_s for desk in self.running.node.desks.values())
        return float(min(skews, default=SKEW_S))
