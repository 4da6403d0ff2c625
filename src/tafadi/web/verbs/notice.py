"""The verbs about notices: to send, amend, cancel and list them, and to say which track flies one."""

from tafadi.desk import announce, course
from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import held_by
from tafadi.desk.picture import plain
from tafadi.errors import InputError
from tafadi.formats.geojson import parse as parse_geojson
from tafadi.formats.wire import Json
from tafadi.model.entry import EntryId
from tafadi.model.names import Precedence
from tafadi.model.operation import Notice
from tafadi.node import Node
from tafadi.web.verbs.arguments import choice, mode_named, said


def notice_send(
    node: Node, geojson: str, agreement: str = "", role: str = "watch-officer", mode: str = "", precedence: str = "ROUTINE"
) -> dict[str, Json]:
    """Announces the notice of a GeoJSON document."""
    desk = node.desk(agreement)
    urgency: Precedence = choice(Precedence, precedence, "precedence")
    entry = announce.send(desk, role, _notice(geojson), mode_named(desk, mode), urgency)
    return said(entry)


def notice_amend(
    node: Node, entry: str, geojson: str, agreement: str = "", role: str = "watch-officer", precedence: str = ""
) -> dict[str, Json]:
    """Replaces the geometry of one's own notice."""
    desk = node.desk(agreement)
    urgency: Precedence | None = choice(Precedence, precedence, "precedence") if precedence else None
    return said(announce.amend(desk, role, desk.find(entry), _notice(geojson), urgency))


def notice_cancel(node: Node, entry: str, agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Takes one's own notice back."""
    desk = node.desk(agreement)
    return said(announce.cancel(desk, role, desk.find(entry)))


def notice_distributed(node: Node, entry: str, levels: list[str], agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Says to which levels another party's notice was passed down."""
    desk = node.desk(agreement)
    return said(course.distribute(desk, role, desk.find(entry), tuple(levels)))


def notice_activate(node: Node, entry: str, agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Says that what one's own notice announces has begun."""
    desk = node.desk(agreement)
    return said(course.activate(desk, role, desk.find(entry)))


def notice_end(node: Node, entry: str, agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Says that what one's own notice announces is over."""
    desk = node.desk(agreement)
    return said(course.end(desk, role, desk.find(entry)))


def notice_list(node: Node, agreement: str = "") -> dict[str, Json]:
    """All notices with their states, and the alerts between them."""
    desk = node.desk(agreement)
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "notices": [_with_grade(desk, plain(view), view.revision) for _, view in sorted(desk.picture.notices.items())],
        "alerts": [plain(view) for view in desk.picture.alerts.values()],
    }


def notice_assign(node: Node, track: str, entry: str, agreement: str = "") -> dict[str, Json]:
    """Says which track of one's own flies which notice, so that straying from it alarms."""
    desk = node.desk(agreement)
    view = announce.own_notice(desk, desk.find(entry))
    node.assign(track, view.id)
    return {"track": track, "entry": str(view.id)}


def _notice(text: str) -> Notice:
    """The one notice of a GeoJSON document in our profile."""
    found = list(parse_geojson(text.encode("utf-8", "surrogatepass")))
    if len(found) != 1:
        raise InputError(f"the document holds {len(found)} notices; send one at a time")
    return found[0].notice


def _with_grade(desk: Desk, shown: Json, entry: EntryId) -> Json:
    assert isinstance(shown, dict)
    return {**shown, "stored_by": _stored_by(desk, entry)}


def _stored_by(desk: Desk, entry: EntryId) -> Json:
    """Which other parties gave a receipt for an own entry; for another's, that it is stored here."""
    if entry.party != desk.party:
        return [desk.party]
    return [party for party in desk.pact.others(desk.party) if held_by(desk, party, desk.pact.feed_of(entry)) > entry.index]
