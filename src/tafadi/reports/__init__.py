"""Reports and pictures: what was found, for a person to look at. Plain data in; pages as bytes, and figures of matplotlib, out.

For notebooks and other callers:

* `map_figure(shown, judgements)`                       the map of notices and tracks, and of where something is found of them
* `profile_figure(first, second, minima, judgement)`    horizontal and vertical distance of a pair over time, against its minima
* `heights_figure(shown, judgement)`                    heights over time, a panel for each datum
* `timeline_figure(judgements)`                         when what was found lasts
* `pair_figure(first, second, minima, judgement)`       map, profile and heights of one pair together
* `picture(figure, "svg")`                              a figure as bytes: svg, png or pdf, the same every time

`shown`, `first` and `second` are notices (`Announced`), or the hits of one track (a sequence of `Plot`). A figure
is a `matplotlib.figure.Figure`; in a notebook `IPython.display.SVG(picture(figure))` shows it sharply.

Pages: `report_check`, `report_watch`, `report_scan`: each one file of HTML that asks nobody for anything.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tafadi.reports.check import report_check
    from tafadi.reports.course import Subject
    from tafadi.reports.findings import Omission, Question
    from tafadi.reports.graveness import graveness_figure
    from tafadi.reports.heights import heights_figure
    from tafadi.reports.look import Form, picture
    from tafadi.reports.map import map_figure
    from tafadi.reports.pair import pair_figure
    from tafadi.reports.profile import profile_figure
    from tafadi.reports.scan import report_scan, wanted_tracks
    from tafadi.reports.timeline import timeline_figure
    from tafadi.reports.watch import Kept, report_watch

__all__ = [
    "Form", "Kept", "Omission", "Question", "Subject", "graveness_figure", "heights_figure", "map_figure", "pair_figure", "picture",
    "profile_figure", "report_check", "report_scan", "report_watch", "timeline_figure", "wanted_tracks",
]  # fmt: skip

# Imported when they are asked for: who draws nothing waits for none of it (a check on the command line asks for its sentences alone).
_MODULES: Final = {
    "check": ("report_check",),
    "course": ("Subject",),
    "findings": ("Omission", "Question"),
    "graveness": ("graveness_figure",),
    "heights": ("heights_figure",),
    "look": ("Form", "picture"),
    "map": ("map_figure",),
    "pair": ("pair_figure",),
    "profile": ("profile_figure",),
    "scan": ("report_scan", "wanted_tracks"),
    "timeline": ("timeline_figure",),
    "watch": ("Kept", "report_watch"),
}  # fmt: skip
_MODULE_OF: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
