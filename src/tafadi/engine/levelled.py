"""Judging across datums: pairs that are UNKNOWN because their heights stand above unlike datums, judged with what is stated of those.

A height that is brought to another datum may be wrong by so much, and that differs from place to place. So such a pair is judged thrice:

* *wide*: bands as high as they may be, vertical minima larger by what both may be wrong. Clear then is CLEAR.
* *narrow*: bands as low as they may be, minima smaller by it. In conflict then is CONFLICT.
* *plain*: what is told of a conflict: its span, place and closest approach.

Anything between is UNKNOWN, with the cause `height-uncertain`. Wide and narrow are bounds whichever datum the pair is brought to, so each
is tried, and the first that decides is right. Heights above one datum are never brought anywhere: two pressure heights compare exactly.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import IntEnum

from tafadi.engine.brought import Bringing, NotBroughtError, View
from tafadi.engine.detect import judge
from tafadi.measure.height import Datum, Height
from tafadi.measure.levelling import TARGETS, Levelling
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import NO_MINIMA, Announced, Minima, Notice
from tafadi.model.volume import Volume4D


class _Weight(IntEnum):
    """The graver, the more."""

    CLEAR = 0
    UNKNOWN = 1
    CONFLICT = 2


def reconciled(
    judgements: Iterable[Judgement], announced: Iterable[Announced], levelling: Levelling, minima: Minima | None = None
) -> list[Judgement]:
    """The judgements of `detect(announced, minima)`, with the UNKNOWN ones judged anew whose heights stand above unlike datums.

    Pairs that are CLEAR then are left out, as `detect` leaves them out; the order stays.
    """
    by_id, between = {one.id: one for one in announced}, Across(levelling)
    told = (between.again(one, by_id[one.first], by_id[one.second], minima) for one in judgements)
    return [one for one in told if one.verdict is not Verdict.CLEAR]


def across(judgements: Iterable[Judgement], announced: Iterable[Announced]) -> list[Judgement]:
    """Those judgements that are UNKNOWN and whose heights stand above unlike datums."""
    by_id = {one.id: one.notice for one in announced}
    unknown = (one for one in judgements if one.verdict is Verdict.UNKNOWN)
    return [one for one in unknown if are_unlike(by_id[one.first], by_id[one.second])]


def judge_levelled(first: Announced, second: Announced, levelling: Levelling, minima: Minima | None = None) -> Judgement:
    """The judgement of one pair as `judge` gives it, and across datums where `levelling` says how. Raises InputError as `judge` does."""
    return Across(levelling).again(judge(first, second, minima), first, second, minima)


def datums(notice: Notice) -> frozenset[Datum]:
    """The datums above which the notice states heights."""
    heights = [height for volume in notice.volumes for height in (volume.lower, volume.upper)]
    if notice.trajectory is not None:
        heights += [waypoint.height for waypoint in notice.trajectory.waypoints]
    return frozenset(height.datum for height in heights if height is not None)


def are_unlike(one: Notice, two: Notice) -> bool:
    """Whether the two state heights above more than one datum."""
    return len(datums(one) | datums(two)) > 1


class Across:
    """Judges pairs across datums, and remembers how each volume was brought there."""

    def __init__(self, levelling: Levelling) -> None:
        self._bringing = {into: Bringing(levelling, into) for into in TARGETS}

    def again(self, judgement: Judgement, first: Announced, second: Announced, minima: Minima | None) -> Judgement:
        """The judgement by these minima, or what is found across datums where it is UNKNOWN and heights are unlike."""
        if judgement.verdict is not Verdict.UNKNOWN or not are_unlike(first.notice, second.notice):
            return judgement
        ones, twos = list(_split(first)), list(_split(second))
        if len(ones) == len(twos) == 1:
            return replace(self._part(judgement, first, second, minima), minima=judgement.minima)
        found = [self._part(judge(one, two, minima), one, two, minima) for one in ones for two in twos]
        return _combined(judgement, [one for one in found if one.verdict is not Verdict.CLEAR])

    def _part(self, plain: Judgement, first: Announced, second: Announced, minima: Minima | None) -> Judgement:
        """The judgement of two parts: as they are (`plain`) where that decides, else across datums."""
        if plain.verdict is not Verdict.UNKNOWN or not are_unlike(first.notice, second.notice):
            return plain
        told = plain
        for bringing in self._bringing.values():
            try:
                found = _brought(bringing, first, second, minima)
            except NotBroughtError:
                continue
            if found.verdict is not Verdict.UNKNOWN:
                return found
            told = found if told is plain else told
        return told


def _brought(bringing: Bringing, first: Announced, second: Announced, minima: Minima | None) -> Judgement:
    """What is found of two parts above one datum. Raises NotBroughtError when a height cannot be brought there."""
    within_m = bringing.within_m(first.notice) + bringing.within_m(second.notice)

    def seen(view: View) -> Judgement:
        return _seen(bringing, view, first, second, minima, within_m)

    wide = seen(View.WIDE)
    if wide.verdict is Verdict.CLEAR:
        return wide
    narrow = seen(View.NARROW)
    if narrow.verdict is Verdict.CONFLICT:
        plain = seen(View.PLAIN)
        return plain if plain.verdict is Verdict.CONFLICT else narrow
    cause = wide.cause if wide.verdict is Verdict.UNKNOWN else Cause.HEIGHT_UNCERTAIN
    return replace(wide, verdict=Verdict.UNKNOWN, cause=cause, closest=None, overlaps=())


def _seen(bringing: Bringing, view: View, first: Announced, second: Announced, minima: Minima | None, within_m: float) -> Judgement:
    """The judgement in one view; CLEAR when no band of one of them is left in it."""
    one, two = bringing.notice(first.notice, view, within_m), bringing.notice(second.notice, view, within_m)
    if one is None or two is None:
        return Judgement(*_names(first, second), Verdict.CLEAR, NO_MINIMA)  # the minima are those of the whole
    stated = [each for each in (minima, one.minima, two.minima) if each is not None]
    if _are_apart(one, two, max((each.vertical_m for each in stated), default=0.0)):
        return Judgement(*_names(first, second), Verdict.CLEAR, NO_MINIMA)
    if stated and one.trajectory is not None and two.trajectory is not None:  # elsewhere what may be wrong is in the bands
        room_m = max(each.vertical_m for each in stated) + view.value * within_m
        minima = Minima(max(each.horizontal_m for each in stated), max(0.0, room_m))
        one, two = replace(one, minima=None), replace(two, minima=None)
    return judge(replace(first, notice=one), replace(second, notice=two), minima)


def _names(first: Announced, second: Announced) -> tuple[str, str]:
    return (first.id, second.id) if first.id <= second.id else (second.id, first.id)


def _are_apart(one: Notice, two: Notice, room_m: float) -> bool:
    """Whether every volume of one lies above or below every volume of the other: that is seen without judging the pair."""
    if one.trajectory is not None or two.trajectory is not None:
        return False
    bands = [[(volume.lower, volume.upper) for volume in notice.volumes] for notice in (one, two)]
    return all(
        _above(low, other_high, room_m) or _above(other_low, high, room_m) for low, high in bands[0] for other_low, other_high in bands[1]
    )


def _above(lower: Height | None, upper: Height | None, room_m: float) -> bool:
    return lower is not None and upper is not None and lower.above(upper) >= room_m


def _split(announced: Announced) -> Iterator[Announced]:
    """The trajectory, and the volumes of each pair of datums, as announcements of their own."""
    notice = announced.notice
    if notice.trajectory is not None:
        yield replace(announced, notice=replace(notice, volumes=()))
    groups: dict[tuple[Datum | None, Datum | None], list[Volume4D]] = {}
    for volume in notice.volumes:
        lower, upper = (None if height is None else height.datum for height in (volume.lower, volume.upper))
        groups.setdefault((lower, upper), []).append(volume)
    for volumes in groups.values():
        yield replace(announced, notice=replace(notice, volumes=tuple(volumes), trajectory=None))


def _combined(whole: Judgement, found: list[Judgement]) -> Judgement:
    """One judgement of the parts that are not CLEAR: the gravest and earliest, with the minima of the whole and the overlaps of all."""
    if not found:
        return replace(whole, verdict=Verdict.CLEAR, cause=None, span=None, place=None, closest=None, overlaps=())
    weight = max(_weight(one) for one in found)
    told = sorted((one for one in found if _weight(one) == weight), key=lambda one: one.span.start.ns if one.span else 0)
    overlaps = tuple(overlap for one in told for overlap in one.overlaps)
    return replace(told[0], minima=whole.minima, overlaps=overlaps)


def _weight(judgement: Judgement) -> _Weight:
    return _Weight[judgement.verdict.name]
