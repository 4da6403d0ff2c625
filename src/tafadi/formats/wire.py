"""Entries on the wire: which noun is the body of an entry of which type, and the payload that heading and body make.

How nouns travel is in `tafadi.formats.nouns`, whose names stand here too.

Source: docs/spec/entries.md.
"""

from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.formats.nouns import (
    FORMAT,
    LARGEST_INTEGER,
    MOST_ITEMS,
    Json,
    Member,
    choice,
    decode,
    decode_fields,
    encode,
    encode_members,
    form_of,
    integer,
    members,
    millimetres,
    text,
)
from tafadi.model.agreement import AgreementBody, KeyBody
from tafadi.model.alert import AlertBody
from tafadi.model.casework import Action, Claim
from tafadi.model.conference import Call, Conference, Minutes
from tafadi.model.entry import EntryType
from tafadi.model.incident import Incident
from tafadi.model.lapse import Lapse
from tafadi.model.line import Attempt, Distress, LineCheck, Roster, Stop
from tafadi.model.message import Message
from tafadi.model.movement import MovementBody
from tafadi.model.operation import NoticeBody
from tafadi.model.presence import Presence
from tafadi.model.reply import Answer, Distributed, Readback, Refusal
from tafadi.model.sealed import Sealed
from tafadi.model.site import Site

__all__ = [
    "BODIES",
    "FORMAT",
    "LARGEST_INTEGER",
    "MOST_ITEMS",
    "Json",
    "Member",
    "decode",
    "decode_message",
    "encode",
    "encode_message",
    "members",
    "millimetres",
]

BODIES: Final[dict[EntryType, type]] = {
    EntryType.AGREEMENT: AgreementBody,
    EntryType.LINE_CHECK: LineCheck,
    EntryType.ROSTER: Roster,
    EntryType.OPERATION: NoticeBody,
    EntryType.AREA: NoticeBody,
    EntryType.MOVEMENT: MovementBody,
    EntryType.SITE: Site,
    EntryType.PRESENCE: Presence,
    EntryType.READBACK: Readback,
    EntryType.ANSWER: Answer,
    EntryType.DISTRIBUTED: Distributed,
    EntryType.REFUSAL: Refusal,
    EntryType.STOP: Stop,
    EntryType.DISTRESS: Distress,
    EntryType.ALERT: AlertBody,
    EntryType.ATTEMPT: Attempt,
    EntryType.INCIDENT: Incident,
    EntryType.KEY: KeyBody,
    EntryType.SEALED: Sealed,
    EntryType.LAPSE: Lapse,
    EntryType.CLAIM: Claim,
    EntryType.CONFERENCE: Conference,
    EntryType.CALL: Call,
    EntryType.MINUTES: Minutes,
    EntryType.ACTION: Action,
}


_VERSION: Final = 1


def encode_message(entry: Message) -> dict[str, Json]:
    """The payload of an entry: the heading's members, `v` (the version of this form) and `body`."""
    payload = encode_members(entry)
    payload["v"] = _VERSION
    return payload


def decode_message(payload: Json) -> Message:
    """The message of a payload. Raises FormatError naming the member at fault, with the code for its refusal."""
    if not isinstance(payload, dict):
        raise FormatError("an object is needed here", format=FORMAT)
    rest = dict(payload)
    version = integer(rest.pop("v", 0), "v")
    if version != _VERSION:
        raise FormatError(f"version {version} of the entry form is not spoken here, only {_VERSION}; upgrade", format=FORMAT, field="v")
    kind = choice(EntryType, text(rest.get("type"), "type"), "type")
    body: object = decode(BODIES[EntryType(kind)], rest.pop("body", None), "body")
    return _with_body(rest, body)


def _with_body(heading: dict[str, Json], body: object) -> Message:
    fields = decode_fields(form_of(Message, without="body"), heading, "")
    try:
        return Message(body=body, **fields)  # type: ignore[arg-type]  # BODIES gave a body of the right type
    except InputError as error:
        raise FormatError(str(error), format=FORMAT, code=error.code) from None
