"""What holds in every world, whatever becomes of its machines: the promises of the line, computed without the code that keeps them.

Nothing receipted is lost or changed; feeds only grow; no honest party is ever accused; what a clock decides is said on time and once; what
a node says of itself it says once; and in the end all honest parties hold the same record and draw the same picture of it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from simulation.machines import Machine
from tafadi.desk.desk import Desk
from tafadi.desk.folding.distress import DistressView
from tafadi.desk.folding.lapse import LapseView
from tafadi.desk.proof import feed_of_proof
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Agreement
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import LapseKind
from tafadi.store.views import FoldedViews
from tafadi.trust.log import Frontier
from tafadi.web.timekeeper import LONGEST_SLEEP_S

ON_TIME_S = LONGEST_SLEEP_S + 0.5  # the timekeeper looks that often, and a turn takes its time
ONCE = (EntryType.READBACK, EntryType.REFUSAL)  # what a node says of itself to an entry, and only once to each


class BrokenPromise(AssertionError):
    """A promise of the line that a world has broken."""


def promise(holds: bool, what: str) -> None:
    """Raises BrokenPromise where it does not hold."""
    if not holds:
        raise BrokenPromise(what)


@dataclass
class Ledger:
    """What was once durable on each machine, and who has said what of whom; never forgotten."""

    held: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    commits: dict[str, int] = field(default_factory=dict)
    receipted: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)

    def look(self, machine: Machine, honest: dict[str, Machine]) -> None:
        """Feeds only grow, and what was receipted to anybody is there, byte for byte."""
        if self.commits.get(machine.name) == machine.disk.commits and machine.is_up:
            return
        self.commits[machine.name] = machine.disk.commits
        for origin in machine.disk.origins():
            self._grown(machine, origin)
        for origin, had in [(feed, had) for (name, feed), had in self.held.items() if name == machine.name]:
            size = machine.disk.head(origin).frontier.size
            promise(size >= len(had), f"{machine.name} had {len(had)} entries of {origin}, and holds {size}")
        self._look_at_receipts(machine, honest)

    def _grown(self, machine: Machine, origin: str) -> None:
        hashes, had = machine.disk.leaf_hashes(origin), self.held.setdefault((machine.name, origin), [])
        promise(hashes[: len(had)] == had, f"{machine.name} holds other entries of {origin} than it held before")
        if len(hashes) > len(had):
            self.held[machine.name, origin] = hashes

    def _look_at_receipts(self, machine: Machine, honest: dict[str, Machine]) -> None:
        """Every receipt that a machine holds for its own feed says the truth about the disk of who gave it, if that is an honest party."""
        for origin in machine.disk.origins():
            for mirror, receipt in machine.disk.receipts(origin).items():
                giver = honest.get(mirror.split("/")[2])
                known = self.receipted.get((mirror, origin), (0, b""))
                if giver is None or receipt.size <= known[0] or machine.name not in honest:
                    continue
                hashes = machine.disk.leaf_hashes(origin, 0, receipt.size)
                promise(
                    giver.disk.leaf_hashes(origin, 0, receipt.size) == hashes,
                    f"{mirror} gave a receipt for {receipt.size} entries of {origin}, and does not hold them as {machine.name} does",
                )
                self.receipted[mirror, origin] = receipt.size, Frontier().extend(hashes).root()


def nobody_honest_is_accused(machine: Machine, honest: dict[str, Machine]) -> None:
    """No proof that is kept is about an honest party."""
    for exhibit in machine.disk.evidence():
        accused = feed_of_proof(exhibit.data)
        promise(accused.split("/")[2] not in honest, f"{machine.name} holds a proof against the honest party of {accused}")


def clocks_are_kept(machine: Machine) -> None:
    """Right after the timekeeper has looked: every rung that is reached by now of one's own stops and distress is said."""
    assert machine.keeper is not None
    now = machine.clock.now()
    for desk in machine.desks:
        if not desk.in_force or now < desk.pact.agreement.effective or not machine.keeper.watches[desk.pact.id].is_trusted:
            continue
        said = _rungs(desk)
        for entry, what, at in _owed(desk):
            reached = [rung for rung, due in enumerate(_ladder(desk.pact.agreement, at)) if due <= now]
            if reached:
                highest = said.get((entry, what), -1)
                promise(
                    highest >= reached[-1], f"{machine.name} says rung {highest} of {what} about {entry} at {now}; {reached[-1]} is reached"
                )


def _owed(desk: Desk) -> Iterator[tuple[EntryId, LapseKind, Instant]]:
    """One's own calls for help that somebody has not heard, or not acted on: by when it is due."""
    timing = desk.pact.agreement.timing
    for view in desk.picture.stops.values():
        if view.sender == desk.party:
            raised = view.steps[0].at
            if "RAISED" in view.sides.values() and view.state != "CLOSED":
                yield view.id, LapseKind.NO_REPLY, raised.plus(timing.stop_heard_s)
            if {"RAISED", "HEARD"} & set(view.sides.values()) and view.state != "CLOSED":
                yield view.id, LapseKind.OVERDUE, raised.plus(timing.stop_acted_s)
    for one in desk.picture.shelf(DistressView).values():
        if one.sender == desk.party and "RAISED" in one.sides.values():
            yield one.id, LapseKind.NO_REPLY, one.steps[0].at.plus(timing.stop_heard_s)


def _ladder(agreement: Agreement, deadline: Instant) -> list[Instant]:
    """When each rung of a call that travels as FLASH is reached: the watch again after the deadline, then role after role."""
    found = [deadline]
    wait_s = agreement.timing.renotify_flash_s
    for rung in agreement.ladder:
        found.append(found[-1].plus(wait_s))
        wait_s = rung.wait_s
    return found


def _rungs(desk: Desk) -> dict[tuple[EntryId, LapseKind], int]:
    said: dict[tuple[EntryId, LapseKind], int] = {}
    for view in desk.picture.shelf(LapseView).values():
        if view.sender == desk.party and view.about is not None:
            key = view.about, view.lapse.what
            said[key] = max(said.get(key, -1), view.lapse.rung)
    return said


def said_once(machine: Machine) -> None:
    """In each of one's own feeds: one lapse of each thing and rung, none before its time; one read-back and one refusal of each entry."""
    for desk in machine.desks:
        assert isinstance(desk.views, FoldedViews)
        said: Counter[object] = Counter()
        for examined in desk.views.entries(machine.party):
            message = examined.message
            if message is None:
                continue
            about = message.refs[0].entry if message.refs else None
            if message.type in ONCE:
                said[message.type, about] += 1
        for view in desk.picture.shelf(LapseView).values():
            if view.sender == machine.party:
                said[view.lapse.what, view.about, view.lapse.at, view.lapse.parties, view.lapse.rung] += 1
        twice = [what for what, times in said.items() if times > 1]
        promise(not twice, f"{machine.name} said {twice} more than once")


def held_alike(machines: Sequence[Machine], agreement: str) -> bool:
    """Whether each of these machines holds every entry of every one of them, knows that the others do, and has judged them all."""
    desks = {machine.party: machine.node.desks[agreement] for machine in machines if agreement in machine.node.desks}
    for party, desk in desks.items():
        for origin in desk.pact.origins(party):
            size = _standing(desk, origin)
            if any(origin not in other.pact.origins(party) or _standing(other, origin) < size for other in desks.values()):
                return False
        receipts, size = desk.journal.receipts(desk.origin), desk.journal.head(desk.origin).frontier.size
        mirrors = [desk.pact.mirror(other) for other in desks if other != party]
        if any(mirror not in receipts or receipts[mirror].size < size for mirror in mirrors):
            return False
    return not any(desk.journal.unjudged() for desk in desks.values())


def _standing(desk: Desk, origin: str) -> int:
    """How many entries of the feed are held that stand."""
    size, end = desk.journal.head(origin).frontier.size, desk.pact.end(origin)
    return size if end is None else min(size, end)


def record_of(desk: Desk) -> dict[str, list[bytes]]:
    """Every entry that stands, by its feed."""
    origins = [origin for party in desk.pact.agreement.parties for origin in desk.pact.origins(party)]
    return {origin: desk.journal.leaf_hashes(origin, 0, _standing(desk, origin)) for origin in origins}
