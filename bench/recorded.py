"""Losses in a radar recording over Ann Arbor, beside the library traffic (PyPI), which runs in an environment of its own.

traffic joins flights on equal instants, so all hits must lie on one grid. It is asked three times: with the places on the grid of 5 s that
straight lines between the hits give (what Tafadi answers with `grid_s`), first without the rows that have no height, then as they are; and
with its own `resample`, which takes the first hit of each 5 s for its beginning. The answers are compared first.

Run: python bench/recorded.py
"""

import gzip
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tafadi.batch import scan
from tafadi.engine.layout import Floats, Ints
from tafadi.model.operation import Minima

HERE: Final = Path(__file__).resolve().parent
ASKS: Final = HERE / "peer-traffic/losses.py"
PYTHON: Final = Path(sys.prefix) / "peer-traffic/bin/python"  # `make bench` puts it there
RECORDING: Final = HERE.parent / "../shared/data/permissive/radar_nop/detroit_D21_20180324.txt.gz"
NM_M: Final = 1_852.0
FOOT_M: Final = 0.3048
MINIMA: Final = Minima(5 * NM_M, 1_000 * FOOT_M)
GRID_S: Final = 5.0
GAP_MAX_S: Final = 60.0  # as Tafadi has it where nothing else is said
ROUNDS: Final = 3
AROUND: Final = (42.27, -83.74)  # Ann Arbor, over which the near mid-air was
WITHIN: Final = (
    0.15,
    0.20,
)  # degrees: traffic buffers both shapes of each pair of tracks anew, and did not end in ten minutes with all 318
COLUMNS: Final = {"track": "icao24", "at": "timestamp [ns]", "lat": "latitude", "lon": "longitude", "height": "altitude [ft] pressure"}


class Hits(NamedTuple):
    """Every hit of the recording in order of track and time; a level of 000 is no height."""

    track: "np.ndarray[Any, np.dtype[np.str_]]"
    at_s: Floats
    lat: Floats
    lon: Floats
    height_ft: Floats


def _of(hits: Hits, rows: Ints) -> Hits:
    return Hits(hits.track[rows], hits.at_s[rows], hits.lat[rows], hits.lon[rows], hits.height_ft[rows])


def recorded() -> Hits:
    """The hits around AROUND; of several at one instant of one track the least: with a height, then by place, as Tafadi takes them."""
    rows = []
    for line in gzip.decompress(RECORDING.read_bytes()).decode().splitlines():
        cells = line.split(",")
        month, day, year = cells[3].replace("-", "/").split("/")
        at_s = np.datetime64(f"{year}-{month}-{day}T{cells[4]}", "ns").astype(np.int64) / 1e9
        level = 100.0 * int(cells[9]) if cells[9].isdigit() and int(cells[9]) else math.inf
        rows.append((cells[14], at_s, float(cells[12]), float(cells[13]), level))
    first = {row[:2]: row for row in sorted(rows, key=lambda row: (*row[:2], math.isinf(row[4]), *row[2:]), reverse=True)}
    track, *numbers = zip(*sorted(first.values()), strict=True)
    at_s, lat, lon, level = np.array(numbers)
    near = (np.abs(lat - AROUND[0]) <= WITHIN[0]) & (np.abs(lon - AROUND[1]) <= WITHIN[1])
    told = Hits(np.array(track), at_s, lat, lon, np.where(np.isinf(level), math.nan, level))
    return _of(told, np.flatnonzero(near))


def on_grid(hits: Hits) -> Hits:
    """Places and heights at all instants of the grid between two hits of a track that are no further apart than the gap."""
    follows = np.flatnonzero((hits.track[1:] == hits.track[:-1]) & (np.diff(hits.at_s) <= GAP_MAX_S))
    steps = np.floor(hits.at_s[follows + 1] / GRID_S) - np.ceil(hits.at_s[follows] / GRID_S) + 1
    legs = np.repeat(follows, np.maximum(steps, 0).astype(int))
    number = np.concatenate([np.arange(count) for count in np.maximum(steps, 0).astype(int)])
    at_s = (np.ceil(hits.at_s[legs] / GRID_S) + number) * GRID_S
    share = (at_s - hits.at_s[legs]) / (hits.at_s[legs + 1] - hits.at_s[legs])
    told = (values[legs] + share * (values[legs + 1] - values[legs]) for values in (hits.lat, hits.lon, hits.height_ft))
    found = Hits(hits.track[legs], at_s, *told)
    once = np.flatnonzero(np.append(True, (np.diff(at_s) > 0) | (found.track[1:] != found.track[:-1])))  # a hit on the grid ends two legs
    return _of(found, once)


def table(hits: Hits) -> pa.Table:
    """The hits with traffic's names of columns."""
    at = pa.array(np.round(hits.at_s * 1e9).astype(np.int64)).cast(pa.timestamp("ns", "UTC"))
    return pa.table(dict(zip(("icao24", "timestamp", "latitude", "longitude", "altitude"), (hits.track, at, *hits[2:]), strict=True)))


def ours(hits: pa.Table) -> "dict[str, tuple[float, float]]":
    """Pairs that lost separation on the grid, each with its closest approach in nautical miles and feet."""
    found = scan(hits, MINIMA, columns=COLUMNS, grid_s=GRID_S, gap_max_s=GAP_MAX_S).losses.to_pylist()
    closest: dict[str, tuple[float, float]] = {}
    for row in found:
        if row["verdict"] == "conflict":
            here = (row["horizontal_m"] / NM_M, row["vertical_m"] / FOOT_M)
            pair = " ".join(sorted((row["first"], row["second"])))
            closest[pair] = min(here, closest.get(pair, here), key=depth)
    return closest


def depth(apart: "tuple[float, float]") -> float:
    """The greater part of the minima."""
    return max(apart[0] / 5.0, apart[1] / 1_000.0)


def asked(hits: Hits) -> "dict[str, Any]":
    """What the library says, from its own environment."""
    with tempfile.TemporaryDirectory(prefix="tafadi-bench-") as name:
        files = [Path(name) / "hits.parquet", Path(name) / "grid.parquet"]
        for path, told in zip(files, (hits, on_grid(hits)), strict=True):
            pq.write_table(table(told), path)
        words = [str(PYTHON), str(ASKS), *map(str, files), str(ROUNDS)]
        return dict(json.loads(subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout))


def median_s(hits: pa.Table) -> float:
    """The median wall time of our answer."""
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        ours(hits)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def _row(what: str, found: "dict[str, tuple[float, float]]", answer: "dict[str, Any]", ours_s: float) -> str:
    theirs, theirs_s = answer["found"], statistics.median(answer["taken_s"])
    both = set(found) & set(theirs)
    off_m = max((abs(depth(found[pair]) - depth(theirs[pair])) * MINIMA.horizontal_m for pair in both), default=math.nan)
    differ = f"{len(set(theirs) - set(found))} / {len(set(found) - set(theirs))}"
    return (
        f"| {what} | {len(found):,} | {len(theirs):,} | {differ} | {off_m:,.1f} m |"
        f" {ours_s * 1e3:,.1f} ms | {theirs_s * 1e3:,.0f} ms | {theirs_s / ours_s:,.0f} |"
    )


def rows() -> list[str]:
    """The table in Markdown, line by line; one sentence where the recording or the library is absent."""
    if not RECORDING.is_file():
        return ["The shared recording is not beside this tree; nothing was compared."]
    if not PYTHON.is_file():
        return ["traffic is not installed in an environment of its own (`make bench` does that); it was not measured."]
    hits = recorded()
    told, found = asked(hits), ours(table(hits))
    ours_s = median_s(table(hits))
    return [
        f"{len(hits.track):,} hits of {len(np.unique(hits.track))} tracks, in memory on both sides; 5 NM and 1,000 ft on a grid of 5 s;"
        f" traffic {told['version']} with pandas {told['pandas']}, two processes; medians of {ROUNDS}.",
        "",
        "| traffic is | pairs, Tafadi | traffic | missed / extra against traffic | deepest point off, at most | Tafadi | traffic | ratio |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(what, found, answer, ours_s) for what, answer in told["answers"].items()),
        "",
        "A track of which one height is missing has no valid shape for traffic, and is left out of all pairs without a word; the near"
        " mid-air of 2643 and 3472 is among them. It leaves out the first and the last common instant of two tracks."
        " Its `resample` moves hits by up to 5 s and fills heights in.",
    ]


if __name__ == "__main__":
    print("\n".join(rows()))
