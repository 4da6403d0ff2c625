"""Lapses that stand: what clocks have said of things that are open still, for a screen. What is settled has none that anybody must see."""

from collections.abc import Iterator

from tafadi.desk.desk import Desk
from tafadi.desk.folding.lapse import LapseView
from tafadi.desk.picture import AlertView, NoticeView, View
from tafadi.desk.silence import silences
from tafadi.desk.waiting import opened
from tafadi.model.agreement import DAY_S
from tafadi.model.entry import EntryId

SHOWN_S = DAY_S  # how long a missed time of day, or a gap in cover, is shown: until the same hour of the next day


def standing_lapses(desk: Desk) -> list[LapseView]:
    """Of every open thing and silence the highest rung that each party's clock has said; then what is of no entry, and of today."""
    picture, now = desk.picture, desk.clock.now()
    lapses = picture.shelf(LapseView)
    abouts = [about for view in opened(picture) for about in _entries(view)] + [one.first for one in silences(picture)]
    found = [lapses[entry] for about in abouts for entry in sorted(picture.index.newest_lapses(about))]
    others = [lapses[entry] for entry in picture.index.newest_lapses(None)]
    return found + sorted((view for view in others if now.since(view.lapse.at) < SHOWN_S), key=lambda view: (view.lapse.at, view.id))


def _entries(view: View) -> Iterator[EntryId]:
    """The entries of the thing to which lapses refer: of a notice the newest revision, of an alert those that raised it."""
    if isinstance(view, NoticeView):
        yield view.revision
    elif isinstance(view, AlertView):
        yield from view.raised.values()
    else:
        yield view.id  # type: ignore[attr-defined]  # as every other thing that can be open has
