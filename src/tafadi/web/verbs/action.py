"""The verbs about actions: to give one, to take it further, and to list them."""

from tafadi.desk import actions
from tafadi.desk.folding.action import ActionView
from tafadi.desk.picture import plain
from tafadi.formats.wire import Json
from tafadi.measure.instant import Instant
from tafadi.model.casework import Action, ActionStep
from tafadi.node import Node
from tafadi.web.verbs.arguments import choice, mode_named, said


def action_give(
    node: Node,
    text: str,
    owner: str,
    owner_role: str,
    due: str,
    minutes: str = "",
    item: int | None = None,
    agreement: str = "",
    role: str = "supervisor",
    mode: str = "",
) -> dict[str, Json]:
    """Gives an action to a role of a party, with a time until when."""
    desk = node.desk(agreement)
    given = Action(ActionStep.GIVEN, text, owner, owner_role, Instant.parse(due), item)
    return said(actions.give(desk, role, mode_named(desk, mode), given, desk.find(minutes) if minutes else None))


def action_further(
    node: Node, entry: str, step: str, text: str = "", due: str = "", agreement: str = "", role: str = "supervisor"
) -> dict[str, Json]:
    """Says that an action is done or refused, given again, closed, or withdrawn."""
    desk = node.desk(agreement)
    until = Instant.parse(due) if due else None
    return said(actions.further(desk, role, desk.find(entry), choice(ActionStep, step, "step"), text, until))


def action_list(node: Node, agreement: str = "") -> dict[str, Json]:
    """All actions with their states, and those whose time has passed by the clock here."""
    desk = node.desk(agreement)
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "actions": [plain(view) for _, view in sorted(desk.picture.shelf(ActionView).items())],
        "overdue": [str(entry) for entry in actions.overdue(desk)],
    }
