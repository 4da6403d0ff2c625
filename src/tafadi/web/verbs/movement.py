"""The verbs about movements and presence: what is announced by a route, and who is in an area."""

from tafadi.desk import announce
from tafadi.desk import presence as presences
from tafadi.errors import InputError
from tafadi.formats.wire import Json, millimetres
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.units import parse_quantity
from tafadi.model.movement import Movement
from tafadi.model.names import Precedence
from tafadi.model.operation import StatedPlace
from tafadi.model.presence import Presence, PresenceStep
from tafadi.model.volume import Circle, Polygon
from tafadi.node import Node
from tafadi.web.verbs.arguments import choice, mode_named, said


def notice_movement(
    node: Node,
    route: list[list[float]],
    half_width_m: float,
    windows: list[list[str]],
    lower: str = "",
    upper: str = "",
    markings: str = "",
    emergency: bool = False,
    title: str = "",
    contact: str = "",
    stated: list[list[str]] | None = None,
    amends: str = "",
    agreement: str = "",
    role: str = "watch-officer",
    mode: str = "",
    precedence: str = "ROUTINE",
    valid_until: str = "",
) -> dict[str, Json]:
    """Announces a movement, or amends one. A place is latitude, longitude; a window start, end; words are landmark, bearing, distance."""
    desk = node.desk(agreement)
    movement = Movement(
        places(route),
        on_grid(half_width_m),
        tuple(_window(one) for one in windows),
        _height(lower),
        _height(upper),
        markings,
        emergency,
        title,
        contact,
        stated=tuple(_stated(one) for one in stated or ()),
    )
    urgency: Precedence = choice(Precedence, precedence, "precedence")
    until = Instant.parse(valid_until) if valid_until else None
    if amends:
        return said(announce.amend(desk, role, desk.find(amends), movement, urgency, until))
    return said(announce.send(desk, role, movement, mode_named(desk, mode), urgency, until))


def notice_presence(
    node: Node,
    since: str,
    until: str = "",
    no_end: bool = False,
    centre: list[float] | None = None,
    radius_m: float = 0.0,
    corners: list[list[float]] | None = None,
    title: str = "",
    text: str = "",
    agreement: str = "",
    role: str = "watch-officer",
    mode: str = "",
) -> dict[str, Json]:
    """Announces who is in an area: a circle, or a polygon of corners; until a time, or with no end announced."""
    desk = node.desk(agreement)
    if bool(until) == no_end:
        raise InputError("say until when, or that no end is announced, and not both")
    if bool(centre) == bool(corners):
        raise InputError("an area is a centre with a radius, or three corners and more")
    area = Circle(places([centre])[0], on_grid(radius_m)) if centre else Polygon(places(corners or []))
    body = Presence(PresenceStep.NEW, area, Instant.parse(since), Instant.parse(until) if until else None, title, text)
    return said(presences.announce_presence(desk, role, mode_named(desk, mode), body))


def notice_withdraw(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "watch-officer") -> dict[str, Json]:
    """Says that one's own presence is over."""
    desk = node.desk(agreement)
    return said(presences.withdraw_presence(desk, role, desk.find(entry), text))


def places(pairs: list[list[float]]) -> tuple[Position, ...]:
    """The places of pairs of latitude and longitude, on the grid of the wire. Raises InputError."""
    if any(len(pair) != 2 for pair in pairs):
        raise InputError("a place is a latitude and a longitude")
    return tuple(Position(lat_deg, lon_deg).quantised() for lat_deg, lon_deg in pairs)


def on_grid(length_m: float) -> float:
    """The length on the grid of the wire. Raises InputError for what is no length."""
    length_mm = millimetres(length_m)
    if length_mm is None:
        raise InputError(f"{length_m} m is no length")
    return length_mm / 1_000.0


def _height(text: str) -> Height | None:
    if not text:
        return None
    height = Height.parse(text)
    return Height(on_grid(height.value_m), height.datum)


def _window(times: list[str]) -> Span:
    if len(times) != 2:
        raise InputError("a window is a start and an end")
    return Span(Instant.parse(times[0]), Instant.parse(times[1]))


def _stated(words: list[str]) -> StatedPlace:
    if len(words) != 3:
        raise InputError("a place in words is a landmark, a bearing and a distance")
    return StatedPlace(words[0], parse_quantity(words[1], "angle"), parse_quantity(words[2], "length"))
