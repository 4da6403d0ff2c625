"""Following: live tracks come in, the engine watches, and what it raises or ends becomes an alert of both parties.

Alerts are appended, not plots; the plots that an alert rests on are kept beside the feeds, under the digest that the alert names. Both
nodes give one situation the same identity: its kind, its subjects, and which time it is that they meet. An alert whose track is no longer
seen is LOST and not CLEARED: nobody knows.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

import rfc8785

from tafadi.desk.desk import Desk
from tafadi.desk.picture import AlertView
from tafadi.desk.ports import TRACKS, Exhibit
from tafadi.desk.situations import current_situation, prediction_of
from tafadi.desk.speak import Draft, say
from tafadi.engine.picture import MOST_TRACKS
from tafadi.engine.watch import AHEAD, AHEAD_MAX_S, Rules, Watch
from tafadi.formats.wire import Json, encode
from tafadi.measure.instant import Instant
from tafadi.model.alert import Alert, AlertBody, AlertKind, AlertState, AlertStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.judgement import Verdict
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import Announced
from tafadi.model.track import Plot

EVIDENCE_PLOTS: Final = 10  # of each track, up to the alert: the better part of a minute of terminal radar
ORPHAN_S: Final = 60.0  # how long after a restart an alert of before is kept up while the watch does not raise it again
_ENDS: Final = {
    AlertState.CLEARED: AlertStep.CLEARED,
    AlertState.SILENCED: AlertStep.CLEARED,
    AlertState.LOST: AlertStep.LOST,
}


class Follower:
    """Watches live tracks for one desk, in one mode. `assigned` says which notice a track of ours flies."""

    def __init__(self, desk: Desk, mode: Mode) -> None:
        timing = desk.pact.agreement.timing
        # A straying is said to another party once it has happened: what a track of ours may yet do is for us to see.
        rules = Rules(desk.pact.agreement.minima_tracks, float(timing.lookahead_s), float(timing.track_max_age_s), straying_s=0.0)
        self._desk = desk
        self._mode = mode
        self._watch = Watch(rules, strangers_may_be_one=False)  # live, each may be another party's
        self._standing: tuple[tuple[Announced, ...], dict[str, str]] = ((), {})
        self._recent: dict[str, deque[Plot]] = {}
        self._orphan_since: dict[str, Instant] = {}
        self._is_ahead = False
        self._suspected = 0

    def take(self, plots: Iterable[Plot], assigned: Mapping[str, EntryId]) -> list[EntryId]:
        """The identities of the alert entries that these plots brought about."""
        self._refresh(assigned)
        now = self._desk.clock.now()
        batch = self._of_our_time(list(plots), now)
        for plot in batch:
            self._remember(plot)
        exhibits: list[Exhibit] = []
        told = self._watch.feed(batch, now)
        self._say_suspects()
        drafts = [draft for alert in told if alert.state is not AlertState.RAISED for draft in self._ends(alert)]
        drafts += [draft for alert in self._watch.raised for draft in self._raises(alert, exhibits)]
        if batch:
            drafts += self._orphans(max(plot.at for plot in batch))
        return say(self._desk, *drafts, exhibits=tuple(exhibits))

    def _of_our_time(self, plots: list[Plot], now: Instant) -> list[Plot]:
        """The plots that are not ahead of our clock; a source that is alarms once, when it begins, for none of it is watched."""
        kept = [plot for plot in plots if plot.at.since(now) <= AHEAD_MAX_S]
        if len(kept) < len(plots) and not self._is_ahead:
            sentence = f"live plots are {AHEAD}; they are NOT watched: their source's clock or ours is wrong"
            self._desk.bell.alarm(self._desk.pact, sentence, None)
        self._is_ahead = len(kept) < len(plots)
        return kept

    def _say_suspects(self) -> None:
        """Alarms, once for each stretch of doubt, of tracks that jumped: what is found of them is UNKNOWN until a place is borne out."""
        suspects = self._watch.suspects
        for one in suspects[self._suspected :]:
            sentence = (
                f"track {one.track} is suspect: it jumped {one.distance_m / 1_000:.1f} km, at {one.speed_mps:,.0f} m/s; it is UNKNOWN"
            )
            self._desk.bell.alarm(self._desk.pact, sentence, None)
        self._suspected = len(suspects)

    def _refresh(self, assigned: Mapping[str, EntryId]) -> None:
        """Tells the watch what stands announced now, and which track flies what.

        A notice goes by its first entry: amended, it is the same operation, and what strays from it or is about to enter it is judged on.
        """
        views = [view for view in self._desk.picture.notices.values() if view.stands and view.mode is self._mode]
        standing = tuple(Announced(str(view.id), view.notice, view.sender) for view in views)
        flown = {track: str(view.id) for view in views for track, entry in assigned.items() if view.id == entry}
        if (standing, flown) != self._standing:
            self._standing = (standing, flown)
            self._watch.announce(standing, flown)

    def _remember(self, plot: Plot) -> None:
        if plot.track not in self._recent and len(self._recent) >= MOST_TRACKS:
            del self._recent[next(iter(self._recent))]
        self._recent.setdefault(plot.track, deque(maxlen=EVIDENCE_PLOTS)).append(plot)

    def _ends(self, alert: Alert) -> list[Draft]:
        """What is said of an alert that the watch has ended: nothing unless this party raised it."""
        subjects, situation, view = self._situation(alert)
        return [self._ended(_ENDS[alert.state], situation, alert.kind, subjects)] if self._is_ours(view) else []

    def _raises(self, alert: Alert, exhibits: list[Exhibit]) -> list[Draft]:
        """What is still to be said of an alert that stands: everything until it is in the record, and again when UNKNOWN becomes CONFLICT.

        The record is asked each time, so that an alert whose commit failed is not forgotten.
        """
        subjects, situation, view = self._situation(alert)
        if view is not None and self._is_ours(view) and not self._is_worse(alert, view):
            return []
        exhibits.append(Exhibit(TRACKS, self._evidence(subjects)))
        found = prediction_of(alert.predicted, alert.said_at)
        body = AlertBody(AlertStep.RAISED, situation, alert.kind, subjects, found, (hashlib.sha256(exhibits[-1].data).hexdigest(),))
        self._desk.bell.alarm(self._desk.pact, f"{alert.verdict}: {alert.kind} {' and '.join(subjects)}", None)
        return [Draft(EntryType.ALERT, body, self._mode, precedence=Precedence.FLASH)]

    def _situation(self, alert: Alert) -> tuple[tuple[str, ...], str, AlertView | None]:
        subjects = tuple(sorted((alert.first, alert.second)))
        situation = current_situation(self._desk.picture, alert.kind, self._mode, subjects)
        return subjects, situation, self._desk.picture.alerts.get(situation)

    def _is_worse(self, alert: Alert, view: AlertView) -> bool:
        """Whether this party said UNKNOWN, and the watch says CONFLICT by now."""
        said = view.predictions.get(self._desk.party)
        return alert.verdict is Verdict.CONFLICT and said is not None and said.verdict != Verdict.CONFLICT

    def _is_ours(self, view: AlertView | None) -> bool:
        """Whether this party raised it, and has not ended it."""
        party = self._desk.party
        return view is not None and party in view.raised and party not in view.cleared and party not in view.lost

    def _ended(self, step: AlertStep, situation: str, kind: AlertKind, subjects: tuple[str, ...]) -> Draft:
        return Draft(EntryType.ALERT, AlertBody(step, situation, kind, subjects), self._mode)

    def _evidence(self, subjects: tuple[str, ...]) -> bytes:
        """The last plots of the alert's tracks in canonical form: what its digest is of."""
        rows: list[Json] = [encode(plot) for track in subjects for plot in self._recent.get(track, ())]
        return rfc8785.dumps(rows)

    def _orphans(self, now: Instant) -> list[Draft]:
        """Ends what this party raised before a restart and the watch, which has begun anew, does not raise again."""
        raised = {(alert.kind, *sorted((alert.first, alert.second))) for alert in self._watch.raised}
        open_here = {
            view.situation: view
            for view in self._desk.picture.alerts.values()
            if view.kind is not AlertKind.PLANS and self._is_ours(view) and (view.kind, *view.subjects) not in raised
        }
        self._orphan_since = {situation: self._orphan_since.get(situation, now) for situation in open_here}
        over = [view for situation, view in open_here.items() if now.since(self._orphan_since[situation]) >= ORPHAN_S]
        return [self._ended(self._fate(view), view.situation, view.kind, view.subjects) for view in over]

    def _fate(self, view: AlertView) -> AlertStep:
        """CLEARED where every track of it is still seen, else LOST."""
        since = self._orphan_since[view.situation]
        tracks = [name for name in view.subjects if name not in {str(one.id) for one in self._standing[0]}]
        seen = all(self._recent.get(track) and self._recent[track][-1].at > since for track in tracks)
        return AlertStep.CLEARED if seen else AlertStep.LOST
