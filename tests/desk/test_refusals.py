"""A lying peer: whatever stands in its feed is stored, cosigned, answered by a refusal with its reason, and blocks nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.desk.judge import judge_inbox
from tafadi.desk.listen import receive
from tafadi.errors import RefusedError
from tafadi.formats.wire import Json
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Span
from tafadi.model.agreement import AgreementBody
from tafadi.model.entry import EntryId, EntryType, Operator, Ref
from tafadi.model.line import CheckStep, LineCheck
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import Kind, Notice, NoticeBody, NoticeStep
from tafadi.model.reply import Match, Refusal, RefusalCode
from tafadi.model.volume import Polygon, Volume4D
from world import OFFICER, START, Station, World, keys_of, make_agreement, operation, refusals_by, said_truly, spoken, volume

Payload = dict[str, Json]


@dataclass(frozen=True)
class Lie:
    """One way to be wrong, and what it must be called."""

    name: str
    leaf: Callable[[Station], bytes]
    code: RefusalCode
    field: str = ""


def _notice(station: Station, **heading: object) -> Payload:
    return station.payload(EntryType.OPERATION, NoticeBody(NoticeStep.NEW, operation()), **heading)


def _changed(*path: str | int, **members: Json) -> Callable[[Station], bytes]:
    return lambda station: station.sealed(spoken(_notice(station), *path, **members))


def _polygon(station: Station) -> Payload:
    corners = tuple(Position(-37.5 + lat, 12.3 + lon) for lat, lon in ((0, 0), (0, 1), (1, 1), (1, 0)))
    band = Height(100.0, Datum.GEOID), Height(200.0, Datum.GEOID)
    shape = Volume4D(Polygon(corners), *band, Span(START.plus(7_200.0), START.plus(9_000.0)))
    return station.payload(EntryType.OPERATION, NoticeBody(NoticeStep.NEW, Notice(Kind.OPERATION, (shape,))))


def _crossing(station: Station) -> bytes:
    payload = _polygon(station)
    corners = payload["body"]["notice"]["volumes"][0]["outline"]["vertices"]  # type: ignore[index,call-overload]
    assert isinstance(corners, list)
    a, b, c, d = corners
    return station.sealed(spoken(payload, "body", "notice", "volumes", 0, "outline", vertices=[a, c, b, d]))


def _corners(station: Station, count: int) -> bytes:
    corners: list[Json] = [{"lat_e7": -375000000 + number, "lon_e7": 123000000 + number * number} for number in range(count)]
    return station.sealed(spoken(_polygon(station), "body", "notice", "volumes", 0, "outline", vertices=corners))


def _signed_by(party: str) -> Callable[[Station], bytes]:
    return lambda station: station.sealed(_notice(station), keys_of(party).identity.envelope)


def _spoiled(station: Station) -> bytes:
    """The signature of another payload."""
    good, other = station.sealed(_notice(station)), station.sealed(_notice(station, lang="ru"))
    return good[: good.index(b'"sig":"')] + other[other.index(b'"sig":"') :]


def _role(role: str, key_of: str = "", signer: str = "") -> Callable[[Station], bytes]:
    def leaf(station: Station) -> bytes:
        operators = station.identity.operators
        operator = Operator(role, operators[key_of or OFFICER].public.id)
        signers = [station.identity.envelope, *([operators[signer]] if signer else [])]
        return station.sealed(_notice(station, operator=operator), *signers)

    return leaf


def _amends_nothing(station: Station) -> bytes:
    body = NoticeBody(NoticeStep.AMEND, operation())
    return station.sealed(station.payload(EntryType.OPERATION, body, refs=(Ref(EntryId("alpha", 1, 0), "0" * 64),)))


def _reply_to_nothing(station: Station) -> bytes:
    body = LineCheck(CheckStep.REPLY, "n-1", START, ())
    return station.sealed(station.payload(EntryType.LINE_CHECK, body))


def _another_agreement(station: Station) -> bytes:
    payload = station.payload(EntryType.AGREEMENT, AgreementBody("another text", "0" * 64))
    return station.sealed(payload)


SPAN = ("body", "notice", "volumes", 0, "span")
UPPER = ("body", "notice", "volumes", 0, "upper")

LIES = (
    Lie("bytes that are no envelope", lambda _: b"hello", RefusalCode.NOT_USABLE),
    Lie("no bytes at all", lambda _: b"", RefusalCode.NOT_USABLE),
    Lie("another version of the entry form", _changed(v=2), RefusalCode.NOT_USABLE, "v"),
    Lie("a member that nobody knows", _changed("body", "notice", target="x"), RefusalCode.NOT_USABLE, "body.notice.target"),
    Lie("no sender", _changed(sender=None), RefusalCode.NOT_USABLE, "sender"),
    Lie("a number where text is due", _changed(lang=7), RefusalCode.NOT_USABLE, "lang"),
    Lie("a type that nobody knows", _changed(type="notice.parade"), RefusalCode.UNKNOWN_TYPE, "type"),
    Lie("signed by another party", _signed_by("bravo"), RefusalCode.BAD_SIGNATURE),
    Lie("the signature of another entry", _spoiled, RefusalCode.BAD_SIGNATURE),
    Lie("an index that is not its own", _changed(index=77), RefusalCode.WRONG_PLACE, "index"),
    Lie("the origin of another feed", _changed(origin="tafadi.v1/line/alpha/1"), RefusalCode.WRONG_PLACE, "origin"),
    Lie("another sender than the feed's owner", _changed(sender="bravo"), RefusalCode.WRONG_PLACE, "sender"),
    Lie("another agreement", _changed(agreement="line"), RefusalCode.WRONG_PLACE, "agreement"),
    Lie("an agreement whose text differs", _another_agreement, RefusalCode.WRONG_PLACE, "body"),
    Lie("no geometry", _changed("body", "notice", volumes=None), RefusalCode.GEOMETRY_MISSING, "body.notice"),
    Lie("no notice", _changed("body", notice=None), RefusalCode.GEOMETRY_MISSING, "body"),
    Lie("an outline of nothing", _changed("body", "notice", "volumes", 0, outline={}), RefusalCode.GEOMETRY_MISSING),
    Lie("a polygon that crosses itself", _crossing, RefusalCode.POLYGON_CROSSES_ITSELF),
    Lie("a time without Z", _changed(*SPAN, start="2026-11-23T08:00:00"), RefusalCode.TIME_WITHOUT_Z),
    Lie("a time in another zone", _changed(sent_at="2026-11-23T08:00:00+02:00"), RefusalCode.TIME_WITHOUT_Z, "sent_at"),
    Lie("a height without datum", _changed(*UPPER, datum=None), RefusalCode.HEIGHT_WITHOUT_DATUM),
    Lie("a height above no known datum", _changed(*UPPER, datum="the roof"), RefusalCode.HEIGHT_WITHOUT_DATUM),
    Lie("an end before its start", _changed(*SPAN, end="2026-11-23T07:00:00Z"), RefusalCode.END_BEFORE_START),
    Lie("valid until before it was sent", _changed(valid_until="2026-11-22T07:00:00Z"), RefusalCode.END_BEFORE_START),
    Lie("more corners than a person reads back", lambda station: _corners(station, 1_001), RefusalCode.TOO_LARGE),
    Lie("more items than any list may have", _changed(refs=[{} for _ in range(2_001)]), RefusalCode.TOO_LARGE, "refs"),
    Lie("a role that is not on the card", _role("admiral", OFFICER, OFFICER), RefusalCode.NOT_ON_ROSTER, "operator"),
    Lie("a role that did not sign", _role(OFFICER), RefusalCode.NOT_ON_ROSTER, "operator"),
    Lie("a role signed for by another", _role(OFFICER, OFFICER, "planner"), RefusalCode.NOT_ON_ROSTER, "operator"),
    Lie("a role that names another key", _role(OFFICER, "planner", OFFICER), RefusalCode.NOT_ON_ROSTER, "operator"),
    Lie("the node with an officer's signature", _role("node", OFFICER, OFFICER), RefusalCode.NOT_ON_ROSTER, "operator"),
    Lie("a recipient who is no party", _changed(recipients=["zulu"]), RefusalCode.NOT_ON_ROSTER, "recipients"),
    Lie("a mode that the agreement does not allow", _changed(mode="REAL"), RefusalCode.MODE_NOT_ALLOWED, "mode"),
    Lie("sent when its card is no longer valid", _changed(sent_at="2028-11-22T07:00:00Z"), RefusalCode.CARD_NOT_VALID, "sent_at"),
    Lie("an amendment of nothing", _amends_nothing, RefusalCode.WRONG_STATE),
    Lie("a reply to nothing", _reply_to_nothing, RefusalCode.WRONG_STATE),
)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_rule_05_a_wrong_entry_is_stored_and_cosigned_and_refused_and_blocks_nothing(pair: World, lie: Lie) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    index = alpha.size
    leaf = lie.leaf(alpha)
    alpha.tell(leaf)
    alpha.tell(alpha.sealed(_notice(alpha)))
    pair.settle()

    assert bravo.desk.journal.leaf(alpha.desk.origin, index) == leaf
    assert alpha.desk.journal.receipts(alpha.desk.origin)[pair.pact.mirror("bravo")].size == alpha.size
    refusal = refusals_by(alpha, "bravo", EntryId("alpha", 1, index))
    assert refusal is not None
    assert (refusal.code, refusal.field if lie.field else "") == (lie.code, lie.field)
    assert set(bravo.desk.picture.notices) == {EntryId("alpha", 1, index + 1)}, "the wrong one has no effect, the next one has"
    assert "bravo" in bravo.desk.picture.notices[EntryId("alpha", 1, index + 1)].readbacks
    assert bravo.desk.journal.unjudged() == []
    assert any("refused" in sentence for sentence in alpha.bell.alarms)
    assert alpha.desk.picture.digest() == bravo.desk.picture.digest()


def test_every_refusal_code_is_reached_by_a_test_here() -> None:
    # the three tests below, test_readback and test_sealing
    below = {RefusalCode.LEAD_TOO_SHORT, RefusalCode.NOT_IN_FORCE, RefusalCode.AFTER_THE_END}
    assert {lie.code for lie in LIES} | below | {RefusalCode.READBACK_DIFFERS, RefusalCode.UNDECRYPTABLE} == set(RefusalCode)


def test_entries_that_were_never_judged_and_lie_beyond_the_end_are_refused(three: World) -> None:
    three.settle()
    end = three["alpha"].size
    lost = announce.send(three.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    receive(three.desk("charlie"), three["alpha"].push_of(end, end + 1))
    card = three["alpha"].renew(end, keep=False)
    for party in ("bravo", "charlie"):
        three[party].take_card(card)
    judge_inbox(three.desk("charlie"))
    refusal = refusals_by(three["charlie"], "charlie", lost)
    assert refusal is not None
    assert refusal.code is RefusalCode.AFTER_THE_END


def test_a_notice_that_came_too_late_is_refused_and_still_shown_and_checked(pair: World) -> None:
    standing = announce.send(pair.desk("bravo"), OFFICER, operation(), Mode.EXERCISE)
    pair.settle()
    pair.clock.wait(5_000.0)
    late = announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    pair.settle()
    picture = pair.desk("alpha").picture
    refusal = refusals_by(pair["alpha"], "bravo", late)
    assert refusal is not None
    assert refusal.code is RefusalCode.LEAD_TOO_SHORT
    view = picture.notices[late]
    assert (view.late, view.state) == (True, "REFUSED")
    assert view.readbacks["bravo"].result is Match.MATCH, "it is read back all the same"
    (alert,) = picture.alerts.values()
    assert alert.subjects == (str(late), str(standing))
    assert set(alert.raised) == {"alpha", "bravo"}


def test_a_late_notice_sent_as_flash_is_taken(pair: World) -> None:
    pair.clock.wait(5_000.0)
    sent = announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE, Precedence.FLASH)
    pair.settle()
    assert refusals_by(pair["alpha"], "bravo", sent) is None
    assert pair.desk("alpha").picture.notices[sent].state == "READ_BACK"


def test_a_notice_before_all_have_signed_takes_no_effect(tmp_path: Path) -> None:
    world = World(tmp_path)
    world["alpha"].sign()
    world["alpha"].tell(world["alpha"].sealed(_notice(world["alpha"])))
    world.settle()
    assert world["bravo"].size == 0, "nothing is said before the agreement is signed, not even a refusal"
    world["bravo"].sign()
    world.settle()
    refusal = refusals_by(world["alpha"], "bravo", EntryId("alpha", 1, 1))
    assert refusal == Refusal(RefusalCode.NOT_IN_FORCE)
    assert world.desk("bravo").in_force
    assert world.desk("bravo").picture.notices == {}
    world.close()


def test_an_entry_of_the_first_place_that_is_no_agreement_is_refused_and_nothing_comes_in_force(tmp_path: Path) -> None:
    world = World(tmp_path)
    world["alpha"].tell(world["alpha"].sealed(_notice(world["alpha"])))
    world["bravo"].sign()
    world.settle()
    refusal = refusals_by(world["alpha"], "bravo", EntryId("alpha", 1, 0))
    assert refusal == Refusal(RefusalCode.WRONG_PLACE, "index")
    assert not world.desk("bravo").in_force
    world.close()


def test_two_honest_nodes_never_refuse_each_others_refusals_for_ever(pair: World) -> None:
    hotline.raise_stop(pair.desk("alpha"), OFFICER, Mode.REAL, ("alpha/1/0",))  # the agreement allows EXERCISE alone
    pair.settle()
    sizes = pair["alpha"].size, pair["bravo"].size
    pair.settle()
    assert (pair["alpha"].size, pair["bravo"].size) == sizes


def test_a_refusal_that_cannot_be_read_is_alarmed_and_not_answered(pair: World) -> None:
    alpha = pair["alpha"]
    before = pair["bravo"].size
    good = alpha.payload(EntryType.REFUSAL, Refusal(RefusalCode.NOT_USABLE), refs=(Ref(EntryId("bravo", 1, 0), "0" * 64),))
    alpha.tell(alpha.sealed(spoken(good, v=2)))
    pair.settle()
    assert pair["bravo"].size == before, "two nodes of unlike versions would refuse each other's refusals without end"
    assert any("refused alpha/1/1: not-usable" in sentence for sentence in pair["bravo"].bell.alarms)


def test_marks_that_turn_text_around_never_reach_the_officers_through_a_refusal(pair: World) -> None:
    alpha = pair["alpha"]
    alpha.tell(alpha.sealed(spoken(_notice(alpha), **{"x\u202e\x1b[2J": 1})))
    pair.settle()
    refusal = refusals_by(alpha, "bravo", EntryId("alpha", 1, 1))
    assert refusal is not None
    assert refusal.field.isprintable()
    assert all(sentence.isprintable() for sentence in pair["bravo"].bell.alarms)


def test_a_lie_among_many_true_entries_in_one_push_spoils_none_of_them(pair: World) -> None:
    alpha = pair["alpha"]
    for number in range(6):
        payload = alpha.payload(EntryType.OPERATION, NoticeBody(NoticeStep.NEW, operation(volume(east_m=20_000.0 * number))))
        alpha.tell(alpha.sealed(payload if number % 2 else spoken(payload, v=9)))
    pair.settle()
    shown = pair.desk("bravo").picture
    assert [entry.index for entry in sorted(shown.notices)] == [2, 4, 6]
    assert sorted(entry.index for entry in shown.refusals) == [1, 3, 5]


def test_words_that_fit_the_geometry_are_no_lie(pair: World) -> None:
    place = volume().outline
    assert not isinstance(place, Polygon)
    sent = announce.send(pair.desk("alpha"), OFFICER, operation(stated=(said_truly(place.centre),)), Mode.EXERCISE)
    pair.settle()
    assert pair.desk("alpha").picture.notices[sent].state == "READ_BACK"


def test_an_agreement_of_other_modes_is_refused_in_a_mode_that_it_allows(tmp_path: Path) -> None:
    world = World(tmp_path, agreement=make_agreement(modes=(Mode.REAL,)))
    world.sign()
    hotline.raise_stop(world.desk("alpha"), OFFICER, Mode.TEST, ("alpha/1/0",))
    world.settle()
    refusals = world.desk("alpha").picture.refusals
    assert [(entry.party, set(by)) for entry, by in refusals.items()] == [("alpha", {"bravo"})]
    world.close()


def test_nothing_but_the_agreement_can_be_said_first(tmp_path: Path) -> None:
    world = World(tmp_path)
    with pytest.raises(RefusedError, match="has not signed"):
        hotline.raise_stop(world.desk("alpha"), OFFICER, Mode.EXERCISE, ("alpha/1/0",))
    assert world["alpha"].size == 0
    world.close()
