"""A view: one thing of the picture through all its steps."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

from tafadi.model.entry import EntryId
from tafadi.model.lapse import Lapse


@dataclass(slots=True)
class View(ABC):
    """One thing through all its steps, shown with its members and its state.

    `SHELF` is the name under which the picture shows all of one kind, where it has no field for them; see `Picture.shelf`.
    """

    SHELF: ClassVar[str] = ""

    @property
    @abstractmethod
    def state(self) -> str:
        """How far it has come."""

    @property
    def waits(self) -> bool:
        """Whether somebody may still owe something about it: the clocks look at such things, and at no others."""
        return False

    @property
    def hidden(self) -> frozenset[str]:
        """The members that are not shown, because others say the same."""
        return frozenset()

    def note_lapse(self, sender: str, about: EntryId, lapse: Lapse) -> None:
        """Takes in what the sender's clock says of it, where that changes how it is shown. In whatever order these come."""
        return


# A member that a kind of thing got later is not shown while it is empty: pictures without it have the digest that they always had.
LATER: Final = {"later": True}

# A member that is only looked up: what it says is shown elsewhere in the picture.
UNSHOWN: Final = {"unshown": True}

AnyView = TypeVar("AnyView", bound=View)
