"""The verbs about conferences: to propose one, to agree or decline, papers, that it was held; minutes; and the call itself."""

from tafadi.desk.desk import Desk
from tafadi.desk.folding.call import CallView
from tafadi.desk.folding.conference import ConferenceView
from tafadi.desk.folding.minutes import MinutesView, check_drafted
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, WrongStateError
from tafadi.model.conference import Call, CallStep, Conference, ConferenceStep, Minutes, MinutesStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.names import Mode, Precedence


def propose(desk: Desk, role: str, mode: Mode, conference: Conference, about: EntryId | None = None) -> EntryId:
    """The identity of a new conference, called for an entry where it is called for one. Raises RefusedError, WrongStateError."""
    desk.require_force()
    if conference.step is not ConferenceStep.PROPOSED:
        raise WrongStateError("a conference is proposed first")
    refs = (desk.ref(about),) if about else ()
    return say(desk, Draft(EntryType.CONFERENCE, conference, mode, role, refs=refs))[0]


def further(desk: Desk, role: str, entry: EntryId, body: Conference) -> EntryId:
    """The identity of the next step about the newest proposal of a conference. Raises MissingError, WrongStateError."""
    view = conference_at(desk, entry)
    if body.step is ConferenceStep.PROPOSED:
        raise WrongStateError(f"conference {view.id} is proposed already; amend it")
    view.check_step(desk.party, body, view.revision)
    return say(desk, Draft(EntryType.CONFERENCE, body, view.mode, role, refs=(desk.ref(view.revision),)))[0]


def conference_at(desk: Desk, entry: EntryId) -> ConferenceView:
    """The conference that the entry proposes, first or otherwise. Raises MissingError."""
    view = desk.picture.shelf(ConferenceView).get(desk.picture.revision_of.get(entry, entry))
    if view is None:
        raise MissingError(f"{entry} is no conference")
    return view


def draft_minutes(desk: Desk, role: str, entry: EntryId, minutes: Minutes) -> EntryId:
    """The identity of a draft: the first, where `entry` is a conference that was held; another, where it is its minutes.

    Raises MissingError, WrongStateError.
    """
    picture = desk.picture
    known = picture.shelf(MinutesView).get(picture.revision_of.get(entry, entry))
    if known is not None:
        return word_on_minutes(desk, role, known.id, minutes)
    conference = conference_at(desk, entry)
    if minutes.step is not MinutesStep.DRAFTED:
        raise MissingError(f"{entry} is a conference; its minutes are drafted first")
    check_drafted(conference, desk.party)
    return say(desk, Draft(EntryType.MINUTES, minutes, conference.mode, role, refs=(desk.ref(conference.id),)))[0]


def word_on_minutes(desk: Desk, role: str, entry: EntryId, word: Minutes) -> EntryId:
    """The identity of what this party says to the newest draft: otherwise, signed, refused. Raises MissingError, WrongStateError."""
    view = minutes_at(desk, entry)
    if word.step is MinutesStep.DRAFTED:
        raise WrongStateError(f"minutes {view.id} are drafted already; amend them")
    view.check_step(desk.party, word.step, view.revision)
    return say(desk, Draft(EntryType.MINUTES, word, view.mode, role, refs=(desk.ref(view.revision),)))[0]


def minutes_at(desk: Desk, entry: EntryId) -> MinutesView:
    """The minutes that the entry drafts, or those of the conference that it proposes. Raises MissingError."""
    picture = desk.picture
    root = picture.revision_of.get(entry, entry)
    conference = picture.shelf(ConferenceView).get(root)
    view = picture.shelf(MinutesView).get(conference.minutes if conference and conference.minutes else root)
    if view is None:
        raise MissingError(f"{entry} is no draft of minutes, nor a conference that has any")
    return view


def offer_call(desk: Desk, role: str, mode: Mode, call: Call, about: EntryId | None = None) -> EntryId:
    """The identity of a new call, of a conference where it is one's. Raises RefusedError, WrongStateError."""
    desk.require_force()
    if call.step is not CallStep.OFFERED:
        raise WrongStateError("a call is offered first")
    refs = (desk.ref(about),) if about else ()
    return say(desk, Draft(EntryType.CALL, call, mode, role, Precedence.IMMEDIATE, refs=refs))[0]


def call_further(desk: Desk, role: str, entry: EntryId, call: Call) -> EntryId:
    """The identity of the next step of a call. Raises MissingError, WrongStateError."""
    view = desk.picture.shelf(CallView).get(entry)
    if view is None:
        raise MissingError(f"{entry} is no call")
    if call.step is CallStep.OFFERED:
        raise WrongStateError(f"call {entry} is offered already")
    view.check(desk.party, call)
    return say(desk, Draft(EntryType.CALL, call, view.mode, role, Precedence.IMMEDIATE, refs=(desk.ref(entry),)))[0]
