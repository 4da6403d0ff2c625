"""Every kind of journal keeps the same promises: whole changes or none, groups of them, and roots and proofs that no size makes dear."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journals import KINDS, ORIGIN, Kept, folder_of, growth_of, keep
from tafadi.desk.ports import ANSWERS_KEPT_S, TRACKS, Answered, Change, Exhibit, Express, Growth, Head, Receipt
from tafadi.desk.tree import hashes_of, root_at
from tafadi.errors import DamagedError, HeadMovedError, InputError, MissingError, StoreError
from tafadi.measure.instant import Instant
from tafadi.store.folder import Folder
from tafadi.store.journals import StoredJournal, open_journal
from tafadi.store.rehash import rehash
from tafadi.trust.log import EMPTY_ROOT, Frontier, check_inclusion, joint_nodes_from, leaf_hash, rebuild, subtree_proof_from
from tafadi.trust.tiles import WIDTH

NOW = Instant.parse("2026-11-23T06:00:00Z")
OTHER = "tafadi.v1/line/bravo/1"


def add(journal: StoredJournal, *leaves: bytes, origin: str = ORIGIN) -> None:
    """Lets a feed grow."""
    journal.commit(Change((growth_of(journal.head(origin).frontier, *leaves, origin=origin),)))


def together(journal: StoredJournal, *acts: Callable[[], object]) -> None:
    """Does all that in one group."""
    with journal.group():
        for act in acts:
            act()


def size(journal: StoredJournal, origin: str = ORIGIN) -> int:
    """How many entries a feed has."""
    return journal.head(origin).frontier.size


def express(leaf: bytes = b"stop", index: int = 7) -> Express:
    """A leaf that came ahead of its feed."""
    return Express(ORIGIN, index, leaf, leaf_hash(leaf), "heard\n")


EVERYTHING = Change(
    growths=(growth_of(Frontier(), b"one", b"two"),),
    receipts=(Receipt(ORIGIN, "mirror", 2, "line\n", NOW),),
    exhibits=(Exhibit("kind", b"proof"), Exhibit(TRACKS, b"plots")),
    answers=(Answered("key", b"asked", b"answer", NOW),),
    express=(express(),),
)


def told(journal: StoredJournal) -> object:
    """All that a journal says."""
    return (
        [(origin, journal.head(origin), journal.leaves(origin, 0, 99), journal.leaf_hashes(origin, 0, 99)) for origin in journal.origins()],
        (journal.unjudged(), journal.receipts(ORIGIN), journal.exhibits(), journal.evidence()),
        (journal.answered("key", NOW), journal.express(ORIGIN), journal.sizes()),
    )


# One change


def test_what_was_committed_outlives_a_crash_as_it_was(kept: Kept) -> None:
    kept.journal.commit(EVERYTHING)
    before = told(kept.journal)
    kept.crash()
    journal = kept.journal
    assert told(journal) == before
    assert journal.head(ORIGIN) == EVERYTHING.growths[0].head
    assert (journal.leaf(ORIGIN, 1), journal.leaves(ORIGIN, 0, 9)) == (b"two", [b"one", b"two"])
    assert journal.unjudged() == [(ORIGIN, 0), (ORIGIN, 1)]
    assert (journal.exhibits(), journal.evidence()) == (list(EVERYTHING.exhibits), [Exhibit("kind", b"proof")])
    assert (journal.receipts(ORIGIN), journal.express(ORIGIN)) == ({"mirror": EVERYTHING.receipts[0]}, [express()])


def test_an_unknown_feed_is_empty_and_what_it_has_not_is_missing(kept: Kept) -> None:
    journal = kept.journal
    assert journal.head(ORIGIN) == Head(Frontier(), None)
    assert (journal.leaves(ORIGIN, 0, 9), journal.leaf_hashes(ORIGIN), journal.range_hash(ORIGIN, 0, 0)) == ([], [], EMPTY_ROOT)
    asks: tuple[Callable[[], bytes], ...] = (
        lambda: journal.leaf(ORIGIN, 0),
        lambda: journal.range_hash(ORIGIN, 0, 1),
        lambda: root_at(journal, ORIGIN, 1),
    )
    for ask in asks:
        with pytest.raises(MissingError):
            ask()


def test_a_feed_that_has_moved_refuses_the_whole_change(kept: Kept) -> None:
    add(kept.journal, b"one")
    before = told(kept.journal)
    with pytest.raises(HeadMovedError):
        kept.journal.commit(EVERYTHING)
    assert told(kept.journal) == before


def test_the_second_of_two_growths_that_fails_takes_the_first_with_it(kept: Kept) -> None:
    other = Growth(OTHER, 5, (b"x",), (leaf_hash(b"x"),), Head(Frontier().append(leaf_hash(b"x")), b"note"))
    with pytest.raises(HeadMovedError):
        kept.journal.commit(Change((growth_of(Frontier(), b"one"), other)))
    assert kept.journal.origins() == []


def test_a_change_that_does_not_add_up_leaves_nothing_open(kept: Kept) -> None:
    broken = Growth(ORIGIN, 0, (b"one", b"two"), (leaf_hash(b"one"),), Head(Frontier().append(leaf_hash(b"one")), b"note"))
    with pytest.raises(ValueError, match="zip"):
        kept.journal.commit(Change((broken,)))
    add(kept.journal, b"one")
    assert kept.journal.leaves(ORIGIN, 0, 9) == [b"one"]


def test_an_older_receipt_never_replaces_a_newer_one_and_one_proof_is_kept_once(kept: Kept) -> None:
    for number in (3, 2):
        kept.journal.commit(
            Change(receipts=(Receipt(ORIGIN, "mirror", number, f"{number}\n", NOW),), exhibits=(Exhibit("kind", b"proof"),))
        )
    assert kept.journal.receipts(ORIGIN)["mirror"].size == 3
    assert len(kept.journal.exhibits()) == 1


def test_what_was_judged_leaves_the_inbox_and_nothing_else_does(kept: Kept) -> None:
    add(kept.journal, b"one", b"two", b"three")
    kept.journal.commit(Change(judged=((ORIGIN, 1), (ORIGIN, 7))))
    assert kept.journal.unjudged() == [(ORIGIN, 0), (ORIGIN, 2)]


@pytest.mark.parametrize("persisted", [False, True])
def test_a_write_that_fails_is_there_whole_or_not_at_all(kept: Kept, persisted: bool) -> None:
    kept.fail(persisted=persisted)
    with pytest.raises(StoreError):
        kept.journal.commit(EVERYTHING)
    for _ in range(2):
        assert size(kept.journal) == (2 if persisted else 0)
        assert len(kept.journal.express(ORIGIN)) == (1 if persisted else 0)
        kept.crash()


# Answers to programs, and what came ahead


def test_an_answer_is_kept_for_a_day_and_its_key_answers_nothing_else_until_then(kept: Kept) -> None:
    first = Answered("key", b"asked", b"answer", NOW)
    day, later = NOW.plus(ANSWERS_KEPT_S), NOW.plus(ANSWERS_KEPT_S + 1.0)
    kept.journal.commit(Change(answers=(first,)))
    with pytest.raises(HeadMovedError, match="key"):
        kept.journal.commit(Change((growth_of(Frontier(), b"one"),), answers=(Answered("key", b"else", b"other", day),)))
    assert (kept.journal.answered("key", day), size(kept.journal)) == (first, 0)
    assert kept.journal.answered("key", later) is None
    assert kept.journal.answered("other", NOW) is None
    kept.journal.commit(Change(answers=(Answered("key", b"else", b"other", later),)))
    found = kept.journal.answered("key", later)
    assert found is not None
    assert found.answer == b"other"


def test_what_came_ahead_stays_until_its_place_is_filled_and_no_other_takes_that_place(kept: Kept) -> None:
    kept.journal.commit(Change(express=(express(b"late", 9), express())))
    kept.journal.commit(Change(express=(express(),)))
    assert kept.journal.express(ORIGIN) == [express(), express(b"late", 9)]
    with pytest.raises(HeadMovedError, match="entry 7"):
        kept.journal.commit(Change(express=(express(b"another"),)))
    kept.journal.commit(Change(filled=((ORIGIN, 7), (ORIGIN, 8))))
    assert kept.journal.express(ORIGIN) == [express(b"late", 9)]
    assert kept.journal.express(OTHER) == []


# Groups


def test_a_group_is_read_inside_and_outlives_no_crash_before_its_end(kept: Kept) -> None:
    add(kept.journal, b"one")

    def dies() -> None:
        assert kept.journal.leaves(ORIGIN, 0, 9) == [b"one", b"two"]
        kept.crash()
        assert kept.journal.leaves(ORIGIN, 0, 9) == [b"one"]
        raise StoreError("the machine died")

    with pytest.raises(StoreError):
        together(kept.journal, lambda: add(kept.journal, b"two"), dies)
    assert kept.journal.leaves(ORIGIN, 0, 9) == [b"one"]


def test_a_group_that_came_to_its_end_outlives_a_crash(kept: Kept) -> None:
    with kept.journal.group():
        for leaf in (b"one", b"two"):
            add(kept.journal, leaf)
        kept.journal.commit(Change(judged=((ORIGIN, 0),)))
    kept.crash()
    assert (kept.journal.leaves(ORIGIN, 0, 9), kept.journal.unjudged()) == ([b"one", b"two"], [(ORIGIN, 1)])


def test_a_change_that_fails_in_a_group_takes_itself_back_and_no_other(kept: Kept) -> None:
    with kept.journal.group():
        add(kept.journal, b"one")
        with pytest.raises(HeadMovedError):
            kept.journal.commit(EVERYTHING)
        add(kept.journal, b"two")
    kept.crash()
    assert kept.journal.leaves(ORIGIN, 0, 9) == [b"one", b"two"]
    assert (kept.journal.receipts(ORIGIN), kept.journal.express(ORIGIN)) == ({}, [])


def test_a_group_in_which_something_else_fails_leaves_nothing(kept: Kept) -> None:
    full = [bytes([number]) for number in range(WIDTH - 1)]
    add(kept.journal, *full)

    def breaks() -> None:
        root_at(kept.journal, ORIGIN, 3)
        raise KeyError

    with pytest.raises(KeyError):
        together(kept.journal, lambda: add(kept.journal, b"fills the tile"), breaks)
    assert size(kept.journal) == WIDTH - 1
    add(kept.journal, b"fills it otherwise", b"and goes on")
    assert root_at(kept.journal, ORIGIN, WIDTH) == Frontier().extend(map(leaf_hash, [*full, b"fills it otherwise"])).root()
    assert rehash(kept.journal, ORIGIN).faults == []


@pytest.mark.parametrize("persisted", [False, True])
def test_a_group_whose_end_fails_is_there_whole_or_not_at_all(kept: Kept, persisted: bool) -> None:
    add(kept.journal, b"one")
    kept.fail(persisted=persisted)
    with pytest.raises(StoreError):
        together(kept.journal, lambda: add(kept.journal, b"two"), lambda: add(kept.journal, b"other", origin=OTHER))
    for _ in range(2):
        assert kept.journal.sizes() == ({ORIGIN: 2, OTHER: 1} if persisted else {ORIGIN: 1})
        kept.crash()
    add(kept.journal, b"goes on")


def test_a_group_in_a_group_is_refused_and_the_outer_one_goes_on(kept: Kept) -> None:
    with kept.journal.group():
        add(kept.journal, b"one")
        with pytest.raises(StoreError), kept.journal.group():
            raise AssertionError
        add(kept.journal, b"two")
    kept.crash()
    assert size(kept.journal) == 2


# Trees


LEAVES = [number.to_bytes(3, "big") for number in range(WIDTH * WIDTH + 3 * WIDTH + 7)]  # two tiles of level 1, one of level 2
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


@pytest.fixture(scope="module", params=KINDS)
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredJournal]:
    """A journal with a feed of three levels, grown in odd steps."""
    kept = keep(request.param, tmp_path_factory.mktemp("large"))
    for start in range(0, len(LEAVES), 3_001):
        add(kept.journal, *LEAVES[start : start + 3_001])
    yield kept.journal
    kept.journal.close()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_range_that_a_proof_asks_for_has_the_hash_of_its_leaves(large: StoredJournal, data: st.DataObject) -> None:
    width = 1 << data.draw(st.integers(0, 16))
    start = data.draw(st.integers(0, (len(LEAVES) - 1) // width)) * width
    end = data.draw(st.integers(start + 1, min(start + width, len(LEAVES))))
    assert large.range_hash(ORIGIN, start, end) == Frontier().extend(HASHES[start:end]).root()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, len(LEAVES)), st.data())
def test_proofs_at_every_size_lead_to_the_root_of_that_size(large: StoredJournal, tree: int, data: st.DataObject) -> None:
    index, hashes = data.draw(st.integers(0, tree - 1)), hashes_of(large, ORIGIN)
    check_inclusion(root_at(large, ORIGIN, tree), tree, index, HASHES[index], subtree_proof_from(hashes, index, index + 1, tree))
    roots = rebuild(0, index + 1, tree, None, joint_nodes_from(hashes, index + 1, tree))
    assert roots == (root_at(large, ORIGIN, index + 1), root_at(large, ORIGIN, tree))


def test_a_range_that_no_proof_asks_for_is_refused_and_one_beyond_the_feed_is_missing(large: StoredJournal) -> None:
    for start, end in ((1, 3), (4, 3), (-1, 0), (3, 256)):
        with pytest.raises(InputError):
            large.range_hash(ORIGIN, start, end)
    for start, end in ((0, len(LEAVES) + 1), (65_536, 131_072), (len(LEAVES) // 8 * 8, len(LEAVES) // 8 * 8 + 8)):
        with pytest.raises(MissingError):
            large.range_hash(ORIGIN, start, end)


def test_the_tiles_are_those_of_the_entries_and_no_more(large: StoredJournal) -> None:
    found = rehash(large, ORIGIN, sizes=(1, 300, len(LEAVES)))
    assert found.faults == []
    assert found.frontier == large.head(ORIGIN).frontier
    assert found.roots == {number: root_at(large, ORIGIN, number) for number in (0, 1, 300, len(LEAVES))}
    assert large.tile_count(ORIGIN) == 259 + 2 + 1
    assert large.tile(ORIGIN, 0, 259) == b"", "it is not full"
    assert len(large.tile(ORIGIN, 2, 0)) == 32


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.integers(0, 700), min_size=1, max_size=6))
def test_however_a_feed_has_grown_its_tiles_are_the_same(tmp_path_factory: pytest.TempPathFactory, kind: str, steps: list[int]) -> None:
    kept, at = keep(kind, tmp_path_factory.mktemp("steps")), 0
    for step in steps:
        add(kept.journal, *LEAVES[at : at + step])
        at += step
    found = rehash(kept.journal, ORIGIN)
    assert (found.faults, found.frontier) == ([], Frontier().extend(HASHES[:at]))
    kept.journal.close()


def test_growing_in_a_group_with_failures_in_between_makes_the_same_tiles(kept: Kept) -> None:
    with kept.journal.group():
        for start in range(0, 900, 300):
            with pytest.raises(ValueError, match="zip"):
                kept.journal.commit(
                    Change((Growth(ORIGIN, start, (b"x",) * 600, (), Head(Frontier().extend(HASHES[: start + 600]), None)),))
                )
            add(kept.journal, *LEAVES[start : start + 300])
            assert kept.journal.range_hash(ORIGIN, 0, start + 300) == Frontier().extend(HASHES[: start + 300]).root()
    assert rehash(kept.journal, ORIGIN).faults == []


# Which journal a node keeps


@pytest.mark.parametrize("store", ["postgresql://alpha:hunter2@127.0.0.1:1/tafadi", "postgresql://alpha:hunter2@[no/host?x=hunter2"])
def test_a_server_that_cannot_be_reached_is_told_without_its_password(tmp_path: Path, store: str) -> None:
    folder = folder_of("alpha", tmp_path / "node", store)
    with pytest.raises((StoreError, InputError)) as told:
        open_journal(folder)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("store", ["", "sqlite3", "mysql://db:hunter2@x", 7, None])
def test_a_store_of_no_known_kind_is_told_with_the_settings(tmp_path: Path, store: object) -> None:
    (tmp_path / "node.json").write_text(json.dumps({"party": "alpha", "lang": "en", "store": store}))
    with pytest.raises(DamagedError, match="store is neither") as told:
        open_journal(Folder(tmp_path))
    assert "hunter2" not in str(told.value)


def test_settings_without_a_store_mean_sqlite(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_text('{"party": "alpha", "lang": "en"}')
    journal = open_journal(Folder(tmp_path))
    add(journal, b"one")
    journal.close()
    assert (tmp_path / "journal.db").is_file()
    assert size(open_journal(Folder(tmp_path), read_only=True)) == 1
