"""Zones and airspaces as notices: what the readers of published air have in common.

A zone becomes a notice of kind `area`, of nobody (`party` is None: an authority that publishes is not one who flies). Its parts become
volumes: each outline × heights × each span in which it is in force (`schedule.py`). What holds for every format:

* **Nothing is guessed.** What a notice cannot say is refused with a sentence. Without a `LeftOut` the first refusal ends the reading; with
  one it is listed there, and the reading goes on. A zone with one part that cannot be read is refused whole: half a zone would pass for it.
* **Outlines.** A corner that stands twice in a row counts once. Outlines with holes, or with more corners than a notice may hold, are cut
  into pieces that cover the same ground (`measure/pieces.py`). Curves become corners within 1 m (`measure/arcs.py`); circles stay circles.
* **Heights** keep their datum: above ground, mean sea level (`geoid`), 1013.25 hPa (`pressure`) or WGS 84 (`ellipsoid`). The surface as
  a bottom is 0 m above ground. A top that is expressly unlimited is the highest height there is (100 km), above the datum of the bottom,
  or of the pressure when the bottom is the ground. A limit that is not stated stays unknown.
* **Identities** are those of the source, made unique by a number in square brackets when the format lets names stand twice.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from re import compile as pattern
from typing import Final, NamedTuple, TypeVar

from tafadi.errors import FormatError, InputError
from tafadi.formats.schedule import Period, in_force
from tafadi.formats.skips import Skips
from tafadi.formats.strict_json import check_label, reading
from tafadi.measure.earth import Position
from tafadi.measure.height import HIGHEST_M, Datum, Height
from tafadi.measure.instant import Span
from tafadi.model.names import check_text, printable
from tafadi.model.operation import MOST_VOLUMES, Announced, AreaKind, Disclosure, Kind, Notice
from tafadi.model.volume import MOST_VERTICES, Circle, Outline, Polygon, Volume4D

MOST_ZONES: Final = 100_000  # as for the features of a GeoJSON file
SURFACE: Final = Height(0.0, Datum.GROUND)
NOT_NOW: Final = "it is not in force in the window"
_LONGEST_TITLE: Final = 200
_VALUES = pattern(r"'[^']*'|\"[^\"]*\"|[-+]?\b[0-9][0-9.,:TZ+-]*")  # what differs from one zone to the next in a sentence

T = TypeVar("T")
Ring = tuple[Position, ...]


class Refused(NamedTuple):
    """One zone that could not be read: its number in the file (1 is the first), its name, and why."""

    number: int
    name: str
    sentence: str


class Known(NamedTuple):
    """Why something is no notice here, and rightly so: it is another time, or another kind of thing."""

    reason: str


class LeftOut:
    """What a reader left out: zones refused, of which nobody knows what air they ask for; and things that are rightly no notices here.

    >>> left_out = LeftOut()
    >>> left_out.refuse(3, "EA-R1", "a polygon of 2 corners is not one")
    >>> left_out.refuse(9, "EA-R2", "a polygon of 1 corners is not one")
    >>> left_out.skips.rows()
    [('a polygon of … corners is not one', 2, 3)]
    """

    def __init__(self) -> None:
        self.skips = Skips()
        self.refused: list[Refused] = []

    def refuse(self, number: int, name: str, sentence: str) -> None:
        """Lists a zone that cannot be read; zones are counted together where their sentences differ by numbers and quotations alone."""
        self.refused.append(Refused(number, printable(name)[:128], sentence))
        self.skips.add(_VALUES.sub("…", sentence), number, is_damage=True)

    def pass_over(self, number: int, known: Known) -> None:
        """Counts something that is rightly no notice here."""
        self.skips.add(known.reason, number)


class Part(NamedTuple):
    """One part of a zone: outer ring and holes, or a circle; and its heights."""

    outer: Ring | Circle
    lower: Height | None
    upper: Height | None
    holes: tuple[Ring, ...] = ()


def sift(
    format: str,
    things: Sequence[T],
    read: Callable[[T], Announced | Known],
    name: Callable[[T], str],
    left_out: LeftOut | None,
) -> Iterator[Announced]:
    """The notices among `things`. What is refused is listed in `left_out`; without one it is raised as FormatError.

    Raises FormatError also when there are too many things, or when nothing at all comes of them and `left_out` cannot say so.
    """
    if not things:
        raise FormatError("it holds no zone, and so announces nothing", format=format)
    if len(things) > MOST_ZONES:
        raise FormatError(f"{len(things):,} zones are more than {MOST_ZONES:,}", format=format)
    seen: set[str] = set()
    known: Known | None = None
    for number, thing in enumerate(things, 1):
        try:
            one = read(thing)
            if isinstance(one, Announced) and one.id in seen:
                raise FormatError(f"the identity {one.id!r} stands twice, and nobody can say which one holds", format=format)
        except FormatError as error:
            if left_out is None:
                raise
            left_out.refuse(number, name(thing), error.sentence)
            continue
        if isinstance(one, Known):
            known = one
            if left_out is not None:
                left_out.pass_over(number, one)
            continue
        seen.add(one.id)
        yield one
    if not seen and left_out is None and known is not None:
        raise FormatError(f"none of what it holds ({len(things):,}) is a notice here; the last: {known.reason}", format=format)


def zone(
    format: str,
    id: str,
    area_kind: AreaKind,
    parts: Sequence[Part],
    periods: Sequence[Period],
    window: Span | None,
    *,
    title: str = "",
    disclosure: Disclosure = Disclosure.FULL,
) -> Announced | Known:
    """The zone as a notice of kind area, or Known when it is not in force in the window. Raises FormatError, naming the zone."""
    check_label(id, format, "identity")
    with reading(format, id):
        spans = in_force(periods, window)
        if not spans:
            return Known(NOT_NOW)
        _check_count(len(parts) * len(spans))
        shapes = [(outline, part.lower, part.upper) for part in parts for outline in outlines(part)]
        _check_count(len(shapes) * len(spans))
        volumes = tuple(Volume4D(*shape, span) for shape, span in product(shapes, spans))
        notice = Notice(Kind.AREA, volumes, area_kind=area_kind, title=plain(title), disclosure=disclosure)
    return Announced(id, notice)


def _check_count(volumes: int) -> None:
    """Raises InputError for more volumes than a notice holds, before they are made."""
    if volumes > MOST_VOLUMES:
        sentence = f"its parts and times make {volumes:,} volumes, and a notice holds {MOST_VOLUMES}; a shorter window has fewer times"
        raise InputError(sentence, code="too-large")


def outlines(part: Part) -> list[Outline]:
    """The outlines that together cover the part. Raises InputError."""
    if isinstance(part.outer, Circle):
        return [part.outer]
    outer, *holes = (apart(ring) for ring in (part.outer, *part.holes))
    if not holes and len(outer) <= MOST_VERTICES:
        return [Polygon(outer)]
    from tafadi.measure.pieces import pieces  # heavy: only when an outline is to be cut

    return [Polygon(ring) for ring in pieces(outer, holes, MOST_VERTICES)]


def apart(ring: Ring) -> Ring:
    """The ring on the grid of the wire, without corners that stand twice in a row, the last before the first included."""
    on_grid = [corner.quantised() for corner in ring]
    kept = [corner for index, corner in enumerate(on_grid) if index == 0 or corner != on_grid[index - 1]]
    while len(kept) > 1 and kept[-1] == kept[0]:
        kept.pop()
    return tuple(kept)


def unlimited(lower: Height | None) -> Height:
    """The top of air that is expressly without one, above the datum of its bottom."""
    datum = Datum.PRESSURE if lower is None or lower.datum is Datum.GROUND else lower.datum
    return Height(HIGHEST_M, datum)


def plain(title: str) -> str:
    """Free text as a title: on one line, cut to what a notice holds; empty where it holds what could mislead a reader."""
    line = printable(" ".join(title.split()))[:_LONGEST_TITLE]
    try:
        return check_text(line, "the title", _LONGEST_TITLE)
    except InputError:
        return ""


def numbered(names: Sequence[str]) -> list[str]:
    """The names, each made unique: where one stands several times, each gets its number among them in brackets.

    >>> numbered(["a", "b", "a"])
    ['a [1]', 'b', 'a [2]']
    """
    count: dict[str, int] = {}
    for name in names:
        count[name] = count.get(name, 0) + 1
    met: dict[str, int] = {}
    unique = []
    for name in names:
        met[name] = met.get(name, 0) + 1
        unique.append(f"{name} [{met[name]}]" if count[name] > 1 else name)
    return unique
