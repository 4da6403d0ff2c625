"""Reporting: incidents opened with one account and replied to with the other, each with the evidence it rests on."""

from tafadi.casework.tables import INCIDENT
from tafadi.desk.desk import Desk
from tafadi.desk.folding.incident import after
from tafadi.desk.picture import AlertView, IncidentView
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, WrongStateError
from tafadi.measure.instant import Span
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.incident import Fact, Incident, IncidentStep, Measured
from tafadi.model.names import Mode, Precedence


def open_from_alert(desk: Desk, role: str, entry: EntryId, account: str, measured: Measured | None = None) -> EntryId:
    """The identity of the incident about the alert raised by `entry`: its times, its prediction and its evidence digests go along."""
    alert = _alert_of(desk, entry)
    began = min(alert.raised_at.values())
    evidence = tuple(sorted({digest for digests in alert.evidence.values() for digest in digests}))
    body = Incident(IncidentStep.OPEN, account, Span(began, max(desk.clock.now(), began)), measured or _predicted(alert), (), evidence)
    return open_incident(desk, role, alert.mode, body, entry)


def open_incident(desk: Desk, role: str, mode: Mode, body: Incident, about: EntryId | None = None) -> EntryId:
    """The identity of a new incident, about an entry where it is about one."""
    refs = (desk.ref(about),) if about else ()
    return say(desk, Draft(EntryType.INCIDENT, body, mode, role, Precedence.PRIORITY, refs=refs))[0]


def reply(desk: Desk, role: str, entry: EntryId, account: str, evidence: tuple[str, ...] = (), measured: Measured | None = None) -> EntryId:
    """The identity of this party's account of an incident that the other opened."""
    view = _incident(desk, entry)
    if view.sender == desk.party:
        raise WrongStateError(f"{entry} was opened by this party; the other party replies")
    if desk.party not in view.sides:
        raise WrongStateError(f"{entry} was not addressed to {desk.party}")
    if view.sides[desk.party] != INCIDENT.start:
        raise WrongStateError(f"incident {entry} is {view.sides[desk.party]} by {desk.party}")
    body = Incident(IncidentStep.REPLY, account, measured=measured, evidence=evidence)
    return say(desk, Draft(EntryType.INCIDENT, body, view.mode, role, Precedence.PRIORITY, refs=(desk.ref(entry),)))[0]


def further(desk: Desk, role: str, entry: EntryId, step: IncidentStep, text: str = "", facts: tuple[Fact, ...] = ()) -> EntryId:
    """The identity of this party's review of an incident, or of its word that it is closed or that it disagrees.

    Raises MissingError, WrongStateError: also for who disagrees before the others have had their time to reply.
    """
    view = _incident(desk, entry)
    if step in (IncidentStep.OPEN, IncidentStep.REPLY):
        raise WrongStateError(f"incident {entry} is opened and replied to with accounts")
    after(view, desk.party, step)
    if step is IncidentStep.DISAGREED and INCIDENT.start in view.sides.values():
        _check_waited(desk, view)
    body = Incident(step, text, facts=facts)
    return say(desk, Draft(EntryType.INCIDENT, body, view.mode, role, Precedence.PRIORITY, refs=(desk.ref(entry),)))[0]


def _check_waited(desk: Desk, view: IncidentView) -> None:
    opened = desk.views.examined(view.id).message
    assert opened is not None
    until = opened.sent_at.plus(desk.pact.agreement.timing.incident_reply_s)
    if desk.clock.now() < until:
        raise WrongStateError(f"incident {view.id} still waits for accounts, until {until}; then one may disagree without them")


def _incident(desk: Desk, entry: EntryId) -> IncidentView:
    view = desk.picture.incidents.get(entry)
    if view is None:
        raise MissingError(f"{entry} is no incident")
    return view


def _alert_of(desk: Desk, entry: EntryId) -> AlertView:
    for alert in desk.picture.alerts.values():
        if entry in alert.raised.values():
            return alert
    raise MissingError(f"{entry} raised no alert")


def _predicted(alert: AlertView) -> Measured | None:
    found = alert.prediction
    if found is None or found.closest_at is None or found.place is None or found.closest_horizontal_mm is None:
        return None
    return Measured(found.closest_at, found.place, found.closest_horizontal_mm, found.closest_vertical_mm)
