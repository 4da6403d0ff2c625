"""The verbs about where this node stands: what it has signed, what it shows, what it has rung."""

import base64

from tafadi.desk.desk import Desk
from tafadi.desk.lapses import standing_lapses
from tafadi.desk.outgoing import held_by
from tafadi.desk.pact import Pact, pact_of
from tafadi.desk.proof import evidence_of
from tafadi.desk.suspend import state_of
from tafadi.errors import InputError, MissingError, RefusedError
from tafadi.formats.wire import Json
from tafadi.node import Node
from tafadi.trust.card import open_card
from tafadi.web.verbs.joining import checked_pins


def status(node: Node) -> dict[str, Json]:
    """Who this node is, what it has signed, and how far each feed and receipt has grown."""
    return {
        "party": node.settings.party,
        "epoch": node.settings.epoch,
        "now": str(node.clock.now()),
        "agreements": [_agreement_status(desk) for desk in node.desks.values()],
    }


def _agreement_status(desk: Desk) -> Json:
    feeds: dict[str, Json] = {party: desk.journal.head(desk.pact.origin(party)).frontier.size for party in desk.pact.agreement.parties}
    stored: dict[str, Json] = {party: held_by(desk, party) for party in desk.pact.others(desk.party)}
    return {
        "id": desk.pact.id,
        "in_force": desk.in_force,
        "state": state_of(desk),
        "feeds": feeds,
        "stored_at": stored,
        "unjudged": len(desk.journal.unjudged()),
        "evidence": len(evidence_of(desk)),
        "lapses": len(standing_lapses(desk)),
        "picture": desk.picture.digest(),
    }


def ready(node: Node) -> dict[str, Json]:
    """Whether the running node may be given work, and what is wrong with it, check by check."""
    if node.readiness is None:
        return {"ready": False, "checks": {"runs": "the node does not run"}}
    return node.readiness()


def agree_sign(node: Node, document: str) -> dict[str, Json]:
    """Signs an agreement document (base64) as entry 0 of this party's feed."""
    try:
        data = base64.b64decode(document, validate=True)
    except ValueError:  # binascii.Error, or letters that are not ASCII
        raise InputError("the document did not arrive as base64") from None
    if (pact := pact_of(data)).id not in node.desks:
        _check_cards(node, pact)
    pins = checked_pins(node, pact) if pact.agreement.succeeds else None
    desk = node.sign(data)
    told: dict[str, Json] = {"agreement": desk.pact.id, "digest": desk.picture.signed[desk.party], "in_force": desk.in_force}
    return told if pins is None else told | {"pins": pins}


def _check_cards(node: Node, pact: Pact) -> None:
    """Raises RefusedError for a card that is not valid now, and for a card of this party that is not this node's own.

    Here and not later: a card that runs out must not cut a line over which somebody may have to say stop (the running node alarms).
    """
    now, skew_s = node.clock.now(), float(pact.agreement.timing.skew_max_s)
    for party, card in pact.cards.items():
        if now >= card.valid.end or now.plus(skew_s) < card.valid.start:
            raise RefusedError(f"the card of {party} is valid from {card.valid.start} to {card.valid.end}, and it is {now}")
    own = pact.cards.get(node.settings.party)
    if own is not None and own != open_card(node.folder.card):
        raise RefusedError(f"the agreement names other keys for {own.party} than this node has; do not sign")


def card_take(node: Node, card: str, agreement: str = "") -> dict[str, Json]:
    """Goes by another party's new card (base64) from now on, in one agreement or in all that it is for."""
    try:
        data = base64.b64decode(card, validate=True)
    except ValueError:
        raise InputError("the card did not arrive as base64") from None
    opened = open_card(data)
    desks = [node.desk(agreement)] if agreement else [desk for desk in node.desks.values() if opened.party in desk.pact.cards]
    if not desks:
        raise MissingError(f"{opened.party} is no party of an agreement that is signed here")
    taken: list[Json] = [desk.pact.id for desk in desks if node.take_card(desk, data)]
    return {"party": opened.party, "epoch": opened.epoch, "taken": taken}


def picture(node: Node, agreement: str = "") -> dict[str, Json]:
    """Everything that all entries together say, and its digest."""
    desk = node.desk(agreement)
    return {"agreement": desk.pact.id, "digest": desk.picture.digest(), "picture": desk.picture.to_json()}


def alarms(node: Node) -> dict[str, Json]:
    """What the running node has rung, newest last."""
    return {
        "alarms": [
            {
                "at": str(alarm.at),
                "agreement": alarm.agreement,
                "sentence": alarm.sentence,
                "entry": str(alarm.entry) if alarm.entry else None,
            }
            for alarm in node.bell.alarms
        ]
    }
