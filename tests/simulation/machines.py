"""Machines: one party's node as it runs, without sockets and tasks.

The node, its desks, its door, its talks and its timekeeper are the product's own. What `tafadi.web.running` and `tafadi.net.peers` do with
tasks is done here with events of the world: a talk goes on when its answer comes or its pause is over; the inbox is judged soon after
something came in; the timekeeper looks as often as it says that it wants to. A machine can lose its power at any moment, also within a
durable write.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import GEN_CLOSED, getgeneratorstate
from typing import Protocol, TypeVar, cast

from simulation.cast import Disk, MachineClock, MemoryFolder, certificate_of
from tafadi.desk.desk import Desk
from tafadi.desk.door import News, answer, certified
from tafadi.desk.exchange import Answer, Ask, Line, Pause, Step, Talk
from tafadi.desk.judge import read_anew
from tafadi.desk.session import Rhythm, talk
from tafadi.errors import DamagedError, StoreError, TafadiError, UnavailableError
from tafadi.node import Alarm, Node
from tafadi.web.peer_app import NodeHouse
from tafadi.web.problems import status_of
from tafadi.web.running import FIRST_CONTACT_S, JUDGE_AGAIN_S, LOOK_AGAIN_S, Running
from tafadi.web.timekeeper import SHORTEST_SLEEP_S, Timekeeper

START_S = 0.05  # from power to the first word of a talk
JUDGED_AFTER_S = 0.02  # how soon the judge has its turn
START_AGAIN_S = 2.0  # who starts a service again that could not start

Got = TypeVar("Got")


class Stage(Protocol):
    """The world, as a machine knows it."""

    @property
    def now_s(self) -> float:
        """How long the world has lasted."""
        ...

    def at(self, after_s: float, act: Callable[[], None]) -> None:
        """Has it done so much later."""
        ...

    def chance(self, low: float, high: float) -> float:
        """A number between two."""
        ...

    def carry(self, wire: "Wire", ask: Ask) -> None:
        """Takes a request to the other's door, and what is answered back to `Machine.answered`."""
        ...

    def wrote(self, machine: "Machine") -> None:
        """Something on the machine's disk may be new."""
        ...

    def looked(self, machine: "Machine") -> None:
        """The machine's timekeeper has looked."""
        ...

    def damaged(self, machine: "Machine", error: DamagedError) -> None:
        """A node says that its record cannot be trusted."""
        ...

    def note(self, machine: "Machine", what: str) -> None:
        """For who reads what happened."""
        ...


@dataclass
class Wire:
    """One talk of one machine with another party; `asked` counts its requests, so that no answer comes to another."""

    machine: "Machine"
    line: Line
    spoken: Talk[None]
    life: int
    asked: int = 0
    naps: int = 0
    waits: bool = False  # for an answer
    sleeps: bool = False  # in a pause that news ends
    wakes: bool = False  # news came, and was not looked at yet

    @property
    def agreement(self) -> str:
        """The agreement that it is about."""
        return self.line.desk.pact.id


@dataclass
class Powered:
    """The node of a running machine, as its timekeeper knows it."""

    node: Node
    links: dict[tuple[str, str], tuple[Line, None]]


class Machine:
    """One machine: its folder, its disk, its clock, and its node while there is power."""

    def __init__(self, stage: Stage, folder: MemoryFolder, disk: Disk, clock: MachineClock, name: str = "") -> None:
        self.stage, self.folder, self.disk, self.clock = stage, folder, disk, clock
        self.party = folder.settings.party
        self.name = name or self.party
        self.groups = False
        self.life = 0
        self.up_s = -1.0  # since when it is up, in elapsed seconds of its clock; negative while it is down
        self.wires: dict[tuple[str, str], Wire] = {}
        self.links: dict[tuple[str, str], tuple[Line, None]] = {}
        self.alarms: list[Alarm] = []
        self._node: Node | None = None
        self._judging = False
        self.keeper: Timekeeper | None = None

    @property
    def is_up(self) -> bool:
        """Whether it has power and its node runs."""
        return self._node is not None

    @property
    def node(self) -> Node:
        """Its node, which must run."""
        assert self._node is not None
        return self._node

    @property
    def desks(self) -> list[Desk]:
        """Its desks, where it runs."""
        return list(self._node.desks.values()) if self._node else []

    # Power

    def start(self) -> None:
        """Starts the node; where its disk fails even now, somebody starts it again."""
        self.disk.start()
        self.life += 1
        try:
            node = Node(self.folder, self.clock, self.disk)
        except DamagedError as error:
            self.stage.damaged(self, error)
            return
        except StoreError:
            self.stage.at(START_AGAIN_S, self._again(self.life))
            return
        self._node, self.up_s = node, self.clock.elapsed_s()
        node.bell.on_entries, node.bell.on_alarm = self._wake, self._alarm
        self.stage.note(self, "starts")
        self.links = {}
        self.keeper = Timekeeper(cast(Running, Powered(node, self.links)), self.clock, self.clock.elapsed_s)
        self.connect()
        self.later(FIRST_CONTACT_S, self._first_look)
        self.stage.wrote(self)

    def _again(self, life: int) -> Callable[[], None]:
        def again() -> None:
            if life == self.life and not self.is_up:
                self.start()

        return again

    def connect(self) -> None:
        """A talk with each other party under each agreement."""
        for desk in self.desks:
            for party in desk.pact.others(self.party):
                if (desk.pact.id, party) not in self.wires:
                    line = Line(desk, party)
                    rhythm = Rhythm(float(desk.pact.agreement.timing.heartbeat_s), self.stage.chance, self.clock.elapsed_s)
                    wire = Wire(self, line, talk(line, rhythm), self.life)
                    self.wires[desk.pact.id, party], self.links[desk.pact.id, party] = wire, (line, None)
                    self.later(self.stage.chance(0.0, START_S), self._begin(wire))

    def crash(self) -> None:
        """The power goes: what was not durable is forgotten, every talk and every turn with it."""
        self.stage.note(self, "is off")
        self._node, self.keeper, self.up_s = None, None, -1.0
        self.wires = {}
        self._judging = False
        self.life += 1
        self.disk.crash()
        self.stage.wrote(self)

    def later(self, after_s: float, act: Callable[[], None]) -> None:
        """Has it done so much later, if the machine has not lost its power until then."""
        life = self.life

        def go() -> None:
            if life == self.life and self.is_up:
                self.turn(act)

        self.stage.at(after_s, go)

    def turn(self, act: Callable[[], None]) -> bool:
        """Takes a step whole; False where power was lost over it."""
        life = self.life
        try:
            act()
        except DamagedError as error:
            self.stage.damaged(self, error)
        except StoreError:
            if not self.disk.is_dead:
                raise  # a task of the node would have ended
        if self.disk.is_dead and life == self.life:
            self.crash()
            self.stage.at(self.stage.chance(0.1, START_AGAIN_S), self._again(self.life))
            return False
        self.stage.wrote(self)
        return life == self.life

    def take(self, step: Callable[[], Got], *, repeats: bool = True) -> Got:
        """What the step gives, once everything that it wrote is durable: with a group for it, as `tafadi.web.turn` does.

        A group of which nothing was written is taken back, and the step taken again, alone, or told so where it does not repeat.
        """
        if not self.groups:
            return step()
        sizes, failure, got = self.disk.sizes(), list[TafadiError](), list[Got]()
        try:
            with self.disk.group():
                try:
                    got.append(step())
                except TafadiError as error:
                    failure.append(error)
        except StoreError:
            if self.disk.is_dead or self.disk.sizes() != sizes:
                raise
            for desk in self.desks:
                read_anew(desk)
            if not repeats:
                raise
            return step()
        if failure:
            raise failure[0]
        return got[0]

    # The judge and the timekeeper

    def _first_look(self) -> None:
        self._look_for_work()
        self._keep_time()

    def _look_for_work(self) -> None:
        self.judge_soon()
        self.later(LOOK_AGAIN_S, self._look_for_work)

    def judge_soon(self) -> None:
        """Has what came in judged, once the first contact is over."""
        if not self._judging and self.is_up and self.clock.elapsed_s() - self.up_s >= FIRST_CONTACT_S * 0.999:
            self._judging = True
            self.later(JUDGED_AFTER_S, self._judge)

    def _judge(self) -> None:
        self._judging = False
        try:
            self.take(self.node.judge)
        except DamagedError:
            raise
        except TafadiError:
            self._judging = True
            self.later(JUDGE_AGAIN_S, self._judge)

    def _keep_time(self) -> None:
        assert self.keeper is not None
        sleep_s = SHORTEST_SLEEP_S
        try:
            sleep_s = self.take(self.keeper.look)
            if not self.keeper.told:
                self.stage.looked(self)
        except DamagedError:
            raise
        except TafadiError:
            self.stage.note(self, "may not have said what is overdue")
        self.later(sleep_s / self.clock.rate, self._keep_time)

    # Talks

    def _begin(self, wire: Wire) -> Callable[[], None]:
        return lambda: self._go_on(wire, lambda: next(wire.spoken))

    def _go_on(self, wire: Wire, step: Callable[[], Step]) -> None:
        """Performs the talk up to its next request or pause, as `tafadi.net.peers` does."""
        said: Step | None = None
        while not isinstance(said, Ask | Pause):
            try:
                said = self.take(step, repeats=False)
                step = partial(wire.spoken.send, None)
            except DamagedError:
                raise
            except TafadiError as error:
                if self.disk.is_dead or getgeneratorstate(wire.spoken) == GEN_CLOSED:
                    raise
                step = partial(wire.spoken.throw, error)
        if isinstance(said, Ask):
            wire.asked, wire.waits = wire.asked + 1, True
            self.stage.carry(wire, said)
            return
        wire.naps += 1
        nap = wire.naps
        wire.sleeps = said.wakes and not wire.wakes
        longest_s = 0.0 if said.wakes and wire.wakes else said.longest_s / self.clock.rate
        self.later(longest_s, lambda: self._wake_up(wire, nap, of_itself=not said.wakes))

    def _wake_up(self, wire: Wire, nap: int, *, of_itself: bool) -> None:
        if nap != wire.naps or wire.waits:
            return
        wire.sleeps = False
        if wire.wakes and not of_itself:
            wire.wakes, wire.line.has_news = False, True
        wire.naps += 1
        self._go_on(wire, lambda: wire.spoken.send(None))

    def _wake(self, agreement: str) -> None:
        """Own entries wait to be pushed under that agreement."""
        for wire in self.wires.values():
            if wire.agreement == agreement:
                wire.wakes = True
                if wire.sleeps:
                    wire.sleeps = False
                    nap = wire.naps
                    self.later(0.0, lambda wire=wire, nap=nap: self._wake_up(wire, nap, of_itself=False))  # type: ignore[misc]

    def answered(self, wire: Wire, asked: int, found: Answer | UnavailableError) -> None:
        """The answer to the request of that number, or that there is none; nothing where the talk has gone on without it."""
        if wire.life != self.life or asked != wire.asked or not wire.waits:
            return
        wire.waits = False
        if isinstance(found, UnavailableError):
            self.turn(lambda: self._go_on(wire, lambda: wire.spoken.throw(found)))
        else:
            self.turn(lambda: self._go_on(wire, lambda: wire.spoken.send(found)))

    def _alarm(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)
        self.stage.note(self, f"alarm: {alarm.sentence}")

    # The door

    def at_door(self, party: str, ask: Ask) -> Answer | None:
        """What is answered when `party` asks, as HTTP would carry it; None where the machine is down, or went down over it."""
        found: list[Answer] = []
        if not self.is_up or not self.turn(lambda: found.append(self._answer(party, ask))) or not found:
            return None
        return found[0]

    def _answer(self, party: str, ask: Ask) -> Answer:
        try:
            reply = self.take(lambda: answer(NodeHouse(self.node), certified(certificate_of(party)), ask.method, ask.path, ask.body))
        except DamagedError:
            raise
        except TafadiError as error:
            return Answer(status_of(error), json.dumps({"detail": str(error)}).encode())
        if reply.news is not News.NONE:
            self.judge_soon()
        return Answer(reply.status, reply.body)

    def attempt(self, act: Callable[[], object]) -> str:
        """Takes a step whole that an officer asked for: nothing where it came to its end, or why not."""
        told = ["the machine is down"]

        def tried() -> None:
            try:
                self.take(act)
                told.clear()
            except DamagedError:
                raise
            except TafadiError as error:
                told[:] = [f"{type(error).__name__}: {error}"]
            self.judge_soon()

        if self.is_up and not self.turn(tried):
            return "the machine lost its power"
        return "".join(told)

    def verb(self, act: Callable[[Desk], object], agreement: str) -> str:
        """What an officer's word came to: nothing where it was said, or why not."""
        return self.attempt(lambda: act(self.node.desks[agreement]))
