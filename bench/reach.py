"""The figures that were set as the goal, each with what the tables of this run say, and whether it is met. Used by bench/all.py."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

Row = list[tuple[str, str]]  # heads and what stands under them; some heads come twice
NUMBER: Final = re.compile(r"\d[\d,]*\.?\d*")


class Reach(NamedTuple):
    """One figure: where it stands, what it must be."""

    what: str
    bound: float
    is_least: bool  # whether it must be at least, or at most the bound
    module: str
    begins: str  # of the first cell of the row
    second: str  # of the second cell; empty for any
    column: str  # of the head; several with "or": the lesser, which is the better of one and two workers
    last: bool = False  # of several numbers in the cell the last, as in "p50 / p99"


FIGURES: Final = (
    Reach("live states, 10,000, ms", 1.5, False, "tactical", "cKDTree", "10,000", "Tafadi"),
    Reach("... 100,000, ms", 10.0, False, "tactical", "cKDTree", "100,000", "Tafadi"),
    Reach("... 1,000,000, ms", 150.0, False, "tactical", "cKDTree", "1,000,000", "Tafadi"),
    Reach("... times BlueSky C++, 10,000", 1_500.0, True, "tactical", "BlueSky C++", "10,000", "ratio"),
    Reach("trajectories, 100,000 a day, ms", 1_000.0, False, "trajectories", "100,000", "", "1 worker or 2 workers"),
    Reach("... times STRtree, 100,000", 150.0, True, "trajectories", "100,000", "", "ratio"),
    Reach("... times STRtree, 30,000, the most it is given time for", 150.0, True, "trajectories", "30,000", "", "ratio"),
    Reach("... 1,000,000 over ten days, s", 15.0, False, "trajectories", "1,000,000 over", "", "time"),
    Reach("... its memory, GB", 2.5, False, "trajectories", "1,000,000 over", "", "memory of the whole process"),
    Reach("volumes, 100,000 notices, all pairs, ms", 60.0, False, "volumes", "100,000", "", "all pairs, 1 worker or 2 workers"),
    Reach("... times STRtree", 10.0, True, "volumes", "100,000", "", "ratio"),
    Reach("... times PostGIS", 50.0, True, "postgis", "all pairs", "100,000", "ratio"),
    Reach("one notice against 1,000,000 volumes, p99, µs", 25.0, False, "volumes", "Tafadi, from records", "200,000", "asked", True),
    Reach("... added, p99, µs", 50.0, False, "volumes", "Tafadi, from nouns", "200,000", "added", True),
    Reach("... removed, p99, µs", 50.0, False, "volumes", "Tafadi, from nouns", "200,000", "removed", True),
    Reach("recorded traffic, million rows a second", 15.0, True, "history", "all the time;", "", "Tafadi"),
    Reach("... times DuckDB", 20.0, True, "history", "on a grid", "", "ratio"),
)
ELSEWHERE: Final = (
    "At most 2 m off at 300 s everywhere, and no verdict that differs outside a band of 2 m: tests, not times"
    " (`tests/engine/test_tactical.py`: the closest approach and the edges of the minima against geodesics;"
    " `tests/engine/test_detect_vectors.py`). Memory stands in the tables of growth, tactical, trajectories, volumes and history."
)


def tables(lines: Sequence[str]) -> list[Row]:
    """The rows of all Markdown tables among the lines."""
    rows: list[Row] = []
    head: list[str] = []
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells or set(line) <= set("|-"):
            head = head if cells else []
        elif head:
            rows.append(list(zip(head, cells, strict=False)))
        else:
            head = cells
    return rows


def figure(one: Reach, rows: Sequence[Row]) -> float | None:
    """What this run says; None where there is no such number."""
    for row in rows:
        cells = [cell for _, cell in row]
        wanted = one.begins if one.begins[0].isalpha() or " " in one.begins else f"{one.begins}$"
        if re.match(wanted.replace("+", r"\+"), cells[0]) and one.second in ("", *cells[1:2]):
            found = [number for part in one.column.split(" or ") for number in _numbers(row, part)[-1 if one.last else 0 :][:1]]
            if found:
                return min(found)
    return None


def _numbers(row: Row, column: str) -> list[float]:
    """The numbers that stand under the head that begins so."""
    cell = next((cell for head, cell in row if head.startswith(column)), "")
    return [float(number.replace(",", "")) for number in NUMBER.findall(cell)]


def lines(printed: Mapping[str, Sequence[str]]) -> list[str]:
    """The table in Markdown: all figures, of what each module printed."""
    told = ["| reach | asked | this run | |", "|---|---|---|---|"]
    for one in FIGURES:
        found = figure(one, tables(printed.get(one.module, ())))
        asked = f"{'≥' if one.is_least else '≤'} {one.bound:,g}"
        if found is None:
            told.append(f"| {one.what} | {asked} | not measured | not met |")
            continue
        is_met = found >= one.bound if one.is_least else found <= one.bound
        told.append(f"| {one.what} | {asked} | {found:,g} | {'met' if is_met else 'not met'} |")
    return [*told, "", ELSEWHERE]
