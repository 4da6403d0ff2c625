"""What `tafadi watch` says: a line for each alert, each UNKNOWN cause once, then the silenced pairs and what was skipped."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from tafadi.engine.conformance import Adopted, Conforming
from tafadi.engine.jumps import Suspect
from tafadi.engine.standing import Suppressed
from tafadi.engine.watch import Watch
from tafadi.formats.skips import Skips
from tafadi.measure.instant import Instant
from tafadi.measure.units import feet, nautical_miles
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import ClosestApproach, Verdict

_OF_TRACKS: Final = (AlertKind.TRACKS, AlertKind.WELL_CLEAR)  # those that end with the approach that was recorded


class Writer(Protocol):
    """How the answer is written."""

    def alert(self, alert: Alert) -> list[str]:
        """The lines for one alert."""
        ...

    def suspect(self, one: Suspect) -> list[str]:
        """The lines for a track that jumped."""
        ...

    def adopted(self, one: Adopted) -> list[str]:
        """The lines for a track that is held to a notice which nobody said it flies."""
        ...

    def end(self, watch: Watch, skips: Skips) -> list[str]:
        """The lines that come last."""
        ...


def _apart(closest: ClosestApproach | None) -> str:
    if closest is None:
        return "not known"
    vertical = "height not known" if closest.vertical_m is None else f"{feet(closest.vertical_m):.0f} ft"
    return f"{nautical_miles(closest.horizontal_m):.3f} NM / {vertical} at {_time(closest.at)}"


def _time(at: Instant) -> str:
    """To the nearest tenth of a second: no radar knows better."""
    tenth_ns = 100_000_000
    return f"{Instant(round(at.ns / tenth_ns) * tenth_ns)}"


def _what(alert: Alert) -> str:
    def name(one: str, party: str | None) -> str:
        return one if party is None else f"{one} ({party})"

    pair = f"{name(alert.first, alert.party_first)} and {name(alert.second, alert.party_second)}"
    return pair if alert.kind is AlertKind.TRACKS else f"{alert.kind} {pair}"


def _loss(alert: Alert) -> str:
    """What is foreseen or has happened, in words."""
    warning_s = alert.warning_s
    soon = warning_s is not None and warning_s > 0.0
    if alert.kind is AlertKind.STRAYING:
        return f"about to leave what was announced for it, in {warning_s:.0f} s" if soon else "outside what was announced for it"
    if alert.kind is AlertKind.CROSSING:
        return f"will cross in {warning_s:.0f} s" if soon else _crossed(alert)
    if alert.kind is AlertKind.ANNOUNCED:
        when = f"inside in {warning_s:.0f} s" if soon else "inside now"
    elif alert.kind is AlertKind.WELL_CLEAR:
        when = f"level {alert.level} of {alert.by}, " + _not_well_clear(warning_s)
    else:
        when = f"loss of separation in {warning_s:.0f} s" if soon else "inside the minima now"
    return when if alert.predicted.closest is None else f"{when}, closest {_apart(alert.predicted.closest)}"


def _crossed(alert: Alert) -> str:
    """That a track is on the wrong side, and when it crossed, where that was seen."""
    span = alert.predicted.span
    return "on the wrong side" if span is None or span.start == span.end else f"on the wrong side, crossed at {_time(span.start)}"


def _not_well_clear(warning_s: float | None) -> str:
    if warning_s is None:
        return "well clear at this look"
    return "not well clear now" if warning_s <= 0.0 else f"not well clear in {warning_s:.0f} s"


def _kept_to(one: Conforming) -> str:
    """How a track kept to its operation at the end."""
    cause = "" if one.cause is None else f" ({one.cause})"
    stated = "" if one.is_stated else "; nobody said that it flies it"
    return f"conforms  {one.state:12}  {one.track} to {one.notice}: at {_time(one.at)}{cause}{stated}"


class Text:
    """For people. An UNKNOWN of a cause that was told before is only counted: a flood of them must not bury an alert."""

    def __init__(self) -> None:
        self._unknown: Counter[str] = Counter()
        self._conflicts: set[tuple[str, str, str, str, Instant]] = set()  # each counts once, however often it is told

    def alert(self, alert: Alert) -> list[str]:
        """The line for the alert; none for a further UNKNOWN of one cause."""
        if alert.verdict is Verdict.UNKNOWN:
            return self._unknown_line(alert)
        if alert.state is AlertState.RAISED:
            self._conflicts.add((alert.kind, alert.first, alert.second, alert.by, alert.raised_at))
            return [f"{_time(alert.said_at)}  CONFLICT  {_what(alert)}: {_loss(alert)}"]
        over = "" if alert.over_at is None else _time(alert.over_at)
        recorded = f": closest recorded {_apart(alert.missed)}" if alert.kind in _OF_TRACKS else ""
        return [f"{over}  {alert.state.value.upper():8}  {_what(alert)}{recorded}"]

    def _unknown_line(self, alert: Alert) -> list[str]:
        cause = "" if alert.predicted.cause is None else alert.predicted.cause.value
        if alert.state is not AlertState.RAISED:
            return []
        self._unknown[cause] += 1
        if self._unknown[cause] > 1:
            return []
        return [f"{_time(alert.said_at)}  UNKNOWN   {_what(alert)}: {cause} (further ones of this cause are counted at the end)"]

    def end(self, watch: Watch, skips: Skips) -> list[str]:
        """Counts, the silenced pairs with their rules, and what was skipped."""
        told = [f"{len(self._conflicts)} conflict{'' if len(self._conflicts) == 1 else 's'}"]
        told += [f"{count} unknown: {cause}" for cause, count in sorted(self._unknown.items())]
        suppressed = [f"silenced  {one.rule:12}  {one.first} and {one.second}: {_silenced(one)}" for one in watch.suppressed]
        left_out = [f"skipped   {count:>12,}  {reason} (first in line {line})" for reason, count, line in skips.rows()]
        ignored = [f"skipped   {count:>12,}  {reason}" for reason, count in watch.ignored.items()]
        return ["; ".join(told), *suppressed, *map(_kept_to, watch.conformance()), *left_out, *ignored, *_damaged(skips.damaged)]

    def suspect(self, one: Suspect) -> list[str]:
        """The line for a track that jumped."""
        jumped = f"jumped {one.distance_m / 1_000.0:,.1f} km, which is {one.speed_mps:,.0f} m/s"
        return [f"{_time(one.at)}  SUSPECT   {one.track}: {jumped}; UNKNOWN until one of its places is borne out"]

    def adopted(self, one: Adopted) -> list[str]:
        """The line for a track that is held to a notice which nobody said it flies."""
        return [f"{_time(one.at)}  HELD      {one.track} to {one.notice}: seen inside it; nobody said that it flies it"]


def _damaged(count: int) -> list[str]:
    """The line about lines that held nobody knows what."""
    if count == 0:
        return []
    return [f"{count:,} line{' was' if count == 1 else 's were'} damaged; what {'it' if count == 1 else 'they'} held is unknown"]


def _silenced(one: Suppressed) -> str:
    return f"from {_time(one.first_at)}, found {one.count} times"


class JsonLines:
    """For programs: one JSON object a line, each with its `type`; metres, seconds, times with Z."""

    def alert(self, alert: Alert) -> list[str]:
        """The alert as one line."""
        predicted = alert.predicted
        return _dumped(
            type="alert",
            kind=alert.kind.value,
            first=alert.first,
            second=alert.second,
            party_first=alert.party_first,
            party_second=alert.party_second,
            verdict=alert.verdict.value,
            state=alert.state.value,
            raised_at=str(alert.raised_at),
            cause=None if predicted.cause is None else predicted.cause.value,
            from_=None if predicted.span is None else str(predicted.span.start),
            to=None if predicted.span is None else str(predicted.span.end),
            closest=_closest(predicted.closest),
            level=alert.level,
            by=alert.by or None,
            told_at=str(alert.said_at),
            over_at=None if alert.over_at is None else str(alert.over_at),
            missed=_closest(alert.missed),
        )

    def end(self, watch: Watch, skips: Skips) -> list[str]:
        """The silenced pairs, and what was skipped."""
        told: list[str] = []
        for one in watch.suppressed:
            told += _dumped(
                type="suppressed", first=one.first, second=one.second, rule=one.rule, first_at=str(one.first_at), count=one.count
            )
        for kept in watch.conformance():
            told += _dumped(
                type="conformance", track=kept.track, notice=kept.notice, conforms=kept.state.value, at=str(kept.at),
                leaves_at=None if kept.leaves_at is None else str(kept.leaves_at),
                cause=None if kept.cause is None else kept.cause.value, stated=kept.is_stated,
            )  # fmt: skip
        for reason, count, line in skips.rows():
            told += _dumped(type="skipped", reason=reason, count=count, first_line=line)
        for reason, count in watch.ignored.items():
            told += _dumped(type="skipped", reason=reason, count=count, first_line=None)
        return [*told, *(_dumped(type="damaged", count=skips.damaged) if skips.damaged else [])]

    def suspect(self, one: Suspect) -> list[str]:
        """The track that jumped as one line."""
        return _dumped(type="suspect", track=one.track, at=str(one.at), distance_m=one.distance_m, speed_mps=one.speed_mps)

    def adopted(self, one: Adopted) -> list[str]:
        """The track and the notice that it is held to as one line."""
        return _dumped(type="held", track=one.track, notice=one.notice, at=str(one.at), stated=False)


def _closest(closest: ClosestApproach | None) -> dict[str, object] | None:
    if closest is None:
        return None
    return {"at": str(closest.at), "horizontal_m": closest.horizontal_m, "vertical_m": closest.vertical_m}


def _dumped(**members: object) -> list[str]:
    return [json.dumps({name.rstrip("_"): value for name, value in members.items()}, ensure_ascii=False, allow_nan=False)]


def write(lines: Iterable[str]) -> str:
    """The lines as text to print."""
    return "".join(f"{line}\n" for line in lines)
