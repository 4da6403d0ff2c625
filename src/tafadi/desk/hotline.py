"""The hotline: line checks, roster, stop, acknowledgements, answers, and attempts by other channels."""

from typing import Final

from tafadi.casework.tables import LINE_CHECK, NOTICE
from tafadi.desk.desk import Desk
from tafadi.desk.distress import distress_step
from tafadi.desk.examine import examine
from tafadi.desk.folding.answer import ACCEPTING
from tafadi.desk.folding.distress import DistressView
from tafadi.desk.folding.notice import check_valid
from tafadi.desk.folding.stop import is_past
from tafadi.desk.picture import StopView
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, NotPermittedError, WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.alert import AlertBody, AlertStep
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType, Ref
from tafadi.model.line import Attempt, CheckStep, Distress, DistressStep, LineCheck, Roster, Stop, StopStep
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.reply import Answer, AnswerCode
from tafadi.trust.log import leaf_hash

HEARD: Final = "heard by an officer"  # what is remembered of an entry that came alone


def line_check(desk: Desk, role: str, mode: Mode, nonce: str, languages: tuple[Language, ...]) -> EntryId:
    """The identity of a new line check, which the other party's officer replies to."""
    desk.require_force()
    body = LineCheck(CheckStep.CALL, nonce, desk.clock.now(), languages)
    return say(desk, Draft(EntryType.LINE_CHECK, body, mode, role))[0]


def acknowledge(desk: Desk, role: str, entry: EntryId, languages: tuple[Language, ...], step: StopStep | None = None) -> EntryId:
    """The identity of the acknowledgement: a reply to a line check, an alert acknowledged, a stop heard (or acted on, or closed).

    Or a distress heard or closed. An acknowledgement is not permission. Raises MissingError for what wants none, WrongStateError,
    NotPermittedError.
    """
    picture = desk.picture
    if entry in picture.line_checks:
        return _reply(desk, role, entry, languages)
    came = desk.alone_here(entry)
    if came is not None and entry not in picture.stops and entry not in picture.shelf(DistressView):
        return _heard_alone(desk, role, entry, came.leaf, step)
    if entry in picture.stops:
        return _step(desk, role, picture.stops[entry], step or StopStep.HEARD)
    if entry in picture.shelf(DistressView):
        return distress_step(desk, role, picture.shelf(DistressView)[entry], _as_distress(step))
    if entry in picture.alert_of:
        alert = picture.alerts[picture.alert_of[entry]]
        body = AlertBody(AlertStep.ACKNOWLEDGED, alert.situation, alert.kind, alert.subjects)
        return say(desk, Draft(EntryType.ALERT, body, alert.mode, role, refs=(desk.ref(entry),)))[0]
    raise MissingError(f"{entry} is no line check, stop, distress or alert; a notice is answered with `tafadi line answer`")


def _heard_alone(desk: Desk, role: str, entry: EntryId, leaf: bytes, step: StopStep | None) -> EntryId:
    """The identity of the entry by which a stop or distress that came alone is heard, though it stands in no feed here yet.

    It waits here for what it refers to, and takes effect at once where that is: at its sender. Raises WrongStateError, MissingError.
    """
    said = examine(leaf, entry, desk.pact).message
    if said is None or not isinstance(said.body, Stop | Distress):
        raise MissingError(f"{entry} came alone, and wants no acknowledgement; its feed has not come so far")
    if said.body.step not in (StopStep.RAISED, DistressStep.RAISED) or step not in (None, StopStep.HEARD):
        raise WrongStateError(
            f"{entry} came alone, ahead of what it belongs to; until that is here it can only be heard, where it was raised"
        )
    ref, body = Ref(entry, leaf_hash(leaf).hex()), Stop(StopStep.HEARD) if isinstance(said.body, Stop) else Distress(DistressStep.HEARD)
    if isinstance(body, Stop):
        _check_authority(desk, role, entry)
    speaker = role if isinstance(body, Stop) or role in desk.identity.operators else NODE_ROLE
    if desk.alone.has_rung(leaf_hash(leaf), HEARD):
        raise WrongStateError(f"{entry} is heard here already; its feed has not come so far")
    heard = say(desk, Draft(said.type, body, said.mode, speaker, Precedence.FLASH, refs=(ref,)))[0]
    desk.alone.rings_first(leaf_hash(leaf), HEARD)
    return heard


def _as_distress(step: StopStep | None) -> DistressStep:
    """The step of a distress that is named like one of a stop; HEARD where none is named. Raises WrongStateError."""
    if step is StopStep.ACTED:
        raise WrongStateError("a distress is HEARD or CLOSED; what was done about it is said in words, or over the radio")
    return DistressStep(step) if step else DistressStep.HEARD


def _reply(desk: Desk, role: str, entry: EntryId, languages: tuple[Language, ...]) -> EntryId:
    view = desk.picture.line_checks[entry]
    if view.sender == desk.party:
        raise WrongStateError(f"{entry} is this party's own line check; the other party replies to it")
    if desk.party not in view.sides:
        raise WrongStateError(f"{entry} was not addressed to {desk.party}")
    if view.sides[desk.party] != LINE_CHECK.start:
        raise WrongStateError(f"{desk.party} has replied to line check {entry}: it is {view.sides[desk.party]}")
    body = LineCheck(CheckStep.REPLY, view.check.nonce, desk.clock.now(), languages)
    return say(desk, Draft(EntryType.LINE_CHECK, body, view.mode, role, refs=(desk.ref(entry),)))[0]


def publish_roster(desk: Desk, role: str, mode: Mode, roster: Roster) -> EntryId:
    """The identity of the new roster, which replaces the one before it."""
    desk.require_force()
    return say(desk, Draft(EntryType.ROSTER, roster, mode, role))[0]


def raise_stop(desk: Desk, role: str, mode: Mode, what: tuple[str, ...], text: str = "", until: Instant | None = None) -> EntryId:
    """The identity of the stop. It travels as FLASH, and no suspension, lead or quota holds it back."""
    body = Stop(StopStep.RAISED, what, until=until, text=text)
    return say(desk, Draft(EntryType.STOP, body, mode, role, Precedence.FLASH))[0]


def _step(desk: Desk, role: str, view: StopView, step: StopStep) -> EntryId:
    """One step of a stop further. Who hears or acts must hold the authority to stop, where a roster says who does."""
    if (step is StopStep.CLOSED) != (view.sender == desk.party):
        raise WrongStateError("a stop is heard and acted on by the party it was sent to, and closed by the one that raised it")
    state = view.state if step is StopStep.CLOSED else view.sides.get(desk.party, "addressed to others")
    is_over = step is StopStep.CLOSED and state != "CLOSED" and is_past(view, desk.clock.now())
    if state != _BEFORE[step] and not is_over:
        raise WrongStateError(f"stop {view.id} is {state}; it cannot be {step} now")
    _check_authority(desk, role, view.id)
    return say(desk, Draft(EntryType.STOP, Stop(step), view.mode, role, Precedence.FLASH, refs=(desk.ref(view.id),)))[0]


def _check_authority(desk: Desk, role: str, stop: EntryId) -> None:
    """Raises NotPermittedError while another role on duty holds the authority. Where nobody does, a stop is not held up by a roster."""
    if may_stop(desk, role):
        return
    roster, now = desk.picture.rosters[desk.party], desk.clock.now()
    on_duty = sorted(duty.role for duty in roster.duties if duty.may_stop and duty.hours.holds(now))
    if on_duty:
        raise NotPermittedError(f"role {role!r} has no authority to stop on the roster now in force; {', '.join(on_duty)} has")
    desk.bell.alarm(desk.pact, f"nobody on duty may stop; {role} takes {stop} further off the roster", stop)


_BEFORE = {StopStep.HEARD: "RAISED", StopStep.ACTED: "HEARD", StopStep.CLOSED: "ACTED", StopStep.RAISED: ""}


def may_stop(desk: Desk, role: str) -> bool:
    """Whether the role may stop operations now: on duty with that authority, or deputy of one who is; anybody where there is no roster."""
    roster = desk.picture.rosters.get(desk.party)
    if roster is None:
        return True
    now = desk.clock.now()
    return any(duty.may_stop and duty.hours.holds(now) and role in (duty.role, duty.deputy) for duty in roster.duties)


def answer(desk: Desk, role: str, entry: EntryId, code: AnswerCode, text: str = "") -> EntryId:
    """The identity of the answer to another party's notice, alert or stop. `accepted` is received and understood, never permission."""
    picture = desk.picture
    view = picture.notices.get(picture.revision_of.get(entry, entry))
    if view is None:
        return _answer_called(desk, role, entry, Answer(code, text))
    if desk.party not in view.sides:
        raise WrongStateError(f"{entry} was not addressed to {desk.party}")
    if code in ACCEPTING:
        check_valid(view, desk.clock.now())
    side = view.sides[desk.party]
    if (side, str(code)) not in NOTICE.steps:
        raise WrongStateError(f"notice {view.revision} is {side}; it must be read back as MATCH before it is answered {code}")
    return say(desk, Draft(EntryType.ANSWER, Answer(code, text), view.mode, role, view.precedence, refs=(desk.ref(view.revision),)))[0]


def _answer_called(desk: Desk, role: str, entry: EntryId, body: Answer) -> EntryId:
    """The identity of the answer to an alert or a stop. It ends neither: the alert stays up, the stop is still to be heard."""
    picture = desk.picture
    if entry in picture.stops:
        mode, addressees = picture.stops[entry].mode, set(picture.stops[entry].sides)
    elif entry in picture.alert_of:
        mode, addressees = picture.alerts[picture.alert_of[entry]].mode, {*desk.pact.others(entry.party)}
    else:
        raise MissingError(f"{entry} is no notice, alert or stop")
    if desk.party not in addressees:
        raise WrongStateError(f"{entry} was not addressed to {desk.party}")
    return say(desk, Draft(EntryType.ANSWER, body, mode, role, Precedence.IMMEDIATE, refs=(desk.ref(entry),)))[0]


def attempt(desk: Desk, role: str, mode: Mode, tried: Attempt, called: tuple[str, ...] = ()) -> EntryId:
    """The identity of the entry that keeps a try to reach these parties by another channel; all others, where none are named."""
    strange = sorted(set(called) - set(desk.pact.others(desk.party)))
    if strange:
        raise MissingError(f"{', '.join(strange)} is no other party of {desk.pact.id}")
    return say(desk, Draft(EntryType.ATTEMPT, tried, mode, role, recipients=called))[0]
