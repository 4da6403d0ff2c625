"""The library traffic, asked which aircraft lost separation; it has an environment of its own, because it needs an older pandas.

Prints JSON: the versions, and for each question the pairs with their closest approach, and the wall times of every run.

Run: .venv/peer-traffic/bin/python bench/peer-traffic/losses.py hits.parquet grid.parquet ROUNDS (bench/recorded.py does)
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import pandas as pd
import pyproj
from traffic.core import Traffic

LATERAL_NM: Final = 5.0
VERTICAL_FT: Final = 1_000.0
NM_M: Final = 1_852.0
EDGE_FT: Final = 1e-6 / 0.3048  # exactly at the minima is separated, as Tafadi has it
GRID: Final = "5s"
WORKERS: Final = 2


def hits(path: str) -> Traffic:
    """The table as traffic takes it: one flight for each track; tracks that never have a height are left out, because it fails on them."""
    table = pd.read_parquet(path)
    table = table[table.groupby("icao24").altitude.transform("count") > 0]
    return Traffic(table.assign(callsign=table.icao24, flight_id=table.icao24))


def losses(flown: Traffic) -> "dict[str, tuple[float, float]]":
    """Pairs, as "a b", with the least of the greater part of the minima: nautical miles and feet."""
    middle = flown.data[["latitude", "longitude"]].mean()
    plane = pyproj.Proj(proj="laea", lat_0=middle.latitude, lon_0=middle.longitude, ellps="WGS84")
    found = flown.closest_point_of_approach(LATERAL_NM * NM_M, VERTICAL_FT, projection=plane, round_t="d", max_workers=WORKERS)
    if found is None:
        return {}
    table = found.aggregate(LATERAL_NM, VERTICAL_FT).data
    inside = table[(table.lateral < LATERAL_NM) & (table.vertical < VERTICAL_FT - EDGE_FT)].sort_values("aggregated")
    rows = zip(inside.icao24_x, inside.icao24_y, inside.lateral, inside.vertical, strict=True)
    closest: dict[str, tuple[float, float]] = {}
    for one, other, lateral, vertical in rows:
        closest.setdefault(" ".join(sorted((one, other))), (lateral, vertical))
    return closest


def timed(run: Callable[[], Any], rounds: int) -> "dict[str, Any]":
    """What it finds, and how long each run took."""
    taken, found = [], {}
    for _ in range(rounds):
        begin = time.perf_counter()
        found = run()
        taken.append(time.perf_counter() - begin)
    return {"found": found, "taken_s": taken}


def main() -> None:
    """Answers both questions: of hits that are on the grid already, and of hits that traffic brings there itself."""
    recorded, on_grid, rounds = hits(sys.argv[1]), hits(sys.argv[2]), int(sys.argv[3])
    with_height = Traffic(on_grid.data.dropna(subset="altitude"))
    answers = {
        "given the grid, without rows that have no height": timed(lambda: losses(with_height), rounds),
        "given the grid": timed(lambda: losses(on_grid), rounds),
        "its own grid": timed(lambda: losses(recorded.resample(GRID).eval(max_workers=WORKERS)), rounds),
    }
    print(json.dumps({"version": version("traffic"), "pandas": pd.__version__, "answers": answers}))


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
