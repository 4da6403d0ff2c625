"""Tafadi (تفادي, "avoidance"): deconfliction for parties who share a sky and not a commander.

    import tafadi

    tafadi.detect("ours.geojson", "theirs.geojson", minima="5 [NM] / 1000 [ft]")      announced against announced
    tafadi.watch("recording.nop", minima="3 [NM] / 1000 [ft]")                        tracks, as they would have been watched
    tafadi.scan("month/*.parquet", minima="5 [NM] / 1000 [ft]", columns={…})          recorded traffic of any size
    tafadi.well_clear("encounter.csv")                                                DO-365, look by look

The tour is docs/library.md. Nothing is loaded before its name is used, so that to import this takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tafadi.errors import TafadiError
    from tafadi.library.clearing import WellClear, well_clear
    from tafadi.library.detecting import detect, judge
    from tafadi.library.judgements import Judgements
    from tafadi.library.notices import Notices, read_notices
    from tafadi.library.pictures import Picture, plot_map, plot_pair
    from tafadi.library.scanning import Losses, scan
    from tafadi.library.standing import StandingSet
    from tafadi.library.states import Meetings, detect_states
    from tafadi.library.tracks import Tracks, read_tracks
    from tafadi.library.watching import Alerts, Watch, watch
    from tafadi.measure.earth import Position
    from tafadi.measure.height import Datum, Height
    from tafadi.measure.instant import Instant, Span
    from tafadi.model.alert import Alert
    from tafadi.model.dividing_line import DividingLine
    from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Overlap, Verdict
    from tafadi.model.operation import Announced, AreaKind, Kind, Minima, Notice, Trajectory, Waypoint
    from tafadi.model.track import Plot
    from tafadi.model.volume import Circle, Polygon, Volume4D

__version__ = "0.1.0"

_HOMES: Final = {
    "errors": ("TafadiError",),
    "library.clearing": ("WellClear", "well_clear"),
    "library.detecting": ("detect", "judge"),
    "library.judgements": ("Judgements",),
    "library.notices": ("Notices", "read_notices"),
    "library.pictures": ("Picture", "plot_map", "plot_pair"),
    "library.scanning": ("Losses", "scan"),
    "library.standing": ("StandingSet",),
    "library.states": ("Meetings", "detect_states"),
    "library.tracks": ("Tracks", "read_tracks"),
    "library.watching": ("Alerts", "Watch", "watch"),
    "measure.earth": ("Position",),
    "measure.height": ("Datum", "Height"),
    "measure.instant": ("Instant", "Span"),
    "model.alert": ("Alert",),
    "model.dividing_line": ("DividingLine",),
    "model.judgement": ("Cause", "ClosestApproach", "Judgement", "Overlap", "Verdict"),
    "model.operation": ("Announced", "AreaKind", "Kind", "Minima", "Notice", "Trajectory", "Waypoint"),
    "model.track": ("Plot",),
    "model.volume": ("Circle", "Polygon", "Volume4D"),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Alert",
    "Alerts",
    "Announced",
    "AreaKind",
    "Cause",
    "Circle",
    "ClosestApproach",
    "Datum",
    "DividingLine",
    "Height",
    "Instant",
    "Judgement",
    "Judgements",
    "Kind",
    "Losses",
    "Meetings",
    "Minima",
    "Notice",
    "Notices",
    "Overlap",
    "Picture",
    "Plot",
    "Polygon",
    "Position",
    "Span",
    "StandingSet",
    "TafadiError",
    "Tracks",
    "Trajectory",
    "Verdict",
    "Volume4D",
    "Watch",
    "Waypoint",
    "WellClear",
    "__version__",
    "detect",
    "detect_states",
    "judge",
    "plot_map",
    "plot_pair",
    "read_notices",
    "read_tracks",
    "scan",
    "watch",
    "well_clear",
]


def __getattr__(name: str) -> object:
    """A public name, loaded when it is first used (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'tafadi' has no attribute {name!r}")
    found: object = getattr(import_module(f"tafadi.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names, and those of every module; what this file needs for itself is nobody's business."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
