"""Whether a party's own record is whole: its entries give the tree that is stored, and the party signed that very tree.

What is less than that proves nothing: a row that was lost, or a page that the disk made up, is no second history. A record that is not
whole is set aside under another name, for good, and its entries are fetched from those who gave receipts for them (`tafadi.epoch`).
"""

from collections.abc import Iterable

from tafadi.desk.pact import Pact
from tafadi.desk.ports import Head
from tafadi.errors import DamagedError, FormatError, SignatureError, StoreError
from tafadi.store.folder import JOURNAL_FILES, MARK_FILE, Folder
from tafadi.store.journals import JOURNAL_FILE, StoredJournal, open_journal
from tafadi.store.mark import read_mark
from tafadi.store.rehash import rehash
from tafadi.store.settings import SQLITE
from tafadi.trust.checkpoint import Checkpoint, open_checkpoint
from tafadi.trust.log import Frontier, leaf_hash


def check_whole(journal: StoredJournal, pact: Pact, party: str) -> None:
    """Nothing, where every feed of the party is whole. Raises DamagedError, naming the feed that is not."""
    sizes = journal.sizes()
    for origin in pact.origins(party):
        head, rehashed = journal.head(origin), rehash(journal, origin)
        if rehashed.faults or rehashed.frontier != head.frontier or sizes.get(origin, 0) != rehashed.frontier.size:
            raise DamagedError(f"the entries of {origin} do not give the tree that is stored; `tafadi node restore` fetches them back")
        if head.frontier.size and Checkpoint(origin, head.frontier.size, head.frontier.root()) not in _signed(pact, origin, head):
            raise DamagedError(f"no signature covers the entries of {origin} that are stored; `tafadi node restore` fetches them back")


def _signed(pact: Pact, origin: str, head: Head) -> list[Checkpoint]:
    """The trees of the feed that this party signed: by its newest checkpoint, and by the card that ended the feed."""
    last = pact.last(origin)
    ends = [last] if last is not None else []
    try:
        return [*ends, open_checkpoint(head.checkpoint, pact.card(origin).log)] if head.checkpoint is not None else ends
    except (FormatError, SignatureError):
        return ends


def known_sizes(folder: Folder) -> tuple[dict[str, int], str]:
    """How far each feed is known to have grown, by the mark; and why one that cannot be read was set aside, or nothing."""
    try:
        return read_mark(folder.path / MARK_FILE), ""
    except StoreError as error:
        return {}, f"{error}; it is kept as {folder.set_aside(MARK_FILE)}.mark, and how many entries were lost cannot be told"


def whole_journal(folder: Folder, pacts: list[Pact]) -> tuple[StoredJournal, str]:
    """The folder's journal, for a restoring; and why it is a new one in the place of one that is not whole, or nothing.

    Raises StoreError for what is no damage.
    """
    if folder.settings.store != SQLITE:
        return _checked_on_server(folder, pacts), ""
    path = folder.path / JOURNAL_FILE
    why = f"{path} is no file" if path.exists() and not path.is_file() else ""
    if not why:
        try:
            return _checked(folder, pacts), ""
        except DamagedError as error:
            why = str(error)
    aside = folder.set_aside(*JOURNAL_FILES)
    return open_journal(folder, restored=True), f"{why}; it is kept as {aside}.db"


def _checked_on_server(folder: Folder, pacts: list[Pact]) -> StoredJournal:
    """The journal on its server. Raises DamagedError with the way on: what is not ours alone is not set aside by us."""
    try:
        return _checked(folder, pacts)
    except DamagedError as error:
        raise DamagedError(f"{error}; name an empty database as `store` in node.json before that") from None


def _checked(folder: Folder, pacts: list[Pact]) -> StoredJournal:
    journal = open_journal(folder, restored=True)
    try:
        journal.check_file()
        for pact in pacts:
            check_whole(journal, pact, folder.settings.party)
    except StoreError:
        journal.close()
        raise
    return journal


def tree_of(journal: StoredJournal, origin: str) -> Checkpoint | None:
    """Size and root of a feed as it is here, for the card that ends it; None when it is empty."""
    frontier = journal.head(origin).frontier
    return Checkpoint(origin, frontier.size, frontier.root()) if frontier.size else None


def check_same(journal: StoredJournal, theirs: Checkpoint, holder: str) -> None:
    """Nothing, where a tree that the party signed and `holder` has is an earlier one of the feed as it is here. Raises DamagedError."""
    if rehash(journal, theirs.origin, sizes=(theirs.size,)).roots.get(theirs.size) != theirs.root:
        raise two_histories(theirs.origin, holder)


def check_other(leaves: Iterable[bytes], theirs: Checkpoint, holder: str) -> None:
    """Raises DamagedError when all the entries that `holder` gives, which do not continue what is here, are what the party signed."""
    if Frontier().extend(map(leaf_hash, leaves)).root() == theirs.root:
        raise two_histories(theirs.origin, holder)


def two_histories(origin: str, holder: str) -> DamagedError:
    """What is to be said when the party signed what is here, and signed something else that `holder` has."""
    return DamagedError(
        f"this party signed two histories of {origin}: what is here is not what {holder} holds; "
        "no new epoch can be begun upon both, and a new agreement is the way on"
    )
