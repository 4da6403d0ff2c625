"""Hello: which versions of the protocol a node speaks, which entries it knows, and how much it takes.

Asked once at each first contact, after everything that is waiting has gone out: nothing waits for it, for what waits may be a stop. What
two nodes do not have in common is told to the officers of both in a sentence, so that nobody finds it out by a refusal.

Members and types that are not known here are passed over: a later version may say more.

Source: docs/spec/exchange.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tafadi.errors import FormatError
from tafadi.model.entry import EntryType
from tafadi.trust.canon import Json, canonical, parse_object
from tafadi.trust.card import CARD_MAX_BYTES
from tafadi.trust.catchup import ADD_CHECKPOINT_MAX_BYTES, ADD_ENTRIES_MAX_BYTES
from tafadi.trust.checkpoint import PROTOCOL
from tafadi.trust.envelope import LEAF_MAX_BYTES
from tafadi.trust.evidence import EVIDENCE_MAX_BYTES
from tafadi.trust.heartbeat import HEARTBEAT_MAX_BYTES
from tafadi.trust.push import ENTRIES_MAX, PUSH_MAX_BYTES

HELLO_MAX_BYTES: Final = 16_384  # ten times what there is to say
NAMES_MAX: Final = 256  # versions, types or limits of one node
LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "add_checkpoint_bytes": ADD_CHECKPOINT_MAX_BYTES,
        "add_entries_bytes": ADD_ENTRIES_MAX_BYTES,
        "card_bytes": CARD_MAX_BYTES,
        "entry_bytes": LEAF_MAX_BYTES,
        "evidence_bytes": EVIDENCE_MAX_BYTES,
        "heartbeat_bytes": HEARTBEAT_MAX_BYTES,
        "push_bytes": PUSH_MAX_BYTES,
        "push_entries": ENTRIES_MAX,
    }
)
_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{0,63}", re.ASCII)  # what an officer's screen can show
_FORMAT: Final = "hello"


@dataclass(frozen=True, slots=True)
class Hello:
    """What a node says of itself."""

    versions: frozenset[str]
    types: frozenset[str]
    limits: Mapping[str, int]


def own_hello() -> bytes:
    """What this node says of itself, in the RFC 8785 form."""
    types: list[Json] = [str(one) for one in sorted(EntryType)]
    return canonical({"limits": dict(LIMITS), "types": types, "versions": [PROTOCOL]})


def open_hello(data: bytes) -> Hello:
    """What another node says of itself. Raises FormatError."""
    if len(data) > HELLO_MAX_BYTES:
        raise FormatError(f"it is {len(data)} bytes long; at most {HELLO_MAX_BYTES} are allowed", format=_FORMAT)
    said = parse_object(data, _FORMAT)
    limits = said.get("limits")
    if not isinstance(limits, dict) or len(limits) > NAMES_MAX:
        raise FormatError(f"it is not an object of at most {NAMES_MAX} limits", format=_FORMAT, field="limits")
    sizes = {name: size for name, size in limits.items() if isinstance(size, int) and not isinstance(size, bool)}
    return Hello(_names(said, "versions"), _names(said, "types"), sizes)


def _names(said: dict[str, Json], member: str) -> frozenset[str]:
    names = said.get(member)
    if not isinstance(names, list) or len(names) > NAMES_MAX:
        raise FormatError(f"it is not a list of at most {NAMES_MAX} names", format=_FORMAT, field=member)
    found = frozenset(name for name in names if isinstance(name, str) and _NAME.fullmatch(name))
    if len(found) != len(names):
        raise FormatError("it is not a list of names, each once", format=_FORMAT, field=member)
    return found


def differences(party: str, theirs: Hello) -> tuple[str, ...]:
    """What the officers must know of what the two nodes do not have in common, a sentence each; nothing where there is nothing."""
    ours = frozenset(map(str, EntryType))
    told = []
    if PROTOCOL not in theirs.versions:
        spoken = ", ".join(sorted(theirs.versions)) or "no version at all"
        told.append(f"the node of {party} speaks {spoken}, and {PROTOCOL} is spoken here: one side must be upgraded")
    if lacking := sorted(ours - theirs.types):
        told.append(f"the node of {party} does not know {', '.join(lacking)}: it stores such entries, and they take no effect there")
    if unknown := sorted(theirs.types - ours):
        told.append(
            f"this node does not know {', '.join(unknown)} of {party}: such entries are stored, and take no effect here; upgrade it"
        )
    for name, size in LIMITS.items():
        if theirs.limits.get(name, size) < size:
            told.append(f"the node of {party} takes {name} up to {theirs.limits[name]}, and {PROTOCOL} allows {size}: it may refuse")
    return tuple(told)
