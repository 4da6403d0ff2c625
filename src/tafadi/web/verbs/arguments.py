"""What verbs are given as text (choices and modes, refused in a sentence that says what there is to choose from), and what they answer."""

import re
from enum import StrEnum
from typing import TypeVar

from tafadi.desk.desk import Desk
from tafadi.errors import InputError, NotPermittedError
from tafadi.formats.wire import Json
from tafadi.model.entry import EntryId
from tafadi.model.incident import Fact
from tafadi.model.names import Mode

Choice = TypeVar("Choice", bound=StrEnum)


def choice(kind: type[Choice], text: str, what: str) -> Choice:
    """The member of `kind` that `text` names. Raises InputError with all there are."""
    try:
        return kind(text)
    except ValueError:
        raise InputError(f"{what} {text!r} is none of {', '.join(kind)}") from None


def mode_named(desk: Desk, text: str) -> Mode:
    """The mode named; without a name the agreement's only one. There is no silent default between REAL and EXERCISE."""
    modes = desk.pact.agreement.modes
    if text:
        mode = choice(Mode, text, "mode")
        if mode not in modes:
            raise NotPermittedError(f"the agreement does not allow mode {mode}; it allows {', '.join(modes)}")
        return mode
    if len(modes) != 1:
        raise InputError(f"say in which mode, with --mode: {', '.join(modes)}")
    return modes[0]


def any_mode(desk: Desk, text: str) -> Mode:
    """The mode named, whether the agreement allows it or not; without a name its only one, and REAL where it has several.

    For distress alone: nobody who calls for help is asked for a mode first.
    """
    if text:
        named: Mode = choice(Mode, text, "mode")
        return named
    modes = desk.pact.agreement.modes
    return modes[0] if len(modes) == 1 else Mode.REAL


def facts_of(lines: list[str] | None) -> tuple[Fact, ...]:
    """The facts of lines like `2 disputed: it was east of the line`; the words may be missing. Raises InputError.

    >>> facts_of(["1 undisputed", "2 disputed: it was east of it"])
    (Fact(item=1, undisputed=True, text=''), Fact(item=2, undisputed=False, text='it was east of it'))
    """
    found = []
    for line in lines or ():
        match = _FACT.fullmatch(line)
        if match is None:
            raise InputError(f"{line[:60]!r} is no fact like '2 disputed: it was east of the line'")
        found.append(Fact(int(match[1]), match[2] == "undisputed", match[3] or ""))
    return tuple(found)


_FACT = re.compile(r"([0-9]{1,3}) (undisputed|disputed)(?:: (.*))?", re.ASCII | re.DOTALL)


def said(entry: EntryId, **more: Json) -> dict[str, Json]:
    """What a verb answers that said something: the entry it is in, and `more`."""
    return {"entry": str(entry), **more}
