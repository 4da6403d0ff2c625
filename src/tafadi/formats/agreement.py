"""The agreement document: one exact byte form, so that every party signs the same digest.

RFC 8785 JSON of the agreement's wire form (see `tafadi.formats.wire`) with `format` saying which version of it this is.
"""

import hashlib
import json
from typing import Final

import rfc8785

from tafadi.errors import FormatError
from tafadi.formats.wire import Json, decode, encode
from tafadi.model.agreement import Agreement

FORMAT: Final = "tafadi.agreement/1"
LARGEST_BYTES: Final = 40_000  # it must fit, as base64 of JSON, into the 65,535 bytes of entry 0


def write_document(agreement: Agreement) -> bytes:
    """The canonical bytes of the agreement."""
    body = encode(agreement)
    assert isinstance(body, dict)
    return rfc8785.dumps({"format": FORMAT, **body})


def read_document(data: bytes) -> Agreement:
    """The agreement of a document. Raises FormatError unless the bytes are exactly what `write_document` would write."""
    if len(data) > LARGEST_BYTES:
        raise FormatError(f"{len(data)} bytes are more than the {LARGEST_BYTES} of an agreement", format="agreement", code="too-large")
    body = _members(data)
    if body.pop("format", None) != FORMAT:
        raise FormatError(f"this is not a document of the form {FORMAT}", format="agreement", field="format")
    agreement = decode(Agreement, body)
    if write_document(agreement) != data:
        raise FormatError("the document is not in its one canonical form (RFC 8785)", format="agreement")
    return agreement


def _members(data: bytes) -> dict[str, Json]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise FormatError("this is not JSON", format="agreement") from None
    if not isinstance(body, dict):
        raise FormatError("an object is needed here", format="agreement")
    return body


def digest_of(document: bytes) -> str:
    """The digest that all parties sign: SHA-256 in hexadecimal."""
    return hashlib.sha256(document).hexdigest()


def agreement_id(name: str, document: bytes) -> str:
    """The agreement's identity, which binds its name to its exact text: `east-sky-1f2e3d4c5b6a`."""
    return f"{name}-{digest_of(document)[:12]}"
