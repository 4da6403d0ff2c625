"""Losses in recorded traffic: rows of Parquet a second, from the file to the sorted table, beside the same question in DuckDB's SQL.

Run: python bench/history.py
"""

import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tafadi.batch import Scanned, scan
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

# The same question as `grid_s` asks, as well as SQL can: hits on whole 5 s (here all of them are), cells of 10 km in space.
SQL: Final = """
with p as (select icao24, epoch_ms("time")::bigint t, 6371000 * cos(radians(lat)) * cos(radians(lon)) x,
           6371000 * cos(radians(lat)) * sin(radians(lon)) y, 6371000 * sin(radians(lat)) z, altitude from '{file}'),
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
        yield pa.table([*_columns(at_s, at_s - begin_s[who], lat[who], lon[who], course[who], speed[who]), names.take(pa.array(who)),
                        pa.array((np.round((level_m[who] + climb_mps[who] * ((at_s - begin_s[who]) % 600.0)) / 7.62) * 7.62).astype(np.float32))],
                       names=["time", "lat", "lon", "icao24", "altitude"]).select(SCHEMA.names).cast(SCHEMA)  # fmt: skip


def _columns(at_s, flown_s, lat, lon, course, speed):  # type: ignore[no-untyped-def]  # arrays all of them
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
