"""Open-ARIA events: the published result that stands beside a recording, to compare our own with.

JSON with `atEventTime`: `timestamp` (RFC 3339 Z), `trueLateralNm`, `trueVerticalFt`. Everything else in it is dropped. Its authors
compute on a 2.5 s grid, so its distances differ a little from straight lines between the hits (docs/maths/watch.md).
"""

import math
from dataclasses import dataclass
from typing import Final

import msgspec

from tafadi.errors import FormatError, TimeError
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M

NAME: Final = "aria-event"
LARGEST_BYTES: Final = 1_000_000


class _AtEvent(msgspec.Struct):
    timestamp: str
    trueLateralNm: float
    trueVerticalFt: float


class _Event(msgspec.Struct):
    atEventTime: _AtEvent


@dataclass(frozen=True, slots=True)
class AriaEvent:
    """When the event was, and how far apart the two were then."""

    at: Instant
    horizontal_m: float
    vertical_m: float


def parse(data: bytes) -> AriaEvent:
    """The event of the document. Raises FormatError."""
    if len(data) > LARGEST_BYTES:
        raise FormatError(f"{len(data)} bytes are more than an event has", format=NAME)
    try:
        event = msgspec.json.decode(data, type=_Event).atEventTime
        at = Instant.parse(event.timestamp)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"it is not such an event: {error}", format=NAME) from None
    except TimeError as error:
        raise FormatError(str(error), format=NAME, field="atEventTime.timestamp") from None
    if not (math.isfinite(event.trueLateralNm) and math.isfinite(event.trueVerticalFt)):
        raise FormatError("its distances are no numbers", format=NAME, field="atEventTime")
    return AriaEvent(at, event.trueLateralNm * NAUTICAL_MILE_M, event.trueVerticalFt * FOOT_M)
