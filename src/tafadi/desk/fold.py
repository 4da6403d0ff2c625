"""The fold: entries into the picture, deterministically.

Every party that holds the same feeds folds them in the same order into the same picture, digest for digest; no clock is read here. What a
clock decides exists only as an entry that says so. What an entry of a type does is in `tafadi.desk.folding`, a file for each type.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from tafadi.desk import folding
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.picture import Picture
from tafadi.errors import WrongStateError
from tafadi.model.agreement import AgreementBody, AgreementStep
from tafadi.model.entry import EntryType
from tafadi.model.reply import Refusal, RefusalCode


def file_of(type: EntryType) -> str:
    """The name of the file in `folding` that says what the desk knows of the type.

    >>> file_of(EntryType.LINE_CHECK), file_of(EntryType.OPERATION)
    ('line_check', 'notice_operation')
    """
    return type.replace(".", "_").replace("-", "_")


def _kind_of(type: EntryType) -> Kind:
    kind: Kind = import_module(f"{folding.__name__}.{file_of(type)}").KIND
    return kind


# Found by their names, so that a new type is a new file and no line here.
KINDS: Final[Mapping[EntryType, Kind]] = {type: _kind_of(type) for type in EntryType}


def fold(picture: Picture, examined: Examined, parties: int) -> Refusal | None:
    """Takes the entry in; returns the refusal of an entry that takes no effect (its own, or for coming in the wrong state).

    The agreement is in force once so many `parties` have signed it.
    """
    entry = examined.message
    if entry is None or not (examined.takes_effect or examined.is_late_notice):
        return examined.refusal
    kind = KINDS[entry.type]
    is_later_step = isinstance(entry.body, AgreementBody) and entry.body.step is not AgreementStep.SIGNED
    if (kind.needs_force or is_later_step) and len(picture.signed) < parties:
        return Refusal(RefusalCode.NOT_IN_FORCE)
    try:
        kind.apply(picture, examined, entry)
    except WrongStateError:
        return Refusal(RefusalCode.WRONG_STATE)
    picture.note(kind.subjects(examined.id, entry))
    return examined.refusal
