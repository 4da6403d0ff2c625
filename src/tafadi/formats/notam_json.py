"""NOTAM in JSON: the same texts as in `notam`, in the wrappers in which public interfaces hand them out.

Sources: the reports of avwx-engine (MIT; `raw` of each) and the collections of danger areas of Joey0609/notams (MIT; `RAWMESSAGE`).

| the file is | its texts |
|---|---|
| a list of texts | each of them |
| a list of objects | `raw` or `RAWMESSAGE` of each, or the same of its member `data` |
| an object with a list `reports` | the same of each of the list |
| an object with a list `RAWMESSAGE` | each of that list, which runs parallel to others |

One element is one NOTAM, with all that holds for one in `notam`: identity, heights, times, what is passed over and what is refused. Units
and datum are those of the text. **What a service has read out of the text is not used**: nobody here vouches for its places, times, limits,
classes and outlines. They are dropped, with all other members.
Refused, element by element: one without a text, one with two of these members, a text with several NOTAM. Refused as a file: no such list,
or two of them; JSON that two readers could understand differently (`strict_json`, whose limits hold here). Not written.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NoReturn, cast

from tafadi.errors import FormatError
from tafadi.formats import notam
from tafadi.formats.strict_json import load
from tafadi.formats.zones import LeftOut
from tafadi.measure.instant import Span
from tafadi.model.operation import Announced

NAME: Final = "notam_json"
LISTS: Final = ("reports", "RAWMESSAGE")
TEXTS: Final = ("raw", "RAWMESSAGE")


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The areas of a file of NOTAM in JSON that stand in the window. Raises FormatError, for every refusal when there is no `left_out`."""
    return notam.areas(NAME, [_notam(index, one) for index, one in enumerate(_list(load(data, format=NAME)))], window, left_out)


def dump(announced: Iterable[Announced]) -> NoReturn:
    """Raises FormatError: authorities issue NOTAM."""
    raise FormatError("a NOTAM is issued by an authority, and is not written here", format=NAME)


def _list(tree: object) -> list[object]:
    if isinstance(tree, list):
        return tree
    found = [tree[name] for name in LISTS if isinstance(tree.get(name), list)] if isinstance(tree, dict) else []
    if len(found) != 1:
        raise FormatError(f"it is no list of NOTAM, and has not exactly one under {' or '.join(LISTS)}", format=NAME)
    return cast(list[object], found[0])


def _notam(index: int, one: object) -> notam.Notam | FormatError:
    """The NOTAM of an element; why there is none."""
    held = one.get("data", one) if isinstance(one, dict) else one
    texts = [held[name] for name in TEXTS if name in held] if isinstance(held, dict) else [held]
    if len(texts) != 1 or not isinstance(texts[0], str) or not texts[0].strip():
        return FormatError("it has not exactly one text of a NOTAM", format=NAME, field=f"[{index}]")
    found = list(notam.notams(texts[0].encode()))
    if len(found) != 1:
        return FormatError(f"there are {len(found)} NOTAM in one text", format=NAME, field=f"[{index}]")
    return found[0]
