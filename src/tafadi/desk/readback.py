"""Read-back: what the receiver's node recomputes from the geometry of a notice, compared with what its sender stated in words.

Deir ez-Zor, 17 September 2016: the place given on the telephone was about 9 km off. Here the geometry is in the message; the words are
checked against it, and a difference alarms both sides before anybody relies on either.
"""

from typing import Final

from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.height import Height
from tafadi.measure.outline import area_m2, middle
from tafadi.model.agreement import Agreement, Landmark
from tafadi.model.operation import Notice, StatedPlace
from tafadi.model.reply import Difference, Match, PlaceReading, Readback
from tafadi.model.volume import Circle, Volume4D

ROUNDING_M: Final = 2  # two nodes round to whole metres and thousandths of a degree, each after sums of its own
ROUNDING_M2: Final = 100
ROUNDING_SHARE: Final = 1e-4
MDEG_RAD: Final = 1.7453292519943295e-5
LANDMARKS_READ: Final = 2
STATED_TOLERANCE_M: Final = 1_000.0  # words give whole degrees and half miles
STATED_TOLERANCE_SHARE: Final = 0.02  # one degree, at any distance


def read_back(notice: Notice, agreement: Agreement) -> Readback:
    """What the notice's geometry says, seen from the two nearest landmarks, and every stated place that does not fit it."""
    centre = centre_of(notice)
    landmarks = sorted(agreement.landmarks, key=lambda mark: (leg(mark.position, centre).distance_m, mark.name))[:LANDMARKS_READ]
    differences = tuple(_differences(notice, centre, agreement))
    lower, upper = _band(notice)
    return Readback(
        result=Match.MISMATCH if differences else Match.MATCH,
        places=tuple(_reading(mark, centre) for mark in landmarks),
        area_m2=round(sum(_area_m2(volume) for volume in notice.volumes)),
        lower=lower,
        upper=upper,
        span=notice.span,
        differences=differences,
    )


def first_differing(own: Readback, told: Readback) -> str:
    """The first member in which another node's read-back differs from one's own by more than rounding; empty where it is the same.

    Two programs that compute differently would otherwise go on unnoticed, each true to itself.
    """
    for name in ("result", "lower", "upper", "span"):
        if getattr(own, name) != getattr(told, name):
            return name
    if abs(own.area_m2 - told.area_m2) > max(ROUNDING_M2, ROUNDING_SHARE * own.area_m2):
        return "area_m2"
    if len(own.places) != len(told.places):
        return "places"
    return "" if all(map(_is_same_place, own.places, told.places)) else "places"


def _is_same_place(own: PlaceReading, told: PlaceReading) -> bool:
    turned_mdeg = abs((own.bearing_mdeg - told.bearing_mdeg + 180_000) % 360_000 - 180_000)
    aside_m = own.distance_m * max(turned_mdeg - 1, 0) * MDEG_RAD
    return own.landmark == told.landmark and abs(own.distance_m - told.distance_m) <= ROUNDING_M and aside_m <= ROUNDING_M


def centre_of(notice: Notice) -> Position:
    """The middle of the first volume, or the first waypoint: the place that words describe."""
    if notice.volumes:
        outline = notice.volumes[0].outline
        return outline.centre if isinstance(outline, Circle) else middle(outline.vertices)
    assert notice.trajectory is not None
    return notice.trajectory.waypoints[0].position


def _reading(mark: Landmark, centre: Position) -> PlaceReading:
    along = leg(mark.position, centre)
    return PlaceReading(mark.name, round(along.bearing_deg * 1_000) % 360_000, round(along.distance_m))


def _area_m2(volume: Volume4D) -> float:
    outline = volume.outline
    return 3.141592653589793 * outline.radius_m**2 if isinstance(outline, Circle) else area_m2(outline.vertices)


def _band(notice: Notice) -> tuple[str, str]:
    """The lowest and the highest height stated, each with its datum; a dash where none is stated or datums differ."""
    lowers = [volume.lower for volume in notice.volumes]
    uppers = [volume.upper for volume in notice.volumes]
    if notice.trajectory:
        flown = [waypoint.height for waypoint in notice.trajectory.waypoints]
        lowers, uppers = lowers + flown, uppers + flown
    return _extreme(lowers, highest=False), _extreme(uppers, highest=True)


def _extreme(heights: list[Height | None], *, highest: bool) -> str:
    known = [height for height in heights if height is not None]
    if len(known) < len(heights) or len({height.datum for height in known}) != 1:
        return "-"
    return str((max if highest else min)(known, key=lambda height: height.value_m))


def _differences(notice: Notice, centre: Position, agreement: Agreement) -> list[Difference]:
    marks = {mark.name: mark for mark in agreement.landmarks}
    found = []
    for stated in notice.stated:
        mark = marks.get(stated.landmark)
        if mark is None:
            found.append(Difference("landmark", stated.landmark, "no agreed landmark has this name"))
        elif not _fits(stated, mark, centre):
            found.append(
                Difference(f"place from {mark.name}", _words(stated.bearing_deg, stated.distance_m), _words(*leg(mark.position, centre)))
            )
    return found


def _fits(stated: StatedPlace, mark: Landmark, centre: Position) -> bool:
    said = destination(mark.position, Leg(stated.bearing_deg, stated.distance_m))
    return leg(said, centre).distance_m <= max(STATED_TOLERANCE_M, STATED_TOLERANCE_SHARE * stated.distance_m)


def _words(bearing_deg: float, distance_m: float) -> str:
    return f"{bearing_deg:05.1f}° {distance_m / 1_000:.1f} km"
