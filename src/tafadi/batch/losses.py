"""The answer of a scan as Arrow tables, sorted so that the same answer is the same bytes."""

from typing import TYPE_CHECKING, Final

import numpy as np

from tafadi.batch.gathering import Result
from tafadi.engine.history import Ask, Rule, places_deg
from tafadi.engine.kernels.history_doubts import CONTRADICTED
from tafadi.engine.kernels.history_rows import JUMP
from tafadi.engine.layout import CONFLICT, DATUMS_UNLIKE, HEIGHT_MISSING, NOT_FINITE, VELOCITY_MISSING
from tafadi.model.judgement import Cause, Verdict

if TYPE_CHECKING:
    import pyarrow as pa

CAUSES: Final = {
    0: None,
    HEIGHT_MISSING: Cause.HEIGHT_MISSING.value,
    DATUMS_UNLIKE: Cause.DATUMS_UNLIKE.value,
    NOT_FINITE: Cause.NOT_FINITE.value,
    VELOCITY_MISSING: Cause.VELOCITY_MISSING.value,  # of a plot without a leg, where a rule asks for it
    CONTRADICTED: Cause.TRACK_SUSPECT.value,  # nobody knows which of its places is true
}


def losses_table(result: Result, ask: Ask) -> "pa.Table":
    """The losses, by start, then pair, then kind; `first` comes before `second` in the order of their letters."""
    import pyarrow as pa

    pieces = result.pieces
    names = np.array(result.names, dtype=object)
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(names)] = np.arange(len(names))
    one, other = rank[pieces["first"]], rank[pieces["second"]]
    first, second = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((pieces["cause"], pieces["verdict"], pieces["end_ns"], pieces["rule"], second, first, pieces["start_ns"]))
    pieces, first, second = pieces[order], first[order], second[order]
    text = pa.array(np.sort(names).tolist(), pa.string())
    places = np.round(places_deg(pieces), 7)  # 11 mm, as on the wire
    rules = [ask.rules[n] for n in pieces["rule"]]
    return pa.table(
        {
            "kind": pa.array([rule.name for rule in rules], pa.string()),
            "first": text.take(pa.array(first)),
            "second": text.take(pa.array(second)),
            "verdict": pa.array([(Verdict.CONFLICT if n == CONFLICT else Verdict.UNKNOWN).value for n in pieces["verdict"]], pa.string()),
            "cause": pa.array([CAUSES[n] for n in pieces["cause"].tolist()], pa.string()),
            "start": _times(pieces["start_ns"]),
            "end": _times(pieces["end_ns"]),
            "closest_at": _times(pieces["at_ns"]),
            "horizontal_m": pa.array(pieces["horizontal_m"].copy()),
            "vertical_m": pa.array(pieces["vertical_m"].copy(), from_pandas=True),
            "lat_deg": pa.array(places[:, 0]),
            "lon_deg": pa.array(places[:, 1]),
            **_minima(rules),
        }
    )


def _minima(rules: list[Rule]) -> "dict[str, pa.Array]":
    import pyarrow as pa

    return {
        "minimum_horizontal_m": pa.array([rule.horizontal_m for rule in rules], pa.float64()),
        "minimum_vertical_m": pa.array([rule.vertical_m for rule in rules], pa.float64()),
    }


def _times(at_ns: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "pa.Array":
    import pyarrow as pa

    return pa.array(np.ascontiguousarray(at_ns), pa.int64()).cast(pa.timestamp("ns", "UTC"))


def gaps_table(result: Result) -> "pa.Table":
    """The stretches over which a track was not followed, by track and time."""
    import pyarrow as pa

    names = [result.names[n] for n in result.gaps[:, 0].tolist()]
    order = sorted(range(len(names)), key=lambda n: (names[n], *result.gaps[n, 1:].tolist()))
    rows = result.gaps[order]
    reasons = ["jump" if reason == JUMP else "gap" for reason in rows[:, 3].tolist()]
    columns = [pa.array([names[n] for n in order], pa.string()), _times(rows[:, 1]), _times(rows[:, 2]), pa.array(reasons, pa.string())]
    return pa.table(columns, names=["track", "start", "end", "reason"])
