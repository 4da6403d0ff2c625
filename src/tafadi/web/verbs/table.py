"""The table of verbs: what an officer asks of the node, as JSON in and JSON out. The control socket and the command line come through here.

Each verb has a name like `notice.send` and takes its arguments by name; an unknown or missing one is refused in a sentence.
"""

import inspect
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tafadi.errors import InputError
from tafadi.formats.wire import Json
from tafadi.node import Node
from tafadi.web.verbs import action, agreement, bundle, claim, conference, incident, joining, line, movement, notice, sealed, site, standing

Verb = Callable[..., dict[str, Json]]
VERBS: Final[dict[str, Verb]] = {
    "status": standing.status,
    "ready": standing.ready,
    "agree.sign": standing.agree_sign,
    "agree.succeed": joining.agree_succeed,
    "agree.pins": joining.agree_pins,
    "agree.history": joining.agree_history,
    "agree.suspend": agreement.agree_suspend,
    "agree.resume": agreement.agree_resume,
    "agree.end": agreement.agree_end,
    "agree.show": agreement.agree_show,
    "card.take": standing.card_take,
    "picture": standing.picture,
    "alarms": standing.alarms,
    "notice.send": notice.notice_send,
    "notice.amend": notice.notice_amend,
    "notice.cancel": notice.notice_cancel,
    "notice.distributed": notice.notice_distributed,
    "notice.activate": notice.notice_activate,
    "notice.end": notice.notice_end,
    "notice.movement": movement.notice_movement,
    "notice.presence": movement.notice_presence,
    "notice.withdraw": movement.notice_withdraw,
    "notice.list": notice.notice_list,
    "notice.assign": notice.notice_assign,
    "line.check": line.line_check,
    "line.ack": line.line_ack,
    "line.answer": line.line_answer,
    "line.stop": line.line_stop,
    "line.distress": line.line_distress,
    "line.attempt": line.line_attempt,
    "line.roster": line.line_roster,
    "line.show": line.line_show,
    "site.send": site.site_send,
    "site.verify": site.site_verify,
    "site.stale": site.site_stale,
    "site.withdraw": site.site_withdraw,
    "site.list": site.site_list,
    "incident.open": incident.incident_open,
    "incident.reply": incident.incident_reply,
    "incident.review": incident.incident_review,
    "incident.close": incident.incident_close,
    "incident.disagree": incident.incident_disagree,
    "incident.show": incident.incident_show,
    "claim.make": claim.claim_make,
    "claim.answer": claim.claim_answer,
    "claim.settle": claim.claim_settle,
    "claim.withdraw": claim.claim_withdraw,
    "claim.show": claim.claim_show,
    "conference.propose": conference.conference_propose,
    "conference.amend": conference.conference_amend,
    "conference.agree": conference.conference_agree,
    "conference.decline": conference.conference_decline,
    "conference.lay": conference.conference_lay,
    "conference.held": conference.conference_held,
    "conference.cancel": conference.conference_cancel,
    "conference.minutes": conference.conference_minutes,
    "conference.sign": conference.conference_sign,
    "conference.refuse": conference.conference_refuse,
    "conference.show": conference.conference_show,
    "call.offer": conference.call_offer,
    "call.further": conference.call_further,
    "call.list": conference.call_list,
    "action.give": action.action_give,
    "action.further": action.action_further,
    "action.list": action.action_list,
    "sealed.send": sealed.sealed_send,
    "sealed.list": sealed.sealed_list,
    "sealed.show": sealed.sealed_show,
    "sealed.destroy": sealed.sealed_destroy,
    "bundle.export": bundle.bundle_export,
    "bundle.import": bundle.bundle_import,
}


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
