"""The network between machines: requests and answers take their time, are lost, come twice, come again much later, and are cut off."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from simulation.machines import Machine, Wire
from tafadi.desk.exchange import Answer, Ask
from tafadi.errors import UnavailableError

TIMEOUT_S = 10.0  # as `tafadi.net.peers` has it


@dataclass(frozen=True)
class Weather:
    """How long one way takes at most; how often, of all requests, one is lost, its answer is lost, it comes twice, it comes again later."""

    slowest_s: float = 0.05
    lost: float = 0.0
    unanswered: float = 0.0
    doubled: float = 0.0
    replayed: float = 0.0


FAIR = Weather()
WEATHERS = (
    FAIR,
    Weather(0.3, doubled=0.1, replayed=0.1),
    Weather(0.2, lost=0.1, unanswered=0.1, doubled=0.1, replayed=0.1),
    Weather(2.0, lost=0.3, unanswered=0.3, doubled=0.2, replayed=0.2),
    Weather(4.0, lost=0.05, unanswered=0.05),
)


class Network:
    """Carries requests to doors, and answers back."""

    def __init__(
        self, rng: random.Random, at: Callable[[float, Callable[[], None]], None], reach: Callable[[Machine, str], Machine | None]
    ) -> None:
        self.rng, self.at, self.reach = rng, at, reach
        self.weather = FAIR
        self.cuts: set[frozenset[str]] = set()
        self.answers_by: Callable[[Machine, Machine, Ask, Answer], Answer] = lambda one, other, ask, found: found
        self.overheard: list[tuple[str, str, Ask]] = []  # who asked whom what: what a liar may say again
        self.carried = 0

    def carry(self, wire: Wire, ask: Ask) -> None:
        """Takes the request to the door of who is meant; `wire.machine` gets the answer, or that there is none."""
        one, asked, party = wire.machine, wire.asked, wire.line.party
        self.carried += 1
        self.at(TIMEOUT_S, lambda: one.answered(wire, asked, UnavailableError(f"{party} does not answer")))
        other = self.reach(one, party)
        if other is None or self._is_cut(one, other):
            if self.rng.random() < 0.5:  # refused at once; else nothing comes, and its time runs out
                self.at(0.001, lambda: one.answered(wire, asked, UnavailableError(f"{party} cannot be reached")))
            return
        self.overheard.append((one.party, party, ask))
        if self.rng.random() >= self.weather.lost:
            self._bring(wire, asked, other, ask, self._way_s())
        if self.rng.random() < self.weather.doubled:
            self._bring(wire, asked, other, ask, self._way_s())
        if self.rng.random() < self.weather.replayed:
            self._bring(wire, asked, other, ask, self.rng.uniform(1.0, 40.0))

    def _bring(self, wire: Wire, asked: int, other: Machine, ask: Ask, after_s: float) -> None:
        self.at(after_s, lambda: self._arrive(wire, asked, other, ask))

    def _arrive(self, wire: Wire, asked: int, other: Machine, ask: Ask) -> None:
        one = wire.machine
        if self._is_cut(one, other):
            return
        found = other.at_door(one.party, ask)
        if found is None or self.rng.random() < self.weather.unanswered:
            return
        told = self.answers_by(one, other, ask, found)
        self.at(self._way_s(), lambda: None if self._is_cut(one, other) else one.answered(wire, asked, told))

    def _way_s(self) -> float:
        return self.rng.uniform(0.001, self.weather.slowest_s)

    def _is_cut(self, one: Machine, other: Machine) -> bool:
        return frozenset((one.party, other.party)) in self.cuts
