"""What the command line states so that heights above unlike datums can be compared: `--geoid`, `--air` and `--terrain`.

    --geoid egm2008                          which grid of the geoid; a file in .gtx; any that is installed, where nothing is said
    --air "±300 [m]"                         pressure heights are heights above the sea, give or take
    --air "1003 ± 2 [hPa], -10 ± 5 [K]"      the pressure at sea level, and how much warmer it is than the standard
    --air "1003 ± 2 [hPa], -10 ± 5 [K], 420 [m]"   the same, of a place that lies so high
    --terrain "230 ± 20 [m] geoid"           how high the ground lies

Every one says how far it may be wrong, because the verdict depends on it. "+-" is as good as "±".
"""

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tafadi.errors import InputError, MissingError
from tafadi.measure.height import Datum, Height
from tafadi.measure.units import parse_quantity

if TYPE_CHECKING:
    from tafadi.measure.levelling import Air, Levelling, Terrain
    from tafadi.model.alert import Alert
    from tafadi.model.judgement import Judgement
    from tafadi.model.operation import Announced, Minima

AIR_EXAMPLE: Final = '"±300 [m]", or "1003 ± 2 [hPa], -10 ± 5 [K]"'
TERRAIN_EXAMPLE: Final = '"230 ± 20 [m] geoid"'
LONGEST_TEXT: Final = 200
GeoidOption = Annotated[
    str | None, typer.Option("--geoid", help="A grid of the geoid: egm2008, egm96 or a .gtx file; any installed one.", metavar="GRID")
]
AirOption = Annotated[
    str | None,
    typer.Option("--air", help='What is known of the air: "±300 \\[m]" or "1003 ± 2 \\[hPa], -10 ± 5 \\[K]".', metavar="AIR"),
]
TerrainOption = Annotated[str | None, typer.Option("--terrain", help='How high the ground lies: "230 ± 20 \\[m] geoid".', metavar="HEIGHT")]
_AROUND = re.compile(r"\s*([^±]{0,40}?)\s*±\s*([^±\[\]\s][^±\[\]]{0,40}?)\s*(\[[^\[\]]{1,10}\])\s*")


def parse_air(text: str) -> "Air":
    """What `--air` says. Raises InputError, UnitError."""
    from tafadi.measure.levelling import MeasuredAir, RoughAir

    pieces = _plain(text).split(",")
    if len(pieces) == 1:
        value_m, within_m = _around(pieces[0], "length", "--air", AIR_EXAMPLE)
        if value_m != 0.0:
            raise InputError(f"--air {text[:60]!r}: say only by how much pressure heights may be wrong, like {AIR_EXAMPLE}")
        return RoughAir(within_m)
    if len(pieces) > 3:
        raise InputError(f"--air {text[:60]!r} says too much; write {AIR_EXAMPLE}")
    station_m = parse_quantity(pieces[2], "length") if len(pieces) == 3 else 0.0
    pressure = _around(pieces[0], "pressure", "--air", AIR_EXAMPLE)
    return MeasuredAir(*pressure, *_around(pieces[1], "temperature", "--air", AIR_EXAMPLE), station_m)


def parse_terrain(text: str) -> "Terrain":
    """What `--terrain` says. Raises InputError, UnitError, DatumError."""
    from tafadi.measure.levelling import Terrain

    quantity, bracket, datum = _plain(text).rpartition("]")
    if datum.strip() not in set(Datum):
        raise InputError(f"--terrain {text[:60]!r} names no datum; write it like {TERRAIN_EXAMPLE}")
    value_m, within_m = _around(quantity + bracket, "length", "--terrain", TERRAIN_EXAMPLE)
    return Terrain(Height(value_m, Datum(datum.strip())), within_m)


def _plain(text: str) -> str:
    return text[:LONGEST_TEXT].replace("+-", "±").replace("+/-", "±")


def _around(text: str, dimension: str, option: str, example: str) -> tuple[float, float]:
    """Value and error of `VALUE ± ERROR [unit]`, in SI; the value is 0 where there is none. Raises InputError, UnitError."""
    match = _AROUND.fullmatch(text)
    if match is None:
        raise InputError(f"{option} {text.strip()[:60]!r} does not say how far it may be wrong; write {example}")
    value, within, unit = match.groups()
    return parse_quantity(f"{value or '0'} {unit}", dimension), parse_quantity(f"{within} {unit}", dimension)


class Heights:
    """What is stated, used on judgements that are UNKNOWN because of datums. Raises InputError, UnitError, DatumError for what is none."""

    def __init__(self, geoid: str | None, air: str | None, terrain: str | None) -> None:
        self._geoid = geoid
        self._air = None if air is None else parse_air(air)
        self._terrain = None if terrain is None else parse_terrain(terrain)
        self._is_noted = False

    def judged(
        self, judgements: "list[Judgement]", announced: "list[Announced]", minima: "Minima | None"
    ) -> "tuple[list[Judgement], list[str]]":
        """The judgements, with those across datums made anew by what is stated; and sentences about it.

        Raises MissingError for a grid that was named and is not there, InputError for one that is none.
        """
        from tafadi.engine.levelled import across, reconciled

        before = across(judgements, announced)
        if not before and self._geoid is None:  # pyproj and the grid are not loaded for nothing
            return judgements, []
        levelling, install = self.levelling()
        found = reconciled(judgements, announced, levelling, minima)
        left = across(found, announced)
        decided = len(before) - len(left)
        told = [f"{decided:,} of {len(before):,} pairs across datums are decided by {told_of(levelling)}"] if decided else []
        return found, [*told, *_advice(left, announced, levelling, install)]

    def levelling(self) -> "tuple[Levelling, str]":
        """All that is stated, and what to install, where no grid was named and none is there (else empty). Raises as `judged`."""
        from tafadi.measure.levelling import Levelling
        from tafadi.store.geoid import find_geoid

        try:
            return Levelling(find_geoid(self._geoid or ""), self._air, self._terrain), ""
        except MissingError as error:
            if self._geoid is not None:
                raise
            return Levelling(None, self._air, self._terrain), str(error)

    def note(self, alert: "Alert") -> None:
        """Says on standard error, once, what was not stated, when an alert is UNKNOWN because of datums."""
        from tafadi.cli.exits import say_error
        from tafadi.model.judgement import Cause

        if self._is_noted or alert.predicted.cause is not Cause.DATUMS_UNLIKE:
            return
        self._is_noted = True
        levelling, install = self.levelling()
        missing = {levelling.lacks(datum, into) for datum in Datum for into in (Datum.GEOID, Datum.ELLIPSOID)}
        for sentence in _sentences(missing, install):
            say_error(sentence)


def told_of(levelling: "Levelling") -> str:
    """What the levelling goes by, for people."""
    grid = [] if levelling.undulation is None else [f"{levelling.undulation.name} (give or take {levelling.undulation.within_m:g} m)"]
    air = [] if levelling.air is None else ["--air"]
    return ", ".join([*grid, *air, *([] if levelling.terrain is None else ["--terrain"])])


def _advice(left: "list[Judgement]", announced: "list[Announced]", levelling: "Levelling", install: str) -> list[str]:
    """What could be stated so that fewer pairs stay unknown: a sentence for each thing that is missing."""
    from tafadi.engine.levelled import datums
    from tafadi.measure.levelling import TARGETS
    from tafadi.model.judgement import Cause

    by_id = {one.id: one.notice for one in announced}
    names = {name for one in left if one.cause is Cause.DATUMS_UNLIKE for name in (one.first, one.second)}
    met = {datum for name in names for datum in datums(by_id[name])}
    return _sentences({levelling.lacks(datum, into) for datum in met for into in TARGETS}, install)


def _sentences(missing: set[str], install: str) -> list[str]:
    """One for each thing that is missing."""
    from tafadi.measure.levelling import LACKS_AIR, LACKS_GRID, LACKS_TERRAIN

    sentences = {
        LACKS_GRID: f"heights above the geoid and the ellipsoid are not compared: {install}",
        LACKS_AIR: f"pressure heights are compared with others only if you say what is known of the air: --air {AIR_EXAMPLE}",
        LACKS_TERRAIN: f"heights above the ground are compared only if you say how high it lies: --terrain {TERRAIN_EXAMPLE}",
    }
    return [sentence for what, sentence in sentences.items() if what in missing]
