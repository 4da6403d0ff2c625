"""How time and memory grow with the number, 1,000 to 1,000,000, at two densities; drawn in growth.svg with the fitted exponents.

Everybody is strewn evenly over a cap of the earth that grows with their number, so that the density stays: ×1 is a million over the whole
earth (one in 510 km²), ×10 ten times that. Routes begin in the cap and leave it. Each point is measured in a process of its own; memory is
what it took at most beside its input.

Run: python bench/growth.py
"""

import ctypes
import math
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CHART: Final = Path(__file__).resolve().with_name("growth.svg")
EVERYWHERE: Final = 1_000_000  # so many fill the earth at density ×1
SIZES: Final = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
DENSITIES: Final = (1, 10)
FITTED_LEAST: Final = 10_000  # below, calling and sharing out take most of the time
WARM: Final = 1_000
ROUNDS: Final = 3
DAY_S: Final = 86_400.0
WAYPOINTS: Final = 61
FLIGHT_S: Final = 4.4 * 3_600.0
METRES_A_DEGREE: Final = 111_195.0


class Point(NamedTuple):
    """What one run took."""

    count: int
    taken_s: float
    memory_mb: float
    found: int


def places(count: int, density: int, r: np.random.Generator) -> tuple[Floats, Floats]:
    """Latitudes and longitudes strewn evenly over a cap about (20, 10)."""
    share = min(1.0, count / (EVERYWHERE * density))
    away, turn = np.arccos(1.0 - 2.0 * share * r.random(count)), r.uniform(0.0, 2.0 * math.pi, count)
    south = math.radians(20.0)
    lat = np.arcsin(np.sin(south) * np.cos(away) + np.cos(south) * np.sin(away) * np.cos(turn))
    lon = math.radians(10.0) + np.arctan2(np.sin(turn) * np.sin(away) * np.cos(south), np.cos(away) - np.sin(south) * np.sin(lat))
    return np.degrees(lat), (np.degrees(lon) + 180.0) % 360.0 - 180.0


def states(count: int, density: int) -> Callable[[], int]:
    """Live states, seven in ten on flight levels; 5 NM and 1,000 ft over 300 s, all pairs."""
    from tafadi.engine.states import States
    from tafadi.engine.tactical import detect_states
    from tafadi.measure.height import Datum
    from tafadi.model.operation import Minima

    r = np.random.default_rng(1)
    lat, lon = places(count, density, r)
    level = r.random(count) < 0.7
    height_m = np.where(level, r.integers(28, 42, count) * 304.8, r.uniform(600.0, 11_500.0, count))
    climb_mps = np.where(level, 0.0, r.uniform(-12.0, 12.0, count))
    course_deg, speed_mps = r.uniform(0.0, 360.0, count), r.uniform(90.0, 260.0, count)

    def run() -> int:
        moving = States.on_course(
            lat, lon, course_deg=course_deg, speed_mps=speed_mps, height_m=height_m, datum=Datum.PRESSURE, climb_mps=climb_mps
        )
        return len(detect_states(moving, Minima(9_260.0, 304.8), 300.0).meetings)

    return run


def volumes(count: int, density: int) -> Callable[[], int]:
    """Announced polygons of 4 to 9 corners and 1 to 8 km, 60 to 600 m high, 10 to 60 min of one day; all pairs, packing included."""
    from tafadi.engine.columns import Columns, asked_of
    from tafadi.engine.kernels.shapes import Outlines, Stated
    from tafadi.engine.layout import PRESSURE
    from tafadi.engine.volumes import packed, pairs_of

    r = np.random.default_rng(1)
    lat, lon = places(count, density, r)
    lat = np.clip(lat, -89.0, 89.0)
    corners = r.integers(4, 10, count)
    first = np.concatenate([[0], np.cumsum(corners)]).astype(np.int64)
    row = np.repeat(np.arange(count), corners)
    turn = 2.0 * math.pi * (np.arange(len(row)) - first[row]) / corners[row]
    away_deg = (r.uniform(1_000.0, 8_000.0, count)[row] * r.uniform(0.6, 1.0, len(row))) / METRES_A_DEGREE
    east = lon[row] + away_deg * np.cos(turn) / np.cos(np.radians(lat[row]))
    outlines = Outlines(first, lat[row] + away_deg * np.sin(turn), (east + 180.0) % 360.0 - 180.0, np.full(count, math.nan))
    low_m, datum = r.uniform(0.0, 3_000.0, count), np.full(count, PRESSURE, np.int8)
    start_s = r.uniform(0.0, DAY_S, count)
    begin_ns = ((1_800_000_000.0 + start_s) * 1e9).astype(np.int64)
    end_ns = begin_ns + (r.uniform(600.0, 3_600.0, count) * 1e9).astype(np.int64)
    columns = Columns(outlines, Stated(low_m, low_m + r.uniform(60.0, 600.0, count), datum, datum, begin_ns, end_ns))
    asked = asked_of(np.arange(count))
    return lambda: len(pairs_of(columns, packed(columns, asked), workers=2).verdict)


def routes(count: int, density: int) -> Callable[[], int]:
    """Announced flights of 61 waypoints and 4.4 h that begin over one day, on levels; 5 NM and 1,000 ft, all pairs, packing included."""
    from tafadi.engine.layout import PRESSURE
    from tafadi.engine.routes import Routes
    from tafadi.engine.strategic import detect_routes
    from tafadi.model.operation import Minima

    r = np.random.default_rng(1)
    lat, lon = places(count, density, r)
    level_m, heading = np.repeat(r.integers(28, 42, count) * 304.8, WAYPOINTS), r.uniform(0.0, 2.0 * math.pi, count)
    start_s, step = r.uniform(0.0, DAY_S, count), np.tile(np.arange(WAYPOINTS), count)
    owner = np.repeat(np.arange(count), WAYPOINTS)
    away = r.uniform(200.0, 250.0, count)[owner] * FLIGHT_S / (WAYPOINTS - 1) * step / (METRES_A_DEGREE * math.degrees(1.0))
    south, bearing = np.radians(lat)[owner], heading[owner]
    sin_lat = np.sin(south) * np.cos(away) + np.cos(south) * np.sin(away) * np.cos(bearing)
    turned = np.arctan2(np.sin(bearing) * np.sin(away) * np.cos(south), np.cos(away) - np.sin(south) * sin_lat)
    at_ns = ((1_800_000_000.0 + start_s[owner] + step * FLIGHT_S / (WAYPOINTS - 1)) * 1e9).astype(np.int64)
    first = np.arange(0, count * WAYPOINTS + 1, WAYPOINTS, dtype=np.int64)
    east = (lon[owner] + np.degrees(turned) + 180.0) % 360.0 - 180.0
    datum = np.full(len(owner), PRESSURE, np.int8)
    flown = Routes(first, np.degrees(np.arcsin(sin_lat)), east, at_ns, level_m, datum)
    return lambda: len(detect_routes(flown, Minima(9_260.0, 304.8), workers=2).pairs)


CASES: Final = {"states": states, "volumes": volumes, "routes": routes}


def _held_mb(field: str) -> float:
    """What the system says of the memory of this process: VmRSS now, VmHWM at most since it was last set back."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return next(float(line.split()[1]) for line in told.splitlines() if line.startswith(field)) / 1_000.0


def _set_back() -> None:
    ctypes.CDLL(None).malloc_trim(0)  # what making the input left behind would be used again, and not be counted
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # VmHWM becomes VmRSS


def measured(case: str, count: int, density: int) -> Point:
    """One point, in this process."""
    CASES[case](WARM, density)()
    run = CASES[case](count, density)
    _set_back()
    before_mb, taken, found = _held_mb("VmRSS"), [], 0
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        found = run()
        taken.append(time.perf_counter() - begin)
    return Point(count, statistics.median(taken[1:]), _held_mb("VmHWM") - before_mb, found)


def exponent(points: list[Point]) -> float:
    """The b of time = a N^b, over the larger sizes."""
    large = [point for point in points if point.count >= FITTED_LEAST]
    return float(np.polyfit(np.log([point.count for point in large]), np.log([point.taken_s for point in large]), 1)[0])


def curves() -> dict[tuple[str, int], list[Point]]:
    """All that is measured, each point in a process of its own."""
    found = {}
    context = multiprocessing.get_context("spawn")
    for case in CASES:
        for density in DENSITIES:
            points = []
            for size in SIZES:
                with context.Pool(1) as pool:
                    points.append(pool.apply(measured, (case, size, density)))
            found[case, density] = points
    return found


def draw(found: dict[tuple[str, int], list[Point]], path: Path) -> None:
    """Draws the chart: time and memory against the number."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "tafadi", "svg.fonttype": "none", "font.size": 10})
    colours = dict(zip(CASES, ("#0072B2", "#D55E00", "#009E73"), strict=True))  # told apart by the colour-blind
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    for (case, density), points in found.items():
        label = f"{case}, density ×{density}: N^{exponent(points):.2f}"
        style: dict[str, Any] = {"color": colours[case], "linestyle": "-" if density == 1 else "--", "marker": "o" if density == 1 else "s"}
        axes[0].loglog([p.count for p in points], [p.taken_s for p in points], label=label, markersize=4, **style)
        axes[1].loglog([p.count for p in points], [max(p.memory_mb, 1.0) for p in points], markersize=4, **style)
    for axis, title in zip(
        axes, ("Time of one detection, s (median)", "Memory taken beside the input, MB (1 or less is drawn as 1)"), strict=True
    ):
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("number")
        axis.grid(True, which="major", alpha=0.35)
        axis.spines[["top", "right"]].set_visible(False)
    axes[1].legend(*axes[0].get_legend_handles_labels(), loc="lower right", frameon=False, fontsize=9)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def rows() -> list[str]:
    """The table in Markdown, line by line; the chart is drawn beside this file."""
    found = curves()
    draw(found, CHART)
    table = [
        f"![Time and memory against number]({CHART.name})",
        "",
        f"{os.cpu_count()} threads; medians of {ROUNDS}. The exponent is fitted from {FITTED_LEAST:,} on.",
        "",
        "| what | density | N | found | time | memory beside the input |",
        "|---|---|---|---|---|---|",
    ]
    for (case, density), points in found.items():
        table += [
            f"| {case} | ×{density} | {p.count:,} | {p.found:,} | {p.taken_s * 1e3:,.2f} ms | {p.memory_mb:,.0f} MB |" for p in points
        ]
    fits = "; ".join(f"{case} ×{density}: N^{exponent(points):.2f}" for (case, density), points in found.items())
    return [*table, "", f"Time grows as {fits}."]


if __name__ == "__main__":
    print("\n".join(rows()))
