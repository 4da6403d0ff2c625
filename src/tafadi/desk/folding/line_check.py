"""`line-check`: a call that the officer of each party addressed replies to, repeating its nonce."""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, within_the_acknowledgement
from tafadi.desk.picture import LineCheckView, Picture
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import CheckStep, LineCheck
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, LineCheck)
    if body.step is CheckStep.CALL:
        sides = dict.fromkeys(entry.recipients, tables.LINE_CHECK.start)
        picture.line_checks[examined.id] = LineCheckView(examined.id, entry.sender, entry.mode, examined.leaf, body, entry.sent_at, sides)
        picture.index.note_check(entry.sender, entry.sent_at, examined.id)
        return
    view = picture.line_checks.get(entry.refs[0].entry) if entry.refs else None
    if view is None or entry.sender not in view.sides or view.check.nonce != body.nonce:
        raise WrongStateError("a reply repeats the nonce of a line check that addresses its sender")
    view.sides[entry.sender] = tables.LINE_CHECK.after(view.sides[entry.sender], body.step)
    view.replied_at[entry.sender] = entry.sent_at
    picture.index.note_check(entry.sender, entry.sent_at, examined.id)


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    picture.index.forget_check(said.sender, said.sent_at, entry)
    picture.drop(entry)


KIND = Kind(EntryType.LINE_CHECK, _apply, take_back=_take_back, needs_force=True, answer_s=within_the_acknowledgement)
