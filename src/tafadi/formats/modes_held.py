"""What is held of one address: the last word on each thing that its frames say, and the place that they make together.

Frame : places WGS 84; heights above 1013.25 hPa.
Units : degrees; nanoseconds since 1970.
Source: RTCA DO-260B, 2.2.10.3 (when two messages make a place), 2.2.3 (what each says).
"""

import math
from dataclasses import dataclass
from typing import Final

from tafadi.errors import InputError
from tafadi.formats import cpr
from tafadi.formats import modes_frame as frames
from tafadi.measure.earth import Position, ecef
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import SECOND_NS
from tafadi.measure.units import FOOT_M

PAIR_NS: Final = 10 * SECOND_NS  # DO-260B, 2.2.10.3: further apart, an even and an odd message may be of different zones
NEAR_NS: Final = 60 * SECOND_NS  # nothing flies half a zone of the surface (45 NM) in a minute
FASTEST_MPS: Final = 1_000.0  # twice what any airliner does over ground
NO_MOTION: Final = frames.Motion(None, None, None)


@dataclass(slots=True)
class Held:
    """The last word on an address, with the time of each part."""

    confirmed_ns: int = 0
    height: Height | None = None
    height_ns: int = 0
    motion: frames.Motion = NO_MOTION
    motion_ns: int = 0
    callsign: str | None = None
    squawk: str | None = None
    on_ground: bool | None = None
    place: Position | None = None
    place_ns: int = 0
    _even: cpr.Coded | None = None
    _even_ns: int = 0
    _odd: cpr.Coded | None = None
    _odd_ns: int = 0
    _is_surface: bool | None = None

    def rise(self, altitude_ft: int | None, ns: int) -> None:
        """Takes in a pressure altitude, if there is one; one that nothing flies at is as good as not said."""
        if altitude_ft is None:
            return
        try:
            self.height, self.height_ns = Height(altitude_ft * FOOT_M, Datum.PRESSURE), ns
        except InputError:
            return

    def reply(self, kind: int, bits: frames.Bits, ns: int) -> None:
        """Takes in what a reply to an interrogation says: downlink formats 0, 4, 5, 16, 20 and 21."""
        if kind in (5, 21):
            self.squawk = frames.squawk(bits(20, 13))
        else:
            self.rise(frames.altitude_ft(bits(20, 13)), ns)
        if kind not in (0, 16) and bits(6, 3) <= 3:  # flight status: 1 and 3 on the ground, 0 and 2 in the air, others do not say
            self.on_ground = bits(6, 3) in (1, 3)

    def arrive(self, me: frames.Bits, code: int, ns: int, receiver: cpr.Place | None) -> Position | str:
        """Takes in a position message: the place, or the reason why it cannot be told yet."""
        is_surface = code <= 8
        if self._is_surface is not is_surface:
            self._even = self._odd = None  # a zone in the air is four on the ground
        self.on_ground = self._is_surface = is_surface
        if is_surface:
            self.motion, self.motion_ns, self.height = frames.surface_motion(me), ns, None
        elif code <= 18:
            self.rise(frames.airborne_altitude_ft(me), ns)
        found = self._found(cpr.Coded(me(23, 17), me(40, 17), bool(me(22))), is_surface, ns, receiver)
        return self._believed(found, ns) if isinstance(found, Position) else found

    def _found(self, coded: cpr.Coded, is_surface: bool, ns: int, receiver: cpr.Place | None) -> Position | str:
        if coded.is_odd:
            self._odd, self._odd_ns = coded, ns
        else:
            self._even, self._even_ns = coded, ns
        if self.place is not None and abs(ns - self.place_ns) <= NEAR_NS:
            span_deg = cpr.SURFACE_DEG if is_surface else cpr.AIRBORNE_DEG
            near = cpr.near(coded, cpr.Place(self.place.lat_deg, self.place.lon_deg), span_deg)
            return "a place that is nowhere" if near is None else Position(*near)
        if is_surface and receiver is None:
            return "a place on the ground of one not seen in the air: say where the receiver is"
        if self._even is None or self._odd is None or abs(self._even_ns - self._odd_ns) > PAIR_NS:
            return "a first place that waits for its even or odd half"
        pair = cpr.pair(self._even, self._odd, coded.is_odd, receiver if is_surface else None)
        return "a first place whose halves lie in two zones" if pair is None else Position(*pair)

    def _believed(self, found: Position, ns: int) -> Position | str:
        """The place, if it can be reached from the last one; if not, everything begins anew, since either of them may be the false one."""
        if self.place is not None:
            apart_s = abs(ns - self.place_ns) / SECOND_NS
            if math.dist(ecef(self.place), ecef(found)) > FASTEST_MPS * (apart_s + 1.0):
                self.place = self._even = self._odd = None
                return "a place that the track cannot have reached"
            if self.place_ns == ns:
                return "a duplicate: this address and time were given before"
        self.place, self.place_ns = found, ns
        return found
