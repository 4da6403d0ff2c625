"""All pairs of live states over 300 s, beside scipy's cKDTree with numpy, and BlueSky's own detection where it is installed.

The answers are compared first. BlueSky (PyPI `bluesky-simulator`, installed with --no-deps) works on a sphere with a plane for each pair,
and calls levels that are exactly 1,000 ft apart a conflict of one side; so it is given heights that are not on levels, and what it finds
otherwise is counted twice: all of it, and what no 2 % of the minima and of the lookahead explain.

Run: python bench/tactical.py
"""

import importlib.util
import math
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tafadi.engine.crew import Crew
from tafadi.engine.kernels.placing import Moved
from tafadi.engine.states import States
from tafadi.engine.tactical import detect_states, place, raw_of
from tafadi.measure.height import Datum
from tafadi.model.operation import Minima

MINIMA: Final = Minima(9_260.0, 304.8)
NEAR: Final = Minima(9_260.0 * 0.98, 304.8 * 0.999)  # what a peer must find, and
WIDE: Final = Minima(9_260.0 * 1.02, 304.8 * 1.001)  # what it must not go beyond: its plane is off by 2 % over 100 km
LOOKAHEAD_S: Final = 300.0
KNOT_MPS: Final = 1852.0 / 3600.0
FOOT_M: Final = 0.3048
SIZES: Final = ((10_000, True, 21), (100_000, False, 9), (1_000_000, False, 5))
BLUESKY_MOST: Final = 2_000  # of its numpy: matrices of all pairs
Pairs = set[tuple[int, int]]
Floats = NDArray[np.float64]


def traffic(count: int, regional: bool, seed: int = 1) -> dict[str, Floats]:
    """States of which half are about hubs; 70 % on flight levels 280 to 410, the others climbing and descending."""
    r = np.random.default_rng(seed)
    south, north, west, east, hubs, spread = (36, 60, -10, 30, 40, 1.5) if regional else (-60, 80, -180, 180, 400, 3.0)
    low, high = (math.sin(math.radians(edge)) for edge in (south, north))
    lat, lon = np.degrees(np.arcsin(r.uniform(low, high, count))), r.uniform(west, east, count)
    half = count // 2
    share = np.minimum(r.pareto(1.2, hubs) + 0.3, 20.0)
    hub = r.choice(hubs, half, p=share / share.sum())
    hub_lat, hub_lon = np.degrees(np.arcsin(r.uniform(low, high, hubs)))[hub], r.uniform(west, east, hubs)[hub]
    lat[:half] = np.clip(hub_lat + r.normal(0, spread, half), -89, 89)
    lon[:half] = (hub_lon + r.normal(0, spread, half) / np.cos(np.radians(lat[:half])) + 180) % 360 - 180
    level = r.random(count) < 0.7
    return {
        "lat": lat,
        "lon": lon,
        "alt": np.where(level, r.choice(np.arange(280, 420, 10), count) * 100.0, r.uniform(2_000, 38_000, count)) * FOOT_M,
        "vs": np.where(level, 0.0, r.uniform(500, 2_500, count) * r.choice([-1, 1], count)) * FOOT_M / 60,
        "gs": np.where(level, r.uniform(380, 520, count), r.uniform(180, 420, count)) * KNOT_MPS,
        "trk": r.uniform(0, 360, count),
    }


def ours(everyone: dict[str, Floats], minima: Minima = MINIMA, lookahead_s: float = LOOKAHEAD_S) -> Pairs:
    """The pairs that Tafadi finds."""
    found = detect_states(states(everyone), minima, lookahead_s).meetings
    return set(zip(found["first"].tolist(), found["second"].tolist(), strict=True))


def states(everyone: dict[str, Floats]) -> States:
    """The states as Tafadi takes them; this is timed as a part of the detection."""
    return States.on_course(
        everyone["lat"],
        everyone["lon"],
        course_deg=everyone["trk"],
        speed_mps=everyone["gs"],
        height_m=everyone["alt"],
        datum=Datum.PRESSURE,
        climb_mps=everyone["vs"],
    )


def tree_peer(everyone: dict[str, Floats], minima: Minima = MINIMA) -> Pairs:
    """cKDTree over the places in the middle of the lookahead, then straight motion in numpy on each pair's tangent plane."""
    moved, reach_m = _middle(everyone)
    pairs = cKDTree(moved.state[:, :3]).query_pairs(reach_m, output_type="ndarray")
    z = everyone["alt"] + everyone["vs"] * LOOKAHEAD_S / 2
    i, j = pairs[np.abs(z[pairs[:, 1]] - z[pairs[:, 0]]) - np.abs(np.diff(everyone["vs"][pairs])[:, 0]) * LOOKAHEAD_S / 2 < 304.8].T
    d, u = (moved.state[j, k : k + 3] - moved.state[i, k : k + 3] for k in (0, 3))
    up = moved.state[i, :3] + moved.state[j, :3]
    up /= np.sqrt((up * up).sum(axis=1))[:, None]
    d, u = (v - up * (v * up).sum(axis=1)[:, None] for v in (d, u))
    a, b, c = (u * u).sum(axis=1), (d * u).sum(axis=1), (d * d).sum(axis=1) - minima.horizontal_m**2
    root = np.sqrt(np.maximum(b * b - a * c, 0.0))
    h, w = z[j] - z[i], everyone["vs"][j] - everyone["vs"][i]
    w = np.where(np.abs(w) < 1e-9, 1e-9, w)
    v = minima.vertical_m - 1e-6
    start = np.maximum.reduce([(-b - root) / a, np.minimum((-v - h) / w, (v - h) / w), np.full(len(a), -LOOKAHEAD_S / 2)])
    end = np.minimum.reduce([(-b + root) / a, np.maximum((-v - h) / w, (v - h) / w), np.full(len(a), LOOKAHEAD_S / 2)])
    inside = (start < end) & (b * b > a * c)
    return _ordered(i[inside], j[inside])


def _middle(everyone: dict[str, Floats]) -> tuple[Moved, float]:
    with Crew(1) as crew:
        moved, _ = place(raw_of(states(everyone)), LOOKAHEAD_S, 1_000.0, crew)
    return moved, MINIMA.horizontal_m + float(everyone["gs"].max()) * LOOKAHEAD_S + 400.0


def _ordered(i: NDArray[Any], j: NDArray[Any]) -> Pairs:
    return set(zip(np.minimum(i, j).tolist(), np.maximum(i, j).tolist(), strict=True))


def bluesky() -> tuple[Any, Any] | None:
    """BlueSky's detection in numpy and in C++, loaded without its simulator; None where it is not installed."""
    spec = importlib.util.find_spec("bluesky")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    names = (
        "bluesky",
        "bluesky.stack",
        "bluesky.tools",
        "bluesky.tools.aero",
        "bluesky.tools.geo",
        "bluesky.traffic",
        "bluesky.traffic.asas",
    )
    modules: dict[str, Any] = {name: ModuleType(name) for name in names}
    modules["bluesky"].stack, modules["bluesky.tools.aero"].nm = modules["bluesky.stack"], 1852.0
    modules["bluesky.tools"].geo, modules["bluesky.traffic.asas"].ConflictDetection = modules["bluesky.tools.geo"], object
    source = (folder / "tools/geo/_geo.py").read_text(encoding="utf-8")
    flat = source[source.index("def kwikqdrdist_matrix") : source.index("def kwikpos")]
    modules["bluesky.tools.geo"].__dict__.update(np=np, nm=1852.0)
    exec(compile(flat, "_geo.py", "exec"), modules["bluesky.tools.geo"].__dict__)
    sys.modules.update(modules)
    compiled = next((folder / "traffic/asas").glob("cstatebased*.so"), None)
    own = _module("bluesky.traffic.asas.statebased", folder / "traffic/asas/statebased.py")
    return own.StateBased().detect, _module("cstatebased", compiled).detect if compiled else None


def _module(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def bluesky_run(detection: Any, everyone: dict[str, Floats]) -> list[tuple[str, str]]:
    """The pairs that BlueSky finds; each from both sides, if it finds both."""
    count = len(everyone["lat"])
    traf: Any = ModuleType("traf")
    traf.__dict__.update(
        {name: np.ascontiguousarray(column) for name, column in everyone.items()}, ntraf=count, id=[str(n) for n in range(count)]
    )
    limits = (np.full(count, value) for value in (MINIMA.horizontal_m, MINIMA.vertical_m, LOOKAHEAD_S))
    with np.errstate(all="ignore"):
        return list(detection(traf, traf, *limits)[0])


def median_s(run: Callable[[], object], rounds: int) -> float:
    """The median of the wall times of so many runs, after one that is not counted."""
    taken = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


def _row(name: str, count: int, found: int, off: str, peer_s: float, ours_s: float) -> str:
    return f"| {name} | {count:,} | {found:,} | {off} | {ours_s * 1e3:.2f} ms | {peer_s * 1e3:.1f} ms | {peer_s / ours_s:,.0f} |"


def _against_tree(count: int, regional: bool, rounds: int) -> str:
    everyone = traffic(count, regional)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours_s = median_s(lambda: detect_states(states(everyone), MINIMA, LOOKAHEAD_S), rounds)
    memory_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1e3
    found, theirs = ours(everyone), tree_peer(everyone)
    peer_s = median_s(lambda: tree_peer(everyone), 1)
    wrong = len(ours(everyone, NEAR, 0.98 * LOOKAHEAD_S) - theirs) + len(theirs - ours(everyone, WIDE, 1.02 * LOOKAHEAD_S))
    off = f"{len(theirs - found)} / {len(found - theirs)}, {wrong} of them beyond 2 %"
    return _row(f"cKDTree + numpy ({memory_mb:.0f} MB more for Tafadi)", count, len(found), off, peer_s, ours_s)


def _against_bluesky(name: str, detection: Any, count: int, rounds: int) -> str:
    everyone = traffic(count, True)
    everyone["alt"] = everyone["alt"] + np.random.default_rng(5).normal(0.0, 30.0 * FOOT_M, count)
    told = bluesky_run(detection, everyone)
    theirs, found = {(min(int(a), int(b)), max(int(a), int(b))) for a, b in told}, ours(everyone)
    wrong = len(ours(everyone, NEAR, 0.98 * LOOKAHEAD_S) - theirs) + len(theirs - ours(everyone, WIDE, 1.02 * LOOKAHEAD_S))
    off = f"{len(theirs - found)} / {len(found - theirs)}, {wrong} of them beyond 2 %"
    peer_s = median_s(lambda: bluesky_run(detection, everyone), rounds)
    return _row(name, count, len(found), off, peer_s, median_s(lambda: detect_states(states(everyone), MINIMA, LOOKAHEAD_S), 21))


def faults(detection: Any) -> list[int]:
    """How many of two say that they are in conflict: exactly 1,000 ft apart, over the antimeridian, alike and near, in one place."""
    cases = (
        ((48.0, 9.0, 330 * 30.48, 0.0, 200.0, 90.0), (48.0, 9.1, 340 * 30.48, 0.0, 200.0, 90.0)),
        ((10.0, 179.9, 9_000.0, 0.0, 200.0, 90.0), (10.0, -179.9, 9_000.0, 0.0, 200.0, 270.0)),
        ((48.0, 9.0, 9_000.0, 0.0, 200.0, 30.0), (48.05, 9.0, 9_000.0, 0.0, 200.0, 30.0)),
        ((48.0, 9.0, 9_000.0, 0.0, 200.0, 30.0), (48.0, 9.0, 9_000.0, 0.0, 200.0, 30.0)),
    )
    names = ("lat", "lon", "alt", "vs", "gs", "trk")
    return [len(bluesky_run(detection, dict(zip(names, np.array(case).T, strict=True)))) for case in cases]


def rows() -> list[str]:
    """The table in Markdown, line by line."""
    table = [
        f"Load when it began: {os.getloadavg()[0]:.1f}; {os.cpu_count()} threads.",
        "",
        "| peer | states | pairs | extra / missed of the peer | Tafadi | peer | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    peers = bluesky()
    table += [_against_tree(*case) for case in SIZES]
    if peers is None:
        return [*table, "", "BlueSky is not installed (`pip install --no-deps bluesky-simulator`); it was not measured."]
    table.append(_against_bluesky("BlueSky numpy", peers[0], BLUESKY_MOST, 3))
    if peers[1] is not None:
        table.append(_against_bluesky("BlueSky C++", peers[1], 10_000, 3))
    head = (
        "Two aircraft, and how many say so. It should be 0, 2, 2, 2: exactly 1,000 ft apart, over the antimeridian, alike, in one place. "
    )
    told = [f"{name}: {faults(one)}" for name, one in zip(("numpy", "C++"), peers, strict=True) if one is not None]
    return [*table, "", head + "; ".join(told) + "."]


if __name__ == "__main__":
    print("\n".join(rows()))
