"""Catching up: the bodies as C2SP writes them, and a mirror that comes from far behind, in steps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import ChainError, EquivocationError, FormatError, InputError, SignatureError, TafadiError
from tafadi.trust.catchup import (
    AddCheckpoint,
    AddEntries,
    CatchUp,
    Elsewhere,
    Package,
    Progress,
    decode_add_checkpoint,
    decode_add_entries,
    encode_add_checkpoint,
    encode_add_entries,
    make_package,
    mirror_info,
    package_spans,
    parse_mirror_info,
    take_checkpoint,
    take_entries,
)
from tafadi.trust.checkpoint import Checkpoint, origin_of, sign_checkpoint
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, consistency_proof, leaf_hash
from tafadi.trust.mirror import MirrorState, Taken, WrongSize, take_push
from tafadi.trust.push import Push

LOG = SigningKey.from_seed(bytes([3]) * 32)
ORIGIN = origin_of("demo", "north", 1)
ENTRIES = tuple(b"entry %d" % number for number in range(1000))
HASHES = [leaf_hash(entry) for entry in ENTRIES]


def _range_hash(low: int, high: int) -> bytes:
    return Frontier().extend(HASHES[low:high]).root()


def _checkpoint(size: int, key: SigningKey = LOG) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, size, _range_hash(0, size)), key)


def _held(size: int) -> CatchUp:
    return CatchUp(MirrorState(Frontier().extend(HASHES[:size]), _checkpoint(size) if size else None))


def _announce(state: CatchUp, old: int, new: int) -> CatchUp:
    request = AddCheckpoint(old, tuple(consistency_proof(HASHES, old, new)), _checkpoint(new))
    after = take_checkpoint(state, decode_add_checkpoint(encode_add_checkpoint(request)), ORIGIN, LOG.public)
    assert isinstance(after, CatchUp)
    return after


def _upload(start: int, end: int, most: int = 32) -> AddEntries:
    spans = package_spans(start, end)[:most]
    return AddEntries(ORIGIN, start, end, tuple(make_package(ENTRIES[low:high], low, end, _range_hash) for low, high in spans))


def test_the_example_of_add_checkpoint_is_read_and_written_back() -> None:
    # c2sp.org/tlog-witness, "Example request body".
    body = (
        "old 20852014\n"
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
        "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
        "\n"
        "example.com/behind-the-sofa\n"
        "20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    ).encode()
    request = decode_add_checkpoint(body)
    assert (request.old_size, len(request.proof)) == (20852014, 4)
    assert encode_add_checkpoint(request) == body


def test_the_layout_of_add_entries_is_as_written() -> None:
    body = encode_add_entries(AddEntries("o", 255, 257, (Package((b"a",), (bytes(32),)), Package((b"",), ()))))
    assert body == b"\0\x01o" + (255).to_bytes(8, "big") + (257).to_bytes(8, "big") + b"\0\0" + b"\0\x01a\x01" + bytes(32) + b"\0\0\0"
    assert decode_add_entries(body).packages == (Package((b"a",), (bytes(32),)), Package((b"",), ()))


def test_packages_are_aligned_at_256() -> None:
    assert package_spans(0, 0) == []
    assert package_spans(0, 256) == [(0, 256)]
    assert package_spans(250, 520) == [(250, 256), (256, 512), (512, 520)]
    assert len(package_spans(0, 100_000)) == 33


@pytest.mark.parametrize(
    ("held", "size"), [(0, 0), (0, 1), (0, 256), (0, 257), (3, 3), (3, 700), (255, 256), (256, 1000), (300, 301), (511, 513)]
)
def test_a_mirror_catches_up_in_one_upload(held: int, size: int) -> None:
    state = _announce(_held(held), held, size)
    progress = take_entries(state, decode_add_entries(encode_add_entries(_upload(held, size))))
    assert isinstance(progress, Progress)
    assert (progress.done, progress.fault, progress.entries) == (True, "", ENTRIES[held:size])
    assert progress.leaf_hashes == tuple(HASHES[held:size])
    assert progress.state.mirror.frontier == Frontier().extend(HASHES[:size])
    assert progress.state.mirror.checkpoint == _checkpoint(size)


def test_rule_02_a_mirror_catches_up_package_by_package_while_the_feed_grows() -> None:
    state = _announce(_held(10), 10, 600)
    progress = take_entries(state, _upload(10, 600, most=1))
    assert isinstance(progress, Progress)
    assert (progress.done, progress.state.mirror.frontier.size, progress.state.mirror.checkpoint) == (False, 256, _checkpoint(10))
    state = _announce(progress.state, 600, 1000)
    assert take_entries(state, _upload(256, 600)) == Elsewhere(1000, 256)
    progress = take_entries(state, _upload(256, 1000))
    assert isinstance(progress, Progress)
    assert progress.done
    assert progress.state.mirror.frontier == Frontier().extend(HASHES)


def test_an_upload_that_is_cut_counts_as_far_as_it_is_proved() -> None:
    state = _announce(_held(0), 0, 600)
    body = encode_add_entries(_upload(0, 600))
    request = decode_add_entries(body[:-5])
    assert (len(request.packages), request.cut) == (2, True)
    progress = take_entries(state, request)
    assert isinstance(progress, Progress)
    assert (progress.done, progress.state.mirror.frontier.size) == (False, 512)


def test_a_false_package_is_refused_and_those_before_it_stand() -> None:
    state = _announce(_held(0), 0, 600)
    good = _upload(0, 600).packages
    false = Package((b"another story", *good[1].entries[1:]), good[1].proof)
    progress = take_entries(state, AddEntries(ORIGIN, 0, 600, (good[0], false, good[2])))
    assert isinstance(progress, Progress)
    assert (progress.done, progress.entries) == (False, good[0].entries)
    assert "proof" in progress.fault
    for packages in [(false,), (good[1],), (Package(good[0].entries, ()),), (Package(good[0].entries, good[0].proof[::-1]),)]:
        with pytest.raises(ChainError):
            take_entries(state, AddEntries(ORIGIN, 0, 600, packages))


def test_an_upload_without_a_whole_package_is_refused() -> None:
    state = _announce(_held(0), 0, 600)
    request = decode_add_entries(encode_add_entries(_upload(0, 600))[:100])
    assert request.packages == ()
    with pytest.raises(FormatError, match="no whole package"):
        take_entries(state, request)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, 600), (5, 600), (10, 500), (11, 600), (10, 700)])
def test_an_upload_that_begins_or_ends_elsewhere_is_told_where_we_are(start: int, end: int) -> None:
    assert take_entries(_announce(_held(10), 10, 600), AddEntries(ORIGIN, start, end, ())) == Elsewhere(600, 10)


def test_an_upload_to_a_mirror_that_knows_nothing_is_told_so() -> None:
    assert take_entries(CatchUp(), AddEntries(ORIGIN, 0, 0, ())) == Elsewhere(0, 0)


def test_an_upload_of_another_feed_is_refused() -> None:
    with pytest.raises(FormatError, match="upload is of"):
        take_entries(_announce(_held(0), 0, 1), AddEntries("tafadi.v1/demo/south/1", 0, 1, _upload(0, 1).packages))


def test_a_checkpoint_from_another_old_size_is_told_ours() -> None:
    request = AddCheckpoint(5, tuple(consistency_proof(HASHES, 5, 600)), _checkpoint(600))
    assert take_checkpoint(_held(10), request, ORIGIN, LOG.public) == WrongSize(10)
    assert take_checkpoint(_announce(_held(10), 10, 20), request, ORIGIN, LOG.public) == WrongSize(20)


def test_a_checkpoint_is_refused_for_what_is_wrong_with_it() -> None:
    proof = tuple(consistency_proof(HASHES, 10, 600))
    with pytest.raises(SignatureError):
        take_checkpoint(_held(10), AddCheckpoint(10, proof, _checkpoint(600, SigningKey.from_seed(bytes(32)))), ORIGIN, LOG.public)
    with pytest.raises(ChainError):
        take_checkpoint(_held(10), AddCheckpoint(10, proof[1:], _checkpoint(600)), ORIGIN, LOG.public)
    with pytest.raises(FormatError, match="beyond the new"):
        take_checkpoint(_held(10), AddCheckpoint(10, (), _checkpoint(5)), ORIGIN, LOG.public)
    with pytest.raises(FormatError, match="its checkpoint"):
        take_checkpoint(_held(10), AddCheckpoint(10, proof, _checkpoint(600)), "tafadi.v1/demo/south/1", LOG.public)
    lie = sign_checkpoint(Checkpoint(ORIGIN, 10, bytes(32)), LOG)
    with pytest.raises(EquivocationError):
        take_checkpoint(_held(10), AddCheckpoint(10, (), lie), ORIGIN, LOG.public)
    with pytest.raises(EquivocationError):
        take_checkpoint(_announce(_held(10), 10, 600), AddCheckpoint(10, (), lie), ORIGIN, LOG.public)


def test_pushes_go_on_where_catching_up_ended() -> None:
    state = _announce(_held(0), 0, 300)
    progress = take_entries(state, _upload(0, 300))
    assert isinstance(progress, Progress)
    taken = take_push(progress.state.mirror, Push(ORIGIN, 300, ENTRIES[300:310], _checkpoint(310)), LOG.public)
    assert isinstance(taken, Taken)
    assert take_entries(CatchUp(taken.state, progress.state.pending), AddEntries(ORIGIN, 0, 0, ())) == Elsewhere(310, 310)


def test_what_is_no_package_is_not_made() -> None:
    for entries, start in [(ENTRIES[:5], 0), (ENTRIES[:257], 0), ((), 0), (ENTRIES[600:601], 600)]:
        with pytest.raises(InputError, match="no package"):
            make_package(entries, start, 600, _range_hash)


def test_the_mirrors_answer_reads_back() -> None:
    assert mirror_info(600, 256) == b"600\n256\n\n"
    assert parse_mirror_info(b"600\n256\n\n") == Elsewhere(600, 256)


@pytest.mark.parametrize("data", [b"", b"600\n256\n", b"600\n\n256\n", b"0600\n256\n\n", b"6 \n2\n\n", b"600\n256\nAAAA\n", b"1\n" * 5_000])
def test_what_is_no_mirrors_answer_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_mirror_info(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 5\n",
        b"old 05\n\nx",
        b"old -5\n\nx",
        b"Old 5\n\nx",
        b"old 5\nAAAA\n\nx",
        b"old 5\n" + b"A" * 44 + b"\n\nx",
        b"old \xc2\xb2\n\nx",
        b"old 5\n" + (b"A" * 43 + b"=\n") * 64 + b"\nx",
        b"old " + b"9" * 5_000 + b"\n\nx",
        b"x" * 30_000,
    ],
)
def test_what_is_no_add_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode_add_checkpoint(data)


def test_what_is_no_add_entries_is_refused() -> None:
    head = b"\0\x01o" + bytes(7) + b"\x05" + bytes(7)
    for body in (b"", head, head + b"\x04\0\0", head + b"\x06\0\x01x", head + b"\x05\0\0x", b"\0\0" + bytes(18), b"\0\x01\xff" + bytes(18)):
        with pytest.raises(FormatError):
            decode_add_entries(body)


@given(st.binary(max_size=80))
@settings(max_examples=200)
def test_noise_raises_only_our_own_errors(data: bytes) -> None:
    for read in (decode_add_checkpoint, decode_add_entries, parse_mirror_info):
        try:
            read(data)
        except TafadiError:
            continue
