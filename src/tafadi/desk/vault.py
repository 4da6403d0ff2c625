"""The vault: the keys to sealed entries, one for each, so that one can be destroyed and the others not.

A wrapped key in a feed opens as long as its reader has the private key of that epoch. That is destroyed at each renewal, and what is still
to be read then is what the vault holds. So a key that was destroyed here is gone for good at the next renewal, and not read again before.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

from tafadi.model.entry import EntryId

DESTROYED: Final = b""  # in the place of a key: it was here, and is not to be taken out of the entry again


class Vault(Protocol):
    """The keys to sealed entries of one agreement."""

    def find(self, entry: EntryId) -> bytes | None:
        """The content key; DESTROYED where it was here and is no more; None where it never was."""
        ...

    def keep(self, entry: EntryId, content_key: bytes) -> None:
        """Makes the key durable, unless it was destroyed."""
        ...

    def destroy(self, entry: EntryId) -> None:
        """Destroys the key, and makes durable that it was."""
        ...


@dataclass
class VaultInMemory:
    """A vault that lasts as long as its process: for worlds of tests, and for desks that keep nothing."""

    keys: dict[EntryId, bytes] = field(default_factory=dict, repr=False)

    def find(self, entry: EntryId) -> bytes | None:
        """The content key, or what stands in its place."""
        return self.keys.get(entry)

    def keep(self, entry: EntryId, content_key: bytes) -> None:
        """Keeps the key, unless it was destroyed."""
        self.keys.setdefault(entry, content_key)

    def destroy(self, entry: EntryId) -> None:
        """Puts DESTROYED in its place."""
        self.keys[entry] = DESTROYED
