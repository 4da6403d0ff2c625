"""What a node is told about itself, as `node.json` says it; people edit that file, so everything in it is looked at."""

import re
from dataclasses import dataclass, replace
from typing import Final

from tafadi.errors import InputError
from tafadi.model.names import Language, check_name

FORM: Final = 1
SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql://"
PORT_MAX: Final = 65_535
_HOST: Final = re.compile(r"[A-Za-z0-9.:-]{1,253}", re.ASCII)
_OWN_MACHINE: Final = re.compile(r"(127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\]|localhost):([0-9]{1,5})", re.ASCII)
_ADDRESS: Final = re.compile(r"https://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node is told about itself. `peers` gives each other party's address; `store` says what keeps its journal.

    `api` is where programs and the console on this machine ask it (`127.0.0.1:8088`); nowhere, where it is empty.
    """

    party: str
    lang: str
    epoch: int = 1
    host: str = "127.0.0.1"
    port: int = 0
    peers: dict[str, str] | None = None
    form: int = FORM
    store: str = SQLITE
    api: str = ""

    def check(self) -> None:
        """Nothing, if a node can run by them. Raises InputError, ValueError, TypeError: node.json is edited by hand."""
        if self.form != FORM:
            raise InputError(f"it has the form {self.form!r}, and {FORM} is spoken here; upgrade the older side")
        check_name(self.party, "party")
        Language(self.lang)
        whole = isinstance(self.port, int) and isinstance(self.epoch, int)
        if not whole or not 0 <= self.port <= PORT_MAX or not _HOST.fullmatch(self.host):
            raise InputError(f"host {self.host!r}, port {self.port!r} and epoch {self.epoch!r} are not a place to listen")
        if not isinstance(self.store, str) or not (self.store == SQLITE or self.store.startswith(POSTGRESQL)):
            raise InputError(f"store is neither {SQLITE} nor the address of a server, {POSTGRESQL}…")  # not quoted: it may hold a password
        if self.api != "":
            check_api(self.api)
        if not isinstance(self.peers, dict | None):
            raise InputError(f"peers {self.peers!r} are not an object of parties and addresses")
        for party, url in (self.peers or {}).items():
            check_address(check_name(party, "party"), url)

    @property
    def language(self) -> Language:
        """The language in which the node speaks to its officers."""
        return Language(self.lang)


def with_store(settings: Settings, store: str) -> Settings:
    """The same settings with another store. Raises InputError for what is none."""
    changed = replace(settings, store=store)
    changed.check()
    return changed


def check_address(party: str, url: object) -> str:
    """`url` itself, if a node can be reached by it. Raises InputError.

    >>> check_address("bravo", "https://127.0.0.1:8443")
    'https://127.0.0.1:8443'
    """
    found = _ADDRESS.fullmatch(url) if isinstance(url, str) else None
    if found is None or not 0 < int(found[1]) <= PORT_MAX:
        raise InputError(f"{url!r} is not an address of {party} like https://127.0.0.1:8443")
    return found[0]


def check_api(address: object) -> tuple[str, int]:
    """The host and the port of an address on this very machine; port 0 takes a free one. Raises InputError.

    Nowhere else: the API has no TLS, and tokens would go in clear. What comes from elsewhere comes through something that has it.

    >>> check_api("[::1]:8088")
    ('::1', 8088)
    """
    found = _OWN_MACHINE.fullmatch(address) if isinstance(address, str) else None
    if found is None or int(found[2]) > PORT_MAX:
        raise InputError(
            f"{address!r} is not an address on this machine like 127.0.0.1:8088; from elsewhere the API is reached through a tunnel"
        )
    return found[1].strip("[]"), int(found[2])
