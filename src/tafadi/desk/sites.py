"""Sites: announced, verified by a second person, stale when that was too long ago, withdrawn.

Humanitarian notification: 27 of 182 notified hospitals were damaged, and some of what was submitted was wrong.
"""

from tafadi.desk.desk import Desk
from tafadi.desk.folding.notice_site import SiteView, check_second
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, NotOnRosterError, WrongStateError
from tafadi.model.entry import EntryId, EntryType, Operator
from tafadi.model.names import Mode
from tafadi.model.site import Site, SiteStep


def announce_site(desk: Desk, role: str, mode: Mode, site: Site) -> EntryId:
    """The identity of the new site, UNVERIFIED. Raises RefusedError while the agreement is not in force."""
    desk.require_force()
    return say(desk, Draft(EntryType.SITE, site, mode, role))[0]


def verify_site(desk: Desk, role: str, entry: EntryId, text: str = "") -> EntryId:
    """The identity of the verification. Raises WrongStateError for the one who announced it and for who is no person, MissingError."""
    view = _own(desk, entry, SiteStep.VERIFIED)
    if role not in desk.identity.operators:
        raise NotOnRosterError(f"role {role!r} has no key on this node; a site is verified by a second person")
    check_second(view, Operator(role, desk.identity.operators[role].public.id))
    return _say(desk, role, view, Site(SiteStep.VERIFIED, text=text))


def withdraw_site(desk: Desk, role: str, entry: EntryId, text: str = "") -> EntryId:
    """The identity of the withdrawal. Raises MissingError, WrongStateError."""
    return _say(desk, role, _own(desk, entry, SiteStep.WITHDRAWN), Site(SiteStep.WITHDRAWN, text=text))


def stale_sites(desk: Desk) -> list[EntryId]:
    """The sites that are VERIFIED still, and were so longer ago by this node's clock than the agreement's `reverify_s`."""
    now, within_s = desk.clock.now(), desk.pact.agreement.timing.reverify_s
    return [
        view.id
        for view in desk.picture.shelf(SiteView).values()
        if view.state == "VERIFIED" and view.verified_at is not None and now.since(view.verified_at) > within_s
    ]


def mark_stale(desk: Desk, role: str, entry: EntryId) -> EntryId:
    """The identity of the entry that says: verified too long ago, by the clock here. Raises MissingError, WrongStateError."""
    view = site_of(desk, entry)
    if entry not in stale_sites(desk):
        raise WrongStateError(f"site {entry} is {view.state}, and is to be verified again every {desk.pact.agreement.timing.reverify_s} s")
    return _say(desk, role, view, Site(SiteStep.STALE))


def site_of(desk: Desk, entry: EntryId) -> SiteView:
    """The site that the entry announced. Raises MissingError."""
    view = desk.picture.shelf(SiteView).get(entry)
    if view is None:
        raise MissingError(f"{entry} is no site")
    return view


def _own(desk: Desk, entry: EntryId, step: SiteStep) -> SiteView:
    view = site_of(desk, entry)
    if view.sender != desk.party:
        raise WrongStateError(f"{entry} is a site of {view.sender}; only {view.sender} verifies or withdraws it")
    if view.state == "WITHDRAWN":
        raise WrongStateError(f"site {entry} is WITHDRAWN; it cannot be {step} now")
    return view


def _say(desk: Desk, role: str, view: SiteView, body: Site) -> EntryId:
    return say(desk, Draft(EntryType.SITE, body, view.mode, role, refs=(desk.ref(view.id),)))[0]
