"""Memos: in the process of a simulation, what is a pure function of bytes is computed once.

All parties of a world live in one process, so each signature would be verified by each of them. The same key, signature and message give
the same answer every time, and so does the same document; nothing that a node decides is remembered here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import pytest

import tafadi.desk.examine
import tafadi.desk.misuse
import tafadi.desk.pact
import tafadi.desk.proof
import tafadi.desk.pulse
import tafadi.desk.succession
import tafadi.store.identity
import tafadi.trust.catchup
import tafadi.trust.checkpoint
import tafadi.trust.evidence
import tafadi.trust.heartbeat
import tafadi.trust.mirror
import tafadi.trust.misuse
import tafadi.trust.note
from tafadi.trust.keys import PublicKey, SigningKey

KEPT = 20_000  # of each: a few hundred worlds of entries; a soak of many thousand stays within the memory of a small machine
# Module and name of each function of bytes alone that gives a value nobody changes.
PURE = (
    (tafadi.desk.pact, "read_document"),
    (tafadi.desk.pact, "open_card"),
    (tafadi.store.identity, "open_card"),
    (tafadi.desk.succession, "open_card"),
    (tafadi.trust.evidence, "open_card"),
    (tafadi.desk.proof, "open_evidence"),
    (tafadi.desk.examine, "open_envelope"),
    (tafadi.desk.pulse, "parse_note"),
    (tafadi.desk.pulse, "parse_checkpoint"),
    (tafadi.desk.misuse, "parse_checkpoint"),
    (tafadi.desk.misuse, "open_receipted"),
    (tafadi.trust.checkpoint, "parse_note"),
    (tafadi.trust.checkpoint, "parse_checkpoint"),
    (tafadi.trust.checkpoint, "open_signed"),
    (tafadi.trust.checkpoint, "check_cosignature"),
    (tafadi.trust.checkpoint, "key_id"),
    (tafadi.trust.mirror, "open_signed"),
    (tafadi.trust.evidence, "open_signed"),
    (tafadi.trust.catchup, "open_signed"),
    (tafadi.trust.misuse, "parse_note"),
    (tafadi.trust.misuse, "parse_checkpoint"),
    (tafadi.trust.note, "check_key_name"),
    (tafadi.trust.note, "key_id"),
)

_verify: Callable[[PublicKey, bytes, bytes], None] = PublicKey.verify
_sign: Callable[[SigningKey, bytes], bytes] = SigningKey.sign


@lru_cache(KEPT)
def _verified(key: PublicKey, signature: bytes, message: bytes) -> None:
    _verify(key, signature, message)


@lru_cache(KEPT)
def _signed(key: SigningKey, message: bytes) -> bytes:
    return _sign(key, message)


@contextmanager
def remembered() -> Iterator[None]:
    """Inside, signatures and documents are made and looked at once. An answer that is an error is not remembered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PublicKey, "verify", _verified)
        patch.setattr(SigningKey, "sign", _signed)
        for module, name in PURE:
            patch.setattr(module, name, _memo(getattr(module, name)))
        yield


@lru_cache(None)
def _memo(function: Callable[..., object]) -> Callable[..., object]:
    return lru_cache(KEPT)(function)
