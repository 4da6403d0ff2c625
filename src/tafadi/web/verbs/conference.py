"""The verbs about conferences, their minutes, and the calls in which they are held."""

from typing import Any

from tafadi.desk import confer
from tafadi.desk.folding.call import CallView
from tafadi.desk.folding.conference import ConferenceView
from tafadi.desk.folding.minutes import MinutesView
from tafadi.desk.picture import plain
from tafadi.formats.wire import Json, decode
from tafadi.measure.instant import Instant, Span
from tafadi.model.conference import (
    AgendaItem,
    Call,
    CallStep,
    Conference,
    ConferenceKind,
    ConferenceStep,
    Disagreement,
    Minutes,
    MinutesItem,
    MinutesStep,
    Papers,
    Recurrence,
    Topic,
)
from tafadi.model.entry import EntryId
from tafadi.node import Node
from tafadi.web.verbs.arguments import choice, mode_named, said


def conference_propose(
    node: Node,
    start: str,
    end: str,
    kind: str = "regular",
    agenda: list[str] | None = None,
    every_days: int = 0,
    times: int = 0,
    about: str = "",
    text: str = "",
    agreement: str = "",
    role: str = "supervisor",
    mode: str = "",
) -> dict[str, Json]:
    """Proposes a conference; an item of the agenda is `topic` or `topic: title`."""
    desk = node.desk(agreement)
    body = _proposal(ConferenceStep.PROPOSED, start, end, kind, agenda, every_days, times, text)
    return said(confer.propose(desk, role, mode_named(desk, mode), body, desk.find(about) if about else None))


def conference_amend(
    node: Node,
    entry: str,
    start: str,
    end: str,
    kind: str = "regular",
    agenda: list[str] | None = None,
    every_days: int = 0,
    times: int = 0,
    text: str = "",
    agreement: str = "",
    role: str = "supervisor",
) -> dict[str, Json]:
    """Proposes the conference otherwise: at another time, with another agenda."""
    desk = node.desk(agreement)
    body = _proposal(ConferenceStep.AMENDED, start, end, kind, agenda, every_days, times, text)
    return said(confer.further(desk, role, desk.find(entry), body))


def _proposal(
    step: ConferenceStep, start: str, end: str, kind: str, agenda: list[str] | None, every_days: int, times: int, text: str
) -> Conference:
    recurrence = Recurrence(every_days, times) if every_days or times else None
    items = tuple(_item(line) for line in agenda or ())
    span = Span(Instant.parse(start), Instant.parse(end))
    return Conference(step, choice(ConferenceKind, kind, "kind"), span, recurrence, items, text=text)


def _item(line: str) -> AgendaItem:
    topic, _, title = line.partition(":")
    return AgendaItem(choice(Topic, topic.strip(), "topic"), title.strip())


def conference_agree(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Agrees to the newest proposal of a conference."""
    return _step(node, entry, Conference(ConferenceStep.AGREED, text=text), agreement, role)


def conference_decline(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Declines the newest proposal of a conference."""
    return _step(node, entry, Conference(ConferenceStep.DECLINED, text=text), agreement, role)


def conference_lay(node: Node, entry: str, papers: dict[str, Any], agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Lays this party's papers before a conference: `pins` and the digest of the `figures`."""
    return _step(node, entry, Conference(ConferenceStep.PAPERS, papers=decode(Papers, dict(papers), "papers")), agreement, role)


def conference_held(
    node: Node, entry: str, absent: list[str] | None = None, text: str = "", agreement: str = "", role: str = "supervisor"
) -> dict[str, Json]:
    """Says that this party was there, and who was not."""
    return _step(node, entry, Conference(ConferenceStep.HELD, absent=tuple(sorted(set(absent or ()))), text=text), agreement, role)


def conference_cancel(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Cancels a conference that this party called."""
    return _step(node, entry, Conference(ConferenceStep.CANCELLED, text=text), agreement, role)


def _step(node: Node, entry: str, body: Conference, agreement: str, role: str) -> dict[str, Json]:
    desk = node.desk(agreement)
    return said(confer.further(desk, role, desk.find(entry), body))


def conference_minutes(
    node: Node, entry: str, items: list[dict[str, Any]], annex: list[str] | None = None, agreement: str = "", role: str = "supervisor"
) -> dict[str, Json]:
    """Drafts the minutes of a conference, or drafts them otherwise: items of `item`, `text` and `decision`."""
    desk = node.desk(agreement)
    found = desk.find(entry)
    shown = {view.conference: view for view in desk.picture.shelf(MinutesView).values()}
    root = desk.picture.revision_of.get(found, found)
    known = root in desk.picture.shelf(MinutesView) or root in shown
    drafted = tuple(decode(MinutesItem, dict(item), f"items[{number}]") for number, item in enumerate(items))
    minutes = Minutes(MinutesStep.AMENDED if known else MinutesStep.DRAFTED, drafted, _annex(annex))
    entered = shown[root].id if root in shown else found
    return said(confer.draft_minutes(desk, role, entered, minutes))


def _annex(lines: list[str] | None) -> tuple[Disagreement, ...]:
    """What is held otherwise; `3: words` is about item 3."""
    found = []
    for line in lines or ():
        number, colon, words = line.partition(":")
        is_item = bool(colon) and number.strip().isascii() and number.strip().isdigit() and len(number) < 4
        found.append(Disagreement(words.strip(), int(number)) if is_item else Disagreement(line))
    return tuple(found)


def conference_sign(
    node: Node, entry: str, annex: list[str] | None = None, agreement: str = "", role: str = "supervisor"
) -> dict[str, Json]:
    """Signs the newest draft of the minutes, with what this party holds otherwise in the annex."""
    return _word(node, entry, Minutes(MinutesStep.SIGNED, annex=_annex(annex)), agreement, role)


def conference_refuse(node: Node, entry: str, annex: list[str], agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Refuses to sign the newest draft of the minutes, and says why in the annex."""
    return _word(node, entry, Minutes(MinutesStep.REFUSED, annex=_annex(annex)), agreement, role)


def _word(node: Node, entry: str, word: Minutes, agreement: str, role: str) -> dict[str, Json]:
    desk = node.desk(agreement)
    return said(confer.word_on_minutes(desk, role, confer.minutes_at(desk, desk.find(entry)).id, word))


def conference_show(node: Node, entry: str = "", agreement: str = "") -> dict[str, Json]:
    """One conference with its minutes, or all."""
    desk = node.desk(agreement)
    shelf = desk.picture.shelf(ConferenceView)
    found = [confer.conference_at(desk, EntryId.parse(entry))] if entry else [view for _, view in sorted(shelf.items())]
    ids = {view.minutes for view in found}
    minutes = [plain(view) for identity, view in sorted(desk.picture.shelf(MinutesView).items()) if identity in ids]
    papers: dict[str, Json] = {str(view.id): _PAPERS[view.papers_agree] for view in found}
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "conferences": [plain(one) for one in found],
        "minutes": minutes,
        "papers": papers,
    }


_PAPERS = {True: "MATCH", False: "MISMATCH", None: "WAITING"}


def call_offer(
    node: Node,
    session: str,
    candidates: list[str] | None = None,
    conference: str = "",
    agreement: str = "",
    role: str = "supervisor",
    mode: str = "",
) -> dict[str, Json]:
    """Offers a video call, of a conference where it is one's."""
    desk = node.desk(agreement)
    body = Call(CallStep.OFFERED, session, tuple(candidates or ()))
    return said(confer.offer_call(desk, role, mode_named(desk, mode), body, desk.find(conference) if conference else None))


def call_further(
    node: Node,
    entry: str,
    step: str,
    session: str = "",
    candidates: list[str] | None = None,
    agreement: str = "",
    role: str = "supervisor",
) -> dict[str, Json]:
    """Answers, declines or ends a call, or adds candidates to it."""
    desk = node.desk(agreement)
    return said(confer.call_further(desk, role, desk.find(entry), Call(choice(CallStep, step, "step"), session, tuple(candidates or ()))))


def call_list(node: Node, agreement: str = "") -> dict[str, Json]:
    """All calls with their sessions."""
    desk = node.desk(agreement)
    return {
        "agreement": desk.pact.id,
        "party": desk.party,
        "calls": [plain(view) for _, view in sorted(desk.picture.shelf(CallView).items())],
    }
