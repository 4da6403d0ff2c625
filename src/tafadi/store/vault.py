"""The vault as files: one for each key to a sealed entry, below `sealed/<agreement>/`, readable by its owner alone.

A key that is destroyed is overwritten where it lies, then replaced by an empty file: that it was here stays known. On disks that write
elsewhere than they are told (flash, snapshots, backups of the folder) the old bytes may outlive it; docs/spec/sealed.md says so.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tafadi.desk.vault import DESTROYED
from tafadi.errors import StoreError
from tafadi.model.entry import EntryId
from tafadi.store.files import make_folder, read_seed, write_seed, write_whole

FOLDER: Final = "sealed"


@dataclass(frozen=True, slots=True)
class VaultInFolder:
    """The vault of one agreement in a node's folder."""

    path: Path

    @classmethod
    def of(cls, folder: Path, agreement: str) -> "VaultInFolder":
        """The vault of that agreement; its folders are made when the first key comes."""
        return cls(folder / FOLDER / agreement)

    def find(self, entry: EntryId) -> bytes | None:
        """The content key, DESTROYED, or None. Raises DamagedError for a file that is neither."""
        path = self._file(entry)
        try:
            if path.stat().st_size == 0:
                return DESTROYED
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"the key {path} cannot be read: {error.strerror}") from None
        return read_seed(path)

    def keep(self, entry: EntryId, content_key: bytes) -> None:
        """Makes the key durable, unless one is here or was. Raises StoreError."""
        if self.find(entry) is not None:
            return
        try:
            self._make()
            write_seed(self._file(entry), content_key)
        except OSError as error:
            raise StoreError(f"the key to {entry} cannot be kept: {error.strerror}") from None

    def destroy(self, entry: EntryId) -> None:
        """Overwrites the key, and leaves an empty file in its place. Raises StoreError."""
        path = self._file(entry)
        try:
            self._make()
            if path.exists():
                _overwrite(path)
            write_whole(path, DESTROYED, 0o600)
        except OSError as error:
            raise StoreError(f"the key to {entry} cannot be destroyed: {error.strerror}") from None

    def _make(self) -> None:
        make_folder(self.path.parent, 0o700)
        make_folder(self.path, 0o700)

    def _file(self, entry: EntryId) -> Path:
        return self.path / f"{entry.party}-{entry.epoch}-{entry.index}.key"


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
