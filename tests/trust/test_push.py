"""Pushes: the wire to the byte, its limits, and the judge as a dialogue."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import ChainError, EquivocationError, FormatError, InputError, SignatureError, TafadiError
from tafadi.measure.instant import Instant
from tafadi.trust.checkpoint import Checkpoint, cosign, mirror_name, open_checkpoint, origin_of, sign_checkpoint
from tafadi.trust.evidence import compare_checkpoints
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.mirror import MirrorState, Taken, WrongSize, take_push
from tafadi.trust.note import NOTE_MAX_BYTES, sign_note
from tafadi.trust.push import ENTRIES_MAX_BYTES, PUSH_MAX_BYTES, Push, decode_push, encode_push, fitting

LOG = SigningKey.from_seed(bytes([3]) * 32)
ORIGIN = origin_of("demo", "north", 1)
ENTRIES = tuple(b"entry %d" % number for number in range(300))


def _checkpoint(entries: tuple[bytes, ...], origin: str = ORIGIN, key: SigningKey = LOG) -> bytes:
    return sign_checkpoint(Checkpoint(origin, len(entries), Frontier().extend(map(leaf_hash, entries)).root()), key)


def _push(old: int, new: int) -> Push:
    return Push(ORIGIN, old, ENTRIES[old:new], _checkpoint(ENTRIES[:new]))


def _held(size: int) -> MirrorState:
    return MirrorState(Frontier().extend(map(leaf_hash, ENTRIES[:size])), _checkpoint(ENTRIES[:size]))


def test_the_layout_is_as_written() -> None:
    push = Push("o", 258, (b"ab", b""), b"note")
    assert encode_push(push) == b"\x00\x01o" + b"\0\0\0\0\0\0\x01\x02" + b"\x00\x02" + b"\x00\x02ab" + b"\x00\x00" + b"note"
    assert decode_push(encode_push(push)) == push


@given(
    st.text(min_size=1, max_size=30),
    st.integers(0, 2**53 - 1),
    st.lists(st.binary(max_size=50), max_size=6),
    st.binary(min_size=1, max_size=60),
)
@settings(max_examples=100)
def test_every_push_reads_back_and_no_cut_one_does(origin: str, old: int, entries: list[bytes], note: bytes) -> None:
    push = Push(origin, old, tuple(entries), note)
    data = encode_push(push)
    assert decode_push(data) == push
    for cut in range(len(data) - len(note) + 1):
        with pytest.raises(FormatError):
            decode_push(data[:cut])


@given(st.binary(max_size=100))
@settings(max_examples=200)
def test_noise_raises_only_our_own_errors(data: bytes) -> None:
    try:
        push = decode_push(data)
    except TafadiError:
        return
    assert encode_push(push) == data


def test_the_limits_are_reached_exactly() -> None:
    whole = (b"x" * 65_535,) * 15
    rest = ENTRIES_MAX_BYTES - len(encode_push(Push(ORIGIN, 0, (*whole, b""), b"n"))) + 1
    full = Push(ORIGIN, 0, (*whole, b"x" * rest), b"n" * NOTE_MAX_BYTES)
    assert len(encode_push(full)) == PUSH_MAX_BYTES
    assert decode_push(encode_push(full)) == full
    over = encode_push(Push(ORIGIN, 0, whole, b"n")).replace(b"\x00\x0f\xff\xff", b"\x00\x10\xff\xff", 1)[:-1] + (rest + 1).to_bytes(
        2, "big"
    )
    for data in (over + b"x" * (rest + 1) + b"n", encode_push(full) + b"n"):
        with pytest.raises(FormatError, match="at most"):
            decode_push(data)


@pytest.mark.parametrize(
    "push",
    [
        Push("", 0, (), b"n"),
        Push("o" * 129, 0, (), b"n"),
        Push("o", -1, (), b"n"),
        Push("o", 2**53, (), b"n"),
        Push("o", 0, (b"",) * 257, b"n"),
        Push("o", 0, (b"x" * 65_536,), b"n"),
        Push("o", 0, (b"x" * 65_535,) * 17, b"n"),
        Push("o", 0, (), b""),
        Push("o", 0, (), b"n" * (NOTE_MAX_BYTES + 1)),
    ],
)
def test_what_passes_a_limit_is_not_sent(push: Push) -> None:
    with pytest.raises(InputError):
        encode_push(push)


def test_an_error_says_where_and_what() -> None:
    with pytest.raises(FormatError) as caught:
        decode_push(b"\x00\x01o" + bytes(8) + b"\x01\x01")
    assert (caught.value.format, caught.value.offset, caught.value.field) == ("push", 11, "count")


def test_a_sender_is_told_how_many_entries_fit() -> None:
    assert fitting(ENTRIES) == 256
    assert fitting(ENTRIES[:7]) == 7
    assert fitting(()) == 0
    large = (b"x" * 65_535,) * 40
    count = fitting(large)
    assert 1 <= count < 17
    assert decode_push(encode_push(Push("o" * 128, 0, large[:count], b"n"))).entries == large[:count]
    assert fitting((b"x" * 65_535,)) == 1


def test_a_feed_is_taken_push_by_push() -> None:
    state = MirrorState()
    for old, new in [(0, 0), (0, 1), (1, 4), (4, 4), (4, 260)]:
        taken = take_push(state, _push(old, new), LOG.public)
        assert isinstance(taken, Taken)
        assert taken.entries == ENTRIES[old:new]
        assert taken.leaf_hashes == tuple(map(leaf_hash, ENTRIES[old:new]))
        assert taken.checkpoint.size == taken.state.frontier.size == new
        assert taken.checkpoint.root == taken.state.frontier.root()
        state = taken.state
    assert state == _held(260)


def test_the_same_size_again_renews_and_changes_nothing() -> None:
    taken = take_push(_held(4), _push(4, 4), LOG.public)
    assert isinstance(taken, Taken)
    assert (taken.entries, taken.state) == ((), _held(4))


@pytest.mark.parametrize(("old", "new"), [(0, 4), (3, 5), (3, 4), (5, 6), (0, 0)])
def test_a_push_that_begins_elsewhere_is_told_our_size(old: int, new: int) -> None:
    assert take_push(_held(4), _push(old, new), LOG.public) == WrongSize(4)


def test_entries_that_do_not_give_the_signed_root_are_refused() -> None:
    good = _push(4, 6)
    for entries in [(ENTRIES[5], ENTRIES[4]), (ENTRIES[4], b"other"), (ENTRIES[4],), (*good.entries, b"more"), ()]:
        with pytest.raises(ChainError):
            take_push(_held(4), Push(ORIGIN, 4, entries, good.checkpoint), LOG.public)


def test_a_checkpoint_nobody_signed_is_refused_before_anything_else() -> None:
    stranger = SigningKey.from_seed(bytes(32))
    with pytest.raises(SignatureError):
        take_push(_held(4), Push(ORIGIN, 0, (), _checkpoint(ENTRIES[:5], key=stranger)), LOG.public)
    with pytest.raises(FormatError):
        take_push(_held(4), Push(ORIGIN, 4, (), b"no note"), LOG.public)


def test_a_checkpoint_of_another_feed_is_refused() -> None:
    other = origin_of("demo", "north", 2)
    with pytest.raises(FormatError, match="its checkpoint"):
        take_push(_held(4), Push(ORIGIN, 4, (), _checkpoint(ENTRIES[:4], other)), LOG.public)
    with pytest.raises(FormatError, match="we hold"):
        take_push(_held(4), Push(other, 4, (), _checkpoint(ENTRIES[:4], other)), LOG.public)


def test_two_signed_roots_for_one_size_are_an_equivocation_whatever_the_old_size_says() -> None:
    lie = _checkpoint((*ENTRIES[:3], b"another story"))
    for old, entries in [(4, ()), (3, (b"another story",)), (0, ())]:
        with pytest.raises(EquivocationError) as caught:
            take_push(_held(4), Push(ORIGIN, old, tuple(entries), lie), LOG.public)
        assert (caught.value.first, caught.value.second) == (_held(4).checkpoint, lie)
        assert compare_checkpoints(caught.value.first, caught.value.second, LOG.public) is not None


def test_a_root_nobody_signed_accuses_nobody() -> None:
    with pytest.raises(ChainError) as caught:
        take_push(_held(4), Push(ORIGIN, 4, (b"forged",), _checkpoint(ENTRIES[:5])), LOG.public)
    assert not isinstance(caught.value, EquivocationError)


def test_foreign_signatures_on_a_pushed_checkpoint_are_not_kept() -> None:
    push = _push(0, 2)
    line = cosign(
        open_checkpoint(push.checkpoint, LOG.public), mirror_name("demo", "east", 1), SigningKey.from_seed(bytes([8]) * 32), Instant(0)
    )
    taken = take_push(MirrorState(), Push(ORIGIN, 0, push.entries, push.checkpoint + line.encode()), LOG.public)
    assert isinstance(taken, Taken)
    assert taken.state.checkpoint == push.checkpoint


def test_a_note_that_is_signed_but_no_checkpoint_is_refused() -> None:
    with pytest.raises(FormatError):
        take_push(MirrorState(), Push(ORIGIN, 0, (), sign_note("hello\n", ORIGIN, LOG)), LOG.public)
