"""The verbs about sites: to announce, verify, mark stale, withdraw and list them."""

from tafadi.desk import sites
from tafadi.desk.folding.notice_site import SiteView
from tafadi.desk.picture import plain
from tafadi.formats.wire import Json
from tafadi.measure.earth import Position
from tafadi.model.site import Site, SiteCategory, SiteStep
from tafadi.model.volume import Circle
from tafadi.node import Node
from tafadi.web.verbs.arguments import choice, mode_named, said


def site_send(
    node: Node,
    category: str,
    lat_deg: float,
    lon_deg: float,
    radius_m: float,
    title: str = "",
    agreement: str = "",
    role: str = "watch-officer",
    mode: str = "",
) -> dict[str, Json]:
    """Announces a site: a point and a circle around it."""
    desk = node.desk(agreement)
    place = Position(lat_deg, lon_deg).quantised()
    site = Site(SiteStep.NEW, choice(SiteCategory, category, "category"), place, Circle(place, radius_m), title)
    return said(sites.announce_site(desk, role, mode_named(desk, mode), site))


def site_verify(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Says that a second person has looked at one's own site."""
    desk = node.desk(agreement)
    return said(sites.verify_site(desk, role, desk.find(entry), text))


def site_stale(node: Node, entry: str, agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Says that a site was verified too long ago by the clock here."""
    desk = node.desk(agreement)
    return said(sites.mark_stale(desk, role, desk.find(entry)))


def site_withdraw(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Takes one's own site back."""
    desk = node.desk(agreement)
    return said(sites.withdraw_site(desk, role, desk.find(entry), text))


def site_list(node: Node, agreement: str = "") -> dict[str, Json]:
    """All sites with their states, and which are to be verified again by the clock here."""
    desk = node.desk(agreement)
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "sites": [plain(view) for _, view in sorted(desk.picture.shelf(SiteView).items())],
        "due": [str(entry) for entry in sites.stale_sites(desk)],
    }
