"""Transition tables: which step may follow which. The same tables draw the diagrams of docs/spec/states.md.

A table maps (state, event) to the next state; an event that the table does not hold is refused in a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tafadi.errors import WrongStateError


@dataclass(frozen=True, slots=True)
class Table:
    """The conversation about one kind of thing."""

    name: str
    start: str
    steps: Mapping[tuple[str, str], str]

    def after(self, state: str, event: str) -> str:
        """The state after `event`. Raises WrongStateError."""
        following = self.steps.get((state, event))
        if following is None:
            raise WrongStateError(f"a {self.name} that is {state} cannot be {event}")
        return following

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order in which the table names them."""
        names = [self.start, *(name for (before, _), after in self.steps.items() for name in (before, after))]
        return tuple(dict.fromkeys(names))

    def draw(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start}"]
        lines += [f"    {before} --> {after}: {event}" for (before, event), after in self.steps.items()]
        return "\n".join(lines)


_ANSWERS: Final = {
    "accepted": "ACCEPTED",
    "no-conflict-found": "ACCEPTED",
    "conflict": "CONFLICT",
    "refused": "REFUSED",
    "need-details": "QUESTIONED",
    "cannot-assess": "QUESTIONED",
    "not-ours": "QUESTIONED",
    "meeting-requested": "QUESTIONED",
}
_READ: Final = ("READ_BACK", "ACCEPTED", "CONFLICT", "QUESTIONED")  # read back as MATCH: every answer leads on from here
_BARRED: Final = ("MISMATCH", "REFUSED")  # whatever is answered, these stay until the notice is amended; nothing accepts them

# One addressee's side of a notice. The node reads back first, so nothing is answered before that.
NOTICE: Final = Table(
    "notice",
    "SENT",
    {("SENT", "MATCH"): "READ_BACK", ("SENT", "MISMATCH"): "MISMATCH"}
    | {(state, answer): after for state in _READ for answer, after in _ANSWERS.items()}
    | {(state, answer): state for state in _BARRED for answer, after in _ANSWERS.items() if after != "ACCEPTED"}
    | {(state, "refusal"): "REFUSED" for state in ("SENT", *_READ, *_BARRED)}
    | {(state, "readback-differs"): "MISMATCH" for state in _READ}
    | {(state, "readback-differs"): state for state in _BARRED}
    | {("REFUSED", "MATCH"): "REFUSED", ("REFUSED", "MISMATCH"): "REFUSED"},
)

# The notice as a whole, as its sender says. ACTIVE follows only where every addressee has accepted it and passed it down.
COURSE: Final = Table(
    "course of a notice",
    "ANNOUNCED",
    {
        ("ANNOUNCED", "AMEND"): "ANNOUNCED",
        ("ANNOUNCED", "CANCEL"): "CANCELLED",
        ("ANNOUNCED", "ACTIVE"): "ACTIVE",
        ("ACTIVE", "AMEND"): "ANNOUNCED",
        ("ACTIVE", "CANCEL"): "CANCELLED",
        ("ACTIVE", "ENDED"): "ENDED",
    },
)

# Those who move may have arrived though nobody said that they had set out. OVERDUE is shown, by the word of a clock, until one of these.
MOVEMENT: Final = Table("course of a movement", COURSE.start, {**COURSE.steps, ("ANNOUNCED", "ENDED"): "ENDED"})

STOP: Final = Table(
    "stop",
    "RAISED",
    {
        ("RAISED", "HEARD"): "HEARD",
        ("HEARD", "ACTED"): "ACTED",
        ("ACTED", "CLOSED"): "CLOSED",
        ("RAISED", "CLOSED_EXPIRED"): "CLOSED",
        ("HEARD", "CLOSED_EXPIRED"): "CLOSED",
        ("ACTED", "CLOSED_EXPIRED"): "CLOSED",
    },
)

DISTRESS: Final = Table("distress", "RAISED", {("RAISED", "HEARD"): "HEARD", ("HEARD", "CLOSED"): "CLOSED"})

ALERT: Final = Table(
    "alert",
    "RAISED",
    {
        ("RAISED", "ACKNOWLEDGED"): "ACKNOWLEDGED",
        ("RAISED", "CLEARED"): "CLEARED",
        ("ACKNOWLEDGED", "CLEARED"): "CLEARED",
        ("ACKNOWLEDGED", "ACKNOWLEDGED"): "ACKNOWLEDGED",
        ("CLEARED", "ACKNOWLEDGED"): "CLEARED",
        ("CLEARED", "CLEARED"): "CLEARED",
        ("RAISED", "LOST"): "LOST",
        ("ACKNOWLEDGED", "LOST"): "LOST",
        ("CLEARED", "LOST"): "CLEARED",
        ("LOST", "LOST"): "LOST",
        ("LOST", "ACKNOWLEDGED"): "LOST",
        ("LOST", "CLEARED"): "CLEARED",
    },
)

LINE_CHECK: Final = Table("line check", "CALLED", {("CALLED", "REPLY"): "OK"})

# One party's side of an incident. An account may come at any time, however late, and once; each party reviews when all accounts are there,
# and may disagree without them: that is how one ends to which a party never replies. Who disagreed may come round; what is closed stays so.
INCIDENT: Final = Table(
    "incident",
    "OPEN",
    {
        ("OPEN", "REPLY"): "REPLIED",
        ("REPLIED", "REVIEWED"): "REVIEWED",
        ("REPLIED", "DISAGREED"): "DISAGREED",
        ("REVIEWED", "REVIEWED"): "REVIEWED",
        ("REVIEWED", "CLOSED"): "CLOSED",
        ("REVIEWED", "DISAGREED"): "DISAGREED",
        ("DISAGREED", "REVIEWED"): "REVIEWED",
    },
)

# The side of one whom a claim is made against. `unanswered` is DISPUTED as its maker says it, of a side that has come no further.
CLAIM: Final = Table(
    "claim",
    "MADE",
    {
        ("MADE", "ANSWERED"): "ANSWERED",
        ("ANSWERED", "AGREED"): "AGREED",
        ("ANSWERED", "DISPUTED"): "DISPUTED",
        ("MADE", "unanswered"): "DISPUTED",
        ("ANSWERED", "unanswered"): "DISPUTED",
        ("DISPUTED", "unanswered"): "DISPUTED",
        ("DISPUTED", "ANSWERED"): "ANSWERED",
        ("DISPUTED", "AGREED"): "AGREED",
        ("MADE", "WITHDRAWN"): "WITHDRAWN",
        ("ANSWERED", "WITHDRAWN"): "WITHDRAWN",
        ("DISPUTED", "WITHDRAWN"): "WITHDRAWN",
    },
)

# One party's side of the newest proposal. `absent` is what another party says of it; its own word that it was there counts more.
CONFERENCE: Final = Table(
    "conference",
    "PROPOSED",
    {
        ("PROPOSED", "AGREED"): "AGREED",
        ("PROPOSED", "DECLINED"): "DECLINED",
        ("AGREED", "DECLINED"): "DECLINED",
        ("DECLINED", "AGREED"): "AGREED",
        ("AGREED", "HELD"): "HELD",
        ("AGREED", "absent"): "ABSENT",
        ("ABSENT", "HELD"): "HELD",
        ("ABSENT", "absent"): "ABSENT",
        ("HELD", "absent"): "HELD",
    },
)

# The conference as a whole: what the sides and its minutes make of it.
CONFERENCE_COURSE: Final = Table(
    "course of a conference",
    "PROPOSED",
    {
        ("PROPOSED", "all AGREED"): "AGREED",
        ("PROPOSED", "one DECLINED"): "DECLINED",
        ("PROPOSED", "AMENDED"): "PROPOSED",
        ("PROPOSED", "CANCELLED"): "CANCELLED",
        ("AGREED", "one DECLINED"): "DECLINED",
        ("AGREED", "AMENDED"): "PROPOSED",
        ("AGREED", "CANCELLED"): "CANCELLED",
        ("AGREED", "two or more HELD, all others ABSENT"): "HELD",
        ("AGREED", "one HELD, all others ABSENT"): "NOT_HELD",
        ("DECLINED", "all AGREED"): "AGREED",
        ("DECLINED", "AMENDED"): "PROPOSED",
        ("DECLINED", "CANCELLED"): "CANCELLED",
        ("NOT_HELD", "AMENDED"): "PROPOSED",
        ("NOT_HELD", "CANCELLED"): "CANCELLED",
        ("NOT_HELD", "another HELD"): "HELD",
        ("HELD", "minutes DRAFTED"): "MINUTED",
        ("MINUTED", "minutes AMENDED, or REFUSED by one"): "MINUTED",
        ("MINUTED", "minutes SIGNED by all"): "SIGNED",
    },
)

# One party's side of the newest draft; who drafted it has signed it by that. An amendment begins it anew.
MINUTES: Final = Table(
    "draft of minutes",
    "DRAFTED",
    {
        ("DRAFTED", "SIGNED"): "SIGNED",
        ("DRAFTED", "REFUSED"): "REFUSED",
        ("REFUSED", "SIGNED"): "SIGNED",
    },
)

ACTION: Final = Table(
    "action",
    "OPEN",
    {
        ("OPEN", "REFUSED"): "REFUSED",
        ("OPEN", "DONE"): "DONE",
        ("OPEN", "WITHDRAWN"): "WITHDRAWN",
        ("REFUSED", "REOPENED"): "OPEN",
        ("REFUSED", "WITHDRAWN"): "WITHDRAWN",
        ("DONE", "REOPENED"): "OPEN",
        ("DONE", "CLOSED"): "CLOSED",
    },
)

# The side of one to whom a call is offered. Whoever ends it ends it for all.
CALL: Final = Table(
    "call",
    "OFFERED",
    {
        ("OFFERED", "ANSWERED"): "ANSWERED",
        ("OFFERED", "DECLINED"): "DECLINED",
        ("OFFERED", "ENDED"): "ENDED",
        ("ANSWERED", "ENDED"): "ENDED",
        ("DECLINED", "ENDED"): "ENDED",
    },
)

# The agreement as a whole. Each suspension is a thing of its own, and stands until the party that said it resumes.
AGREEMENT: Final = Table(
    "agreement",
    "PROPOSED",
    {("PROPOSED", "SIGNED by all"): "IN_FORCE"}
    | {(state, "SUSPENDED"): "SUSPENDED" for state in ("IN_FORCE", "SUSPENDED", "RESUMED")}
    | {("SUSPENDED", "the last one RESUMED"): "RESUMED"}
    | {(state, "ENDED"): "ENDED" for state in ("IN_FORCE", "SUSPENDED", "RESUMED")}
    | {(state, "ENDED by a successor"): "SUPERSEDED" for state in ("IN_FORCE", "SUSPENDED", "RESUMED")},
)

SUSPENSION: Final = Table("suspension", "SUSPENDED", {("SUSPENDED", "RESUMED"): "RESUMED"})

SITE: Final = Table(
    "site",
    "UNVERIFIED",
    {
        ("UNVERIFIED", "VERIFIED"): "VERIFIED",
        ("UNVERIFIED", "WITHDRAWN"): "WITHDRAWN",
        ("VERIFIED", "VERIFIED"): "VERIFIED",
        ("VERIFIED", "STALE"): "STALE",
        ("VERIFIED", "WITHDRAWN"): "WITHDRAWN",
        ("STALE", "STALE"): "STALE",
        ("STALE", "VERIFIED"): "VERIFIED",
        ("STALE", "WITHDRAWN"): "WITHDRAWN",
    },
)

PRESENCE: Final = Table("presence", "CURRENT", {("CURRENT", "WITHDRAWN"): "WITHDRAWN"})

TABLES: Final = (
    NOTICE,
    COURSE,
    MOVEMENT,
    PRESENCE,
    STOP,
    DISTRESS,
    ALERT,
    LINE_CHECK,
    INCIDENT,
    SITE,
    CLAIM,
    CONFERENCE,
    CONFERENCE_COURSE,
    MINUTES,
    ACTION,
    CALL,
    AGREEMENT,
    SUSPENSION,
)
