"""The timekeeper: one task that says what the clocks of the agreements have decided, and calls the officers again.

What is due follows from the picture (`tafadi.desk.deadlines`), so nothing is kept here that a restart could lose but the instant of the
last reminders: after a start everything that waits for this party's officers is called once more.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from tafadi.desk.clockwatch import ClockWatch
from tafadi.desk.deadlines import next_due, reminders, say_due
from tafadi.desk.desk import Desk
from tafadi.errors import DamagedError, TafadiError
from tafadi.measure.instant import Clock, Instant
from tafadi.node import SystemClock
from tafadi.web.running import Running

LONGEST_SLEEP_S: Final = 5.0  # what comes in meanwhile may be due sooner than anything known: the shortest clock is of a minute
SHORTEST_SLEEP_S: Final = 0.2  # a scenario clock may run a thousand times as fast

log = structlog.get_logger()


@dataclass
class Timekeeper:
    """The clocks of all agreements of one node, looked at one after another."""

    running: Running
    machine: Clock = field(default_factory=SystemClock)
    elapsed_s: Callable[[], float] = time.monotonic
    watches: dict[str, ClockWatch] = field(default_factory=dict)
    reminded_at: dict[str, Instant] = field(default_factory=dict)
    told: str = ""

    def look(self) -> float:
        """Says and calls what is due; how many seconds may pass until the next look. Raises DamagedError."""
        sleep_s = LONGEST_SLEEP_S
        for desk in list(self.running.node.desks.values()):
            try:
                self._look_at(desk)
                self.told = ""
            except DamagedError:
                raise
            except TafadiError as error:  # a full disk: the officers are told once, and it is tried again at the next look
                if str(error) != self.told:
                    desk.bell.alarm(desk.pact, f"what is overdue cannot be said: {error}", None)
                self.told = str(error)
            sleep_s = min(sleep_s, _sleep_s(desk))
        return max(SHORTEST_SLEEP_S, sleep_s)

    def _look_at(self, desk: Desk) -> None:
        self._watch_clock(desk)
        now = desk.clock.now()
        for reminder in reminders(desk, self.reminded_at.get(desk.pact.id), now):
            desk.bell.alarm(desk.pact, reminder.sentence, reminder.entry)
        self.reminded_at[desk.pact.id] = now
        if self.watches[desk.pact.id].is_trusted:
            say_due(desk)

    def _watch_clock(self, desk: Desk) -> None:
        """Alarms when the machine's clock has jumped. Scenario clocks follow it, so it is the machine's that is watched."""
        watch = self.watches.setdefault(desk.pact.id, ClockWatch(float(max(1, desk.pact.agreement.timing.skew_max_s))))
        heard = {link.party: link.heard_at for (name, _), (link, _task) in self.running.links.items() if name == desk.pact.id}
        jump_s = watch.look(self.machine.now(), self.elapsed_s(), heard, desk.clocks_off)
        if jump_s is not None:
            sentence = f"this node's clock jumped by {jump_s:+.1f} s; nothing is called overdue until another party's clock agrees with it"
            desk.bell.alarm(desk.pact, sentence, None)


def _sleep_s(desk: Desk) -> float:
    now = desk.clock.now()
    at = next_due(desk, now)
    return LONGEST_SLEEP_S if at is None else at.since(now)


async def keep_time(running: Running) -> None:
    """Keeps time while the node runs, once each line has been tried, so that what came while it was down is read first."""
    keeper = Timekeeper(running)
    await running.first_contact()
    while True:
        try:
            sleep_s = await running.turns.take(keeper.look)
        except DamagedError:
            raise
        except TafadiError as error:  # what was said together with others may be written or not: the next look finds out
            log.warning("what is overdue may not be said", error=str(error))
            sleep_s = SHORTEST_SLEEP_S
        await asyncio.sleep(sleep_s)
