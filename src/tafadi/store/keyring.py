"""The keyring: which file holds a key that goes on from epoch to epoch until a renewal makes another: operators' keys, the TLS key.

    keys/operator-<role>.key, keys/tls.pem, keys/tls.crt    as they were made with the node
    keys/<epoch>/…                                          the same names, from that epoch on; an empty operator's key: the role is no more

What lies in the folder of an epoch counts from then on, and no sooner: one rename (of node.json) changes all keys together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tafadi.errors import InputError
from tafadi.model.names import check_name
from tafadi.store.files import read_seed, sync_folder, write_seed, write_whole
from tafadi.trust.keys import SigningKey

TLS_FILES: Final = ("tls.crt", "tls.pem")
_OPERATOR: Final = "operator-"


@dataclass(frozen=True, slots=True)
class Fresh:
    """Which keys a renewal makes new, beside those that every epoch has: of these roles; the TLS key, with its certificate (PEM, both).

    The roles that are `dropped` have none any more.
    """

    operators: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    tls: tuple[bytes, bytes] | None = None

    def __post_init__(self) -> None:
        for role in (*self.operators, *self.dropped):
            check_name(role, "role")
        if both := set(self.operators) & set(self.dropped):
            raise InputError(f"{sorted(both)[0]} cannot get a new key and lose it")


NONE_MORE: Final = Fresh()


def standing(keys: Path, name: str, epoch: int) -> Path:
    """The file of that name that counts in the epoch: the newest that is not of a later one."""
    return next((folder / name for folder in _folders(keys, epoch) if (folder / name).is_file()), keys / name)


def _folders(keys: Path, epoch: int) -> Iterator[Path]:
    """The folders of the epochs up to this one, newest first, and then that of the node's beginning."""
    known = [int(path.name) for path in keys.glob("[0-9]*") if path.name.isdecimal() and int(path.name) <= epoch]
    yield from (keys / str(number) for number in sorted(known, reverse=True))
    yield keys


def tls_folder(keys: Path, epoch: int) -> Path:
    """The folder in which the certificate of the epoch lies, with its key."""
    return standing(keys, TLS_FILES[0], epoch).parent


def operators(keys: Path, epoch: int) -> dict[str, SigningKey]:
    """The operators' keys by role. Raises DamagedError."""
    names = sorted({path.name for folder in _folders(keys, epoch) for path in folder.glob(f"{_OPERATOR}*.key")})
    found = {name: standing(keys, name, epoch) for name in names}
    return {
        name.removeprefix(_OPERATOR).removesuffix(".key"): SigningKey.from_seed(read_seed(path))
        for name, path in found.items()
        if path.stat().st_size
    }


def make_fresh(keys: Path, epoch: int, fresh: Fresh, seed: Callable[[], bytes]) -> None:
    """Writes the keys that are new from that epoch on, in place of any that were made for it and never used.

    Raises InputError for a role to drop that has no key.
    """
    had = operators(keys, epoch - 1)
    if unknown := sorted(set(fresh.dropped) - set(had)):
        raise InputError(f"{unknown[0]} has no key; those that have are {', '.join(had) or 'none'}")
    folder = keys / str(epoch)
    for left in (*folder.glob(f"{_OPERATOR}*.key"), *(folder / name for name in TLS_FILES)):
        left.unlink(missing_ok=True)
    sync_folder(folder)
    for role in fresh.operators:
        write_seed(folder / f"{_OPERATOR}{role}.key", seed())
    for role in fresh.dropped:
        write_whole(folder / f"{_OPERATOR}{role}.key", b"", 0o600)
    if fresh.tls is not None:
        write_whole(folder / "tls.pem", fresh.tls[0], 0o600)
        write_whole(folder / "tls.crt", fresh.tls[1])  # last: the certificate is what is looked for


def drop_superseded(keys: Path, epoch: int) -> None:
    """Destroys the private keys in whose place a later one stands."""
    folders = list(_folders(keys, epoch))
    names = {path.name for folder in folders for path in folder.glob(f"{_OPERATOR}*.key")} | {"tls.pem"}
    for name in sorted(names):
        counts = standing(keys, name, epoch)
        for old in (folder / name for folder in folders):
            if old != counts and old.is_file():
                old.unlink()
                sync_folder(old.parent)
