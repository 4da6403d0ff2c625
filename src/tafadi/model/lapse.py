"""Lapses: what a clock decides. The fold reads no clock, so that time ran out is an entry like any other, said by the party that waited."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.instant import Instant
from tafadi.model.agreement import MOST_PARTIES, MOST_RUNGS
from tafadi.model.names import check_name

TOP_RUNG: Final = MOST_RUNGS  # rung 0 is the watch and its deputies; above it stand the roles of the agreement's ladder


class LapseKind(StrEnum):
    """What has not happened in its time."""

    NO_REPLY = "NO_REPLY"  # an addressee's officer has not answered, heard or acknowledged
    LATE = "LATE"  # what a node or a watch owed has not come yet
    MISSED = "MISSED"  # a check of the line that nobody took part in; two of them and the line is down
    STALE = "STALE"  # what has to be verified again has not been
    OVERDUE = "OVERDUE"  # what was to be done, or to arrive, has not
    GAP = "GAP"  # nobody is on duty
    EXPIRED = "EXPIRED"  # it was valid until now


@dataclass(frozen=True, slots=True)
class Lapse:
    """What ran out, and `at` which instant; of which `parties`; on which rung of the escalation, and the `role` that is called by it.

    Rung 0 is the first time that it is said. It says that nothing has come to the speaker's node, not that nothing was said.
    """

    what: LapseKind
    at: Instant
    parties: tuple[str, ...] = ()
    rung: int = 0
    role: str = ""

    def __post_init__(self) -> None:
        if len(self.parties) > MOST_PARTIES or list(self.parties) != sorted(set(self.parties)):
            raise InputError(f"the parties of a lapse stand in alphabetical order, each once, and at most {MOST_PARTIES}")
        for party in self.parties:
            check_name(party, "party")
        if not 0 <= self.rung <= TOP_RUNG:
            raise InputError(f"an escalation has rungs 0 to {TOP_RUNG}, and none {self.rung}")
        if self.role:
            check_name(self.role, "role")
