"""The verbs about sealed entries: words or a notice for some of the parties, read here, and destroyed here."""

import base64
import secrets

from tafadi.desk import sealing
from tafadi.desk.desk import Desk
from tafadi.desk.folding.sealed import SealedView
from tafadi.desk.picture import plain
from tafadi.errors import InputError
from tafadi.formats.geojson import parse as parse_geojson
from tafadi.formats.wire import Json, encode
from tafadi.model.operation import Notice
from tafadi.model.sealed import Confided
from tafadi.node import Node
from tafadi.trust.keys import KEY_BYTES
from tafadi.web.verbs.arguments import mode_named, said


def sealed_send(
    node: Node,
    text: str = "",
    geojson: str = "",
    to: list[str] | None = None,
    about: str = "",
    agreement: str = "",
    role: str = "watch-officer",
    mode: str = "",
) -> dict[str, Json]:
    """Seals words, a notice, or both, for the parties named; for all others where none is."""
    desk = node.desk(agreement)
    confided = Confided(text, _notice(geojson) if geojson else None)
    reference = desk.find(about) if about else None
    key = secrets.token_bytes(KEY_BYTES)
    return said(sealing.confide(desk, role, mode_named(desk, mode), confided, key, tuple(to or ()), reference))


def _notice(text: str) -> Notice:
    found = list(parse_geojson(text.encode("utf-8", "surrogatepass")))
    if len(found) != 1:
        raise InputError(f"the document holds {len(found)} notices; seal one at a time")
    return found[0].notice


def sealed_list(node: Node, agreement: str = "") -> dict[str, Json]:
    """All sealed entries, and what this party can make of each."""
    desk = node.desk(agreement)
    views = desk.picture.shelf(SealedView)
    return {"agreement": desk.pact.id, "party": desk.party, "sealed": [_shown(desk, view) for _, view in sorted(views.items())]}


def _shown(desk: Desk, view: SealedView) -> Json:
    shown = plain(view)
    assert isinstance(shown, dict)
    return {**shown, "here": sealing.state_here(desk, view)}


def sealed_show(node: Node, entry: str, agreement: str = "", reveal: bool = False) -> dict[str, Json]:
    """What is inside, and what a notice in it meets; with `reveal` the key, by which another can prove what the entry says."""
    desk = node.desk(agreement)
    identity = desk.find(entry)
    confided = sealing.read(desk, identity)
    judged: list[Json] = [
        {"first": found.first, "second": found.second, "verdict": found.verdict} for found in sealing.meetings(desk, identity)
    ]
    shown: dict[str, Json] = {"entry": entry, "confided": encode(confided), "meets": judged}
    return shown | ({"key": base64.b64encode(sealing.key_to(desk, identity)).decode("ascii")} if reveal else {})


def sealed_destroy(node: Node, entry: str, agreement: str = "") -> dict[str, Json]:
    """Destroys this party's key to the entry."""
    desk = node.desk(agreement)
    sealing.destroy(desk, desk.find(entry))
    return {"entry": entry, "here": "DESTROYED"}
