"""The copies of what stands, one file for each agreement in the node's folder: `standing/<id>.set`, whole or not at all.

They spare a node that starts again some seconds, and may be lost or thrown away at any time: what they hold stands in the journal, and
nothing in them is believed that the journal does not bear out (`tafadi.desk.standing_copy`).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tafadi.errors import DamagedError, StoreError
from tafadi.store.files import make_folder, write_whole

FOLDER: Final = "standing"
MOST_BYTES: Final = 4_000_000_000  # some 30 million volumes; a file of that name that is larger is none of ours


def read_copy(node: Path, agreement: str) -> bytearray | None:
    """The bytes of the copy; None where there is none. Raises DamagedError for what cannot be read."""
    path = _path(node, agreement)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size > MOST_BYTES:
                raise DamagedError(f"it has {size:,} bytes, more than {MOST_BYTES:,}")
            data = bytearray(size)
            file.readinto(data)
            return data
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedError(f"it cannot be read: {error.strerror}") from None


def write_copy(node: Path, agreement: str, pieces: Iterable[bytes]) -> None:
    """Puts the copy in the place of the one before. Raises StoreError."""
    path = _path(node, agreement)
    try:
        make_folder(path.parent, 0o700)
        write_whole(path, b"".join(pieces), 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def _path(node: Path, agreement: str) -> Path:
    return node / FOLDER / f"{agreement}.set"
