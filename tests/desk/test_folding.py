"""The types of entries: one file each, one `Kind` each, and things that a new type keeps without a field of the picture."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

import pytest

from tafadi.casework.tables import Table
from tafadi.desk import fold as folded
from tafadi.desk.examine import Examined
from tafadi.desk.fold import KINDS
from tafadi.desk.folding.kind import Kind, silent
from tafadi.desk.matters import Matters
from tafadi.desk.picture import Picture, View
from tafadi.errors import WrongStateError
from tafadi.formats.wire import decode_message
from tafadi.model.agreement import Timing
from tafadi.model.entry import BEFORE_EFFECT, VITAL, EntryId, EntryType, Ref
from tafadi.model.line import Attempt
from tafadi.model.message import Message
from tafadi.model.names import Precedence
from world import Station, World

LEAF = "0" * 64
PATROL = Table("patrol", "OUT", {("OUT", "1"): "BACK"})
WANTS_ANSWER = {
    EntryType.OPERATION,
    EntryType.AREA,
    EntryType.MOVEMENT,
    EntryType.STOP,
    EntryType.DISTRESS,
    EntryType.ALERT,
    EntryType.LINE_CHECK,
    EntryType.CONFERENCE,
    EntryType.CALL,
}
WANTS_REPLY = {EntryType.CLAIM, EntryType.MINUTES}  # what needs thought has as long as an incident
NEEDS_FORCE = {
    EntryType.OPERATION,
    EntryType.AREA,
    EntryType.MOVEMENT,
    EntryType.SITE,
    EntryType.PRESENCE,
    EntryType.LINE_CHECK,
    EntryType.ROSTER,
    EntryType.SEALED,
    EntryType.CLAIM,
    EntryType.CONFERENCE,
    EntryType.CALL,
    EntryType.MINUTES,
    EntryType.ACTION,
}


def test_every_shelf_has_a_name_of_its_own() -> None:
    shelves = [view.SHELF for view in View.__subclasses__() if view.SHELF and view is not PatrolView]
    assert len(set(shelves)) == len(shelves)
    assert not set(shelves) & {field.name for field in fields(Picture)}


@pytest.mark.parametrize("type", list(EntryType))
def test_who_must_answer_has_until_the_acknowledgement_of_the_agreement(type: EntryType) -> None:
    timing = Timing(ack_flash_s=7, ack_routine_s=70, incident_reply_s=700)
    wanted = KINDS[type].answer_s
    answers = None if wanted is None else (wanted(timing, Precedence.FLASH), wanted(timing, Precedence.ROUTINE))
    assert answers == ((7, 70) if type in WANTS_ANSWER else (700, 700) if type in WANTS_REPLY else None)


def test_nothing_but_notices_line_checks_rosters_and_what_is_sealed_needs_an_agreement_in_force() -> None:
    assert {type for type, kind in KINDS.items() if kind.needs_force} == NEEDS_FORCE


def test_what_is_vital_is_said_before_the_agreement_takes_effect_needs_no_force_and_calls_the_officers() -> None:
    assert {EntryType.STOP, EntryType.DISTRESS} <= set(VITAL)
    for type in VITAL:
        assert type in BEFORE_EFFECT
        assert not KINDS[type].needs_force
        assert KINDS[type].ring is not silent


@dataclass(slots=True)
class PatrolView(View):
    """A thing of a type that is not in the house: as many tries as its opener said, and one entry of another party ends it."""

    SHELF: ClassVar[str] = "patrols"
    id: EntryId
    sides: dict[str, str]

    @property
    def state(self) -> str:
        """OUT or BACK."""
        return min(self.sides.values(), key=PATROL.states.index)


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Attempt)
    patrols = picture.shelf(PatrolView)
    if not entry.refs:
        patrols[examined.id] = PatrolView(examined.id, dict.fromkeys(entry.recipients, PATROL.start))
        return
    view = patrols.get(entry.refs[0].entry)
    if view is None:
        raise WrongStateError("there is no such patrol")
    view.sides[entry.sender] = PATROL.after(view.sides[entry.sender], str(entry.body.tries))


@pytest.fixture
def patrols(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts are patrols for the length of a test: a type is its `Kind`, and nothing else knows of it."""
    monkeypatch.setattr(folded, "KINDS", {**KINDS, EntryType.ATTEMPT: Kind(EntryType.ATTEMPT, _apply)})


@pytest.fixture
def alpha(tmp_path: Path) -> Iterator[Station]:
    """A party that lends its keys."""
    world = World(tmp_path)
    yield world["alpha"]
    world.close()


def _entry(station: Station, sender: str, index: int, *refs: EntryId) -> Examined:
    message = decode_message(station.payload(EntryType.ATTEMPT, Attempt("radio", 1, False)))
    other = "bravo" if sender == "alpha" else "alpha"
    said = replace(message, sender=sender, recipients=(other,), index=index, refs=tuple(Ref(ref, LEAF) for ref in refs))
    return Examined(EntryId(sender, 1, index), LEAF, said, None)


@pytest.mark.usefixtures("patrols")
def test_a_type_of_its_own_file_alone_is_folded_shown_and_taken_back(alpha: Station) -> None:
    opened, ended = _entry(alpha, "alpha", 0), _entry(alpha, "bravo", 0, EntryId("alpha", 1, 0))
    matters = Matters(("alpha", "bravo"))
    before = matters.picture.digest()
    matters.place((3, "bravo", 0), ended)
    assert matters.refusal(ended.id) is not None  # it is of nothing, as far as is known
    assert matters.picture.digest() == before
    matters.place((1, "alpha", 0), opened)
    assert matters.picture.to_json()["patrols"] == {"alpha/1/0": {"id": "alpha/1/0", "sides": {"bravo": "BACK"}, "state": "BACK"}}
    assert matters.refusal(ended.id) is None
    again = _entry(alpha, "bravo", 1, opened.id)
    matters.place((2, "bravo", 1), again)  # comes late, and all three are folded anew
    assert matters.picture.shelf(PatrolView)[opened.id].state == "BACK"
    assert (matters.refusal(again.id), matters.refusal(ended.id) is None) == (None, False)


def test_a_picture_without_the_things_of_a_type_has_the_digest_that_it_had_before_there_was_the_type() -> None:
    picture = Picture()
    before = picture.digest()
    picture.shelf(PatrolView)
    assert picture.digest() == before == Picture().digest()
    picture.shelf(PatrolView)[EntryId("alpha", 1, 0)] = PatrolView(EntryId("alpha", 1, 0), {"bravo": "OUT"})
    assert picture.digest() != before
    picture.drop(EntryId("alpha", 1, 0))
    assert picture.digest() == before


def test_the_digest_of_an_empty_picture_is_the_one_of_the_first_version() -> None:
    """Two nodes of different builds compare digests: `to_json` of no entries is held still here."""
    assert Picture().digest() == "b5b9262d2a55c586bdbd39a247a59bae32b6c9b251ef86e648a7c872b8e12194"
