"""A node's folder: its settings, keys, cards and agreement documents. Written whole or not at all; keys readable by their owner alone.

node.json            party, language, epoch, listening address, peers' addresses
keys/<name>.key      32 bytes each, base64: root (or root.pub, if it was never here), operator-<role>; tls.pem and tls.crt
keys/<epoch>/        the keys of one epoch: envelope, log, mirror, hpke; and card.json, which the root key signed (tafadi.store.keyring)
card.json            the card of this epoch once more, to be handed to the other parties
agreements/<id>.json documents, exactly as they were signed
sealed/<id>/         the keys to sealed entries (tafadi.store.vault)
cards/<id>/          under each agreement the cards that came after it: <party>-<epoch>.json
journal.db           the feeds (tafadi.store.sqlite), unless the settings name another store
journal.mark         how far each of them has grown (tafadi.store.mark)
standing/<id>.set    what stands under each agreement, packed; disposable (tafadi.store.standing)
node.lock            held by the one process that may write
restoring            there from the beginning of a restoring to its end, and nobody goes on with the folder but it
journal.damaged-<n>.*  a journal or a mark that could not be used, set aside by a restoring
"""

import fcntl
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from tafadi.desk.ports import Identity
from tafadi.errors import DamagedError, FormatError, InputError, MissingError, SignatureError, UnavailableError
from tafadi.model.names import check_name
from tafadi.store.files import make_folder, read_seed, sync_folder, write_seed, write_whole
from tafadi.store.keyring import NONE_MORE, Fresh, drop_superseded, make_fresh, operators, tls_folder
from tafadi.store.settings import SQLITE, Settings, check_address
from tafadi.trust.card import open_card
from tafadi.trust.keys import PublicKey, SigningKey

ROLES: Final = ("watch-officer", "supervisor", "planner")
EPOCH_KEYS: Final = ("envelope", "log", "mirror", "hpke")
RESTORING: Final = "restoring"
JOURNAL_FILES: Final = ("journal.db-wal", "journal.db-shm", "journal.db")  # the log first: alone it would be taken for a new journal's
MARK_FILE: Final = "journal.mark"
ROOT_FILE: Final = "root.pub"  # the public root key of a node whose root was never here


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one node."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "Folder":
        """The folder at `path`. Raises MissingError when there is no node in it."""
        if not (path / "node.json").is_file():
            raise MissingError(f"{path} is no node; make one with `tafadi node init {path} --party NAME`")
        return cls(path)

    @classmethod
    def create(
        cls, path: Path, settings: Settings, seed: Callable[[], bytes], tls: tuple[bytes, bytes], root: PublicKey | None = None
    ) -> "Folder":
        """A new node's folder with fresh keys; `seed` gives 32 random bytes, `tls` is private key and certificate in PEM.

        Of a `root` that is kept elsewhere only the public key comes in. Raises InputError where a node is already.
        """
        check_name(settings.party, "party")
        if path.exists() and any(path.iterdir()):
            raise InputError(f"{path} is not empty; a new node wants a folder of its own")
        folder = cls(path)
        for above in (*reversed(path.parents), path):
            if not above.is_dir():
                make_folder(above)  # each name is on the disk before what lies below it counts
        path.chmod(0o700)  # the journal, the keys and the control socket are the party's own
        make_folder(path / "keys", 0o700)
        make_folder(path / "agreements")
        for name in ("root", *(f"operator-{role}" for role in ROLES)):
            if name != "root" or root is None:
                write_seed(folder._key_path(name), seed())
        if root is not None:
            write_whole(path / "keys" / ROOT_FILE, root.text.encode() + b"\n")
        folder.make_epoch_keys(settings.epoch, seed)
        write_whole(path / "keys" / "tls.pem", tls[0], 0o600)
        write_whole(path / "keys" / "tls.crt", tls[1])
        folder.save_settings(settings)
        return folder

    def make_epoch_keys(self, epoch: int, seed: Callable[[], bytes], fresh: Fresh = NONE_MORE) -> None:
        """Writes fresh keys for an epoch, in place of any that were made and never used. They count once node.json names the epoch."""
        make_folder(self._epoch_path(epoch), 0o700)
        for name in EPOCH_KEYS:
            write_seed(self._epoch_path(epoch) / f"{name}.key", seed())
        make_fresh(self.path / "keys", epoch, fresh, seed)

    def begin_epoch(self, epoch: int) -> None:
        """Goes by the keys and the card of that epoch from now on. Those before it are to be destroyed (`drop_retired_keys`)."""
        self.save_settings(replace(self.settings, epoch=epoch))
        self.show_card()

    def drop_retired_keys(self) -> None:
        """Destroys the private keys of every epoch before this one; a beginning that was killed may have left them.

        Not while a key of this epoch is missing: then node.json names another epoch than it should, and those may be the ones in use.
        """
        epoch = self.settings.epoch
        if not all((self._epoch_path(epoch) / f"{name}.key").is_file() for name in EPOCH_KEYS):
            return
        for folder in (self.path / "keys").glob("[0-9]*"):
            left = [folder / f"{name}.key" for name in EPOCH_KEYS] if folder.name.isdecimal() and int(folder.name) < epoch else []
            for key in filter(Path.exists, left):
                key.unlink()
                sync_folder(folder)
        drop_superseded(self.path / "keys", epoch)

    def _epoch_path(self, epoch: int) -> Path:
        return self.path / "keys" / str(epoch)

    def _key_path(self, name: str) -> Path:
        return self.path / "keys" / f"{name}.key"

    @property
    def settings(self) -> Settings:
        """What node.json says. Raises DamagedError."""
        try:
            settings = Settings(**json.loads((self.path / "node.json").read_bytes()))
            settings.check()
        except (ValueError, TypeError, RecursionError, InputError) as error:
            raise DamagedError(f"{self.path / 'node.json'} cannot be used: {error}") from None
        return settings

    def save_settings(self, settings: Settings) -> None:
        """Writes node.json."""
        write_whole(self.path / "node.json", json.dumps(asdict(settings), indent=1, sort_keys=True).encode() + b"\n")

    def add_peer(self, party: str, url: str) -> None:
        """Remembers where another party's node listens."""
        settings = self.settings
        check_address(check_name(party, "party"), url)
        self.save_settings(replace(settings, peers={**(settings.peers or {}), party: url}))

    def seed(self, name: str, epoch: int = 0) -> bytes:
        """The 32 bytes of a key, one of this epoch's or of another's. Raises MissingError (a root key kept elsewhere), DamagedError."""
        if name in EPOCH_KEYS:
            return read_seed(self._epoch_path(epoch or self.settings.epoch) / f"{name}.key")
        return read_seed(self._key_path(name))

    def key(self, name: str) -> SigningKey:
        """A signing key by its name."""
        return SigningKey.from_seed(self.seed(name))

    def operators(self, epoch: int = 0) -> dict[str, SigningKey]:
        """The operators' keys by role, of this epoch or of another."""
        return operators(self.path / "keys", epoch or self.settings.epoch)

    def tls(self, epoch: int = 0) -> Path:
        """The folder with the node's certificate and its key, of this epoch or of another."""
        return tls_folder(self.path / "keys", epoch or self.settings.epoch)

    def identity(self) -> Identity:
        """This party's keys of this epoch."""
        settings = self.settings
        own = (self.key("envelope"), self.key("log"), self.key("mirror"))
        return Identity(settings.party, settings.epoch, *own, self.operators(), self.seed("hpke"))

    @property
    def has_card(self) -> bool:
        """Whether a root key has signed a card for this epoch; one that is kept elsewhere is asked first."""
        return (self._epoch_path(self.settings.epoch) / "card.json").is_file()

    @property
    def card(self) -> bytes:
        """This party's card of this epoch, as its root signed it. Raises MissingError."""
        if not self.has_card:
            raise MissingError(f"{self.path} has no card of epoch {self.settings.epoch}; `tafadi key request` asks its root key for one")
        return self.read(f"keys/{self.settings.epoch}/card.json")

    @property
    def root(self) -> PublicKey:
        """The root key that signs this party's cards. Raises MissingError, DamagedError."""
        if self.has_card:
            return open_card(self.card).root
        public = self.path / "keys" / ROOT_FILE
        return PublicKey(read_seed(public)) if public.is_file() else self.key("root").public

    def save_card(self, epoch: int, card: bytes) -> None:
        """Keeps this party's card for an epoch, beside the keys that it is about."""
        write_whole(self._epoch_path(epoch) / "card.json", card)

    def show_card(self) -> None:
        """Lays the card of this epoch where it is handed out, if another lies there. Raises DamagedError for one that nobody could take."""
        shown = self.path / "card.json"
        try:
            open_card(self.card)
        except (FormatError, SignatureError) as error:
            raise DamagedError(f"the card {self._epoch_path(self.settings.epoch) / 'card.json'} cannot be used: {error}") from None
        if not shown.is_file() or shown.read_bytes() != self.card:
            write_whole(shown, self.card)

    def save_later_card(self, agreement: str, party: str, epoch: int, card: bytes) -> None:
        """Keeps a card that came after the agreement, this party's own or another's."""
        folder = self.path / "cards" / agreement
        make_folder(folder.parent)
        make_folder(folder)
        write_whole(folder / f"{party}-{epoch}.json", card)

    def later_cards(self, agreement: str) -> list[bytes]:
        """The cards that came after the agreement, in no order."""
        return [path.read_bytes() for path in sorted((self.path / "cards" / agreement).glob("*.json"))]

    def read(self, name: str) -> bytes:
        """A file of the folder. Raises MissingError."""
        path = self.path / name
        if not path.is_file():
            raise MissingError(f"{path} is not here")
        return path.read_bytes()

    def save_agreement(self, identity: str, document: bytes) -> None:
        """Keeps an agreement's document."""
        write_whole(self.path / "agreements" / f"{identity}.json", document)

    def agreements(self) -> dict[str, bytes]:
        """The documents of all agreements, by identity."""
        return {path.stem: path.read_bytes() for path in sorted((self.path / "agreements").glob("*.json"))}

    def assigned(self) -> dict[str, str]:
        """Which own notice each track flies. Raises DamagedError."""
        path = self.path / "assigned.json"
        if not path.is_file():
            return {}
        try:
            known = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise DamagedError(f"{path} cannot be used: {error}") from None
        if not isinstance(known, dict):
            raise DamagedError(f"{path} cannot be used: it is not an object of tracks and entries")
        return {str(track): str(entry) for track, entry in known.items()}

    def save_assigned(self, assigned: dict[str, str]) -> None:
        """Keeps which own notice each track flies."""
        write_whole(self.path / "assigned.json", json.dumps(assigned, indent=1, sort_keys=True).encode() + b"\n")

    @contextmanager
    def locked(self, *, needs_journal: bool = True) -> Iterator[None]:
        """Holds the folder: one writer only. Whoever needs no journal restores it.

        Raises UnavailableError while another process holds it; DamagedError without its journal, and while a restoring is not at its end.
        """
        with (self.path / "node.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UnavailableError(f"another process holds the node in {self.path}") from None
            if needs_journal:
                self._check_journal()
            self.drop_retired_keys()
            yield

    def _check_journal(self) -> None:
        """Raises DamagedError when agreements are signed here and the journal is gone: a new one would sign used places again."""
        if (self.path / RESTORING).exists():
            raise DamagedError(
                f"the record in {self.path} is being restored, and is not whole yet; `tafadi node restore` goes on with that"
            )
        if self.settings.store != SQLITE:
            return  # whoever opens the journal looks (`tafadi.store.journals`)
        journal = self.path / "journal.db"
        if self.agreements() and not (journal.is_file() and journal.stat().st_size):
            raise DamagedError(f"{journal} is gone or empty, though agreements are signed here; `tafadi node restore` fetches it back")

    def begin_restoring(self) -> None:
        """From here on nobody goes on with the record but a restoring, whatever becomes of its journal and its mark."""
        write_whole(self.path / RESTORING, b"`tafadi node restore` was begun here and has not come to its end\n", 0o600)

    def end_restoring(self) -> None:
        """The record is whole again."""
        (self.path / RESTORING).unlink()
        sync_folder(self.path)

    def set_aside(self, *names: str) -> str:
        """Gives those of these files of a journal that are there another name, for good; `journal.damaged-<n>`, with a new number."""
        numbers = (f"journal.damaged-{number}" for number in itertools.count(1))
        aside = next(name for name in numbers if not any(self.path.glob(f"{name}.*")))
        for name in names:
            if (self.path / name).exists():
                (self.path / name).rename(self.path / name.replace("journal", aside))
        sync_folder(self.path)
        return aside
