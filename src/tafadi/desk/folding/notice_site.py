"""`notice.site`: announced by one person, verified by a second one of the same party, too long unverified, withdrawn."""

from dataclasses import dataclass, field
from typing import ClassVar

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.picture import LATER, Picture, View
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType, Operator
from tafadi.model.lapse import Lapse, LapseKind
from tafadi.model.message import Message
from tafadi.model.names import Mode
from tafadi.model.site import Site, SiteStep


@dataclass(slots=True)
class SiteView(View):
    """One site: who announced it, who verified it last and when, each by role and key."""

    SHELF: ClassVar[str] = "sites"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    site: Site
    announced_by: Operator
    step: str
    verified_by: Operator | None = None
    verified_at: Instant | None = None
    stale_at: Instant | None = field(default=None, metadata=LATER)

    @property
    def state(self) -> str:
        """UNVERIFIED, VERIFIED, STALE or WITHDRAWN. STALE as somebody said, or a clock: since an instant later than it was verified."""
        is_stale = self.stale_at is not None and self.verified_at is not None and self.stale_at > self.verified_at
        return LapseKind.STALE if self.step == SiteStep.VERIFIED and is_stale else self.step

    @property
    def waits(self) -> bool:
        """While its verification is to be renewed in time."""
        return self.step == SiteStep.VERIFIED

    def note_lapse(self, sender: str, about: EntryId, lapse: Lapse) -> None:
        """STALE since the newest instant that a clock has named."""
        if lapse.what is LapseKind.STALE:
            self.stale_at = max(lapse.at, self.stale_at or lapse.at)


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, Site)
    sites = picture.shelf(SiteView)
    if body.step is SiteStep.NEW:
        sites[examined.id] = SiteView(examined.id, entry.sender, entry.mode, examined.leaf, body, entry.operator, tables.SITE.start)
        return
    view = sites.get(entry.refs[0].entry) if entry.refs else None
    if view is None:
        raise WrongStateError("there is no such site")
    if entry.sender != view.sender and body.step is not SiteStep.STALE:
        raise WrongStateError("a site is verified and withdrawn by the party that announced it")
    after = tables.SITE.after(view.step, body.step)
    if body.step is SiteStep.VERIFIED:
        check_second(view, entry.operator)
        view.verified_by, view.verified_at = entry.operator, entry.sent_at
    view.step = after


def check_second(view: SiteView, operator: Operator) -> None:
    """Raises WrongStateError unless the operator is a person, and another one than who announced the site."""
    if operator.role == NODE_ROLE or operator.key == view.announced_by.key:
        raise WrongStateError("a site is verified by a second person, who is not the one that announced it")


def _ring(entry: EntryId, said: Message) -> str | None:
    assert isinstance(said.body, Site)
    return f"site {said.refs[0].entry} is {said.body.step}, says {entry.party}" if said.body.step in _CALLED and said.refs else None


_CALLED = (SiteStep.STALE, SiteStep.WITHDRAWN)
KIND = Kind(EntryType.SITE, _apply, needs_force=True, ring=_ring)
