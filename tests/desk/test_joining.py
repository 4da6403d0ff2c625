"""Rule 16: a party joins, a party leaves. The next agreement pins what went before; nobody who joins is given it but on purpose."""

from dataclasses import replace
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.desk.joining import check_pins, history, make_history, pins_of, succeed
from tafadi.desk.pact import pact_of
from tafadi.desk.succession import next_card
from tafadi.desk.suspend import end, state_of
from tafadi.errors import ChainError, InputError, MissingError, NotPermittedError
from tafadi.formats.agreement import read_document, write_document
from tafadi.model.agreement import Agreement
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.model.reply import AnswerCode
from tafadi.store.fsck import verify
from tafadi.trust.bundle import decode_carried
from tafadi.trust.card import open_card, sign_card
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier
from world import OFFICER, World, keys_of, make_agreement, operation, volume


def world_of(folder: Path, agreement: Agreement) -> World:
    """All parties of the agreement have signed it."""
    folder.mkdir()
    world = World(folder, agreement=agreement)
    world.sign()
    return world


def talk(world: World) -> None:
    """A notice of each party, answered by every other, and a try by radio: all stored, read back and folded alike."""
    for number, sender in enumerate(world.stations):
        notice = announce.send(world.desk(sender), OFFICER, operation(volume(north_m=40_000.0 * number)), Mode.EXERCISE)
        hotline.attempt(world.desk(sender), OFFICER, Mode.EXERCISE, Attempt("radio", 1, False))
        world.settle()
        for other in world.stations:
            if other != sender:
                hotline.answer(world.desk(other), OFFICER, notice, AnswerCode.ACCEPTED)
    world.settle()


def is_one(world: World) -> bool:
    """Whether all hold one picture, every notice of it accepted, and feeds that verify."""
    pictures = {station.desk.picture.digest() for station in world.stations.values()}
    states = {view.state for station in world.stations.values() for view in station.desk.picture.notices.values()}
    faults = [fault for station in world.stations.values() for report in verify(station.sqlite, station.pact) for fault in report.faults]
    return len(pictures) == 1 and states == {"ACCEPTED"} and faults == []


def test_rule_16_two_become_three_become_two_and_each_agreement_pins_the_ends_of_the_one_before(tmp_path: Path) -> None:
    first = world_of(tmp_path / "first", make_agreement())
    talk(first)
    three = succeed(first.desk("alpha"), {"charlie": keys_of("charlie").card}, ())
    assert write_document(succeed(first.desk("bravo"), {"charlie": keys_of("charlie").card}, (), three.effective)) == write_document(three)
    for party in ("alpha", "bravo"):
        assert all(pinned.beyond == 0 and pinned.held == pinned.pin.size for pinned in check_pins(first.desk(party), three))
    second = world_of(tmp_path / "second", read_document(write_document(three)))
    assert (second.pact.agreement.parties, second.pact.agreement.succeeds) == (("alpha", "bravo", "charlie"), first.pact.id)
    assert not set(second.desk("charlie").journal.unjudged())
    assert second.desk("charlie").picture.notices == {}, "history is shared only explicitly"
    talk(second)
    assert is_one(second)
    last = succeed(second.desk("bravo"), {}, ("alpha",))
    assert {(pin.party, pin.epoch) for pin in last.pins} == {("alpha", 1), ("bravo", 1), ("charlie", 1)}, "who leaves is pinned too"
    third = world_of(tmp_path / "third", last)
    talk(third)
    assert is_one(third)
    for world in (first, second, third):
        world.close()


def test_rule_16_the_ends_are_those_that_the_owners_signed_and_the_card_of_an_ended_epoch(pair: World) -> None:
    talk(pair)
    ended = pair["alpha"].size
    pair["alpha"].renew()
    pair.settle()
    pins = {(pin.party, pin.epoch): pin for pin in pins_of(pair.desk("bravo"))}
    assert set(pins) == {("alpha", 1), ("alpha", 2), ("bravo", 1)}
    assert pins["alpha", 1].size == ended
    for (party, epoch), pin in pins.items():
        origin = next(one for one in pair["bravo"].pact.origins(party) if one.endswith(f"/{epoch}"))
        hashes = pair.desk("bravo").journal.leaf_hashes(origin)[: pin.size]
        assert Frontier().extend(hashes).root().hex() == pin.root
    after = succeed(pair.desk("bravo"), {"charlie": keys_of("charlie").card}, ())
    assert pact_of(write_document(after)).cards["alpha"].epoch == 2, "each by its newest card"


def test_rule_16_nobody_signs_ends_that_are_not_in_the_feeds_held_here(pair: World) -> None:
    talk(pair)
    desk = pair.desk("bravo")
    true = succeed(desk, {"charlie": keys_of("charlie").card}, ())
    alpha, bravo = true.pins
    with pytest.raises(ChainError, match="is not in the feed that is held here; do not sign"):
        check_pins(desk, replace(true, pins=(replace(alpha, root="7" * 64), bravo)))
    with pytest.raises(ChainError, match=r"names no end of .*/alpha/1, of which entries are held"):
        check_pins(desk, replace(true, pins=(bravo,)))
    with pytest.raises(MissingError, match="let the line catch up"):
        check_pins(desk, replace(true, pins=(replace(alpha, size=alpha.size + 5), bravo)))
    with pytest.raises(ChainError, match="no feed that is known here"):
        check_pins(desk, replace(true, pins=(alpha, bravo, replace(alpha, party="zulu"))))


def test_rule_16_when_the_next_agreement_is_in_force_the_one_before_is_superseded_and_a_stop_over_it_is_still_heard(
    pair: World, tmp_path: Path
) -> None:
    after = world_of(tmp_path / "after", succeed(pair.desk("alpha"), {"charlie": keys_of("charlie").card}, ()))
    end(pair.desk("alpha"), OFFICER, after.pact.id)
    pair.settle()
    assert {state_of(station.desk) for station in pair.stations.values()} == {"SUPERSEDED"}
    stop = hotline.raise_stop(pair.desk("alpha"), OFFICER, Mode.EXERCISE, ("everything",))
    pair.settle()
    assert stop in pair.desk("bravo").picture.stops
    assert [pinned.beyond for pinned in check_pins(pair.desk("bravo"), after.pact.agreement)] == [2, 0]
    after.close()


def test_what_is_said_after_a_pin_stays_under_the_old_agreement_and_is_told(pair: World) -> None:
    after = succeed(pair.desk("alpha"), {"charlie": keys_of("charlie").card}, ())
    hotline.attempt(pair.desk("alpha"), OFFICER, Mode.EXERCISE, Attempt("radio", 1, False))
    pair.settle()
    assert [(pinned.pin.party, pinned.beyond) for pinned in check_pins(pair.desk("bravo"), after)] == [("alpha", 1), ("bravo", 0)]


def test_rule_14_a_party_that_has_lost_its_root_key_leaves_by_its_old_card_and_joins_by_a_new_one(pair: World, tmp_path: Path) -> None:
    """docs/how/lost-root.md: the words of the new key are compared by people; what went before is pinned all the same."""
    talk(pair)
    root = SigningKey.from_seed(b"\x55" * 32)
    fresh = [SigningKey.from_seed(bytes([number]) * 32).public for number in (0x51, 0x52, 0x53)]
    old = open_card(keys_of("alpha").card)
    new = replace(old, root=root.public, envelope=fresh[0], log=fresh[1], mirror=fresh[2], hpke=b"\x54" * 32)
    after = succeed(pair.desk("bravo"), {"alpha": sign_card(new, root)}, ("alpha",))
    pact = pact_of(write_document(after))
    assert (pact.agreement.parties, pact.cards["alpha"].root) == (("alpha", "bravo"), root.public)
    assert [pinned.beyond for pinned in check_pins(pair.desk("bravo"), after)] == [0, 0]
    with pytest.raises(NotPermittedError, match="is not signed by the root key"):
        next_card(pact, "bravo", pair["alpha"].renew(keep=False))


def test_a_change_of_parties_changes_them(pair: World) -> None:
    desk, charlie = pair.desk("alpha"), keys_of("charlie").card
    with pytest.raises(InputError, match="nobody joins and nobody leaves"):
        succeed(desk, {}, ())
    with pytest.raises(MissingError, match="zulu is no party"):
        succeed(desk, {}, ("zulu",))
    for joining in ({"bravo": keys_of("bravo").card}, {"delta": charlie}):
        with pytest.raises(InputError, match="cannot bring"):
            succeed(desk, joining, ())
    with pytest.raises(InputError, match="2 to 5 different parties"):
        succeed(desk, {}, ("bravo",))


def test_rule_16_who_joins_is_shown_the_history_on_purpose_and_proves_it_against_the_pins(pair: World) -> None:
    talk(pair)
    after = succeed(pair.desk("alpha"), {"charlie": keys_of("charlie").card}, ())
    given = make_history(pair.desk("bravo"))
    told = history(after, decode_carried(given).feeds)
    assert [(one.pin.party, one.why, len(one.entries)) for one in told] == [(pin.party, "", pin.size) for pin in after.pins]
    assert told[0].entries[0] == pair.desk("alpha").journal.leaf(pair.desk("alpha").origin, 0)


def test_a_history_that_is_not_what_all_have_pinned_is_shown_to_nobody(pair: World) -> None:
    talk(pair)
    after = succeed(pair.desk("alpha"), {"charlie": keys_of("charlie").card}, ())
    alpha, bravo = decode_carried(make_history(pair.desk("bravo"))).feeds
    changed = replace(alpha, entries=(alpha.entries[0], *alpha.entries[1:][::-1]))
    short = replace(alpha, entries=alpha.entries[:-1])
    for part, why in ((changed, "are not those that the agreement pins"), (short, "are pinned")):
        told = history(after, (part, bravo))
        assert why in told[0].why
        assert (told[0].entries, told[1].why) == ((), "")
    assert [one.why for one in history(after, ())] == ["not brought"] * 2


def test_four_and_five_parties_hold_one_record_under_one_agreement(tmp_path: Path) -> None:
    """MOST_PARTIES is five: each mirrors and cosigns all others."""
    four = world_of(tmp_path / "four", make_agreement(("alpha", "bravo", "charlie", "delta")))
    talk(four)
    assert is_one(four)
    five = world_of(tmp_path / "five", succeed(four.desk("delta"), {"echo": keys_of("echo").card}, ()))
    assert len(five.pact.agreement.pins) == 4
    talk(five)
    assert is_one(five)
    for party in five.stations:
        origin = five.desk(party).origin
        assert {receipt.size for receipt in five.desk(party).journal.receipts(origin).values()} == {five[party].size}
        assert len(five.desk(party).journal.receipts(origin)) == 4
    with pytest.raises(InputError, match="2 to 5 different parties"):
        succeed(five.desk("echo"), {"foxtrot": keys_of("foxtrot").card}, ())
    four.close()
    five.close()
