"""The lines of a small world: the very talks of `tafadi.desk.session` between all stations, on one clock that jumps from pause to pause.

What is asked comes to the other's own door. By chance a request is lost, or its answer; it comes twice, or once more much later.
"""

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tafadi.desk.door import answer
from tafadi.desk.exchange import Answer, Ask, Line, Pause, Talk
from tafadi.desk.judge import judge_inbox
from tafadi.desk.session import Rhythm, talk
from tafadi.errors import QuotaError, TafadiError, UnavailableError
from tafadi.web.problems import status_of
from world import START, Station, StationHouse, World


@dataclass(frozen=True)
class Weather:
    """How often, of all requests, one is lost; its answer is lost; it comes twice; it comes once more later."""

    lost: float = 0.0
    unanswered: float = 0.0
    doubled: float = 0.0
    delayed: float = 0.0


@dataclass
class Wire:
    """One direction: who speaks to whom, and what was said."""

    one: Station
    other: Station
    line: Line
    spoken: Talk[None]
    asked: list[Ask] = field(default_factory=list)
    told: list[TafadiError] = field(default_factory=list)
    rung: int = 0
    wakes: bool = True
    due_s: float = 0.0


class Lines:
    """Every station's talk with every other; `run` lets time pass."""

    def __init__(self, world: World, *, seed: int = 0, weather: Weather = Weather(), beat_s: float = 30.0, judges: bool = True) -> None:
        self.world, self.rng, self.weather = world, random.Random(seed), weather
        self.judges = judges
        self.late: list[tuple[Wire, Ask]] = []
        rhythm = Rhythm(beat_s, self.rng.uniform, lambda: self.now_s)
        self.wires: dict[tuple[str, str], Wire] = {}
        for one, other in itertools.permutations(world.stations.values(), 2):
            line = Line(one.desk, other.party)
            self.wires[one.party, other.party] = Wire(one, other, line, talk(line, rhythm))

    @property
    def now_s(self) -> float:
        """Seconds since the world began."""
        return self.world.clock.now().since(START)

    def run(self, lasts_s: float, until: Callable[[], bool] = lambda: False) -> float:
        """Lets so much time pass, or less where `until` comes true; how much passed."""
        began_s = self.now_s
        while not until():
            wire = min(self.wires.values(), key=lambda one: one.due_s)
            if wire.due_s > began_s + lasts_s:
                self.world.clock.wait(began_s + lasts_s - self.now_s)
                break
            self.world.clock.wait(max(0.0, wire.due_s - self.now_s))
            self._go_on(wire)
            for station in self.world.stations.values() if self.judges else ():
                judge_inbox(station.desk)
            self._wake()
        return self.now_s - began_s

    def _wake(self) -> None:
        for wire in self.wires.values():
            if wire.wakes and wire.one.bell.added > wire.rung:
                wire.rung, wire.line.has_news, wire.due_s = wire.one.bell.added, True, min(wire.due_s, self.now_s)

    def _go_on(self, wire: Wire) -> None:
        """Performs one talk up to its next pause."""
        step = next(wire.spoken)
        while not isinstance(step, Pause):
            if not isinstance(step, Ask):
                wire.told.append(step.error)
                step = wire.spoken.send(None)
                continue
            wire.asked.append(step)
            try:
                found = self._carried(wire, step)
            except UnavailableError as error:
                step = wire.spoken.throw(error)
            else:
                step = wire.spoken.send(found)
        wire.wakes, wire.due_s = step.wakes, self.now_s + step.longest_s

    def _carried(self, wire: Wire, ask: Ask) -> Answer:
        self.world.clock.wait(0.001)
        chance = self.rng.random
        if frozenset((wire.one.party, wire.other.party)) in self.world.cut or chance() < self.weather.lost:
            raise UnavailableError(f"{wire.other.party} does not answer")
        if self.late and chance() < 0.5:
            self._at_door(*self.late.pop(self.rng.randrange(len(self.late))))
        found = self._at_door(wire, ask)
        if chance() < self.weather.delayed:
            self.late.append((wire, ask))
        if chance() < self.weather.doubled:
            found = self._at_door(wire, ask)
        if chance() < self.weather.unanswered:
            raise UnavailableError(f"{wire.other.party} does not answer")
        return found

    def _at_door(self, wire: Wire, ask: Ask) -> Answer:
        """What the other's door answers, as HTTP would carry it."""
        try:
            reply = answer(StationHouse(wire.other), lambda desk: wire.one.party, ask.method, ask.path, ask.body)
        except TafadiError as error:
            wait_s = error.wait_s if isinstance(error, QuotaError) else None
            return Answer(status_of(error), json.dumps({"detail": str(error)}).encode(), wait_s)
        return Answer(reply.status, reply.body)

    def paths(self, one: str, other: str) -> list[str]:
        """What one asked the other, the first part of each path."""
        return [ask.path.split("/")[1] for ask in self.wires[one, other].asked]

    def settled(self) -> bool:
        """Whether every party holds every entry, knows that every other does, and all pictures are equal."""
        stations = self.world.stations.values()
        whole = all(
            receipt.size == station.size and len(receipts) == len(self.world.stations) - 1
            for station in stations
            for receipts in [station.desk.journal.receipts(station.desk.origin)]
            for receipt in receipts.values()
        )
        held = {tuple(station.desk.journal.head(owner.desk.origin).frontier.size for owner in stations) for station in stations}
        return whole and held == {tuple(station.size for station in stations)} and self._agree()

    def _agree(self) -> bool:
        return len({station.desk.picture.digest() for station in self.world.stations.values()}) == 1
