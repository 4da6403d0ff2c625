"""Slow twin of `tafadi.desk.matters`: all entries folded one after another in the one order, the whole picture at once."""

from collections.abc import Iterable

from tafadi.desk.examine import Examined
from tafadi.desk.fold import fold
from tafadi.desk.picture import Picture
from tafadi.model.entry import EntryId
from tafadi.model.reply import Refusal


def picture_of(entries: Iterable[tuple[tuple[int, str, int], Examined]], parties: int) -> tuple[Picture, dict[EntryId, Refusal | None]]:
    """The picture of the entries with their keys, and why each takes no effect."""
    picture = Picture()
    refusals = {examined.id: fold(picture, examined, parties) for _, examined in sorted(entries, key=lambda placed: placed[0])}
    return picture, refusals
