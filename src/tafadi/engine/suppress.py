"""The rules that silence false alarms between tracks: what each does, why, and what it can hide.

A false alarm is paid for by the next true one that nobody looks at; a rule is paid for by what it hides. So each rule is general, says its
price, has a switch, and lists every pair that it silenced. No rule looks at a pair of two parties, or of a party and a stranger (live, of
two strangers), unless that pair was declared: whose aircraft fly together by agreement is theirs to say, not ours to guess.

A height that is not known, or above another datum, is never taken for one within the limits: `formation` and `duplicate` say nothing of
such a pair (`duplicate` does where both have one address). A height is held for HEIGHT_HELD_S without another, as by the watch itself.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from tafadi.engine.encounter import Side
from tafadi.engine.kernels.tracks import plane
from tafadi.engine.recorded import separation_at
from tafadi.engine.trail import HEIGHT_HELD_S, JUMP_MIN_M, Trail, path_length_m, space_velocity
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, FOOT_PER_MINUTE_MPS, NAUTICAL_MILE_M
from tafadi.model.judgement import ClosestApproach, Judgement, Verdict
from tafadi.model.track import Plot

DUPLICATE_APART_M: Final = 2 * NAUTICAL_MILE_M  # registration error between two radars, and one turn flown between their hits
DUPLICATE_ABOVE_M: Final = 500 * FOOT_M  # one radar's hit of a climbing aircraft against the other's, a turn later
FORMATION_S: Final = 60.0  # five en-route turns; crossing traffic is not within the limits for so long
FORMATION_HITS: Final = 4  # separations measured in that time
FORMATION_APART_M: Final = 1.5 * NAUTICAL_MILE_M  # half of the least radar separation, so no two flights spaced by a controller
FORMATION_ABOVE_M: Final = 500 * FOOT_M  # half of the least vertical separation
FORMATION_DRIFT: Final = 0.15  # of the way flown in that time: the separation may change by no more
FORMATION_DRIFT_MOST_M: Final = 0.6 * NAUTICAL_MILE_M  # and never by more, however fast they fly
SWAP_APART_M: Final = 3 * NAUTICAL_MILE_M  # replies overlap within 1.64 NM of range (20.3 us), and one beam's width, 3 NM at 60 NM
SWAP_LEAP_M: Final = JUMP_MIN_M  # less is a climb, or the code's own step
SWAP_CLIMB_MPS: Final = 6_000 * FOOT_PER_MINUTE_MPS  # the fastest that airliners climb or descend, an emergency descent
SWAP_NEAR_M: Final = 200 * FOOT_M  # from the other's height: a step of the code each way, and what it climbed since
SWAP_OLD_S: Final = HEIGHT_HELD_S  # a height of the other's that is older is not what was swapped
GROUND_S: Final = 20.0  # two turns of an en-route radar
GROUND_HITS: Final = 3
RENUMBERED_SEEN_S: Final = 5.0  # one turn of a terminal radar: the old number may get one last hit
RENUMBERED_GAP_S: Final = 30.0  # what the watch itself takes for a new track under an old number
RENUMBERED_APART_M: Final = 0.5 * NAUTICAL_MILE_M  # what a light aircraft turns away from its old line in two turns of the radar
FLEETING_S: Final = 10.0  # two turns of a terminal radar; one missing height is nearly always back by then
# Codes that many aircraft show at once: VFR conspicuity here and there, Mode S conspicuity, emergencies, lost radio, hijack.
SHARED_CODES: Final = frozenset({"1200", "1202", "7000", "7001", "7004", "7010", "7500", "7600", "7700", "7777", "1000", "2000"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's name, its reason, and what it can hide."""

    name: str
    because: str
    hides: str


RULES: Final = {
    rule.name: rule
    for rule in (
        Rule(
            "quantisation",
            "Heights come in steps: one 100 ft step in 12 s reads as 500 ft/min, and is no climb.",
            "a climb of less than 100 ft in 30 s, until it has made a second step",
        ),
        Rule(
            "height_jump",
            "A height that no climb explains is a garbled or swapped reply until the next one confirms it.",
            "a true height change faster than 10,000 ft/min, for one hit",
        ),
        Rule(
            "level_off",
            "A flight cleared to a level stops there, and is at it while within 200 ft of it.",
            "a flight that will not stop at its cleared level, until it is more than 200 ft beyond it",
        ),
        Rule(
            "duplicate",
            "Two tracks with one address, callsign or discrete code, side by side at known heights, are one aircraft seen twice.",
            "two aircraft within 2 NM and 500 ft that were given one identity by mistake; with one address, at whatever unknown height",
        ),
        Rule(
            "ground",
            "A track that the source calls on ground, or that has stood at one place and height since it was first seen, is not flying.",
            "an aircraft that hovers from its first hit on, until it has moved 30 m or more than 100 ft in height; runway incursions",
        ),
        Rule(
            "formation",
            "Two that were declared, or have kept within 1.5 NM and a known 500 ft for a minute, hardly drifting, fly together on purpose.",
            "a slow overtaking, or two on parallel or one final approach, that drift together by less than 15 % of their speed; "
            "of those declared, everything, at unknown heights too",
        ),
        Rule(
            "height_swap",
            "A height that leaps to the other's, faster than anything climbs, was taken from the other's reply (overlapping replies).",
            "a true climb of more than 6,000 ft/min that ends at the other's height, until the hit after it",
        ),
        Rule(
            "renumbered",
            "A track that begins where another ends is the same aircraft under a new number.",
            "one that appears within 0.5 NM of another, its height unknown or not, until the other is seen again more than 5 s after that",
        ),
        Rule(
            "seen_once",
            "An UNKNOWN about a track with a single hit is no more than that hit: radars give hundreds that never come again.",
            "an aircraft that is seen once and not again; a conflict that its one hit proves is still raised",
        ),
        Rule(
            "fleeting",
            "An UNKNOWN is shown when it has lasted 10 s: most come from one missing reply.",
            "an UNKNOWN shorter than 10 s, and the first 10 s of a longer one",
        ),
    )
}
FILTERS: Final = ("quantisation", "height_jump", "level_off")  # change how one track is looked at; the others look at the pair


def is_duplicate(first: Side, second: Side, now_s: float) -> bool:
    """Whether the two tracks are one aircraft seen twice; of heights that cannot be compared, only where both have one address."""
    one, two = first.trail.last, second.trail.last
    if not _one_identity(one, two):
        return False
    apart = plane(first.row, second.row, now_s)
    if math.hypot(apart.x, apart.y) > DUPLICATE_APART_M:
        return False
    heights = _held(first.trail)[-1].height, _held(second.trail)[-1].height
    if heights[0] is None or heights[1] is None or heights[0].datum is not heights[1].datum:
        return one.address is not None and one.address == two.address  # nothing else is one aircraft's own
    return abs(heights[0].value_m - heights[1].value_m) <= DUPLICATE_ABOVE_M


def _held(trail: Trail) -> list[Plot]:
    """The hits, each without a height with the last one that was known, while that is no older than HEIGHT_HELD_S."""
    found: list[Plot] = []
    height: Height | None = None
    at: Instant | None = None
    for plot in trail.plots:
        if plot.height is not None:
            height, at = plot.height, plot.at
        held = at is not None and plot.at.since(at) <= HEIGHT_HELD_S
        found.append(replace(plot, height=height) if plot.height is None and held else plot)
    return found


def _one_identity(one: Plot, two: Plot) -> bool:
    """One address says so, unlike addresses deny it; else one callsign, or one discrete code."""
    if one.address is not None and two.address is not None:
        return one.address == two.address
    if one.callsign is not None and two.callsign is not None:
        return one.callsign == two.callsign
    return one.squawk is not None and one.squawk == two.squawk and _is_discrete(one.squawk)


def _is_discrete(squawk: str) -> bool:
    return squawk not in SHARED_CODES and not squawk.endswith("00")  # ICAO Doc 4444: codes ending in 00 are not discrete


def is_on_ground(first: Side, second: Side) -> bool:
    """Whether one of the two is not flying."""
    return _stands(first.trail) or _stands(second.trail)


def _stands(trail: Trail) -> bool:
    if trail.last.on_ground is not None:
        return trail.last.on_ground
    return not trail.has_moved and trail.hits >= GROUND_HITS and trail.last.at.seconds - trail.first_s >= GROUND_S


def is_renumbered(first: Side, second: Side) -> bool:
    """Whether the one track begins where the other ends."""
    older, newer = sorted((first.trail, second.trail), key=lambda trail: trail.first_s)
    since_s = newer.first_s - older.last.at.seconds
    if newer.first_s == older.first_s or not -RENUMBERED_SEEN_S <= since_s <= RENUMBERED_GAP_S:
        return False
    one, two = older.last.height, newer.last.height
    if one is not None and two is not None and one.datum is two.datum and abs(one.value_m - two.value_m) > DUPLICATE_ABOVE_M:
        return False
    velocity = space_velocity(older)
    expected = [place + speed * since_s for place, speed in zip(older.place_m, velocity, strict=True)]
    return math.dist(expected, newer.first_place_m) <= RENUMBERED_APART_M


def is_seen_once(first: Side, second: Side, judgement: Judgement) -> bool:
    """Whether an UNKNOWN hangs on a track that was seen only once."""
    return judgement.verdict is Verdict.UNKNOWN and min(first.trail.hits, second.trail.hits) == 1


def is_formation(first: Side, second: Side) -> bool:
    """Whether the two have flown together for FORMATION_S, hardly drifting, at heights that are known all that time."""
    since = min(first.trail.last.at, second.trail.last.at).plus(-FORMATION_S)
    one, two = _since(first.trail, since), _since(second.trail, since)
    if one is None or two is None:
        return False
    found = [apart for apart in (separation_at(one, two, at) for at in sorted({plot.at for plot in (*one, *two)})) if apart is not None]
    if len(found) < FORMATION_HITS or found[-1].at.since(found[0].at) < FORMATION_S * 0.75:
        return False
    if not all(_close(apart) for apart in found):
        return False
    drift_m = max(apart.horizontal_m for apart in found) - min(apart.horizontal_m for apart in found)
    flown_m = min(path_length_m(one), path_length_m(two))
    return drift_m <= min(FORMATION_DRIFT * flown_m, FORMATION_DRIFT_MOST_M)


def is_height_swap(first: Side, second: Side, now_s: float) -> bool:
    """Whether the newest height of one of the two leapt to the other's, and no later hit has confirmed it."""
    apart = plane(first.row, second.row, now_s)
    if not math.hypot(apart.x, apart.y) <= SWAP_APART_M:
        return False
    return _leapt_to(first.trail, second.trail) or _leapt_to(second.trail, first.trail)


def _leapt_to(one: Trail, other: Trail) -> bool:
    """Whether the newest hit of `one` has a height that no climb explains, and that `other` had until just then."""
    last = one.last
    if last.height is None:
        return False
    before = next((plot for plot in list(one.plots)[-2::-1] if plot.height is not None and plot.height.datum is last.height.datum), None)
    if before is None or before.height is None:
        return False
    leap_m, since_s = abs(last.height.value_m - before.height.value_m), last.at.since(before.at)
    if leap_m <= SWAP_LEAP_M or leap_m <= SWAP_CLIMB_MPS * since_s:
        return False
    return any(
        plot.height is not None
        and plot.height.datum is last.height.datum
        and abs(plot.height.value_m - last.height.value_m) <= SWAP_NEAR_M
        and 0.0 <= last.at.since(plot.at) <= SWAP_OLD_S
        for plot in other.plots
    )


def _close(apart: ClosestApproach) -> bool:
    """Whether they are within the limits of a formation; a vertical separation that is not known is none."""
    return apart.horizontal_m <= FORMATION_APART_M and apart.vertical_m is not None and apart.vertical_m <= FORMATION_ABOVE_M


def _since(trail: Trail, since: Instant) -> list[Plot] | None:
    """The hits from `since` on, with the one before it, heights held; None when the trail does not reach back so far."""
    kept = _held(trail)
    plots = [plot for plot in kept if plot.at >= since]
    if len(plots) == len(kept) and (not plots or plots[0].at > since):
        return None
    return [*kept[-len(plots) - 1 : -len(plots)], *plots] if len(plots) < len(kept) else plots


PairRule = Callable[[Side, Side, float, Judgement], bool]
PAIR_RULES: Final[dict[str, PairRule]] = {
    "duplicate": lambda first, second, now_s, _: is_duplicate(first, second, now_s),
    "ground": lambda first, second, _, __: is_on_ground(first, second),
    "formation": lambda first, second, _, __: is_formation(first, second),
    "height_swap": lambda first, second, now_s, _: is_height_swap(first, second, now_s),
    "renumbered": lambda first, second, _, __: is_renumbered(first, second),
    "seen_once": lambda first, second, _, judgement: is_seen_once(first, second, judgement),
}
