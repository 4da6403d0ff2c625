"""The seeded world: two to five machines, a bad network, bad luck and liars, all from one number; the code is that of the node.

Time is a heap of events, and chance is one generator: a seed always gives the same world. First there is trouble: officers speak, lines are
cut, machines lose their power, disks fail, clocks go wrong, keys are renewed, somebody lies. Then all of that ends, and in the end
everybody must hold the same record. What must hold meanwhile is in `simulation.invariants`.
"""

import heapq
import itertools
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from simulation import invariants, liars
from simulation.cast import NAMES, Disk, MachineClock, documents, new_folder
from simulation.invariants import Ledger, promise
from simulation.machines import Machine, Wire
from simulation.network import FAIR, WEATHERS, Network, Weather
from simulation.officers import said_next
from tafadi.desk.exchange import Ask
from tafadi.desk.session import BACKOFF_MAX_S
from tafadi.errors import DamagedError
from tafadi.formats.agreement import read_document
from tafadi.formats.wire import Json
from tafadi.store.memory import Failing
from tafadi.trust.checkpoint import Checkpoint

CALM_AFTER_S = 400.0  # once the trouble is over: waits of an entry, patience of a relay, back-offs and heartbeats all fit in it
LOOKS_EACH_S = 3.0  # how often it is looked whether the world has settled
BEGUN_S = 10.0  # a world whose parties have signed already begins here
EVENTS_MAX = 60_000  # of one world; none has had a tenth of it, and one that never rests is found here


@dataclass(frozen=True)
class Plan:
    """What a world is made of, before anything happens."""

    parties: tuple[str, ...] = NAMES[:2]
    quick: bool = False  # the agreement's clocks run out within the trouble
    second: bool = False  # a second agreement between the first two
    signed: bool = True  # all have signed before the trouble
    engine: bool = False  # notices, of which conflicts are computed
    groups: bool = False  # machines write each turn as one group
    weather: Weather = FAIR
    lasts_s: float = 40.0
    words: int = 5
    cuts: int = 0
    parted: bool = False  # two parties never meet, not even when the trouble is over: the others bring each what the other says
    crashes: int = 0
    faults: int = 0
    renewals: int = 0
    jumps: int = 0
    liar: str = ""  # the last party, and how it lies


def plan_of(rng: random.Random) -> Plan:
    """A plan by chance: most worlds are small, and each has some of the troubles."""
    count = rng.choices((2, 3, 4, 5), (72, 24, 3, 1))[0]
    second = count > 2 and rng.random() < 0.15
    quick, liar = rng.random() < (0.3 if count == 2 else 0.12), rng.choice(liars.KINDS[count == 2]) if rng.random() < 0.4 else ""
    return Plan(
        parties=NAMES[:count],
        quick=quick,
        second=second,
        signed=rng.random() < 0.85,
        engine=rng.random() < 0.15,
        groups=rng.random() < 0.3,
        weather=rng.choice(WEATHERS),
        lasts_s=rng.uniform(18.0, 40.0) if quick else rng.uniform(4.0, 20.0),
        words=rng.randint(1, 4),
        cuts=rng.choice((0, 0, 1, 2)) if count == 2 else rng.choice((0, 1, 3)),
        crashes=rng.choice((0, 0, 1, 2)),
        faults=rng.choice((0, 0, 1, 3)),
        renewals=int(rng.random() < 0.12),
        jumps=int(rng.random() < 0.12),
        parted=count > 2 and not liar and not second and rng.random() < 0.2,
        liar=liar,
    )


class SeededWorld:
    """All of it, as one seed and a plan have it; without a plan the seed makes one."""

    def __init__(self, seed: int, plan: Plan | None = None, tell: Callable[[str], object] | None = None) -> None:
        self.seed, self.tell = seed, tell
        self.rng = random.Random(seed)
        self.plan = plan or plan_of(self.rng)
        self.now_s = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.ledger = Ledger()
        self.network = Network(self.rng, self.at, self.reach)
        self.liar = self.plan.parties[-1] if self.plan.liar else ""
        self.machines: dict[str, Machine] = {}
        self.faces: dict[str, str] = {}  # which machine of a liar with two faces each other party meets
        self.healed_s = 0.0
        self.rounds = 1  # of heartbeats until a fork is proved; one more for each write that fails after the trouble
        self._make()

    # The stage

    def at(self, after_s: float, act: Callable[[], None]) -> None:
        """Has it done so much later."""
        heapq.heappush(self._events, (self.now_s + after_s, next(self._numbers), act))

    def chance(self, low: float, high: float) -> float:
        """A number between two."""
        return self.rng.uniform(low, high)

    def carry(self, wire: Wire, ask: Ask) -> None:
        """By the network."""
        if self.tell:
            self.note(wire.machine, f"asks {wire.line.party}: {ask.method} {ask.path[:60]} ({len(ask.body)} bytes)")
        self.network.carry(wire, ask)

    def wrote(self, machine: Machine) -> None:
        """What is on a disk is looked at whenever it may have changed."""
        if machine.party != self.liar:
            self.ledger.look(machine, self.honest)

    def looked(self, machine: Machine) -> None:
        """What an honest party's clock decides is said."""
        if machine.party != self.liar:
            invariants.clocks_are_kept(machine)

    def damaged(self, machine: Machine, error: DamagedError) -> None:
        """Who is honest, and has put back no copy, never finds its record contradicted. A liar that is found out goes dumb."""
        promise(machine.party == self.liar, f"{machine.name} stops: {error}")
        machine.crash()

    def note(self, machine: Machine, what: str) -> None:
        """For who reads what happened."""
        if self.tell:
            self.tell(f"{self.now_s:9.3f} {machine.name:8} {what}")

    def reach(self, one: Machine, party: str) -> Machine | None:
        """The machine that a request of one machine to that party comes to."""
        if one.party == self.liar and self.faces and self.faces.get(party, one.name) != one.name:
            return None
        name = self.faces.get(one.party, party) if party == self.liar and self.faces else party
        return self.machines.get(name)

    # The making

    def _make(self) -> None:
        plan, told = self.plan, documents(self.plan.parties, quick=self.plan.quick, second=self.plan.second)
        disks = _signed(plan.parties, plan.quick, plan.second) if plan.signed else {}
        self.now_s = BEGUN_S if plan.signed else 0.0
        for party in plan.parties:
            folder = new_folder(party)
            folder.papers.documents = {
                name: document for name, document in told.items() if plan.signed and party in documents_parties(document)
            }
            disk = Disk()
            if plan.signed:
                disks[party].copy_to(disk)
            clock = MachineClock(lambda: self.now_s, self.rng.uniform(-0.5, 0.5), 1.0 + self.rng.uniform(-1e-4, 1e-4))
            machine = Machine(self, folder, disk, clock)
            machine.groups = plan.groups
            self.machines[party] = machine
        self.honest = {party: machine for party, machine in self.machines.items() if party != self.liar}
        for machine in self.machines.values():
            machine.start()
            if not plan.signed:
                self.at(self.rng.uniform(0.0, 3.0), lambda machine=machine: self._sign(machine, told))  # type: ignore[misc]

    def _sign(self, machine: Machine, told: dict[str, bytes]) -> None:
        """Signs every agreement that the party is in, again and again until it is done."""

        def sign() -> None:
            for name, document in told.items():
                if machine.party in documents_parties(document):
                    machine.node.sign(document)
                    self.note(machine, f"signs {name}")
            machine.connect()

        if machine.attempt(sign):
            self.at(1.0, lambda: self._sign(machine, told))

    # The trouble

    def live(self) -> None:
        """The whole life of the world. Raises BrokenPromise."""
        self.trouble()
        self.heal()
        self.settle()

    def trouble(self) -> None:
        """Everything that the plan has, at instants by chance."""
        plan, rng = self.plan, self.rng
        self.network.weather = plan.weather
        happens: list[tuple[int, Callable[[], None]]] = [
            (plan.words, self.speak),
            (plan.cuts, self.cut),
            (plan.crashes, self.crash),
            (plan.faults, self.fault),
            (plan.renewals, self.renew),
            (plan.jumps, self.jump),
        ]
        for times, act in happens:
            for _ in range(times):
                self.at(rng.uniform(0.0, plan.lasts_s), act)
        if plan.parted:
            self.network.cuts.add(frozenset(plan.parties[:2]))
        if plan.liar:
            liars.begin(self, plan.liar)
        self.run(plan.lasts_s)

    def some(self) -> Machine:
        """A machine by chance."""
        return self.rng.choice(list(self.machines.values()))

    def speak(self) -> None:
        """An officer somewhere says something under some agreement."""
        machine = self.some()
        if not machine.desks:
            return
        desk = self.rng.choice(machine.desks)
        act = said_next(desk, self.rng, engine=self.plan.engine)
        came = machine.verb(act, desk.pact.id)
        self.note(machine, f"speaks under {desk.pact.id}: {came or 'said'}")

    def cut(self) -> None:
        """Nothing goes between two parties for a while, in neither direction."""
        pair = frozenset(self.rng.sample(self.plan.parties, 2))
        if pair not in self.network.cuts:
            self.network.cuts.add(pair)
            self.at(self.rng.uniform(1.0, self.plan.lasts_s), lambda: self.network.cuts.discard(pair))

    def crash(self) -> None:
        """A machine is off for a while."""
        machine = self.some()
        if machine.is_up:
            machine.crash()
            life = machine.life
            self.at(self.rng.uniform(0.1, 15.0), lambda: machine.start() if machine.life == life and not machine.is_up else None)

    def fault(self) -> None:
        """The next durable write of a machine fails: before it took place or after, with its power or without."""
        machine, how = self.some(), self.rng.choice(list(Failing))
        self.note(machine, f"{how.name} at its next write")
        if self.rng.random() < 0.1:
            machine.folder.papers.fails = how
        else:
            machine.disk.fail(how, dies=self.rng.random() < 0.5)

    def renew(self) -> None:
        """A party goes on with new keys in the next epoch, under every agreement."""
        machine = self.some()
        begun = [machine.disk.head(desk.origin).frontier.size > 0 for desk in machine.desks]
        if machine.party == self.liar or not begun or not all(begun):
            return
        ends = []
        for desk in machine.desks:
            frontier = machine.disk.head(desk.origin).frontier
            ends.append(Checkpoint(desk.origin, frontier.size, frontier.root()))
        machine.crash()
        machine.folder.begin_next(tuple(sorted(ends, key=lambda end: end.origin)))
        self.note(machine, f"goes on in epoch {machine.folder.settings.epoch}")
        machine.start()

    def jump(self) -> None:
        """Somebody sets a clock."""
        machine = self.some()
        machine.clock.off_s += self.rng.choice((-3_600.0, -20.0, 3.0, 20.0, 900.0))

    def heal(self) -> None:
        """All trouble ends but a liar's lies: lines and disks are well, and every machine is on."""
        self.network.weather, self.healed_s = FAIR, self.now_s
        self.network.cuts = {frozenset(self.plan.parties[:2])} if self.plan.parted else set()
        for machine in self.machines.values():
            machine.disk.fails = machine.folder.papers.fails = None
        for machine in self.honest.values():
            if not machine.is_up:
                machine.start()

    # Time

    def run(self, lasts_s: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Lets so much time pass, or less where `until` comes true when it is looked at; whether it did."""
        ends_s, looks_s, events = self.now_s + lasts_s, self.now_s, 0
        while self._events and self._events[0][0] <= ends_s:
            due_s, _, act = heapq.heappop(self._events)
            if due_s >= looks_s:
                looks_s = due_s + LOOKS_EACH_S
                if until():
                    heapq.heappush(self._events, (due_s, -next(self._numbers), act))
                    return True
            self.now_s = max(self.now_s, due_s)
            events += 1
            promise(events < EVENTS_MAX, f"the world never rests: {events} events in {self.now_s:.0f} s")
            act()
        self.now_s = ends_s
        return until()

    # The end

    def settle(self) -> None:
        """Once the trouble is over all honest parties come to the same record and picture, and every fork is proved at each of them."""
        forked = self.forks()
        if forked:
            self.run(self.rounds * self._round_s(), lambda: all(forked <= liars.accused_by(machine) for machine in self.honest.values()))
        for machine in self.honest.values():
            invariants.nobody_honest_is_accused(machine, self.honest)
            for origin in forked:
                kept = liars.accused_by(machine)
                promise(origin in kept, f"{machine.name} has no proof of the fork of {origin}, {self.now_s - self.healed_s:.0f} s later")
        promise(self.run(CALM_AFTER_S, self._is_settled), f"no common record after {CALM_AFTER_S:.0f} s of calm: {self.state()}")
        if self.rng.random() < 0.25:
            self._same_again()
        for machine in self.honest.values():
            invariants.said_once(machine)
            invariants.nobody_honest_is_accused(machine, self.honest)

    def _round_s(self) -> float:
        """One round of heartbeats, once lines that were down are tried again; after a start the node first meets all others."""
        beats_s = max(desk.pact.agreement.timing.heartbeat_s for machine in self.honest.values() for desk in machine.desks)
        return beats_s + BACKOFF_MAX_S + 2 * 10.0

    def forks(self) -> set[str]:
        """The feeds of which two honest parties hold two histories."""
        found = set()
        for one, other in itertools.combinations(self.honest.values(), 2):
            for origin in set(one.disk.origins()) & set(other.disk.origins()):
                both = zip(one.disk.leaf_hashes(origin), other.disk.leaf_hashes(origin), strict=False)
                if any(first != second for first, second in both):
                    found.add(origin)
        return found

    def _is_settled(self) -> bool:
        agreements = {desk.pact.id for machine in self.honest.values() for desk in machine.desks}
        honest = list(self.honest.values())
        if not agreements or not all(machine.is_up for machine in honest):
            return False
        return all(invariants.held_alike(honest, agreement) and self._is_one(agreement) for agreement in agreements)

    def _is_one(self, agreement: str) -> bool:
        """Whether the records of an agreement are one, and so the pictures of it. A liar's own feeds may be two, or none."""
        desks = [machine.node.desks[agreement] for machine in self.honest.values() if agreement in machine.node.desks]
        records = [invariants.record_of(desk) for desk in desks]
        if any(record != records[0] for record in records):
            return bool(self.forks())
        digests = {desk.picture.digest() for desk in desks}
        promise(len(digests) == 1, f"{agreement}: one record, and {len(digests)} pictures of it")
        return True

    def _same_again(self) -> None:
        """A node that is started anew draws the very picture that it had."""
        machine = self.rng.choice(list(self.honest.values()))
        before = {desk.pact.id: desk.picture.digest() for desk in machine.desks}
        machine.crash()
        machine.start()
        after = {desk.pact.id: desk.picture.digest() for desk in machine.desks}
        promise(before == after, f"{machine.name} draws another picture after it was started anew")

    def state(self) -> Json:
        """What each machine holds, for who looks for what is wrong."""
        return {machine.name: dict(sorted(machine.disk.sizes().items())) for machine in self.machines.values()}


@cache
def documents_parties(document: bytes) -> tuple[str, ...]:
    """Who signs that document."""
    return read_document(document).parties


@cache
def _signed(parties: tuple[str, ...], quick: bool, second: bool) -> dict[str, Disk]:
    """The disks of parties that have all signed, and know that all have, as a world in fair weather left them."""
    world = SeededWorld(0, Plan(parties, quick=quick, second=second, signed=False, words=0))
    promise(world.run(BEGUN_S - 1.0, world._is_settled), "parties in fair weather do not come to sign")
    return {party: machine.disk for party, machine in world.machines.items()}


def live(seed: int, tell: Callable[[str], object] | None = None, plan: Plan | None = None) -> SeededWorld:
    """The world of that seed, at its end. Whatever goes wrong in it, its seed and how to see it again are printed."""
    came_to_its_end = False
    try:
        world = SeededWorld(seed, plan, tell)
        world.live()
        came_to_its_end = True
    finally:
        if not came_to_its_end:
            sys.stdout.write(f"\nthe world of seed {seed} broke; see it again with: make world SEED={seed}\n")
    return world
