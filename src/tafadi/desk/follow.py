"""Following: live tracks come in, the engine watches, and what it raises or ends becomes an alert of both parties.

Alerts are appended, not plots. Both nodes give one situation the same identity: its kind, its subjects, and which time it is that
they meet.
"""

import hashlib
from collections.abc import Iterable, Mapping

import rfc8785

from tafadi.desk.announce import announced
from tafadi.desk.desk import Desk
from tafadi.desk.situations import current_situation, prediction_of
from tafadi.desk.speak import Draft, say
from tafadi.engine.watch import Rules, Watch
from tafadi.formats.wire import Json, encode
from tafadi.model.alert import Alert, AlertState
from tafadi.model.message import AlertBody, AlertStep, EntryId, EntryType
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import Announced
from tafadi.model.track import Plot


class Follower:
    """Watches live tracks for one desk, in one mode. `assigned` says which notice a track of ours flies."""

    def __init__(self, desk: Desk, mode: Mode) -> None:
        timing = desk.pact.agreement.timing
        rules = Rules(desk.pact.agreement.minima_tracks, float(timing.lookahead_s), float(timing.track_max_age_s))
        self._desk = desk
        self._mode = mode
        self._watch = Watch(rules)
        self._standing: tuple[tuple[Announced, ...], dict[str, str]] = ((), {})
        self.plots_taken = 0

    def take(self, plots: Iterable[Plot], assigned: Mapping[str, EntryId]) -> list[EntryId]:
        """The identities of the alert entries that these plots brought about."""
        self._refresh(assigned)
        batch = list(plots)
        self.plots_taken += len(batch)
        drafts = [draft for alert in self._watch.feed(batch) for draft in self._drafts(alert, batch)]
        return say(self._desk, *drafts)

    def _refresh(self, assigned: Mapping[str, EntryId]) -> None:
        """Tells the watch what stands announced now, and which track flies what."""
        views = [view for view in self._desk.picture.notices.values() if not view.cancelled and view.mode is self._mode]
        standing = tuple(announced(view) for view in views)
        flown = {track: str(view.revision) for view in views for track, entry in assigned.items() if view.id == entry}
        if (standing, flown) != self._standing:
            self._standing = (standing, flown)
            self._watch.announce(standing, flown)

    def _drafts(self, alert: Alert, plots: list[Plot]) -> list[Draft]:
        kind = alert.kind
        subjects = tuple(sorted((alert.first, alert.second)))
        situation = current_situation(self._desk.picture, kind, subjects)
        view = self._desk.picture.alerts.get(situation)
        ours = view is not None and self._desk.party in view.raised and self._desk.party not in view.cleared
        if alert.state is not AlertState.RAISED:
            body = AlertBody(AlertStep.CLEARED, situation, kind, subjects)
            return [Draft(EntryType.ALERT, body, self._mode)] if ours else []
        if ours:
            return []
        body = AlertBody(
            AlertStep.RAISED,
            situation,
            kind,
            subjects,
            prediction_of(alert.predicted, alert.raised_at),
            (digest_of_plots(plots, subjects),),
        )
        self._desk.bell.alarm(self._desk.pact, f"{alert.verdict}: {kind} {' and '.join(subjects)}", None)
        return [Draft(EntryType.ALERT, body, self._mode, precedence=Precedence.FLASH)]


def digest_of_plots(plots: Iterable[Plot], subjects: tuple[str, ...]) -> str:
    """The digest of the track evidence: the plots of the subjects that the alert was raised on, in the form of the wire."""
    evidence: list[Json] = [_evidence(plot) for plot in plots if plot.track in subjects]
    return hashlib.sha256(rfc8785.dumps(evidence)).hexdigest()


def _evidence(plot: Plot) -> Json:
    height = encode(plot.height) if plot.height else None
    return {"track": plot.track, "at": str(plot.at), "position": encode(plot.position.quantised()), "height": height}
