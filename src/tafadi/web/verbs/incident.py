"""The verbs about incidents: to open one, to reply with one's own account, and to look at them."""

from tafadi.desk import report
from tafadi.desk.picture import plain
from tafadi.errors import InputError, MissingError
from tafadi.formats.wire import Json
from tafadi.measure.instant import Instant, Span
from tafadi.model.entry import EntryId, check_digest
from tafadi.model.incident import Incident, IncidentStep
from tafadi.node import Node
from tafadi.web.verbs.arguments import facts_of, mode_named, said


def incident_open(
    node: Node,
    account: str,
    alert: str = "",
    start: str = "",
    end: str = "",
    evidence: list[str] | None = None,
    agreement: str = "",
    role: str = "supervisor",
    mode: str = "",
) -> dict[str, Json]:
    """Opens an incident, from an alert or by its times."""
    desk = node.desk(agreement)
    if alert:
        return said(report.open_from_alert(desk, role, desk.find(alert), account))
    if not start:
        raise InputError("an incident says when it occurred: give --alert, or --start and --end")
    occurred = Span(Instant.parse(start), Instant.parse(end or start))
    body = Incident(IncidentStep.OPEN, account, occurred, evidence=tuple(check_digest(digest) for digest in evidence or ()))
    return said(report.open_incident(desk, role, mode_named(desk, mode), body))


def incident_reply(
    node: Node, entry: str, account: str, evidence: list[str] | None = None, agreement: str = "", role: str = "supervisor"
) -> dict[str, Json]:
    """Gives this party's account of an incident that the other opened."""
    desk = node.desk(agreement)
    digests = tuple(check_digest(digest) for digest in evidence or ())
    return said(report.reply(desk, role, desk.find(entry), account, digests))


def incident_review(
    node: Node, entry: str, facts: list[str], text: str = "", agreement: str = "", role: str = "supervisor"
) -> dict[str, Json]:
    """Reviews an incident when every account is there, fact by fact: undisputed, or disputed."""
    desk = node.desk(agreement)
    return said(report.further(desk, role, desk.find(entry), IncidentStep.REVIEWED, text, facts_of(facts)))


def incident_close(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Closes an incident that this party has reviewed."""
    desk = node.desk(agreement)
    return said(report.further(desk, role, desk.find(entry), IncidentStep.CLOSED, text))


def incident_disagree(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Says that the parties do not agree about an incident; without accounts only when the time for them is over."""
    desk = node.desk(agreement)
    return said(report.further(desk, role, desk.find(entry), IncidentStep.DISAGREED, text))


def incident_show(node: Node, entry: str = "", agreement: str = "") -> dict[str, Json]:
    """One incident, or all."""
    desk = node.desk(agreement)
    found = desk.picture.incidents
    if entry:
        identity = EntryId.parse(entry)
        if identity not in found:
            raise MissingError(f"{entry} is no incident")
        return {"agreement": desk.pact.id, "incidents": [plain(found[identity])]}
    return {"agreement": desk.pact.id, "incidents": [plain(view) for view in found.values()]}
