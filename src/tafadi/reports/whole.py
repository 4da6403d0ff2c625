"""The whole page of a report: the parts that every report has, in one order, and what one kind has beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tafadi.reports.course import Subject
from tafadi.reports.findings import (
    Finding,
    Omission,
    Question,
    Tile,
    computed_part,
    counts_part,
    left_out_part,
    pairs_part,
    pictures_part,
    question_part,
    table_part,
)
from tafadi.reports.page import page


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What every report tells: the question, the findings in order, how many there are of them in all, and what they are between."""

    title: str
    question: Question
    found: Sequence[Finding]
    subjects: Mapping[str, Subject]
    conflicts: int
    unknown: int
    tiles: Sequence[Tile]
    left_out: Sequence[Omission]
    method: Sequence[str]

    @property
    def total(self) -> int:
        """How many findings there are; a table may hold fewer."""
        return self.conflicts + self.unknown


def whole(told: Told, *, before: str = "", after_map: str = "", after_pairs: str = "") -> bytes:
    """The report as one HTML file; `before` the map, after it and after the pairs stands what only one kind of report has, as HTML."""
    parts = (
        question_part(told.title, told.question),
        counts_part(told.conflicts, told.unknown, told.tiles),
        before,
        pictures_part(told.found, told.subjects, told.total),
        after_map,
        table_part(told.found, told.total),
        pairs_part(told.found, told.subjects, told.total),
        after_pairs,
        left_out_part(told.left_out),
        computed_part(told.method, told.subjects.values()),
    )
    return page(told.title, (part for part in parts if part))
