"""What was announced, as the watch meets it: who flies into it, and who strays from their own.

A track becomes a short announcement of its own, straight ahead for the lookahead, and is judged by `detect`, so that the same words mean
the same to a plan and to a track. A volume counts as announced, grown only by the minima that its own notice states; a trajectory is kept
away from by the larger of those and the minima between tracks. Everything of another party, or of nobody known, is looked at, both plainly
and with the filters of STEADY, and whatever either look finds comes through.

Straying: a track is held to the operation that it is assigned to, or else to one of its own party's that it has once been seen inside,
while that operation lasts (`conformance`); what nobody stated is told as such, never silently. A straying that only the plain look finds is
silenced, and carries the name of the filter.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.conformance import Adopted, Conformance, Conforming, State
from tafadi.engine.detect import judge
from tafadi.engine.encounter import UNKNOWN_SPEED_MPS, Bounds, ahead
from tafadi.engine.levelled import Across
from tafadi.engine.notice_parts import BALL_SLACK, Part, parts_of
from tafadi.engine.standing import weight
from tafadi.engine.trail import Trail, Vertical
from tafadi.errors import InputError
from tafadi.measure.height import HIGHEST_M, LOWEST_M, Height
from tafadi.measure.instant import Instant
from tafadi.model.alert import AlertKind
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import NO_MINIMA, Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.track import Plot

AGAIN_S: Final = 2.0  # a track is looked at against notices at most so often; faster sources say nothing new
FORESEEN: Final = 1  # levels of a straying: it is about to leave
OUTSIDE: Final = 2  # it has left
STEADY: Final = frozenset({"quantisation"})  # a level flight whose code flickers by a step is not about to leave its level
_NAME: Final = "\x00track"  # no notice has this identity, so a track cannot be taken for one


class Seen(NamedTuple):
    """What is found of a track against a notice, and the filter that silences it (empty when none does)."""

    kind: AlertKind
    judgement: Judgement
    rule: str = ""
    level: int = 0


class _Last(NamedTuple):
    at: Instant
    is_doubted: bool
    found: list[Seen]


class Notices:
    """The announced operations and areas that a watch looks at. Raises InputError for an identity that stands twice or is not there.

    `filters` are those of STEADY that are on; `flown` says what each track was seen to fly before, of which what stands is kept.
    """

    def __init__(
        self,
        announced: Sequence[Announced],
        bounds: Bounds,
        assigned: Mapping[str, str],
        filters: frozenset[str],
        flown: Mapping[str, str] | None = None,
        straying_s: float = 0.0,
    ) -> None:
        self._bounds = bounds
        self._straying_s = min(straying_s, bounds.lookahead_s)
        self._conformance = Conformance(_stub, self._judged, bounds.stated)
        self._states: dict[str, Conforming] = {}
        self._adopted: list[Adopted] = []
        self._filters = filters
        self._across = None if bounds.levelling is None else Across(bounds.levelling)
        self._by_id = {one.id: one for one in announced}
        if len(self._by_id) != len(announced):
            raise InputError("two announced notices have one identity")
        for track, name in assigned.items():
            if name not in self._by_id:
                raise InputError(f"track {track!r} is assigned to {name!r}, which is not announced")
        self._assigned = dict(assigned)
        self._flown = {track: name for track, name in (flown or {}).items() if name in self._by_id}
        self._last: dict[str, _Last] = {}
        parts = [part for one in announced for part in parts_of(one, bounds.stated)]
        self._parts = parts
        self._centres_m = np.array([part.centre_m for part in parts]).reshape(-1, 3)
        self._radii_m = np.array([part.radius_m for part in parts])
        self._starts_s = np.array([part.notice.span.start.seconds for part in parts])
        self._ends_s = np.array([part.notice.span.end.seconds for part in parts])

    def has(self, name: str) -> bool:
        """Whether `name` is the identity of a notice."""
        return name in self._by_id

    @property
    def flown(self) -> Mapping[str, str]:
        """What each track was seen to fly."""
        return self._flown

    def holds(self, track: str, name: str) -> bool:
        """Whether the track is held to the notice."""
        return self._assigned.get(track, self._flown.get(track)) == name

    def party(self, name: str) -> str | None:
        """Whose notice it is; None where nobody says."""
        return self._by_id[name].party if name in self._by_id else None

    def forget(self, track: str) -> None:
        """Drops what was held of a track that is no longer seen."""
        self._flown.pop(track, None)
        self._last.pop(track, None)
        self._states.pop(track, None)

    def take_adopted(self) -> list[Adopted]:
        """The tracks newly held to an operation that nobody said they fly; each is given once."""
        taken, self._adopted = self._adopted, []
        return taken

    def conforming(self, now: Instant, seen: Mapping[str, Trail]) -> list[Conforming]:
        """How each track that is held to a notice keeps to it; UNKNOWN where it was not seen for too long, by the tracks that are seen."""
        told = []
        for track, name in sorted((self._flown | self._assigned).items()):
            state, trail = self._states.get(track), seen.get(track)
            if trail is not None and trail.last.on_ground:
                continue
            if state is None or trail is None or now.since(trail.last.at) > self._bounds.track_max_age_s:
                state = Conforming(track, name, State.UNKNOWN, now, cause=Cause.TRACK_OLD, is_stated=track in self._assigned)
            told.append(state)
        return told

    def look(self, trail: Trail, is_doubted: bool = False) -> list[Seen]:
        """What is found of the track against all that is announced; CLEAR is not listed, and of a track in doubt all is UNKNOWN."""
        if not self._parts:
            return []
        plot = trail.last
        last = self._last.get(plot.track)
        if (
            last is not None and last.is_doubted is is_doubted and 0.0 <= plot.at.since(last.at) < AGAIN_S
        ):  # a track begun anew goes back in time
            return last.found
        found = [*(_doubted(one) if is_doubted else one for one in self._entries(trail)), *self._straying(trail, is_doubted)]
        self._last[plot.track] = _Last(plot.at, is_doubted, found)
        return found

    def _near(self, trail: Trail) -> list[Part]:
        """The parts whose ball the track may reach in time. Only sieves: what is left is judged exactly."""
        speed_mps = UNKNOWN_SPEED_MPS if trail.velocity_mps is None else math.hypot(*trail.velocity_mps)
        now_s, ahead_s = trail.last.at.seconds, self._bounds.lookahead_s
        distance_m = np.linalg.norm(self._centres_m - np.array(trail.place_m), axis=1)
        near = distance_m <= self._radii_m + speed_mps * ahead_s * BALL_SLACK + 1_000.0
        near &= (self._starts_s <= now_s + ahead_s + 1.0) & (self._ends_s >= now_s - 1.0)
        return [self._parts[row] for row in np.flatnonzero(near)]

    def _entries(self, trail: Trail) -> Iterator[Seen]:
        """The notices of others that the track is in, or will be within the lookahead."""
        plot = trail.last
        mine = self._assigned.get(plot.track)
        worst: dict[str, Judgement] = {}
        for part in self._near(trail):
            whole = part.whole
            if whole.id == mine or (plot.party is not None and plot.party == whole.party):
                continue
            judgement = max((self._entry(trail, part, filters) for filters in self._looks(trail)), key=weight)
            held = worst.get(whole.id)
            if judgement.verdict is not Verdict.CLEAR and (held is None or held.verdict is not Verdict.CONFLICT):
                worst[whole.id] = judgement
        for name, judgement in worst.items():
            first, second = sorted((plot.track, name))
            yield Seen(AlertKind.ANNOUNCED, replace(judgement, first=first, second=second))

    def _looks(self, trail: Trail) -> tuple[frozenset[str], ...]:
        """The filters of each look that there is to take: the filtered and the plain one, or one where they see the same."""
        plain: frozenset[str] = frozenset()
        return (plain,) if trail.vertical(self._filters) == trail.vertical(plain) else (self._filters, plain)

    def _entry(self, trail: Trail, part: Part, filters: frozenset[str]) -> Judgement:
        stub = _stub(trail, 0.0, self._bounds.lookahead_s, filters)
        announced = Announced(part.whole.id, part.notice, part.whole.party)
        judgement = self._judged(stub, announced, part.minima)
        if judgement.verdict is not Verdict.CLEAR or trail.velocity_mps is not None:
            return judgement
        reach = Minima(UNKNOWN_SPEED_MPS * self._bounds.lookahead_s, self._bounds.minima.vertical_m)
        reached = self._judged(stub, announced, reach)
        if reached.verdict is Verdict.CLEAR:
            return reached
        return replace(reached, verdict=Verdict.UNKNOWN, cause=Cause.VELOCITY_MISSING, closest=None, overlaps=())

    def _judged(self, stub: Announced, announced: Announced, minima: Minima | None) -> Judgement:
        """The judgement of a track's next seconds and a notice, across datums too where it is stated how."""
        judgement = judge(stub, announced, minima)
        return judgement if self._across is None else self._across.again(judgement, stub, announced, minima)

    def _straying(self, trail: Trail, is_doubted: bool) -> Iterator[Seen]:
        """That the track has left, or is about to leave, what it is held to; keeps how it conforms."""
        plot = trail.last
        name = None if plot.on_ground else self._assigned.get(plot.track) or self._own(trail)
        if name is None:
            self._states.pop(plot.track, None)
            return
        judgement, level, rule = self._strays(trail, self._by_id[name], is_doubted)
        self._states[plot.track] = _conforming(plot, name, judgement, level, is_stated=plot.track in self._assigned)
        if judgement is not None:
            first, second = sorted((plot.track, name))
            yield Seen(AlertKind.STRAYING, replace(judgement, first=first, second=second), rule, level)

    def _strays(self, trail: Trail, whole: Announced, is_doubted: bool) -> tuple[Judgement | None, int, str]:
        """What is found of the track and its operation, how grave it is, and the filter that silences it."""
        looks = {filters: self._conformance.here(trail, whole, filters) for filters in self._looks(trail)}
        plain = looks[frozenset()]
        filtered = looks.get(self._filters, plain)
        if is_doubted:
            return Judgement(trail.last.track, whole.id, Verdict.UNKNOWN, NO_MINIMA, cause=Cause.TRACK_SUSPECT), OUTSIDE, ""
        if filtered is not None:
            return filtered, OUTSIDE, ""
        if plain is not None:
            return plain, OUTSIDE, ", ".join(sorted(self._filters))
        return self._conformance.ahead(trail, whole, self._filters, self._straying_s), FORESEEN, ""

    def _own(self, trail: Trail) -> str | None:
        """The operation of its own party that the track has been seen to fly, while it lasts."""
        plot = trail.last
        flown = self._flown.get(plot.track)
        if flown is not None and self._by_id[flown].notice.span.holds(plot.at):
            return flown
        self._flown.pop(plot.track, None)
        for name in dict.fromkeys(part.whole.id for part in self._near(trail)) if plot.party is not None else ():
            one = self._by_id[name]
            is_own = one.party == plot.party and one.notice.kind is Kind.OPERATION
            if is_own and self._conformance.here(trail, one, self._filters) is None:
                self._flown[plot.track] = name
                self._adopted.append(Adopted(plot.track, name, plot.at))
                return name
        return None


def _doubted(seen: Seen) -> Seen:
    """The same as far as anybody knows of a track that jumped."""
    return seen._replace(judgement=replace(seen.judgement, verdict=Verdict.UNKNOWN, cause=Cause.TRACK_SUSPECT, closest=None, overlaps=()))


def _conforming(plot: Plot, name: str, judgement: Judgement | None, level: int, *, is_stated: bool) -> Conforming:
    """How the track keeps to the notice, of what was found."""
    if judgement is None:
        return Conforming(plot.track, name, State.INSIDE, plot.at, is_stated=is_stated)
    if judgement.verdict is Verdict.UNKNOWN:
        return Conforming(plot.track, name, State.UNKNOWN, plot.at, cause=judgement.cause, is_stated=is_stated)
    state = State.STRAYING if level == FORESEEN else State.OUTSIDE
    return Conforming(plot.track, name, state, plot.at, None if judgement.span is None else judgement.span.start, is_stated=is_stated)


def _height(vertical: Vertical | None, after_s: float) -> Height | None:
    """The height ahead; None where it is not known. A descent ends at the lowest height that there is."""
    if vertical is None:
        return None
    return Height(min(max(vertical.at_m(after_s), LOWEST_M), HIGHEST_M), vertical.datum)


def _stub(trail: Trail, from_s: float, ahead_s: float, filters: frozenset[str]) -> Announced:
    """The track's seconds from `from_s` to `ahead_s` as an operation, by the named filters."""
    plot: Plot = trail.last
    vertical = trail.vertical(filters)
    bend_s = math.inf if vertical is None else vertical.bend_s()
    times_s = (from_s, bend_s, ahead_s) if from_s + 1e-3 < bend_s < ahead_s - 1e-3 else (from_s, ahead_s)
    points = [Waypoint(ahead(trail, plot.at.plus(after_s)), _height(vertical, after_s), plot.at.plus(after_s)) for after_s in times_s]
    return Announced(_NAME, Notice(Kind.OPERATION, trajectory=Trajectory(tuple(points))), plot.party)
