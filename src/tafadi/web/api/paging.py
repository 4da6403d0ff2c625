"""Paging: the lists of an answer, cut to pieces that a cursor goes on from.

A cursor names the last item that was given of each list that has more. Where that item is there no longer, the cursor is refused: to go on
somewhere else would leave out what nobody has seen. Whoever wants all that is said, in order and without a gap, reads the entries.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tafadi.errors import InputError
from tafadi.formats.wire import Json

LIMIT: Final = 100
LIMIT_MAX: Final = 1_000
CURSOR_MAX: Final = 4_000  # characters; a line of an HTTP request has 64 kB here
_ALONE: Final = (
    "links",
    "stored_at",
    "feeds",
    "picture",
    "checks",
)  # one item for each party or check, and the picture, which is one thing
_KEYS: Final = ("id", "situation")  # what names a thing for ever; an alert is named by its situation


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of each list is asked for."""

    limit: int = LIMIT
    cursor: str = ""

    def of(self, answer: dict[str, Json]) -> dict[str, Json]:
        """The answer with its lists cut, and `next` where there is more. Raises InputError for a cursor that leads nowhere."""
        lasts = _opened(self.cursor)
        page: dict[str, Json] = {}
        more: dict[str, str] = {}
        for name, value in answer.items():
            if name in _ALONE or not isinstance(value, list | dict):
                page[name] = value
            elif not self.cursor or name in lasts:
                page[name] = self._part(name, value, lasts.get(name), more)
        if unknown := set(lasts) - set(answer):
            raise InputError(f"the cursor is of another answer: there is no {sorted(unknown)[0][:40]!r} in this one")
        return page | ({"next": _sealed(more)} if more else {})

    def _part(self, name: str, value: list[Json] | dict[str, Json], last: str | None, more: dict[str, str]) -> Json:
        """The items after `last`; the key of the last of them goes into `more` where there are others behind it."""
        items = list(_keyed(value))
        start = 0 if last is None else _after([key for key, _ in items], last, name)
        part = items[start : start + self.limit]
        if start + self.limit < len(items):
            more[name] = part[-1][0]
        return dict(part) if isinstance(value, dict) else [item for _, item in part]


def _keyed(value: list[Json] | dict[str, Json]) -> Iterator[tuple[str, Json]]:
    """Each item with what names it."""
    if isinstance(value, dict):
        yield from value.items()
    else:
        yield from ((_key(item), item) for item in value)


def _key(item: Json) -> str:
    """The item itself where it is a name, its identity where it has one, and else the digest of what it says."""
    if isinstance(item, str):
        return item
    named = next((item[key] for key in _KEYS if key in item), None) if isinstance(item, dict) else None
    return named if isinstance(named, str) else hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()[:32]


def _after(keys: list[str], last: str, name: str) -> int:
    try:
        return keys.index(last) + 1
    except ValueError:
        raise InputError(f"the cursor goes on after {last[:80]!r}, which {name} holds no longer; begin again without a cursor") from None


def _sealed(more: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(more, separators=(",", ":")).encode()).decode("ascii").rstrip("=")


def _opened(cursor: str) -> dict[str, str]:
    if not cursor:
        return {}
    try:
        opened = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        opened = None
    if not isinstance(opened, dict) or not opened or not all(isinstance(last, str) for last in opened.values()):
        raise InputError("the cursor is none that this API has given")
    return opened
