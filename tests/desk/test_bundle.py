"""Bundles: everything that a line would carry, carried by hand; verified whole before anything of it is kept."""

from dataclasses import replace

import pytest

from tafadi.desk.bundle import SPARE_BYTES, Taken, agreement_of, make_bundle, take_bundle
from tafadi.desk.judge import judge_inbox
from tafadi.desk.outgoing import held_by
from tafadi.desk.speak import Draft, say
from tafadi.errors import ChainError, FormatError, InputError, LimitError, MissingError, NotPermittedError, SessionError, SignatureError
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.trust.bundle import BUNDLE_MAX_BYTES, Bundle, FeedPart, decode_carried, encode_carried, space_of
from tafadi.trust.evidence import Contradiction
from tafadi.trust.tiles import WIDTH
from world import OFFICER, Station, World


def speak(station: Station, count: int = 1) -> None:
    """So many attempts to call are entered."""
    say(
        station.desk,
        *(
            Draft(EntryType.ATTEMPT, Attempt("radio", one + 1, False), station.pact.agreement.modes[0], role=OFFICER)
            for one in range(count)
        ),
    )


def made(maker: Station, taker: str, since: int | None = None) -> Bundle:
    """The bundle that the maker's node writes for that party."""
    return decode_carried(make_bundle(maker.desk, taker, since).data)


def take(taker: Station, bundle: Bundle) -> Taken:
    """What comes of a bundle at the taker's node."""

    def go_by(card: bytes) -> bool:
        known = len(taker.pact.later())
        taker.take_card(card)
        return len(taker.pact.later()) > known

    taken = take_bundle(taker.desk, bundle, go_by)
    judge_inbox(taker.desk)
    return taken


def room_for_one(station: Station) -> int:
    """How long a bundle is that has room for one tile of the station's feed, and not for two."""
    tile = station.desk.journal.leaves(station.desk.origin, 0, WIDTH)
    return space_of(tile) * 3 // 2 + 4 * SPARE_BYTES


def sizes(station: Station) -> dict[str, int]:
    """How much of each feed a station holds."""
    return {party: station.desk.journal.head(station.pact.origin(party)).frontier.size for party in station.pact.agreement.parties}


def test_a_third_party_carries_what_two_others_say_and_their_receipts(three: World) -> None:
    """Alpha and bravo never meet; charlie's stick is all there is between them."""
    alpha, bravo, charlie = three["alpha"], three["bravo"], three["charlie"]
    speak(alpha)
    for maker, taker in ((alpha, charlie), (charlie, bravo), (bravo, charlie), (charlie, alpha)):
        take(taker, made(maker, taker.party))
    assert sizes(bravo) == sizes(alpha)
    assert held_by(alpha.desk, "bravo") == alpha.size
    assert held_by(alpha.desk, "charlie") == alpha.size


def test_a_bundle_is_one_form_to_the_byte_and_says_under_which_agreement_it_was_made(pair: World) -> None:
    speak(pair["alpha"], 3)
    data = make_bundle(pair.desk("alpha"), "bravo").data
    bundle = decode_carried(data)
    assert agreement_of(bundle) == pair.pact.id
    assert [(part.start, len(part.entries)) for part in bundle.feeds] == [(0, pair["alpha"].size)]
    assert make_bundle(pair.desk("alpha"), "bravo").data == data


def test_a_bundle_that_comes_twice_late_or_after_the_line_changes_nothing(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    speak(alpha)
    early = made(alpha, "bravo")
    speak(alpha)
    late = made(alpha, "bravo")
    assert take(bravo, late).entries == {alpha.desk.origin: 2}
    before = bravo.desk.picture.digest(), sizes(bravo)
    assert take(bravo, late).entries == take(bravo, early).entries == {}
    assert (bravo.desk.picture.digest(), sizes(bravo)) == before
    assert bravo.bell.alarms == []  # nor does an old stick look like a clock that is off


def test_a_long_feed_goes_in_several_bundles_and_goes_on_where_the_last_receipt_is(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    speak(alpha, 2 * WIDTH)
    brought = []
    for _ in range(6):
        first = make_bundle(alpha.desk, "bravo", longest_bytes=room_for_one(alpha))
        brought.append(sum(take(bravo, decode_carried(first.data)).entries.values()))
        take(alpha, made(bravo, "alpha"))
        if not first.left:
            break
    assert held_by(alpha.desk, "bravo") == alpha.size
    assert len(brought) > 1
    assert all(brought)


def test_one_stick_can_hold_several_bundles_in_a_row_and_a_gap_between_them_is_told(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    speak(alpha, 2 * WIDTH)
    second = made(alpha, "bravo", since=WIDTH)
    with pytest.raises(SessionError, match="bring the one before it"):
        take(bravo, second)
    first = make_bundle(alpha.desk, "bravo", longest_bytes=room_for_one(alpha))
    assert first.left
    take(bravo, decode_carried(first.data))
    take(bravo, second)
    assert sizes(bravo) == sizes(alpha)


def test_a_card_travels_in_a_bundle_with_what_is_said_under_its_keys(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    alpha.renew()
    speak(alpha)
    assert take(bravo, made(alpha, "bravo")).cards == 1
    assert bravo.pact.cards["alpha"].epoch == 2
    assert sizes(bravo)["alpha"] == alpha.size
    assert take(bravo, made(alpha, "bravo")).cards == 0


def test_a_fork_in_a_bundle_is_kept_as_evidence_and_the_rest_of_it_is_taken(three: World) -> None:
    alpha, bravo, charlie = three["alpha"], three["bravo"], three["charlie"]
    speak(alpha)
    three.settle()
    twin = Station("alpha", alpha.pact, alpha.path.with_name("twin.db"), three.clock)
    twin.tell(*alpha.desk.journal.leaves(alpha.desk.origin, 0, 1))
    for number in range(1, alpha.size + 1):
        twin.tell(alpha.sealed(alpha.payload(EntryType.ATTEMPT, Attempt("telephone", number, False), index=number)))
    fork = next(part for part in decode_carried(make_bundle(twin.desk, "charlie", since=0).data).feeds if part.origin == alpha.desk.origin)
    twin.sqlite.close()
    speak(bravo)
    bundle = made(bravo, "charlie")
    taken = take(charlie, replace(bundle, feeds=(fork, *bundle.feeds)))
    assert taken.forked == (fork.origin,)
    assert [exhibit.kind for exhibit in charlie.desk.journal.evidence()] == [Contradiction.NO_COMMON_TREE]
    assert sizes(charlie)["bravo"] == bravo.size
    assert sizes(charlie)["alpha"] == alpha.size


def hostile(bundle: Bundle, alpha: Station, bravo: Station) -> dict[str, tuple[Bundle, type[Exception]]]:
    """Bundles that are wrong in one part each."""
    part = bundle.feeds[0]
    false_note = bravo.desk.journal.head(bravo.desk.origin).checkpoint or b""
    return {
        "an entry changed": (replace(bundle, feeds=(replace(part, entries=(*part.entries[:-1], b"{}")),)), ChainError),
        "an entry left out": (replace(bundle, feeds=(replace(part, entries=part.entries[:-1]),)), ChainError),
        "another's checkpoint": (replace(bundle, feeds=(replace(part, checkpoint=false_note),)), SignatureError),
        "a feed of nobody": (replace(bundle, feeds=(part, replace(part, origin="tafadi.v1/sky/delta/1"))), MissingError),
        "the taker's own feed": (replace(bundle, feeds=(part, replace(part, origin=bravo.desk.origin))), MissingError),
        "a proof of nothing": (replace(bundle, evidence=(b"{}",)), FormatError),
        "a card of nothing": (replace(bundle, cards=(b"{}",)), FormatError),
        "a heartbeat changed": (replace(bundle, heartbeat=bundle.heartbeat.replace(b"2026", b"2027", 1)), SignatureError),
        "a maker who is nobody": (replace(bundle, heartbeat=bundle.heartbeat.replace(b"\nalpha\n", b"\ndelta\n", 1)), NotPermittedError),
        "an own bundle": (made(bravo, "alpha"), SessionError),
    }


@pytest.mark.parametrize(
    "what",
    [
        *(
            "an entry changed",
            "an entry left out",
            "another's checkpoint",
            "a feed of nobody",
            "the taker's own feed",
            "a proof of nothing",
        ),
        *("a card of nothing", "a heartbeat changed", "a maker who is nobody", "an own bundle"),
    ],
)
def test_a_bundle_with_one_part_that_is_wrong_is_refused_whole(pair: World, what: str) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    speak(alpha)
    bundle, kind = hostile(made(alpha, "bravo"), alpha, bravo)[what]
    before = sizes(bravo)
    with pytest.raises(kind):
        take(bravo, bundle)
    assert sizes(bravo) == before
    assert bravo.desk.journal.evidence() == []


def test_a_false_receipt_in_a_bundle_is_found_before_anything_is_kept(three: World) -> None:
    """Alpha's key signed the heartbeat; the receipt in it that is said to be charlie's, alpha made up."""
    from tafadi.trust.checkpoint import cosign, open_checkpoint
    from tafadi.trust.heartbeat import encode_heartbeat

    alpha, bravo = three["alpha"], three["bravo"]
    speak(alpha)
    note = alpha.desk.journal.head(alpha.desk.origin).checkpoint or b""
    checkpoint = open_checkpoint(note, alpha.identity.log.public)
    line = cosign(checkpoint, alpha.pact.mirror("charlie"), alpha.identity.mirror, three.clock.now())
    genuine = cosign(checkpoint, alpha.pact.mirror("charlie"), three["charlie"].identity.mirror, three.clock.now())
    false = genuine.split(" ")[2][:8] + line.split(" ")[2][8:]
    lie = note + f"— {alpha.pact.mirror('charlie')} {false}".encode()
    beat = encode_heartbeat(alpha.pact.id, "alpha", 1, three.clock.now(), [lie], alpha.identity.envelope)
    before = sizes(bravo)
    with pytest.raises((SignatureError, FormatError)):
        take(bravo, replace(made(alpha, "bravo"), heartbeat=beat))
    assert sizes(bravo) == before


def test_an_archive_in_any_other_form_is_no_bundle(pair: World) -> None:
    speak(pair["alpha"])
    data = make_bundle(pair.desk("alpha"), "bravo").data
    link = bytearray(data)
    link[156] = ord("2")  # the type of a symbolic link
    for wrong in (data[:-1], data[:1_000], data + b"\0", b"", bytes(link), data.replace(b"root", b"r00t"), data[512:], b"\0" * 512):
        if wrong != data:
            with pytest.raises((FormatError, LimitError)):
                decode_carried(bytes(wrong))
    with pytest.raises(LimitError):
        decode_carried(bytes(BUNDLE_MAX_BYTES + 1))


@pytest.mark.parametrize("name", ["../keys/root.key", "/etc/passwd", "feed/x/checkpoint", "cards/alpha-2.json", "more"])
def test_a_file_that_is_none_of_a_bundle_is_refused_by_its_name(name: str) -> None:
    with pytest.raises((FormatError, InputError)):
        encode_carried(b"heartbeat", [(name, b"content")], (), ())


def test_entries_that_do_not_follow_one_another_are_no_feed() -> None:
    origin = "tafadi.v1/sky/alpha/1"
    with pytest.raises(InputError, match="multiple"):
        encode_carried(b"heartbeat", (), (), [FeedPart(origin, 3, (b"entry",), b"note")])
    two = [FeedPart(origin, 0, (b"entry",) * 3, b"note"), FeedPart(origin, 2 * WIDTH, (b"entry",), b"note")]
    with pytest.raises(FormatError):
        encode_carried(b"heartbeat", (), (), two)


def test_a_bundle_for_nobody_else_is_not_made(pair: World) -> None:
    with pytest.raises(MissingError):
        make_bundle(pair.desk("alpha"), "alpha")
    with pytest.raises(LimitError):
        make_bundle(pair.desk("alpha"), "bravo", longest_bytes=10_000)
