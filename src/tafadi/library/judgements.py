"""Judgements as a result: what was found of pairs, as nouns and as a table with the columns that `tafadi check --format csv` writes."""

import math
from collections.abc import Container, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, Final

from tafadi.errors import InputError
from tafadi.library.result import TIME, Result, Row, second, table
from tafadi.model.judgement import Judgement, Overlap, Verdict
from tafadi.model.operation import Minima

FOUND: Final = {
    "verdict": "string",
    "cause": "string",
    "start": TIME,
    "end": TIME,
    "lat_deg": "double",
    "lon_deg": "double",
    "closest_at": TIME,
    "closest_horizontal_m": "double",
    "closest_vertical_m": "double",
    "margin_horizontal_m": "double",
    "margin_vertical_m": "double",
    "minima_horizontal_m": "double",
    "minima_vertical_m": "double",
}
OVERLAP: Final = {
    "overlaps": "int64",
    "overlap_area_m2": "double",
    "overlap_lower_m": "double",
    "overlap_lower_datum": "string",
    "overlap_upper_m": "double",
    "overlap_upper_datum": "string",
    "overlap_start": TIME,
    "overlap_end": TIME,
}
PAIR: Final = {"first": "string", "second": "string", "first_party": "string", "second_party": "string"}
SCHEMA: Final = PAIR | FOUND | OVERLAP


def found_cells(one: Judgement) -> Row:
    """The cells of `FOUND` for one judgement."""
    closest, place, span = one.closest, one.place, one.span
    return {
        "verdict": one.verdict.value,
        "cause": None if one.cause is None else one.cause.value,
        "start": None if span is None else span.start,
        "end": None if span is None else span.end,
        "lat_deg": None if place is None else place.lat_deg,
        "lon_deg": None if place is None else place.lon_deg,
        "closest_at": None if closest is None else closest.at,
        "closest_horizontal_m": None if closest is None else closest.horizontal_m,
        "closest_vertical_m": None if closest is None else closest.vertical_m,
        "margin_horizontal_m": one.margin_horizontal_m,
        "margin_vertical_m": one.margin_vertical_m,
        "minima_horizontal_m": one.minima.horizontal_m,
        "minima_vertical_m": one.minima.vertical_m,
    }


def _overlap_cells(overlaps: tuple[Overlap, ...]) -> Row:
    """How many overlaps there are, and the one of the largest area."""
    largest = max(overlaps, key=lambda overlap: overlap.area_m2, default=None)
    if largest is None:
        return {"overlaps": 0}
    return {
        "overlaps": len(overlaps),
        "overlap_area_m2": largest.area_m2,
        "overlap_lower_m": largest.lower.value_m,
        "overlap_lower_datum": largest.lower.datum.value,
        "overlap_upper_m": largest.upper.value_m,
        "overlap_upper_datum": largest.upper.datum.value,
        "overlap_start": largest.span.start,
        "overlap_end": largest.span.end,
    }


class Judgements(Result[Judgement]):
    """The judgements of pairs that are CONFLICT or UNKNOWN, sorted by start; every pair of `looked_at` that is not listed is CLEAR.

    Columns: `first`, `second` (identities, sorted), their parties, `verdict`, `cause`, `start` and `end` (inside the minima), the place
    where it begins (`lat_deg`, `lon_deg`, WGS 84), closest approach, margins and minima in metres, and the largest overlap of volumes.
    A margin is the closest approach less the minima: negative in both directions means inside.

    >>> from tafadi import Instant, Minima, Position, Span, Verdict, Judgement, Judgements
    >>> span = Span(Instant.parse("2027-03-02T09:00:00Z"), Instant.parse("2027-03-02T09:01:00Z"))
    >>> found = Judgements([Judgement("amber-1", "cobalt-4", Verdict.CONFLICT, Minima(9260.0, 304.8), span=span)], {}, 3)
    >>> found
    <3 pairs: 1 conflict, 0 unknown, 2 clear
      amber-1 × cobalt-4: conflict 2027-03-02T09:00:00Z to 2027-03-02T09:01:00Z>
    >>> [one.second for one in found], found.to_arrow().num_rows
    (['cobalt-4'], 1)
    """

    def __init__(
        self,
        judgements: Iterable[Judgement],
        parties: Mapping[str, str | None],
        looked_at: int,
        names: Container[str] | None = None,
        about: str | None = None,
    ) -> None:
        super().__init__(judgements)
        self._parties = dict(parties)
        self._names: Container[str] = self._parties if names is None else names
        self._about = about
        self.looked_at = looked_at

    @property
    def conflicts(self) -> tuple[Judgement, ...]:
        """Those that are CONFLICT."""
        return tuple(one for one in self if one.verdict is Verdict.CONFLICT)

    @property
    def unknown(self) -> tuple[Judgement, ...]:
        """Those of which nothing can be said; they are not clear."""
        return tuple(one for one in self if one.verdict is Verdict.UNKNOWN)

    def verdict(self, first: str, second: str) -> Verdict:
        """What is known of a pair, in whatever order it is named; a pair that is not listed was found clear.

        Raises InputError for a pair that was not looked at: of that nothing is known.
        """
        names = {first, second}
        for name in (first, second):
            if name not in self._names and name not in self._parties:
                raise InputError(f"{name[:60]!r} is none of the notices that were looked at")
        if len(names) != 2 or (self._about is not None and self._about not in names):
            raise InputError(f"{first[:60]!r} and {second[:60]!r} were not looked at as a pair")
        return next((one.verdict for one in self if {one.first, one.second} == names), Verdict.CLEAR)

    @property
    def summary(self) -> str:
        """How many pairs were looked at, and what was found."""
        counts = [sum(one.verdict is verdict for one in self) for verdict in (Verdict.CONFLICT, Verdict.UNKNOWN)]
        clear = self.looked_at - len({(one.first, one.second) for one in self if one.verdict is not Verdict.CLEAR})
        pairs = f"{self.looked_at:,} pair{'' if self.looked_at == 1 else 's'}"
        return f"{pairs}: {counts[0]:,} conflict{'' if counts[0] == 1 else 's'}, {counts[1]:,} unknown, {clear:,} clear"

    def to_arrow(self) -> Any:
        """One row for each judgement, with the columns above."""
        return table((self._row(one) for one in self), SCHEMA)

    def _row(self, one: Judgement) -> Row:
        pair = {"first": one.first, "second": one.second}
        parties = {"first_party": self._parties.get(one.first), "second_party": self._parties.get(one.second)}
        return pair | parties | found_cells(one) | _overlap_cells(one.overlaps)

    def to_geojson(self) -> bytes:
        """A FeatureCollection: a point where each conflict begins, and every unknown (RFC 7946), as `tafadi check --format geojson`."""
        from tafadi.formats.judged import to_geojson

        return to_geojson(self, self._parties)

    def to_csv(self) -> bytes:
        """A table in UTF-8 with CRLF, as `tafadi check --format csv`; text that a spreadsheet would run is quoted."""
        from tafadi.formats.judged import to_csv

        return to_csv(self, self._parties)

    def _line(self, noun: Judgement) -> str:
        return f"{noun.first} × {noun.second}: {told(noun)}"


def told(one: Judgement) -> str:
    """What was found, in a few words."""
    cause = "" if one.cause is None else f" ({one.cause})"
    when = "" if one.span is None else f" {second(one.span.start)} to {second(one.span.end)}"
    return f"{one.verdict}{cause}{when}{closeness(one)}"


def closeness(one: Judgement) -> str:
    """How close they come; empty where that is not known."""
    if one.closest is None:
        return ""
    vertical = "unknown in height" if one.closest.vertical_m is None else f"{one.closest.vertical_m:,.0f} m in height"
    return f", closest {one.closest.horizontal_m:,.0f} m and {vertical}"


def pairs_of(count: int) -> int:
    """How many pairs there are of so many."""
    return math.comb(count, 2)


def asked(minima: object) -> Minima | None:
    """The minima, from the noun or from text like `"5 [NM] / 1000 [ft]"`; None where none are given.

    Raises UnitError for text that is none, InputError for anything else: a bare number has no unit.
    """
    from tafadi.formats.quantity import parse_minima

    if minima is None or isinstance(minima, Minima):
        return minima
    if isinstance(minima, str):
        return parse_minima(minima)
    raise InputError(f'minima of kind {type(minima).__name__} are none; give text like "5 [NM] / 1000 [ft]", or a Minima noun in metres')


def number(name: str, value: object) -> float:
    """The value of an argument that is one number. Raises InputError, naming the argument, for anything else, NaN too."""
    if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise InputError(f"{name} is {repr(value)[:40]}, and that is no finite number")


def count(name: str, value: object) -> int:
    """The value of an argument that counts something. Raises InputError, naming the argument, for anything else, and below 0."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 0:
        return int(value)
    raise InputError(f"{name} is {repr(value)[:40]}, and that is no whole number from 0 on")
