"""What is a server's alone: who may write, what it must promise, and sessions that are lost."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psycopg
import pytest

from journals import KEEPER, ORIGIN, folder_of, growth_of, running
from nodes import until
from postgres import ABSENT, HERE, Relay, Server, server
from tafadi.desk.ports import Change, Exhibit
from tafadi.errors import DamagedError, RefusedError, StoreError, UnavailableError
from tafadi.store import server as servers
from tafadi.store.journals import open_journal
from tafadi.store.mark import read_mark
from tafadi.store.postgres import PostgresJournal
from tafadi.store.rehash import rehash
from tafadi.store.server import Keeper
from tafadi.trust.log import Frontier

pytestmark = pytest.mark.skipif(not HERE, reason=ABSENT)


@pytest.fixture
def place() -> str:
    """The address of a place with nothing in it."""
    return running().empty()


@pytest.fixture
def journal(place: str, tmp_path: Path) -> Iterator[PostgresJournal]:
    """A journal with one entry."""
    found = PostgresJournal(place, tmp_path / "journal.mark", KEEPER)
    found.commit(Change((growth_of(Frontier(), b"one"),)))
    yield found
    found.close()


def _say(place: str, statement: str) -> None:
    with psycopg.connect(place, autocommit=True) as db:
        db.execute(statement)


def test_while_one_process_writes_no_other_does(
    journal: PostgresJournal, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "LOCK_WAIT_MAX_MS", 50)
    with pytest.raises(UnavailableError, match="another process"):
        PostgresJournal(place, tmp_path / "other.mark", KEEPER)
    reader = PostgresJournal(place, tmp_path / "other.mark", KEEPER, read_only=True)
    assert reader.leaves(ORIGIN, 0, 9) == [b"one"]
    with pytest.raises(StoreError, match="read-only"):
        reader.commit(Change((growth_of(reader.head(ORIGIN).frontier, b"two"),)))
    reader.close()


def test_who_lost_the_turn_to_write_writes_nothing_and_must_stop(journal: PostgresJournal, place: str, tmp_path: Path) -> None:
    running().end_sessions()
    PostgresJournal(place, tmp_path / "other.mark", KEEPER).close()  # another process writes, and goes
    with pytest.raises(StoreError):
        journal.head(ORIGIN)
    with pytest.raises(DamagedError, match="taken over"):
        journal.commit(Change((growth_of(Frontier(), b"x", origin="else"),)))


def test_a_turn_that_was_taken_while_the_session_lives_stops_the_next_commit(journal: PostgresJournal, place: str) -> None:
    _say(place, "UPDATE writer SET turn = turn + 1")
    with pytest.raises(DamagedError, match="taken over"):
        journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"two"),)))
    assert journal.sizes() == {ORIGIN: 1}


def test_after_a_session_that_was_lost_the_journal_goes_on(journal: PostgresJournal) -> None:
    running().end_sessions()
    with pytest.raises(StoreError, match="cannot be used"):
        journal.head(ORIGIN)
    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"two"),)))
    assert journal.leaves(ORIGIN, 0, 9) == [b"one", b"two"]


def test_a_server_that_comes_back_with_less_than_was_told_is_damaged(journal: PostgresJournal, place: str) -> None:
    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"two"),)))
    _say(place, "UPDATE feed SET size = 1")
    running().end_sessions()
    with pytest.raises(StoreError):
        journal.sizes()
    with pytest.raises(DamagedError, match="put back"):
        journal.sizes()


def test_an_error_within_a_group_leaves_nothing_of_it_though_the_server_answers_its_end(journal: PostgresJournal) -> None:
    def fails_and_goes_on() -> None:
        with journal.group():
            journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"two"),)))
            with suppress(StoreError):
                journal._rows("SELECT 1/0")

    with pytest.raises(StoreError, match="taken back"):
        fails_and_goes_on()
    assert journal.sizes() == {ORIGIN: 1}


def test_evidence_of_any_length_is_kept_once(journal: PostgresJournal) -> None:
    exhibit = Exhibit("kind", bytes(range(256)) * 1_000)
    for _ in range(2):
        journal.commit(Change(exhibits=(exhibit,)))
    assert journal.exhibits() == [exhibit]


def test_a_session_that_would_not_wait_for_the_disk_is_made_to(place: str, tmp_path: Path) -> None:
    found = PostgresJournal(f"{place}%20-csynchronous_commit%3Doff", tmp_path / "journal.mark", KEEPER)
    assert found._rows("SHOW synchronous_commit") == [("on",)]
    found.close()


def test_tables_that_are_missing_are_damage_and_a_form_to_come_says_what_to_upgrade(
    journal: PostgresJournal, place: str, tmp_path: Path
) -> None:
    journal.check_file()
    _say(place, "DROP TABLE tile")
    with pytest.raises(DamagedError, match="tile"):
        journal.check_file()
    journal.close()
    _say(place, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="upgrade"):
        PostgresJournal(place, tmp_path / "journal.mark", KEEPER)


def test_who_only_reads_makes_no_tables(place: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no journal"):
        PostgresJournal(place, tmp_path / "journal.mark", KEEPER, read_only=True)


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that may be harmed; each test leaves it running."""
    with server(wal_segment_mb=1) as found:
        yield found


def test_a_server_that_does_not_flush_is_refused(own: Server, tmp_path: Path) -> None:
    own.settings = ("fsync=off",)
    own.again()
    with pytest.raises(RefusedError, match="fsync=off"):
        PostgresJournal(own.empty(), tmp_path / "journal.mark", KEEPER)
    own.settings = ()
    own.again()


@dataclass
class Load(threading.Thread):
    """Commits one entry after another until the server is gone; `told` is how many commits have returned."""

    journal: PostgresJournal
    told: int = 0
    trouble: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        """Until an error."""
        frontier = self.journal.head(ORIGIN).frontier
        try:
            while True:
                growth = growth_of(frontier, b"%d" % frontier.size)
                self.journal.commit(Change((growth,)))
                frontier, self.told = growth.head.frontier, growth.head.frontier.size
        except StoreError as error:
            self.trouble = str(error)


def test_rule_03_a_server_that_is_killed_under_load_keeps_all_that_a_commit_returned_for(own: Server, tmp_path: Path) -> None:
    journal = PostgresJournal(own.empty(), tmp_path / "journal.mark", KEEPER)
    for _ in range(2):
        journal_size = journal.sizes().get(ORIGIN, 0)
        load = Load(journal)
        load.start()
        until(lambda load=load, enough=journal_size + 40: load.told > enough)  # type: ignore[misc]
        own.kill()
        load.join(60.0)
        assert "cannot be used" in load.trouble
        own.start()
        with suppress(StoreError):
            journal.sizes()  # which finds the session gone
        assert load.told <= journal.sizes()[ORIGIN] <= load.told + 1, "the last may have been written, and nobody was told"
        assert rehash(journal, ORIGIN).faults == []
    journal.close()


@pytest.mark.parametrize("breaks", ["before", "after"])
def test_a_connection_that_is_lost_in_a_commit_leaves_all_of_it_or_nothing_and_who_asks_again_learns_which(
    own: Server, tmp_path: Path, breaks: str
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tafadi-relay-"))
    with Relay(own, folder).running() as relay:
        place = own.empty().replace(str(own.folder), relay.way)
        journal = PostgresJournal(place, tmp_path / "journal.mark", KEEPER)
        journal.commit(Change((growth_of(Frontier(), b"one"),)))
        relay.breaks = breaks
        with pytest.raises(StoreError, match="cannot be used"):
            journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"two"),)))
        held = [b"one"] if breaks == "before" else [b"one", b"two"]
        assert journal.leaves(ORIGIN, 0, 9) == held
        assert read_mark(tmp_path / "journal.mark") == {ORIGIN: len(held)}
        journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"three"),)))
        assert (journal.leaves(ORIGIN, 0, 9), rehash(journal, ORIGIN).faults) == ([*held, b"three"], [])
        journal.close()
    shutil.rmtree(folder)


def test_a_server_whose_disk_is_full_is_told_and_nothing_of_the_change_is_there_and_it_goes_on_when_there_is_room(
    own: Server, tmp_path: Path
) -> None:
    """No file of the server may grow beyond 4 MB, as on a disk without room; those of its log have 1 MB each."""
    own.file_max_kb = "4000"
    own.again()
    place = own.empty()
    journal = PostgresJournal(place, tmp_path / "journal.mark", KEEPER)
    journal.commit(Change((growth_of(Frontier(), b"one"),)))
    random = Random(1)
    large = Change((growth_of(journal.head(ORIGIN).frontier, *(random.randbytes(60_000) for _ in range(90))),))
    for _ in range(2):
        with pytest.raises(StoreError, match="could not extend file"):
            journal.commit(large)
        assert journal.sizes() == {ORIGIN: 1}
    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"two"),)))
    own.file_max_kb = "unlimited"
    own.again()
    with pytest.raises(StoreError):
        journal.sizes()
    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, *(entry for growth in large.growths for entry in growth.leaves)),)))
    assert (journal.sizes(), rehash(journal, ORIGIN).faults) == ({ORIGIN: 92}, [])
    journal.close()


def test_a_journal_of_another_party_or_another_root_key_is_refused_to_write_and_to_read(
    journal: PostgresJournal, place: str, tmp_path: Path
) -> None:
    journal.close()
    for other in (Keeper("bravo", KEEPER.root), Keeper("alpha", "another")):
        for read_only in (False, True):
            with pytest.raises(
                RefusedError, match=f"is that of alpha with .* is that of {other.party} with .*; name a database of its own"
            ):
                PostgresJournal(place, tmp_path / "other.mark", other, read_only=read_only)
    again = PostgresJournal(place, tmp_path / "journal.mark", KEEPER)
    assert again.sizes() == {ORIGIN: 1}
    again.close()


def test_a_journal_of_the_first_form_is_brought_on_and_is_his_who_first_writes_to_it(
    journal: PostgresJournal, place: str, tmp_path: Path
) -> None:
    journal.close()
    _say(place, "DROP TABLE keeper")
    _say(place, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreError, match="no journal of form 0002"):
        PostgresJournal(place, tmp_path / "journal.mark", KEEPER, read_only=True)
    again = PostgresJournal(place, tmp_path / "journal.mark", KEEPER)
    assert (again.leaves(ORIGIN, 0, 9), again._rows("SELECT party, root FROM keeper")) == ([b"one"], [tuple(KEEPER)])
    again.close()


def test_another_partys_folder_is_refused_by_its_card(tmp_path: Path, place: str) -> None:
    mine, theirs = (folder_of(party, tmp_path / party, place) for party in ("alpha", "bravo"))
    open_journal(mine).close()
    for read_only in (False, True):
        with pytest.raises(RefusedError, match="that of alpha"):
            open_journal(theirs, read_only=read_only)
    open_journal(mine).close()
