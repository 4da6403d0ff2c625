"""What a recording does not say of itself and the command line must: when it begins, and where radars and receivers stand."""

import re
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from tafadi.errors import InputError, TafadiError
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant

if TYPE_CHECKING:
    from tafadi.formats.slant import Site

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SITE: Final = re.compile(r"\s*(?:([0-9]{1,3}/[0-9]{1,3})\s*:)?\s*(-?[0-9.]{1,20})\s*,\s*(-?[0-9.]{1,20})\s*(?:,\s*([^,]{1,60}))?")
_EXAMPLE: Final = '--site "25/201: 45.815, 15.982, 300 [m] ellipsoid" for a radar, --site "59.8, 30.26" for a receiver'


class Stated(NamedTuple):
    """The day (UTC) on which the first record was made, its time where that is known too, radars by "area/system", and the receiver."""

    day: date | None = None
    begins: Instant | None = None
    sites: "dict[str, Site]" = {}  # noqa: RUF012  # never written to
    receiver: Position | None = None


NOTHING: Final = Stated()


def stated(begins: str | None, sites: list[str]) -> Stated:
    """What `--begins` and `--site` say. Raises InputError for what they cannot mean."""
    radars: dict[str, Site] = {}
    receiver = None
    for text in sites:
        radar, site = _site(text)
        if (radar is None and receiver is not None) or radar in radars:
            raise InputError(f"--site {text[:60]!r} is said twice, and nobody can say which one holds")
        if radar is None:
            receiver = site.position
        else:
            radars[radar] = site
    day, at = _beginning(begins)
    return Stated(day, at, radars, receiver)


def _beginning(text: str | None) -> tuple[date | None, Instant | None]:
    if text is None:
        return None, None
    try:
        at = Instant.parse(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
    except TafadiError:
        raise InputError(f"--begins {text[:60]!r} is neither a day like 2018-04-03 nor a time like 2018-04-03T19:02:28.136Z") from None
    return date.fromisoformat(str(at)[:10]), None if _DAY.fullmatch(text) else at


def _site(text: str) -> "tuple[str | None, Site]":
    """The radar that stands there (None for the receiver), and its place."""
    from tafadi.formats.slant import Site

    match = _SITE.fullmatch(text[:200])
    if match is None:
        raise InputError(f"--site {text[:60]!r} is no place; write {_EXAMPLE}")
    radar, lat, lon, height = match.groups()
    try:
        position = Position(float(lat), float(lon))
    except ValueError:
        raise InputError(f"--site {text[:60]!r} is no place; write {_EXAMPLE}") from None
    if radar is None:
        return None, Site(position, 0.0)
    above = None if height is None else Height.parse(height)
    if above is None or above.datum is not Datum.ELLIPSOID:
        raise InputError(f"--site {text[:60]!r}: a radar needs its height above the ellipsoid; write {_EXAMPLE}")
    return radar, Site(position, above.value_m)
