"""Verbs: what an officer asks of the node, as JSON in and JSON out. The control socket and the command line both come through here.

Each verb has a name like `notice.send` and takes its arguments by name; an unknown or missing one is refused in a sentence.
"""

import base64
import inspect
import secrets
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tafadi.desk import announce, hotline, report
from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import held_by
from tafadi.desk.picture import plain
from tafadi.desk.ports import Pact
from tafadi.errors import InputError, MissingError, NotPermittedError, RefusedError
from tafadi.formats.geojson import parse as parse_geojson
from tafadi.formats.wire import Json, decode, encode
from tafadi.measure.instant import Instant, Span
from tafadi.model import message as m
from tafadi.model.incident import Incident, IncidentStep
from tafadi.model.message import EntryId
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import Notice
from tafadi.node import Node, pact_of
from tafadi.trust.card import open_card

Verb = Callable[..., dict[str, Json]]
VERBS: Final[dict[str, Verb]] = {}


def verb(name: str) -> Callable[[Verb], Verb]:
    """Registers a verb under its name."""

    def register(function: Verb) -> Verb:
        VERBS[name] = function
        return function

    return register


def perform(node: Node, name: str, arguments: dict[str, Any]) -> dict[str, Json]:
    """What the verb answers. Raises InputError for a name or argument that is not known, and whatever the verb raises.

    What was said waits to be judged: the caller sees to that, so that no failure of the judge makes a thing said look unsaid.
    """
    function = VERBS.get(name)
    if function is None:
        raise InputError(f"there is no verb {name[:60]!r}")
    return function(node, **_fitting(name, function, arguments))


def _fitting(name: str, function: Verb, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, if the verb takes exactly these and each is of its type. Raises InputError."""
    known = {key: value for key, value in inspect.signature(function).parameters.items() if key != "node"}
    unknown = sorted(set(arguments) - set(known))
    missing = [key for key, value in known.items() if value.default is inspect.Parameter.empty and key not in arguments]
    if unknown:
        raise InputError(f"{name} does not take {', '.join(unknown)}")
    if missing:
        raise InputError(f"{name} needs {', '.join(missing)}")
    try:
        return {key: msgspec.convert(value, known[key].annotation, strict=True) for key, value in arguments.items()}
    except msgspec.ValidationError as error:
        raise InputError(f"{name} cannot use its arguments: {error}") from None


def _choice(kind: Any, text: str, what: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise InputError(f"{what} {text!r} is none of {', '.join(kind)}") from None


def _mode(desk: Desk, text: str) -> Mode:
    """The mode named; without a name the agreement's only one. There is no silent default between REAL and EXERCISE."""
    modes = desk.pact.agreement.modes
    if text:
        mode: Mode = _choice(Mode, text, "mode")
        if mode not in modes:
            raise NotPermittedError(f"the agreement does not allow mode {mode}; it allows {', '.join(modes)}")
        return mode
    if len(modes) != 1:
        raise InputError(f"say in which mode, with --mode: {', '.join(modes)}")
    return modes[0]


def _said(entry: EntryId, **more: Json) -> dict[str, Json]:
    return {"entry": str(entry), **more}


@verb("status")
def status(node: Node) -> dict[str, Json]:
    """Who this node is, what it has signed, and how far each feed and receipt has grown."""
    return {
        "party": node.settings.party,
        "now": str(node.clock.now()),
        "agreements": [_agreement_status(desk) for desk in node.desks.values()],
    }


def _agreement_status(desk: Desk) -> Json:
    feeds: dict[str, Json] = {party: desk.journal.head(desk.pact.origin(party)).frontier.size for party in desk.pact.agreement.parties}
    stored: dict[str, Json] = {party: held_by(desk, party) for party in desk.pact.others(desk.party)}
    return {
        "id": desk.pact.id,
        "in_force": desk.in_force,
        "feeds": feeds,
        "stored_at": stored,
        "unjudged": len(desk.journal.unjudged()),
        "evidence": sum(exhibit.accuses for exhibit in desk.journal.exhibits()),
        "picture": desk.picture.digest(),
    }


@verb("agree.sign")
def agree_sign(node: Node, document: str) -> dict[str, Json]:
    """Signs an agreement document (base64) as entry 0 of this party's feed."""
    try:
        data = base64.b64decode(document, validate=True)
    except ValueError:  # binascii.Error, or letters that are not ASCII
        raise InputError("the document did not arrive as base64") from None
    _check_cards(node, pact_of(data))
    desk = node.sign(data)
    return {"agreement": desk.pact.id, "digest": desk.picture.signed[desk.party], "in_force": desk.in_force}


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


@verb("picture")
def picture(node: Node, agreement: str = "") -> dict[str, Json]:
    """Everything that all entries together say, and its digest."""
    desk = node.desk(agreement)
    return {"agreement": desk.pact.id, "digest": desk.picture.digest(), "picture": desk.picture.to_json()}


@verb("alarms")
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


def _notice(text: str) -> Notice:
    """The one notice of a GeoJSON document in our profile."""
    found = list(parse_geojson(text.encode("utf-8", "surrogatepass")))
    if len(found) != 1:
        raise InputError(f"the document holds {len(found)} notices; send one at a time")
    return found[0].notice


@verb("notice.send")
def notice_send(
    node: Node, geojson: str, agreement: str = "", role: str = "watch-officer", mode: str = "", precedence: str = "ROUTINE"
) -> dict[str, Json]:
    """Announces the notice of a GeoJSON document."""
    desk = node.desk(agreement)
    urgency: Precedence = _choice(Precedence, precedence, "precedence")
    entry = announce.send(desk, role, _notice(geojson), _mode(desk, mode), urgency)
    return _said(entry)


@verb("notice.amend")
def notice_amend(
    node: Node, entry: str, geojson: str, agreement: str = "", role: str = "watch-officer", precedence: str = ""
) -> dict[str, Json]:
    """Replaces the geometry of one's own notice."""
    desk = node.desk(agreement)
    urgency: Precedence | None = _choice(Precedence, precedence, "precedence") if precedence else None
    return _said(announce.amend(desk, role, desk.find(entry), _notice(geojson), urgency))


@verb("notice.cancel")
def notice_cancel(node: Node, entry: str, agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Takes one's own notice back."""
    desk = node.desk(agreement)
    return _said(announce.cancel(desk, role, desk.find(entry)))


@verb("notice.list")
def notice_list(node: Node, agreement: str = "") -> dict[str, Json]:
    """All notices with their states, and the alerts between them."""
    desk = node.desk(agreement)
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "notices": [_with_grade(desk, plain(view), view.revision) for _, view in sorted(desk.picture.notices.items())],
        "alerts": [plain(view) for view in desk.picture.alerts.values()],
    }


def _with_grade(desk: Desk, shown: Json, entry: EntryId) -> Json:
    assert isinstance(shown, dict)
    return {**shown, "stored_by": _stored_by(desk, entry)}


def _stored_by(desk: Desk, entry: EntryId) -> Json:
    """Which other parties gave a receipt for an own entry; for another's, that it is stored here."""
    if entry.party != desk.party:
        return [desk.party]
    return [party for party in desk.pact.others(desk.party) if held_by(desk, party) > entry.index]


@verb("notice.assign")
def notice_assign(node: Node, track: str, entry: str, agreement: str = "") -> dict[str, Json]:
    """Says which track of one's own flies which notice, so that straying from it alarms."""
    desk = node.desk(agreement)
    view = announce.own_notice(desk, desk.find(entry))
    node.assign(track, view.id)
    return {"track": track, "entry": str(view.id)}


@verb("line.check")
def line_check(node: Node, agreement: str = "", role: str = "watch-officer", mode: str = "") -> dict[str, Json]:
    """Calls the other party's officer for a line check."""
    desk = node.desk(agreement)
    nonce = secrets.token_hex(8)
    return _said(hotline.line_check(desk, role, _mode(desk, mode), nonce, (node.settings.language,)), nonce=nonce)


@verb("line.ack")
def line_ack(node: Node, entry: str, step: str = "", agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Replies to a line check, acknowledges an alert, or takes a stop one step further."""
    desk = node.desk(agreement)
    taken: m.StopStep | None = _choice(m.StopStep, step, "step") if step else None
    return _said(hotline.acknowledge(desk, role, desk.find(entry), (node.settings.language,), taken))


@verb("line.answer")
def line_answer(node: Node, entry: str, code: str, text: str = "", agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Answers another party's notice. An answer is never permission."""
    desk = node.desk(agreement)
    chosen: m.AnswerCode = _choice(m.AnswerCode, code, "answer")
    return _said(hotline.answer(desk, role, desk.find(entry), chosen, text))


@verb("line.stop")
def line_stop(
    node: Node, what: list[str], text: str = "", until: str = "", agreement: str = "", role: str = "watch-officer", mode: str = ""
) -> dict[str, Json]:
    """Says stop."""
    desk = node.desk(agreement)
    ends = Instant.parse(until) if until else None
    return _said(hotline.raise_stop(desk, role, _mode(desk, mode), tuple(str(item) for item in what), text, ends))


@verb("line.attempt")
def line_attempt(
    node: Node,
    channel: str,
    tries: int,
    answered: bool,
    frequency_hz: int | None = None,
    text: str = "",
    agreement: str = "",
    role: str = "watch-officer",
    mode: str = "",
) -> dict[str, Json]:
    """Keeps a try by another channel on the record."""
    desk = node.desk(agreement)
    tried = m.Attempt(channel, tries, answered, frequency_hz, text)
    return _said(hotline.attempt(desk, role, _mode(desk, mode), tried))


@verb("line.roster")
def line_roster(node: Node, duties: list[dict[str, Any]], agreement: str = "", role: str = "supervisor", mode: str = "") -> dict[str, Json]:
    """Publishes who holds which role when."""
    desk = node.desk(agreement)
    wire: list[Json] = [dict(duty) for duty in duties]
    roster = decode(m.Roster, {"duties": wire})
    return _said(hotline.publish_roster(desk, role, _mode(desk, mode), roster))


@verb("line.show")
def line_show(node: Node, agreement: str = "") -> dict[str, Json]:
    """The line: every entry with its three grades, and what still waits for an acknowledgement."""
    desk = node.desk(agreement)
    shown = desk.picture
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "now": str(node.clock.now()),
        "in_force": desk.in_force,
        "line_checks": [plain(view) for view in shown.line_checks.values()],
        "stops": [plain(view) for view in shown.stops.values()],
        "alerts": [plain(view) for view in shown.alerts.values()],
        "attempts": {str(entry): encode(tried) for entry, tried in shown.attempts.items()},
        "rosters": {party: encode(roster) for party, roster in shown.rosters.items()},
        "refusals": {str(entry): {party: encode(r) for party, r in by.items()} for entry, by in shown.refusals.items()},
        "stored_at": {party: held_by(desk, party) for party in desk.pact.others(desk.party)},
        "feed_size": desk.journal.head(desk.origin).frontier.size,
        "links": node.link_states(),
    }


@verb("incident.open")
def incident_open(
    node: Node,
    account: str,
    alert: str = "",
    start: str = "",
    end: str = "",
    evidence: list[str] | None = None,
    agreement: str = "",
    role: str = "supervisor",
    mode: str = "",
) -> dict[str, Json]:
    """Opens an incident, from an alert or by its times."""
    desk = node.desk(agreement)
    if alert:
        return _said(report.open_from_alert(desk, role, desk.find(alert), account))
    if not start:
        raise InputError("an incident says when it occurred: give --alert, or --start and --end")
    occurred = Span(Instant.parse(start), Instant.parse(end or start))
    body = Incident(IncidentStep.OPEN, account, occurred, evidence=tuple(m.check_digest(digest) for digest in evidence or ()))
    return _said(report.open_incident(desk, role, _mode(desk, mode), body))


@verb("incident.reply")
def incident_reply(
    node: Node, entry: str, account: str, evidence: list[str] | None = None, agreement: str = "", role: str = "supervisor"
) -> dict[str, Json]:
    """Gives this party's account of an incident that the other opened."""
    desk = node.desk(agreement)
    digests = tuple(m.check_digest(digest) for digest in evidence or ())
    return _said(report.reply(desk, role, desk.find(entry), account, digests))


@verb("incident.show")
def incident_show(node: Node, entry: str = "", agreement: str = "") -> dict[str, Json]:
    """One incident, or all."""
    desk = node.desk(agreement)
    found = desk.picture.incidents
    if entry:
        identity = EntryId.parse(entry)
        if identity not in found:
            raise MissingError(f"{entry} is no incident")
        return {"agreement": desk.pact.id, "incidents": [plain(found[identity])]}
    return {"agreement": desk.pact.id, "incidents": [plain(view) for view in found.values()]}
