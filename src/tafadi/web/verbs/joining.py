"""The verbs about a change of parties: the agreement that comes next, the ends that it pins, and the history, handed over on purpose."""

import base64

from tafadi.desk import joining
from tafadi.desk.pact import Pact
from tafadi.errors import InputError
from tafadi.formats.agreement import agreement_id, digest_of, write_document
from tafadi.formats.wire import Json
from tafadi.measure.instant import Instant
from tafadi.node import Node
from tafadi.store.files import write_whole
from tafadi.trust.card import open_card
from tafadi.web.verbs.bundle import bundle_name


def agree_succeed(
    node: Node, join: list[str] | None = None, leave: list[str] | None = None, agreement: str = "", name: str = "", effective: str = ""
) -> dict[str, Json]:
    """The document of the agreement that comes next, for all its parties to sign. `join` are cards in base64."""
    desk = node.desk(agreement)
    cards = [_decoded(card) for card in join or ()]
    joins = {open_card(card).party: card for card in cards}
    if len(joins) != len(cards):
        raise InputError("two of the cards are of the same party")
    starts = Instant.parse(effective) if effective else None
    document = write_document(after := joining.succeed(desk, joins, leave or (), starts, name))
    pins: list[Json] = [f"{pin.party}/{pin.epoch} at {pin.size}" for pin in after.pins]
    identity = agreement_id(after.name, document)
    return {"id": identity, "digest": digest_of(document), "document": base64.b64encode(document).decode("ascii"), "pins": pins}


def _decoded(card: str) -> bytes:
    try:
        return base64.b64decode(card, validate=True)
    except ValueError:
        raise InputError("a card did not arrive as base64") from None


def agree_pins(node: Node, agreement: str = "") -> dict[str, Json]:
    """The ends that an agreement pins, against the feeds of the one before it, where this node was a party of that."""
    desk = node.desk(agreement)
    return {"agreement": desk.pact.id, "succeeds": desk.pact.agreement.succeeds, "pins": checked_pins(node, desk.pact)}


def checked_pins(node: Node, pact: Pact) -> Json:
    """Each pinned feed as it is here; None where this node was no party of the agreement before. Raises as `joining.check_pins`."""
    before = node.desks.get(pact.agreement.succeeds)
    if before is None:
        return None
    found = joining.check_pins(before, pact.agreement)
    return [
        {"feed": f"{one.pin.party}/{one.pin.epoch}", "pinned": one.pin.size, "held": one.held, "said_after": one.beyond} for one in found
    ]


def agree_history(node: Node, agreement: str = "") -> dict[str, Json]:
    """Everything that was said under an agreement as one bundle, laid into the node's folder: for somebody who was no party of it."""
    data = joining.make_history(node.desk(agreement))
    name = bundle_name(data)
    write_whole(node.folder.path / name, data, 0o600)
    return {"name": name, "bytes": len(data)}
