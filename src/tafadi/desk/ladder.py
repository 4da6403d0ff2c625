"""Ladder: who is called when nobody answers, and who is on duty at all.

    deadline ────── renotify ──────┬── wait of rung 1 ──┬── wait of rung 2 ──┬ ···
    rung 0: the watch again,       rung 1: the first    rung 2: the second
    and its deputy by the roster   role of the ladder   role of the ladder

The ladder is the agreement's, the same for all parties; the deputies are those of the roster of the party that is silent. Between two
rungs, and after the last, its officers are reminded (`tafadi.desk.deadlines.reminders`).
"""

from dataclasses import dataclass

from tafadi.desk.picture import Picture
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Agreement, Timing
from tafadi.model.line import Roster
from tafadi.model.names import Precedence

SHORTEST_RENOTIFY_S = 1  # an agreement that says 0 would ring without a pause


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: its number, from which instant on it is called, and the role of the ladder (none on rung 0)."""

    rung: int
    at: Instant
    role: str = ""


def renotify_s(timing: Timing, precedence: Precedence) -> int:
    """Seconds between two reminders.

    >>> renotify_s(Timing(), Precedence.FLASH), renotify_s(Timing(), Precedence.ROUTINE)
    (60, 900)
    """
    return max(SHORTEST_RENOTIFY_S, timing.renotify_flash_s if precedence is Precedence.FLASH else timing.renotify_routine_s)


def steps(agreement: Agreement, deadline: Instant, precedence: Precedence) -> list[Step]:
    """All rungs after that deadline, from 0 on."""
    at = deadline
    found = [Step(0, at)]
    wait_s = renotify_s(agreement.timing, precedence)
    for number, rung in enumerate(agreement.ladder, start=1):
        at = at.plus(wait_s)
        found.append(Step(number, at, rung.role))
        wait_s = rung.wait_s
    return found


def deputy_of(picture: Picture, parties: tuple[str, ...], now: Instant) -> str:
    """The deputy who is called on rung 0: of the first duty now held that names one, on the rosters of these parties; empty without."""
    duties = (duty for party in parties if party in picture.rosters for duty in picture.rosters[party].duties)
    return next((duty.deputy for duty in duties if duty.deputy and duty.hours.holds(now)), "")


def next_gap(roster: Roster, now: Instant, begun: Instant) -> Instant:
    """From when on nobody is on duty: an instant that has passed where nobody is now (`begun` where nobody was before), else one to come.

    A duty that another continues leaves no gap, in whatever order the roster names them.
    """
    if not any(duty.hours.holds(now) for duty in roster.duties):
        return max([begun, *(duty.hours.end for duty in roster.duties if duty.hours.end <= now)])
    covered = now
    for duty in sorted(roster.duties, key=lambda one: one.hours.start):
        if duty.hours.start <= covered:
            covered = max(covered, duty.hours.end)
    return covered
