"""Files that a crash leaves old or new, and never in part; folders that are on the disk before what lies in them counts.

A file is written beside, flushed, renamed over, and then its folder is flushed: the name is not on the disk before that. A folder that was
just made is a name in the one above, which is flushed in the same way.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from tafadi.errors import DamagedError, InputError, MissingError

SEED_BYTES: Final = 32
SEED_FILE_MAX_BYTES: Final = 1_024  # a key is 44 letters; whoever names a disk or an endless pipe is told so


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Writes the file so that after a crash there is the old one or the new one, and never a part."""
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Has it on the disk which files and folders are in this one."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Makes the folder, if it is not there, and has it on the disk: what is written into it would be lost with it."""
    path.mkdir(mode=mode, exist_ok=True)
    sync_folder(path.parent)  # also where it was there: who made it may have been killed just here


def write_seed(path: Path, seed: bytes) -> None:
    """Writes a key of 32 bytes, readable by its owner alone."""
    write_whole(path, base64.b64encode(seed) + b"\n", 0o600)


def read_seed(path: Path) -> bytes:
    """The 32 bytes of the key in a file or pipe. Raises MissingError, InputError for what cannot be read, DamagedError for no key."""
    try:
        with path.open("rb") as file:
            text = file.read(SEED_FILE_MAX_BYTES + 1)
    except FileNotFoundError:
        raise MissingError(f"the key {path} is not here") from None
    except OSError as error:
        raise InputError(f"the key {path} cannot be read: {error.strerror}") from None
    try:
        seed = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        seed = b""
    if len(text) > SEED_FILE_MAX_BYTES or len(seed) != SEED_BYTES:
        raise DamagedError(f"the key {path} is damaged: it is not {SEED_BYTES} bytes in base64")
    return seed
