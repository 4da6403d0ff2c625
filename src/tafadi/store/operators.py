"""Operators: who may use a node's API, in which role; kept in `operators.json` in its folder, readable by its owner alone.

An operator is a desk or a program and no person, so it has a name like `east-desk`. It shows a token, and the file holds only the digest of
that: whoever reads the file cannot speak. A token is 256 random bits, which nobody guesses however fast the digest is computed; so a slow
one, as passwords need, would cost time and bring nothing.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tafadi.errors import DamagedError, InputError, LimitError, MissingError
from tafadi.measure.instant import Instant
from tafadi.model.names import check_name
from tafadi.store.files import write_whole
from tafadi.store.folder import ROLES

FORM: Final = 1
OPERATORS_FILE: Final = "operators.json"
OPERATORS_MAX: Final = 100  # a watch has a handful of desks and programs
READERS: Final = ("analyst", "auditor")  # read everything, and say nothing
OPERATOR_ROLES: Final = (*ROLES, *READERS)
TOKEN_BYTES: Final = 32
_MARK: Final = "tafadi_"  # by which a token that leaked into a text is found


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: its name, its role, the SHA-256 of its token (hexadecimal), and since when there is one."""

    name: str
    role: str
    token: str
    since: str

    def check(self) -> None:
        """Nothing, if it can be one. Raises InputError, TimeError."""
        check_name(self.name, "operator")
        if self.role not in OPERATOR_ROLES:
            raise InputError(f"role {self.role!r} is none of {', '.join(OPERATOR_ROLES)}")
        if not isinstance(self.token, str) or len(self.token) != hashlib.sha256().digest_size * 2:
            raise InputError(f"the digest of the token of {self.name} is none")
        Instant.parse(self.since)

    @property
    def may_speak(self) -> bool:
        """Whether this role has a key of its own, and so can say anything."""
        return self.role not in READERS


def token_of(seed: bytes) -> str:
    """The token made of 32 random bytes.

    >>> token_of(bytes(32))[:12]
    'tafadi_AAAAA'
    """
    if len(seed) != TOKEN_BYTES:
        raise InputError(f"a token is made of {TOKEN_BYTES} bytes, not {len(seed)}")
    return _MARK + base64.urlsafe_b64encode(seed).decode("ascii").rstrip("=")


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def operators(folder: Path) -> dict[str, Operator]:
    """All operators of the node in the folder, by name. Raises DamagedError."""
    path = folder / OPERATORS_FILE
    if not path.is_file():
        return {}
    try:
        kept = json.loads(path.read_bytes())
        if kept["form"] != FORM:
            raise InputError(f"it has the form {kept['form']!r}, and {FORM} is spoken here")
        found = [Operator(**operator) for operator in kept["operators"]]
        for operator in found:
            operator.check()
    except (ValueError, TypeError, KeyError, RecursionError, InputError) as error:
        raise DamagedError(f"{path} cannot be used: {error}") from None
    return {operator.name: operator for operator in found}


def add_operator(folder: Path, name: str, role: str, seed: bytes, now: Instant) -> str:
    """The token of a new operator, which is shown once and kept nowhere. Raises InputError where the name is taken, LimitError."""
    known = operators(folder)
    token = token_of(seed)
    new = Operator(name, role, digest_of(token), str(now))
    new.check()
    if name in known:
        raise InputError(f"there is an operator {name} already; remove it first, and its token is no longer worth anything")
    if len(known) >= OPERATORS_MAX:
        raise LimitError(f"a node has at most {OPERATORS_MAX} operators")
    _save(folder, {**known, name: new})
    return token


def remove_operator(folder: Path, name: str) -> Operator:
    """The operator that is one no longer, from its next request on. Raises MissingError."""
    known = operators(folder)
    if name not in known:
        raise MissingError(f"there is no operator {name[:60]!r}; there are {', '.join(known) or 'none'}")
    removed = known.pop(name)
    _save(folder, known)
    return removed


def _save(folder: Path, known: Mapping[str, Operator]) -> None:
    kept = {"form": FORM, "operators": [asdict(operator) for _, operator in sorted(known.items())]}
    write_whole(folder / OPERATORS_FILE, json.dumps(kept, indent=1).encode() + b"\n", 0o600)


@dataclass
class OperatorBook:
    """The operators as a running node knows them: read again whenever the file has changed, so that whoever is removed is out at once."""

    folder: Path
    _stamp: tuple[int, int, int] | None = None
    _by_digest: Mapping[str, Operator] | None = None

    def named_by(self, token: str) -> Operator | None:
        """Whose token that is; None for nobody's. Raises DamagedError.

        It is looked up by its digest: how long that takes tells nothing of the token.
        """
        return self._known().get(digest_of(token))

    def still_has(self, operator: Operator) -> bool:
        """Whether the operator is one still, in the same role and with the same token."""
        return self._known().get(operator.token) == operator

    def _known(self) -> Mapping[str, Operator]:
        stamp = _stamp(self.folder / OPERATORS_FILE)
        if self._by_digest is None or stamp != self._stamp:
            self._by_digest = {operator.token: operator for operator in operators(self.folder).values()}
            self._stamp = stamp
        return self._by_digest


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What another content of the file changes: it is always another file, renamed over the one before."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
