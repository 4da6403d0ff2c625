"""The answer of `tafadi check` as a table for people.

On a terminal it is drawn in colour, and where it is too wide each row becomes a block of lines. Anywhere else the same cells stand aligned
and whole, as wide as they need, because a cut identity or time is worse than a long line. UNKNOWNs of one cause share one row with their
count: a flood of them must not bury a conflict. All of them, one by one, are in `--format json`.
"""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Verdict
from tafadi.reports.sentences import CAUSES

HEAD: Final = ("pair", "verdict", "start", "end", "place", "closest", "margin", "overlap")
NOTHING: Final = "-"
MILLISECOND_NS: Final = 1_000_000  # times are shown to this, outwards: never a shorter conflict than was found

_COLOURS: Final = {Verdict.CONFLICT: "bold red", Verdict.UNKNOWN: "yellow", Verdict.CLEAR: ""}


class Row(NamedTuple):
    """One row of the table: its verdict, and its cells in the order of `HEAD`."""

    verdict: Verdict
    cells: tuple[str, ...]


def text(judgements: Sequence[Judgement], parties: Mapping[str, str | None], *, on_screen: bool) -> str:
    """The table and, under it, one sentence that counts. `parties` has an entry for every notice that was checked."""
    found = rows(judgements, parties)
    table = "" if not found else drawn(found) if on_screen else aligned(found)
    return f"{table}{summary(judgements, len(parties))}\n"


def rows(judgements: Sequence[Judgement], parties: Mapping[str, str | None]) -> list[Row]:
    """Conflicts first, each a row, in order of time; then the unknowns, a row for each cause. Clear pairs have none."""
    conflicts = sorted((one for one in judgements if one.verdict is Verdict.CONFLICT), key=_beginning)
    unknown: dict[Cause | None, list[Judgement]] = {}
    for one in judgements:
        if one.verdict is Verdict.UNKNOWN:
            unknown.setdefault(one.cause, []).append(one)
    return [_conflict(one, parties) for one in conflicts] + [_unknown(cause, several, parties) for cause, several in unknown.items()]


def summary(judgements: Sequence[Judgement], notices: int) -> str:
    """One sentence: how many notices and pairs, and how many of each verdict."""
    pairs = math.comb(notices, 2)
    if pairs == 0:
        return f"{notices} notice: there is no pair to check."
    conflicts = sum(one.verdict is Verdict.CONFLICT for one in judgements)
    unknown = sum(one.verdict is Verdict.UNKNOWN for one in judgements)
    clear = pairs - len({(one.first, one.second) for one in judgements if one.verdict is not Verdict.CLEAR})
    return f"{notices} notices, {pairs} pair{'s' * (pairs > 1)}: {conflicts} in conflict, {unknown} unknown, {clear} clear."


def aligned(found: Sequence[Row]) -> str:
    """The rows as plain text in columns, nothing cut."""
    widths = _widths(found)
    lines = [HEAD, *(row.cells for row in found)]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)


def drawn(found: Sequence[Row]) -> str:
    """The rows in colour for the terminal: a table where it fits, else each row as a block of lines."""
    from rich.console import Console, Group
    from rich.table import Table
    from rich.text import Text

    console = Console(file=io.StringIO(), force_terminal=True)
    table = Table(*HEAD)
    for row in found:
        table.add_row(*(Text(cell) for cell in row.cells), style=_COLOURS[row.verdict])
    blocks = Group(*(Text(_block(row), style=_COLOURS[row.verdict]) for row in found))
    fits = sum(_widths(found)) + 3 * len(HEAD) + 1 <= console.width
    with console.capture() as capture:
        console.print(table if fits else blocks)
    return capture.get()


def _widths(found: Sequence[Row]) -> list[int]:
    lines = [HEAD, *(row.cells for row in found)]
    return [max(len(line[column]) for line in lines) for column in range(len(HEAD))]


def _block(row: Row) -> str:
    pair, verdict, *others = row.cells
    told = [f"  {name:8} {cell}" for name, cell in zip(HEAD[2:], others, strict=True) if cell != NOTHING]
    return "\n".join((f"{verdict}  {pair}", *told))


def _beginning(one: Judgement) -> tuple[int, str, str]:
    return one.span.start.ns if one.span else 0, one.first, one.second


def _named(id: str, parties: Mapping[str, str | None]) -> str:
    party = parties.get(id)
    return id if party is None else f"{id} ({party})"


def _pair(one: Judgement, parties: Mapping[str, str | None]) -> str:
    return f"{_named(one.first, parties)} / {_named(one.second, parties)}"


def _closest(closest: ClosestApproach) -> str:
    at = Instant(round(closest.at.ns / MILLISECOND_NS) * MILLISECOND_NS)
    return f"{_metres(closest.horizontal_m, closest.vertical_m)} at {at}"


def _times(span: Span | None) -> tuple[str, str]:
    if span is None:
        return NOTHING, NOTHING
    start_ns, end_ns = span.start.ns // MILLISECOND_NS * MILLISECOND_NS, -(-span.end.ns // MILLISECOND_NS) * MILLISECOND_NS
    return str(Instant(start_ns)), str(Instant(end_ns))


def _metres(horizontal_m: float | None, vertical_m: float | None) -> str:
    if horizontal_m is None:
        return NOTHING
    return f"{horizontal_m:.1f} m / {'unknown' if vertical_m is None else f'{vertical_m:.1f} m'}"


def _conflict(one: Judgement, parties: Mapping[str, str | None]) -> Row:
    closest = NOTHING if one.closest is None else _closest(one.closest)
    margin = _metres(one.margin_horizontal_m, one.margin_vertical_m)
    place = NOTHING if one.place is None else str(one.place)
    return Row(one.verdict, (_pair(one, parties), "CONFLICT", *_times(one.span), place, closest, margin, _overlap(one)))


def _overlap(one: Judgement) -> str:
    if not one.overlaps:
        return NOTHING
    largest = max(one.overlaps, key=lambda overlap: overlap.area_m2)
    band = f"{largest.lower} to {largest.upper}"
    more = f" and {len(one.overlaps) - 1} more" if len(one.overlaps) > 1 else ""
    return f"{largest.area_m2:.0f} m2, {band}, {largest.span.duration_s:.0f} s{more}"


def _unknown(cause: Cause | None, several: Sequence[Judgement], parties: Mapping[str, str | None]) -> Row:
    first, count = several[0], len(several)
    pair = _pair(first, parties) + (f" and {count - 1} more" if count > 1 else "")
    spans = [one.span for one in several if one.span is not None]
    span = Span(min(span.start for span in spans), max(span.end for span in spans)) if spans else None
    why = "it could not be judged" if cause is None else CAUSES[cause]
    place = NOTHING if first.place is None or count > 1 else str(first.place)
    return Row(
        Verdict.UNKNOWN, (pair, f"UNKNOWN: {why}", *_times(span), place, NOTHING, NOTHING, _overlap(first) if count == 1 else NOTHING)
    )
