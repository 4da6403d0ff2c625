"""Force: whether the agreement stands, and what of it the parties have suspended.

Each suspension is a thing of its own, with its scope: it stands until the party that said it resumes. While one stands, every notice that
it reaches is shown as SUSPENDED, whatever was said of it before or since, and reads as nothing else; under an agreement that has ended as
VOID. What was said is kept and still checked for conflicts, and shown again once all have resumed. No clock and no order of other entries
is in it: all that counts is which suspensions stand, so that all parties show the same whatever came first.

Nothing else is held back (`SUSPENDABLE`): not stop and distress, line checks, alerts, rosters, cases, and least of all storing and
cosigning.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from tafadi.casework.tables import SUSPENSION
from tafadi.desk.view import View
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Scope
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.names import Mode

SUSPENDED: Final = "SUSPENDED"
VOID: Final = "VOID"


@dataclass(slots=True)
class SuspensionView(View):
    """One suspension: by whom, how far it reaches, and when it was resumed, if it was."""

    SHELF: ClassVar[str] = "suspensions"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    scope: Scope
    text: str
    suspended_at: Instant
    step: str = SUSPENSION.start
    resumed_at: Instant | None = None

    @property
    def state(self) -> str:
        """SUSPENDED or RESUMED."""
        return self.step


@dataclass(slots=True)
class EndView(View):
    """A party's word that the agreement has ended, and by which other one, if by one."""

    SHELF: ClassVar[str] = "endings"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    successor: str
    text: str
    ended_at: Instant

    @property
    def state(self) -> str:
        """ENDED or SUPERSEDED."""
        return "SUPERSEDED" if self.successor else "ENDED"


@dataclass(slots=True)
class Force:
    """The suspensions and the ends of one agreement, as the picture has them; each notice looks here how it is to be shown."""

    suspensions: dict[EntryId, SuspensionView] = field(default_factory=dict)
    endings: dict[EntryId, EndView] = field(default_factory=dict)
    _known: dict[EntryType, tuple[str, Instant | None]] = field(default_factory=dict)

    def changed(self) -> None:
        """Forgets what was computed, after an entry has changed what stands."""
        self._known.clear()

    def word(self, type: EntryType) -> str:
        """How all notices of that type are shown: SUSPENDED, VOID, or empty where nothing holds them back."""
        return self._looked_up(type)[0]

    def resumed_at(self, type: EntryType) -> Instant | None:
        """When the last suspension of such notices was resumed: from then on those who owe a reply have their time anew."""
        return self._looked_up(type)[1]

    def _looked_up(self, type: EntryType) -> tuple[str, Instant | None]:
        if type not in self._known:
            self._known[type] = self._word(type), self._resumed_at(type)
        return self._known[type]

    def _word(self, type: EntryType) -> str:
        if self.endings:
            return VOID
        held = any(view.state == SUSPENDED and view.scope.holds(type) for view in self.suspensions.values())
        return SUSPENDED if held else ""

    def _resumed_at(self, type: EntryType) -> Instant | None:
        return max((view.resumed_at for view in self.suspensions.values() if view.resumed_at and view.scope.holds(type)), default=None)

    def standing(self) -> list[SuspensionView]:
        """The suspensions that stand, in the order of their entries."""
        return [view for _, view in sorted(self.suspensions.items()) if view.state == SUSPENDED]

    def state(self, *, in_force: bool) -> str:
        """The state of the agreement as a whole, which all parties have signed where it is `in_force` (`casework.tables.AGREEMENT`)."""
        if not in_force:
            return "PROPOSED"
        if self.endings:
            return "SUPERSEDED" if any(view.successor for view in self.endings.values()) else "ENDED"
        if self.standing():
            return SUSPENDED
        return "RESUMED" if self.suspensions else "IN_FORCE"
