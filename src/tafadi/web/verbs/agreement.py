"""The verbs about the agreement's standing: to suspend, resume and end it, and how it stands."""

from tafadi.desk import suspend
from tafadi.desk.picture import plain
from tafadi.formats.wire import Json
from tafadi.model.agreement import Scope
from tafadi.model.entry import EntryType
from tafadi.node import Node
from tafadi.web.verbs.arguments import choice, said


def agree_suspend(
    node: Node,
    types: list[str] | None = None,
    clauses: list[str] | None = None,
    text: str = "",
    agreement: str = "",
    role: str = "supervisor",
) -> dict[str, Json]:
    """Suspends notices of these types and these clauses; all that can be suspended where none is named."""
    desk = node.desk(agreement)
    held = tuple(sorted({choice(EntryType, one, "type") for one in types or ()}))
    return said(suspend.suspend(desk, role, Scope(held, tuple(sorted(set(clauses or ())))), text))


def agree_resume(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Takes this party's own suspension back."""
    desk = node.desk(agreement)
    return said(suspend.resume(desk, role, desk.find(entry), text))


def agree_end(node: Node, successor: str = "", text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Ends the agreement for good, or by the one that succeeds it."""
    desk = node.desk(agreement)
    return said(suspend.end(desk, role, successor, text))


def agree_show(node: Node, agreement: str = "") -> dict[str, Json]:
    """The state of the agreement, its suspensions and its end."""
    desk = node.desk(agreement)
    force = desk.picture.force
    signed: list[Json] = [*sorted(desk.picture.signed)]
    return {
        "agreement": desk.pact.id,
        "state": suspend.state_of(desk),
        "signed": signed,
        "suspensions": [plain(view) for _, view in sorted(force.suspensions.items())],
        "endings": [plain(view) for _, view in sorted(force.endings.items())],
    }
