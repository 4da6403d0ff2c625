"""Losses in recorded traffic: rows of Parquet a second, from the file to the sorted table, beside the same question in DuckDB's SQL.

Run: python bench/history.py
"""

import math
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tafadi.batch import Scanned, scan
from tafadi.engine.layout import Floats
from tafadi.model.operation import Minima

MINIMA: Final = Minima(9_260.0, 304.8)
COLUMNS: Final = {"track": "icao24", "at": "time [ms]", "lat": "lat", "lon": "lon", "height": "altitude [m] pressure"}
ROWS: Final = 20_000_000
PEER_ROWS: Final = 2_000_000
EVERY_S: Final = 5.0
LASTING_S: Final = 4.2 * 3600.0  # of a flight
DAY_S: Final = 86_400.0
BLOCK_S: Final = 900.0
GRID_S: Final = 5.0
ROUNDS: Final = 3
SEED: Final = 7
SCHEMA: Final = pa.schema(
    [("time", pa.timestamp("ms", "UTC")), ("icao24", pa.string()), ("lat", pa.float64()), ("lon", pa.float64()), ("altitude", pa.float32())]
)

# The same question as `grid_s` asks, as SQL can ask it: all hits lie on the grid; WGS 84 in space, cut into cells of 10 km.
SQL: Final = """
with s as (select icao24, epoch_ms("time") t, altitude, radians(lat) f, radians(lon) l,
           6378137 / sqrt(1 - 0.00669437999014 * sin(radians(lat)) ** 2) n from '{file}'),
p as (select icao24, t, altitude, n * cos(f) * cos(l) x, n * cos(f) * sin(l) y, n * (1 - 0.00669437999014) * sin(f) z from s),
c as (select *, floor(x / 1e4)::int cx, floor(y / 1e4)::int cy, floor(z / 1e4)::int cz from p),
n as (select dx, dy, dz from (values (-1), (0), (1)) a(dx), (values (-1), (0), (1)) b(dy), (values (-1), (0), (1)) c(dz))
select distinct a.icao24, b.icao24
from (select c.*, cx + dx nx, cy + dy ny, cz + dz nz from c, n) a
join c b on a.t = b.t and a.nx = b.cx and a.ny = b.cy and a.nz = b.cz and a.icao24 < b.icao24
where abs(a.altitude - b.altitude) < {half} and (a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2 < {reach} ** 2
"""


def blocks(rows: int, phase: bool) -> Iterator[pa.Table]:
    """So many hits of a day over Europe, sorted by time; `phase` gives each flight its own second, else all are on whole five."""
    r = np.random.default_rng(SEED)
    count = max(2, int(rows * EVERY_S / LASTING_S))
    begin_s = r.uniform(-LASTING_S, DAY_S, count)
    begin_s -= begin_s % EVERY_S
    begin_s += np.round(r.uniform(0, EVERY_S, count), 3) if phase else 0.0
    lat, lon, course, speed = r.uniform(38, 58, count), r.uniform(-8, 22, count), r.uniform(0, 2 * np.pi, count), r.uniform(200, 250, count)
    level_m, climb_mps = r.integers(28, 41, count) * 304.8, np.where(r.random(count) < 0.2, r.uniform(-3, 3, count), 0.0)
    names = pa.array([f"{number:06x}" for number in range(count)])
    for block_s in np.arange(0.0, DAY_S, BLOCK_S):
        flying = np.flatnonzero((begin_s < block_s + BLOCK_S) & (begin_s + LASTING_S > block_s))
        first = np.ceil((block_s - begin_s[flying]) / EVERY_S - 1e-9) * EVERY_S + begin_s[flying]
        at_s = (first[:, None] + np.arange(int(BLOCK_S / EVERY_S)) * EVERY_S).ravel()
        who = np.repeat(flying, int(BLOCK_S / EVERY_S))
        flown = (at_s >= begin_s[who]) & (at_s < begin_s[who] + LASTING_S) & (at_s < block_s + BLOCK_S)
        order = np.argsort(at_s[flown], kind="stable")
        at_s, who = at_s[flown][order], who[flown][order]
        height_m = level_m[who] + climb_mps[who] * ((at_s - begin_s[who]) % 600.0)
        columns = _columns(at_s, at_s - begin_s[who], lat[who], lon[who], course[who], speed[who])
        steps_m = (np.round(height_m / 7.62) * 7.62).astype(np.float32)
        yield pa.table([columns[0], names.take(pa.array(who)), columns[1], columns[2], steps_m], schema=SCHEMA)


def _columns(at_s: Floats, flown_s: Floats, lat: Floats, lon: Floats, course: Floats, speed: Floats) -> "tuple[pa.Array, Floats, Floats]":
    """Time, latitude and longitude of flights that circle slowly over the region."""
    turn = course + flown_s * 2e-4
    north, east = (np.sin(turn) - np.sin(course)) / 2e-4 * speed, (np.cos(course) - np.cos(turn)) / 2e-4 * speed
    lat_deg = lat + north / 111_200.0
    lon_deg = lon + east / (111_200.0 * math.cos(math.radians(48.0)))
    return pa.array(np.round(at_s * 1000.0).astype(np.int64)).cast(SCHEMA.field("time").type), np.round(lat_deg, 6), np.round(lon_deg, 6)


def written(path: Path, rows: int, phase: bool = True) -> int:
    """The recording, written; how many rows it holds."""
    count = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        held: list[pa.Table] = []
        for block in blocks(rows, phase):
            held.append(block)
            count += block.num_rows
            if sum(table.num_rows for table in held) >= 1_000_000:
                writer.write_table(pa.concat_tables(held), row_group_size=1_000_000)
                held = []
        if held:
            writer.write_table(pa.concat_tables(held), row_group_size=1_000_000)
    return count


def _pairs(scanned: Scanned) -> set[tuple[str, str]]:
    return set(zip(*(scanned.losses.column(name).to_pylist() for name in ("first", "second")), strict=True))


def _duckdb(path: Path) -> set[tuple[str, str]]:
    import duckdb

    return set(duckdb.connect().execute(SQL.format(file=path, half=MINIMA.vertical_m - 1e-6, reach=MINIMA.horizontal_m)).fetchall())


def _median_s(run: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def _beside_duckdb(directory: Path) -> str:
    """A row of the table: the same pairs first, then the times."""
    path = directory / "peer.parquet"
    count = written(path, PEER_ROWS, phase=False)
    ours, theirs = _pairs(scan(path, MINIMA, columns=COLUMNS, grid_s=GRID_S)), _duckdb(path)
    ours_s = _median_s(lambda: scan(path, MINIMA, columns=COLUMNS, grid_s=GRID_S), ROUNDS)
    theirs_s = _median_s(lambda: _duckdb(path), 1)
    answers = f"{len(ours):,} | {len(theirs - ours)} / {len(ours - theirs)}"
    rates = f"{count / ours_s / 1e6:.1f} | {count / theirs_s / 1e6:.2f} | {theirs_s / ours_s:.0f}"
    return f"| on a grid of 5 s, beside DuckDB | {count:,} | {answers} | {rates} |"


def _alone(directory: Path, what: str, **more: object) -> str:
    """A row of the table without a peer."""
    path = directory / "large.parquet"
    count = pq.read_metadata(path).num_rows
    found = scan(path, MINIMA, columns=COLUMNS, **more)  # type: ignore[arg-type]
    begun_s = time.process_time()
    ours_s = _median_s(lambda: scan(path, MINIMA, columns=COLUMNS, **more), ROUNDS)  # type: ignore[arg-type]
    each_ns = (time.process_time() - begun_s) / ROUNDS / count * 1e9
    return (
        f"| {what}; {each_ns:.0f} ns of processor a row | {count:,} | {found.losses.num_rows:,} | - | {count / ours_s / 1e6:.1f} | - | - |"
    )


def _decoded(path: Path) -> None:
    table = pq.ParquetFile(path, read_dictionary=["icao24"])
    for group in range(table.num_row_groups):
        table.read_row_group(group)


def peak_mb(path: Path) -> float:
    """What a process that scans the recording once takes at most, all of Python and its libraries included."""
    scan(path, MINIMA, columns=COLUMNS)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def rows() -> list[str]:
    """The table in Markdown, line by line."""
    with tempfile.TemporaryDirectory(prefix="tafadi-bench-") as name:
        directory = Path(name)
        count = written(directory / "large.parquet", ROWS)
        table = [
            "| recorded traffic | rows | pairs or losses | missed / extra against peer | Tafadi, million rows/s | DuckDB | ratio |",
            "|---|---|---|---|---|---|---|",
            _beside_duckdb(directory),
            _alone(directory, "all the time"),
            _alone(directory, "all the time, with well clear", well_clear=("phase-1",)),
        ]
        decode_s = _median_s(lambda: _decoded(directory / "large.parquet"), ROUNDS)
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            memory_mb = alone.apply(peak_mb, (directory / "large.parquet",))
    limit = f"decoding this Parquet alone goes at {count / decode_s / 1e6:.1f} million rows/s"
    return [
        *table,
        "",
        f"From the file to the sorted table, both cores; {limit}; a process that scans {count:,} rows takes at most {memory_mb:,.0f} MB.",
    ]


if __name__ == "__main__":
    print("\n".join(rows()))
