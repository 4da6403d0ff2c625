"""The verbs of the line: checks, answers, stop, tries by another channel, the roster, and the line as it stands."""

import secrets
from typing import Any

from tafadi.desk import hotline
from tafadi.desk.distress import raise_distress
from tafadi.desk.express import heard_alone, held_alone
from tafadi.desk.folding.distress import DistressView
from tafadi.desk.lapses import standing_lapses
from tafadi.desk.outgoing import held_by
from tafadi.desk.picture import plain
from tafadi.desk.silence import Silence, silences
from tafadi.desk.suspend import state_of
from tafadi.errors import InputError
from tafadi.formats.wire import Json, decode, encode
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.line import Attempt, Roster, StopStep
from tafadi.model.reply import AnswerCode
from tafadi.node import Node
from tafadi.web.verbs.arguments import any_mode, choice, mode_named, said


def line_check(node: Node, agreement: str = "", role: str = "watch-officer", mode: str = "") -> dict[str, Json]:
    """Calls the other party's officer for a line check."""
    desk = node.desk(agreement)
    nonce = secrets.token_hex(8)
    return said(hotline.line_check(desk, role, mode_named(desk, mode), nonce, (node.settings.language,)), nonce=nonce)


def line_ack(node: Node, entry: str, step: str = "", agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Replies to a line check, acknowledges an alert, or takes a stop or a distress one step further."""
    desk = node.desk(agreement)
    taken: StopStep | None = choice(StopStep, step, "step") if step else None
    return said(hotline.acknowledge(desk, role, desk.find(entry), (node.settings.language,), taken))


def line_answer(node: Node, entry: str, code: str, text: str = "", agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Answers another party's notice, alert or stop. An answer is never permission."""
    desk = node.desk(agreement)
    chosen: AnswerCode = choice(AnswerCode, code, "answer")
    return said(hotline.answer(desk, role, desk.find(entry), chosen, text))


def line_stop(
    node: Node, what: list[str], text: str = "", until: str = "", agreement: str = "", role: str = "watch-officer", mode: str = ""
) -> dict[str, Json]:
    """Says stop."""
    desk = node.desk(agreement)
    ends = Instant.parse(until) if until else None
    return said(hotline.raise_stop(desk, role, mode_named(desk, mode), tuple(str(item) for item in what), text, ends))


def line_distress(
    node: Node,
    what: list[str] | None = None,
    lat_deg: float | None = None,
    lon_deg: float | None = None,
    text: str = "",
    agreement: str = "",
    role: str = "watch-officer",
    mode: str = "",
) -> dict[str, Json]:
    """Says that somebody needs help."""
    desk = node.desk(agreement)
    if (lat_deg is None) != (lon_deg is None):
        raise InputError("where somebody is in distress is a latitude and a longitude, or neither")
    place = None if lat_deg is None or lon_deg is None else Position(lat_deg, lon_deg)
    return said(raise_distress(desk, role, any_mode(desk, mode), tuple(what or ()), place, text))


def line_attempt(
    node: Node,
    channel: str,
    tries: int,
    answered: bool,
    frequency_hz: int | None = None,
    text: str = "",
    to: list[str] | None = None,
    agreement: str = "",
    role: str = "watch-officer",
    mode: str = "",
) -> dict[str, Json]:
    """Keeps a try by another channel on the record."""
    desk = node.desk(agreement)
    tried = Attempt(channel, tries, answered, frequency_hz, text)
    return said(hotline.attempt(desk, role, mode_named(desk, mode), tried, tuple(to or ())))


def line_roster(node: Node, duties: list[dict[str, Any]], agreement: str = "", role: str = "supervisor", mode: str = "") -> dict[str, Json]:
    """Publishes who holds which role when."""
    desk = node.desk(agreement)
    wire: list[Json] = [dict(duty) for duty in duties]
    roster = decode(Roster, {"duties": wire})
    return said(hotline.publish_roster(desk, role, mode_named(desk, mode), roster))


def line_show(node: Node, agreement: str = "") -> dict[str, Json]:
    """The line: every entry with its three grades, and what still waits for an acknowledgement."""
    desk = node.desk(agreement)
    shown = desk.picture
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "now": str(node.clock.now()),
        "in_force": desk.in_force,
        "state": state_of(desk),
        "suspensions": [plain(view) for view in shown.force.standing()],
        "line_checks": [plain(view) for view in shown.line_checks.values()],
        "stops": [plain(view) for view in shown.stops.values()],
        "distresses": [plain(view) for view in shown.shelf(DistressView).values()],
        "alerts": [plain(view) for view in shown.alerts.values()],
        "attempts": {str(entry): encode(tried) for entry, tried in shown.attempts.items()},
        "rosters": {party: encode(roster) for party, roster in shown.rosters.items()},
        "refusals": {str(entry): {party: encode(r) for party, r in by.items()} for entry, by in shown.refusals.items()},
        "heard_alone": {
            str(entry): {party: {"role": heard.role, "at": str(heard.at)} for party, heard in by.items()}
            for entry, by in heard_alone(desk).items()
        },
        "lapses": [plain(view) for view in standing_lapses(desk)],
        "silences": [_silence(one) for one in silences(shown)],
        "came_alone": [str(desk.pact.entry_id(one.origin, one.index)) for one in held_alone(desk)],
        "stored_at": {party: held_by(desk, party) for party in desk.pact.others(desk.party)},
        "feed_size": desk.journal.head(desk.origin).frontier.size,
        "links": node.link_states(),
    }


def _silence(one: Silence) -> dict[str, Json]:
    counts: dict[str, Json] = {**one.tries}
    return {
        "caller": one.caller,
        "called": one.called,
        "mode": str(one.mode),
        "first": str(one.first),
        "since": str(one.since),
        "tries": counts,
    }
