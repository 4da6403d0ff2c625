"""Recorded radar for the tests: hits in order of time, by track."""

import gzip
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from tafadi.engine.watch import Rules, Watch
from tafadi.formats import nop
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M
from tafadi.model.alert import Alert
from tafadi.model.operation import Minima
from tafadi.model.track import Plot


def hits(path: Path) -> list[Plot]:
    """All hits of a NOP recording, by time."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return sorted(nop.parse(file), key=lambda plot: (plot.at.ns, plot.track))


def by_track(plots: list[Plot]) -> dict[str, list[Plot]]:
    """The hits of each track."""
    found: dict[str, list[Plot]] = defaultdict(list)
    for plot in plots:
        found[plot.track].append(plot)
    return dict(found)


def of_two_parties(plots: list[Plot]) -> list[Plot]:
    """The same hits, each track a party of its own."""
    return [replace(plot, party=f"p-{plot.track}") for plot in plots]


def rules(horizontal_nm: float, vertical_ft: float, lookahead_s: float) -> Rules:
    """Rules from minima as the field says them."""
    return Rules(Minima(horizontal_nm * NAUTICAL_MILE_M, vertical_ft * FOOT_M), lookahead_s)


def watched(plots: list[Plot], asked: Rules, declared: frozenset[frozenset[str]] = frozenset()) -> tuple[list[Alert], Watch]:
    """All alerts of a whole recording, and the watch afterwards."""
    watch = Watch(asked, declared=declared)
    return [*watch.feed(plots), *watch.finish()], watch
