"""Rule 17: sealed entries. A talk of three parties, in which two understand each other and all three hold the same."""

from dataclasses import replace

import pytest

from tafadi.desk import announce
from tafadi.desk.folding.sealed import SealedView
from tafadi.desk.sealing import Opener, confide, destroy, keep_keys, key_to, meetings, read, seal_for, state_here
from tafadi.errors import InputError, LimitError, MissingError, NotPermittedError, SignatureError
from tafadi.measure.height import Datum
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.judgement import Verdict
from tafadi.model.names import Mode
from tafadi.model.reply import RefusalCode
from tafadi.model.sealed import Confided, Sealed, SealedKind, WrappedKey
from tafadi.store.views import FoldedViews
from tafadi.trust.sealed import decrypt, encrypt
from world import OFFICER, World, operation, refusals_by, volume

KEY = b"\5" * 32
WORDS = Confided("the witness is to be reached at the second house")


def sealed_by(world: World, sender: str, confided: Confided = WORDS, to: tuple[str, ...] = ("bravo",), key: bytes = KEY) -> EntryId:
    """A sealed entry, stored and judged everywhere."""
    entry = confide(world.desk(sender), OFFICER, Mode.EXERCISE, confided, key, to)
    world.settle()
    return entry


def views_of(world: World, entry: EntryId) -> dict[str, str]:
    """What each party's screen says of the entry."""
    return {party: state_here(station.desk, station.desk.picture.shelf(SealedView)[entry]) for party, station in world.stations.items()}


def same_picture(world: World) -> bool:
    """Whether all have one picture, as it was kept up and as it is folded anew."""
    kept = {station.desk.picture.digest() for station in world.stations.values()}
    return kept == {FoldedViews(station.desk.journal, station.pact).picture.digest() for station in world.stations.values()}


def test_rule_17_readers_read_others_hold_the_same_and_see_that_it_is_sealed(three: World) -> None:
    entry = sealed_by(three, "alpha")
    assert read(three.desk("bravo"), entry) == read(three.desk("alpha"), entry) == WORDS
    with pytest.raises(NotPermittedError, match="sealed for alpha, bravo, and not for charlie"):
        read(three.desk("charlie"), entry)
    assert views_of(three, entry) == {"alpha": "READ", "bravo": "READ", "charlie": "SEALED"}
    shown = three.desk("charlie").picture.shelf(SealedView)[entry]
    assert (shown.state, shown.sender, shown.readers, shown.kind) == ("STORED_SEALED", "alpha", ("alpha", "bravo"), SealedKind.TEXT)
    assert same_picture(three)
    leaf = three.desk("charlie").journal.leaf(three.desk("alpha").origin, entry.index)
    assert WORDS.text.encode() not in leaf


def test_rule_17_undecryptable_is_refused_and_the_refusal_is_in_every_picture(three: World) -> None:
    """alpha seals for bravo with one key and wraps another: bravo says so where all can read it."""
    alpha = three["alpha"]
    body = seal_for(alpha.desk, ("alpha", "bravo"), WORDS, KEY)
    other = seal_for(alpha.desk, ("alpha", "bravo"), WORDS, b"\6" * 32)
    for false in (replace(body, keys=other.keys), replace(body, ciphertext=other.ciphertext), replace(body, kind=SealedKind.NOTICE)):
        alpha.tell(alpha.sealed(alpha.payload(EntryType.SEALED, false, recipients=("bravo",))))
    three.settle()
    for index, field in ((1, "keys"), (2, "keys"), (3, "kind")):
        entry = EntryId("alpha", 1, index)
        refusal = refusals_by(three["charlie"], "bravo", entry)
        assert refusal is not None
        assert (refusal.code, refusal.field) == (RefusalCode.UNDECRYPTABLE, field)
        assert views_of(three, entry)["bravo"] == "UNREADABLE"
    assert same_picture(three)


def test_rule_17_one_ciphertext_cannot_tell_two_readers_two_stories(three: World) -> None:
    """The liar gives bravo the key that was committed to, and charlie another, for which it can make no ciphertext that holds both."""
    alpha = three["alpha"]
    body = seal_for(alpha.desk, ("alpha", "bravo", "charlie"), WORDS, KEY)
    story = seal_for(alpha.desk, ("alpha", "bravo", "charlie"), Confided("something else"), b"\6" * 32)
    two = replace(body, keys=(body.keys[0], body.keys[1], story.keys[2]))
    alpha.tell(alpha.sealed(alpha.payload(EntryType.SEALED, two)))
    three.settle()
    entry = EntryId("alpha", 1, 1)
    assert views_of(three, entry) == {"alpha": "READ", "bravo": "READ", "charlie": "UNREADABLE"}
    assert refusals_by(three["bravo"], "charlie", entry) is not None


def test_a_wrapped_key_that_is_copied_into_another_feed_opens_nothing(three: World) -> None:
    entry = sealed_by(three, "alpha")
    stolen = three.desk("charlie").views.examined(entry).message
    assert stolen is not None
    assert isinstance(stolen.body, Sealed)
    charlie = three["charlie"]
    keys = tuple(sorted((WrappedKey("charlie", 1, bytes(80)), stolen.body.keys[1]), key=lambda key: key.party))
    charlie.tell(charlie.sealed(charlie.payload(EntryType.SEALED, replace(stolen.body, keys=keys), recipients=("bravo",))))
    three.settle()
    assert refusals_by(three["alpha"], "bravo", EntryId("charlie", 1, 1)) is not None


def test_the_readers_are_the_sender_and_its_recipients_and_anything_else_is_not_usable(three: World) -> None:
    alpha = three["alpha"]
    body = seal_for(alpha.desk, ("alpha", "bravo"), WORDS, KEY)
    alpha.tell(alpha.sealed(alpha.payload(EntryType.SEALED, body)))
    three.settle()
    refusal = refusals_by(three["alpha"], "charlie", EntryId("alpha", 1, 1))
    assert refusal is not None
    assert (refusal.code, refusal.field) == (RefusalCode.NOT_USABLE, "body.keys")


def test_rule_17_erasure_destroys_the_key_and_nothing_that_others_hold_changes(three: World) -> None:
    entry = sealed_by(three, "alpha")
    before = three.desk("bravo").picture.digest()
    destroy(three.desk("bravo"), entry)
    with pytest.raises(MissingError, match="was destroyed here"):
        read(three.desk("bravo"), entry)
    three["bravo"].crash()
    three.settle()
    assert views_of(three, entry) == {"alpha": "READ", "bravo": "DESTROYED", "charlie": "SEALED"}
    assert three.desk("bravo").picture.digest() == before
    assert same_picture(three)
    with pytest.raises(NotPermittedError, match="has no key"):
        destroy(three.desk("charlie"), entry)
    with pytest.raises(MissingError, match="no sealed entry"):
        destroy(three.desk("alpha"), EntryId("alpha", 1, 0))


def test_what_a_renewal_keeps_is_read_after_it_and_what_was_destroyed_is_gone_for_ever(three: World) -> None:
    kept, gone = sealed_by(three, "alpha"), sealed_by(three, "alpha", key=b"\6" * 32)
    destroy(three.desk("bravo"), gone)
    bravo = three["bravo"]
    assert keep_keys(Opener("bravo", 1, bravo.identity.hpke), bravo.desk.views, bravo.vault) == []
    three["bravo"].renew()
    three.settle()
    assert read(three.desk("bravo"), kept) == WORDS
    assert views_of(three, gone)["bravo"] == "DESTROYED"
    wrapped = three.desk("bravo").views.examined(gone).message
    assert wrapped is not None
    three["bravo"].vault.keys.pop(gone)
    with pytest.raises(SignatureError, match="has no more"):
        key_to(three.desk("bravo"), gone)


def test_what_is_sealed_to_keys_that_were_renewed_meanwhile_is_refused_and_can_be_said_again(three: World) -> None:
    three.cut.add(frozenset(("alpha", "bravo")))
    three.cut.add(frozenset(("bravo", "charlie")))
    entry = confide(three.desk("alpha"), OFFICER, Mode.EXERCISE, WORDS, KEY, ("bravo",))
    three["bravo"].renew()
    three.cut.clear()
    three.settle()
    refusal = refusals_by(three["alpha"], "bravo", entry)
    assert refusal is not None
    assert refusal.code is RefusalCode.UNDECRYPTABLE
    again = sealed_by(three, "alpha", key=b"\6" * 32)
    assert read(three.desk("bravo"), again) == WORDS


def test_rule_17_who_cannot_read_a_sealed_notice_is_told_unknown_and_who_can_what_it_meets(three: World) -> None:
    announce.send(three.desk("bravo"), OFFICER, operation(volume()), Mode.EXERCISE)
    three.settle()
    entry = sealed_by(three, "alpha", Confided(notice=operation(volume())))
    assert [found.verdict for found in meetings(three.desk("bravo"), entry)] == [Verdict.CONFLICT]
    assert any("CONFLICT" in told.upper() and "sealed" in told for told in three["bravo"].bell.alarms)
    assert any(f"{entry} is a sealed notice of alpha: what it meets is UNKNOWN here" in told for told in three["charlie"].bell.alarms)
    assert meetings(three.desk("charlie"), entry) == []
    assert all(str(entry) not in alert.subjects for alert in three.desk("charlie").picture.alerts.values())


def test_a_notice_that_comes_later_is_told_to_whoever_reads_the_sealed_one_that_it_meets(three: World) -> None:
    entry = sealed_by(three, "alpha", Confided(notice=operation(volume())))
    three["alpha"].bell.alarms.clear()
    announce.send(three.desk("charlie"), OFFICER, operation(volume()), Mode.EXERCISE)
    three.settle()
    for party in ("alpha", "bravo"):
        assert any(str(entry) in told and "sealed" in told for told in three[party].bell.alarms)
    assert not any(str(entry) in told and "between" in told for told in three["charlie"].bell.alarms)


def test_a_sealed_notice_whose_heights_cannot_be_compared_is_unknown_to_its_reader_as_well(three: World) -> None:
    announce.send(three.desk("bravo"), OFFICER, operation(volume()), Mode.EXERCISE)
    three.settle()
    entry = sealed_by(three, "alpha", Confided(notice=operation(volume(datum=Datum.PRESSURE))))
    assert [found.verdict for found in meetings(three.desk("bravo"), entry)] == [Verdict.UNKNOWN]


def test_whoever_is_shown_the_key_can_prove_what_the_entry_says(three: World) -> None:
    entry = sealed_by(three, "alpha")
    said = three.desk("charlie").views.examined(entry).message
    assert said is not None
    assert isinstance(said.body, Sealed)
    shown = key_to(three.desk("bravo"), entry)
    assert WORDS.text.encode() in decrypt(shown, said.body.ciphertext, bytes.fromhex(said.body.commitment), said.origin.encode())


def test_nothing_is_sealed_for_a_stranger_in_a_mode_that_is_not_agreed_or_beyond_an_entry(three: World) -> None:
    desk = three.desk("alpha")
    with pytest.raises(MissingError, match="zulu is no other party"):
        confide(desk, OFFICER, Mode.EXERCISE, WORDS, KEY, ("zulu",))
    with pytest.raises(NotPermittedError, match="does not allow mode REAL"):
        confide(desk, OFFICER, Mode.REAL, WORDS, KEY)
    with pytest.raises(LimitError):
        confide(desk, OFFICER, Mode.EXERCISE, Confided("𐍈" * 10_000), KEY)
    with pytest.raises(InputError, match="nothing is to be sealed"):
        Confided()


def test_the_body_has_one_form() -> None:
    ciphertext, commitment = encrypt(KEY, b"{}", b"")
    keys = (WrappedKey("alpha", 1, bytes(80)), WrappedKey("bravo", 1, bytes(80)))
    Sealed(SealedKind.TEXT, ciphertext, commitment.hex(), keys)
    with pytest.raises(InputError, match="padded"):
        Sealed(SealedKind.TEXT, ciphertext + b"\0", commitment.hex(), keys)
    for wrong in (keys[::-1], keys[:1], (keys[0], keys[0])):
        with pytest.raises(InputError, match="readers"):
            Sealed(SealedKind.TEXT, ciphertext, commitment.hex(), wrong)
    with pytest.raises(InputError, match="80 bytes"):
        WrappedKey("alpha", 1, bytes(79))
