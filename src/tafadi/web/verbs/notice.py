"""The verbs about notices: to send, amend, cancel and list them, and to say which track flies one. Movements: `movement.py`."""

from tafadi.desk import announce, course
from tafadi.desk.desk import Desk
from tafadi.desk.folding.notice_presence import PresenceView
from tafadi.desk.outgoing import held_by
from tafadi.desk.picture import NoticeView, plain
from tafadi.errors import InputError
from tafadi.formats.geojson import parse as parse_geojson
from tafadi.formats.wire import Json, encode
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.model.names import Precedence
from tafadi.model.operation import Notice
from tafadi.node import Node
from tafadi.web.verbs.arguments import choice, mode_named, said


def notice_send(
    node: Node,
    geojson: str,
    agreement: str = "",
    role: str = "watch-officer",
    mode: str = "",
    precedence: str = "ROUTINE",
    valid_until: str = "",
) -> dict[str, Json]:
    """Announces the notice of a GeoJSON document."""
    desk = node.desk(agreement)
    urgency: Precedence = choice(Precedence, precedence, "precedence")
    until = Instant.parse(valid_until) if valid_until else None
    return said(announce.send(desk, role, _notice(geojson), mode_named(desk, mode), urgency, until))


def notice_amend(
    node: Node,
    entry: str,
    geojson: str,
    agreement: str = "",
    role: str = "watch-officer",
    precedence: str = "",
    valid_until: str = "",
) -> dict[str, Json]:
    """Replaces the geometry of one's own notice, and until when it is valid."""
    desk = node.desk(agreement)
    urgency: Precedence | None = choice(Precedence, precedence, "precedence") if precedence else None
    until = Instant.parse(valid_until) if valid_until else None
    return said(announce.amend(desk, role, desk.find(entry), _notice(geojson), urgency, until))


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
    """All notices and presences with their states, and the alerts between notices."""
    desk = node.desk(agreement)
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "notices": [_shown(desk, view) for _, view in sorted(desk.picture.notices.items())],
        "presences": [plain(view) for _, view in sorted(desk.picture.shelf(PresenceView).items())],
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


def _shown(desk: Desk, view: NoticeView) -> Json:
    """The notice with who stores it; of a movement also the corridor that follows from it, which the picture does not repeat."""
    shown = plain(view)
    assert isinstance(shown, dict)
    return {"notice": encode(view.notice), **shown, "stored_by": _stored_by(desk, view.revision)}


def _stored_by(desk: Desk, entry: EntryId) -> Json:
    """Which other parties gave a receipt for an own entry; for another's, that it is stored here."""
    if entry.party != desk.party:
        return [desk.party]
    return [party for party in desk.pact.others(desk.party) if held_by(desk, party, desk.pact.feed_of(entry)) > entry.index]
