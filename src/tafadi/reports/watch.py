"""The report of a watch: what was foreseen of tracks, how it ended, and what was really flown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from tafadi.engine.conformance import Conforming
from tafadi.engine.jumps import Suspect
from tafadi.engine.standing import Suppressed
from tafadi.engine.suppress import RULES
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.operation import Announced
from tafadi.model.track import Plot
from tafadi.reports import axis
from tafadi.reports.course import Subject, subject
from tafadi.reports.findings import (
    Finding,
    Omission,
    Question,
    Tile,
    finding,
    in_order,
)  # fmt: skip
from tafadi.reports.page import name, section, table, text
from tafadi.reports.sentences import closest_told, sentence
from tafadi.reports.whole import Told, whole

TITLE: Final = "Tracks that were watched"
MOST_KEPT: Final = 1_000_000  # hits kept for the pictures: 0.6 GB, a day of a terminal radar; later ones are not drawn, and counted
MOST_LISTED: Final = 200  # rows of a table that is no finding; there are all of them in --json
METHOD: Final = (
    "Each hit moved one track; that track was followed straight ahead, and judged against every other near it and every notice. "
    "What is told was foreseen at the time that is stated, from hits until then.",
    "Pictures show what was really flown, by straight lines between the hits; across a gap nothing is drawn.",
)
KINDS: Final = {
    AlertKind.PLANS: "two announcements",
    AlertKind.TRACKS: "two tracks",
    AlertKind.ANNOUNCED: "a track and what another announced",
    AlertKind.STRAYING: "a track and what was announced for it",
    AlertKind.WELL_CLEAR: "well clear of each other",
    AlertKind.CROSSING: "a track and a dividing line",
}
OVER: Final = {
    AlertState.RAISED: "It stands still.",
    AlertState.CLEARED: "Cleared at {at}: seen to be apart again.",
    AlertState.SILENCED: "Silenced at {at}: a rule explains it.",
    AlertState.LOST: "Lost at {at}: no longer seen, so that nobody knows.",
}


class Kept:
    """The hits that passed by, for the pictures of a report: the first MOST_KEPT; `dropped` counts the others.

    >>> kept = Kept()
    >>> list(kept.passing([]))
    []
    """

    def __init__(self) -> None:
        self.tracks: dict[str, list[Plot]] = {}
        self.dropped = 0
        self._count = 0

    def passing(self, plots: Iterable[Plot]) -> Iterator[Plot]:
        """The hits themselves, one by one, each kept as it passes."""
        for plot in plots:
            if self._count < MOST_KEPT:
                self._count += 1
                self.tracks.setdefault(plot.track, []).append(plot)
            else:
                self.dropped += 1
            yield plot


def report_watch(
    alerts: Iterable[Alert],
    tracks: Mapping[str, Sequence[Plot]],
    question: Question,
    left_out: Sequence[Omission] = (),
    *,
    announced: Sequence[Announced] = (),
    silenced: Sequence[Suppressed] = (),
    suspects: Sequence[Suspect] = (),
    conforming: Sequence[Conforming] = (),
    title: str = TITLE,
) -> bytes:
    """The report of a watch as one HTML file.

    alerts   : all that `Watch.feed` and `Watch.finish` gave, in that order; of one situation only its last state is told
    tracks   : the hits by track, as `Kept.tracks` holds them; of a track that is not there, there is no picture
    silenced : `Watch.suppressed`: pairs that a rule silenced, which are listed with the rule
    suspects : `Watch.suspects`: tracks that jumped, and are UNKNOWN until one of their places is borne out
    conforming: `Watch.conformance()`: how each track kept to what was announced for it
    """
    subjects = {one.id: subject(one) for one in announced}
    subjects |= {track: subject(plots) for track, plots in tracks.items() if plots}
    found = in_order(_finding(alert, subjects) for alert in last_states(alerts))
    conflicts = sum(one.judgement.verdict is Verdict.CONFLICT for one in found)
    tiles = [
        Tile(len(tracks), "track seen" if len(tracks) == 1 else "tracks seen", "tracks"),
        Tile(len(silenced), "silenced by a rule" + (", listed below" if silenced else ""), "silenced"),
    ]
    told = Told(title, question, found, subjects, conflicts, len(found) - conflicts, tiles, left_out, METHOD)
    tiles += [Tile(len(suspects), "jumped, UNKNOWN until borne out", "suspects")] if suspects else []
    parts = (_suspects_part(suspects), _conforming_part(conforming), _silenced_part(silenced))
    return whole(told, after_pairs="\n".join(part for part in parts if part))


def last_states(alerts: Iterable[Alert]) -> list[Alert]:
    """The last state of each alert, in the order in which they were first raised."""
    last: dict[tuple[object, ...], Alert] = {}
    for alert in alerts:
        last[alert.kind, alert.first, alert.second, alert.by, alert.raised_at] = alert
    return list(last.values())


def _finding(alert: Alert, subjects: Mapping[str, Subject]) -> Finding:
    judgement = replace(alert.predicted, verdict=alert.verdict)
    told = finding(judgement, subjects, _told(alert, judgement))
    titles = [_title(one, party, subjects) for one, party in ((alert.first, alert.party_first), (alert.second, alert.party_second))]
    return told._replace(title_first=titles[0], title_second=titles[1], pictured=_pictured(alert, judgement))


def _title(one: str, party: str | None, subjects: Mapping[str, Subject]) -> str:
    if party is not None:
        return f"{one} ({party})"
    return subjects[one].title if one in subjects else one


def _told(alert: Alert, judgement: Judgement) -> str:
    level = f", level {alert.level}" if alert.level else ""
    by = f" by {alert.by}" if alert.by else ""
    warned = "" if alert.warning_s is None else f", {axis.lasting(max(0.0, alert.warning_s))} ahead"
    head = f"{KINDS[alert.kind].capitalize()}{by}{level}, told at {axis.clock(alert.said_at)}{warned}."
    over = OVER[alert.state].format(at="" if alert.over_at is None else axis.clock(alert.over_at))
    missed = "" if alert.missed is None else f" Really flown, closest: {closest_told(alert.missed)}."
    foreseen = (
        "Outside what was announced for it." if alert.kind is AlertKind.STRAYING and judgement.closest is None else sentence(judgement)
    )
    return f"{head} {foreseen} {over}{missed}"


def _pictured(alert: Alert, judgement: Judgement) -> Judgement | None:
    """What a picture shows: of two tracks the approach that was recorded; none of one that strays, for it is to be inside."""
    if alert.kind in (AlertKind.STRAYING, AlertKind.CROSSING):
        return None
    if alert.missed is None or judgement.verdict is Verdict.UNKNOWN:
        return judgement
    return replace(judgement, closest=alert.missed, span=None, place=None)


def _silenced_part(silenced: Sequence[Suppressed]) -> str:
    """The pairs that rules silenced, each with the rule's reason and what it can hide."""
    if not silenced:
        return ""
    rows = (
        f'<tr><td>{name(one.first)}<br>{name(one.second)}</td><td class="time">{axis.clock(one.first_at)}</td>'
        f'<td class="number">{one.count:,}</td><td>{text(one.rule)}</td></tr>'
        for one in silenced[:MOST_LISTED]
    )
    pairs = Counter(one.rule for one in silenced)
    because = "".join(
        f"<p><b>{text(rule)}</b> ({count:,}): {text(RULES[rule].because)} It can hide {text(RULES[rule].hides)}.</p>"
        for rule, count in sorted(pairs.items())
        if rule in RULES
    )
    return section("Silenced by a rule", because, table(("Between", "From", "Times", "Rule"), rows), _more(len(silenced)))


def _suspects_part(suspects: Sequence[Suspect]) -> str:
    """The tracks that moved faster than anything flies."""
    if not suspects:
        return ""
    rows = (
        f'<tr><td>{name(one.track)}</td><td class="time">{axis.clock(one.at)}</td>'
        f'<td class="number">{one.distance_m / 1_000.0:,.1f} km</td><td class="number">{one.speed_mps:,.0f} m/s</td>'
        f'<td class="time">{"not yet" if one.over_at is None else axis.clock(one.over_at)}</td></tr>'
        for one in suspects[:MOST_LISTED]
    )
    because = (
        "<p>Nothing flies that fast, so nobody knows which of its places is true: whatever was found with it is UNKNOWN until then.</p>"
    )
    return section("Jumped", because, table(("Track", "First", "How far", "How fast", "Borne out"), rows), _more(len(suspects)))


def _conforming_part(conforming: Sequence[Conforming]) -> str:
    """How tracks kept to what was announced for them."""
    if not conforming:
        return ""
    rows = (
        f"<tr><td>{name(one.track)}</td><td>{name(one.notice)}</td><td>{text(_kept(one))}</td>"
        f'<td class="time">{axis.clock(one.at)}</td><td>{"stated" if one.is_stated else "seen inside it; nobody said so"}</td></tr>'
        for one in conforming[:MOST_LISTED]
    )
    return section("Kept to what was announced", table(("Track", "Notice", "At the end", "At", "Who says"), rows), _more(len(conforming)))


def _kept(one: Conforming) -> str:
    return one.state.value if one.cause is None else f"{one.state.value}: {one.cause.value}"


def _more(count: int) -> str:
    """How many rows a table of so many leaves out."""
    return f"<p>{count - MOST_LISTED:,} more are not listed here.</p>" if count > MOST_LISTED else ""
