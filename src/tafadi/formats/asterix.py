"""ASTERIX: plots and tracks of radars (category 048) and of trackers (category 062), as EUROCONTROL's surveillance systems exchange them.

Source: EUROCONTROL-SPEC-0149, parts 4 (CAT048, edition 1.32), 9 (CAT062, 1.21) and 2b (CAT034, 1.29), whose layouts libasterix knows, which
is the extra `tafadi[asterix]`; a record is walked in `asterix_layout`, and how blocks lie in a file is in `capture`.

    ============  ==================  =============================================  ======================================
    CAT048        CAT062              on the wire                                    here
    ============  ==================  =============================================  ======================================
    010, 161      010, 040            area, system and track number                  track "25/201/3563"
    140           070                 1/128 s of the UTC day, without its date       at, with the date that is stated
    040           105                 NM and degrees from the radar; WGS 84          position
    090           136, 135, 130       flight level (1/4), pressure; 130: ft above    height
                                      the ellipsoid; 135 with QNH: the geoid
    110           -                   25 ft above sea level, by a 3D radar           height, where 090 says nothing
    200           185                 NM/s and degrees true; m/s in the plane        ground_speed_mps, course_deg
    -             220                 feet a minute                                  climb_mps
    -             390 CFL             flight level (1/4)                             cleared_height
    230 STAT      380 COM STAT        flight status                                  on_ground
    220           380 ADR             ICAO address                                   address
    240           380 ID, 245         eight characters                               callsign
    070           060                 Mode 3/A, validated and not garbled            squawk
    ============  ==================  =============================================  ======================================

Dropped by principle: friend-or-foe answers, military modes, aircraft type, wake category, class of the target. Dropped as not needed:
accuracies, ages (but for the level's), plot characteristics, selected altitudes (an intention is no clearance).

**Time.** A record tells the time of day alone. The date is stated for the first record, or comes from a network capture; after that each
record belongs to the day on which it is nearest to the one before, so that midnight passes, and no gap may be half a day.
**Place.** CAT048 tells range and azimuth: where the radar stands is stated, or comes from its own CAT034/120. The height is needed too
(`slant`), so a plot without one has no place, and is damage. **Course.** That of CAT062 is of the tracker's plane and is turned to true
north (`grid`); without the place in that plane (100) there is none. Coasting, ended, simulated, test and false targets are skipped.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final

from tafadi.errors import FormatError
from tafadi.formats.asterix_layout import BYTE, NotAsterix, layout_of, records
from tafadi.formats.asterix_record import (
    EDITIONS,
    Record,
    height_of,
    library,
    plot_height,
    position_of,
    system_of,
    track_height,
    velocity_of,
    why_not_meant,
)
from tafadi.formats.capture import BLOCK_HEADER, Block, Capture
from tafadi.formats.capture import DAMAGE as LOST
from tafadi.formats.repeats import Repeats
from tafadi.formats.skips import Skips
from tafadi.formats.slant import Site, place
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_PER_MINUTE_MPS, NAUTICAL_MILE_M
from tafadi.model.track import Plot

NAME: Final = "asterix"

DAY_NS: Final = 86_400 * SECOND_NS
TICK_NS: Final = SECOND_NS // 128  # exact: 7,812,500
TICKS_A_DAY: Final = 86_400 * 128

MOST_SITES: Final = 4_096  # radars remembered; a continent has some hundreds
GIVE_UP_AFTER: Final = 2_000  # blocks without one record: the input is something else
# Reasons that say a target may have stood there and nobody knows which, or where, or when.
DAMAGE: Final = LOST | {
    "a block that is no ASTERIX of its category",
    "no time",
    "no position",
    "no track number and no address",
    "a plot of a radar whose place is not stated",
    "a plot without a height, so that its range says no place",
    "a plot too steep above its radar, so that its range says no place",
}

_CALLSIGN = re.compile(r"[A-Z0-9]{1,12}")
_NO_DATE = "it tells times of day and no date; say on which day (UTC) its first record was made"


class Reader:
    """Reads blocks; `skips` says what was left out, by record from 1.

    `day` is the UTC day of the first record, `clock` the time of live ones; `sites` says where radars stand, by "area/system".
    """

    def __init__(
        self,
        source: str = NAME,
        party: str | None = None,
        day: date | None = None,
        clock: Callable[[], Instant] | None = None,
        sites: Mapping[str, Site] | None = None,
    ) -> None:
        self.skips = Skips()
        self.records = 0
        self._source = source
        self._party = party
        self._day = day
        self._clock = clock
        self._stated = dict(sites or {})
        self._sites = dict(self._stated)
        self._last: Instant | None = None
        self._repeats = Repeats()
        generated = library()
        self._layouts = {category: layout_of(getattr(generated, edition)) for category, edition in EDITIONS.items()}

    def read(self, blocks: Iterable[Block]) -> Iterator[Plot]:
        """The plots of `blocks`. Raises FormatError when there is nothing to tell the date by."""
        for block in blocks:
            for plot in self._block(block):
                if isinstance(plot, Plot):
                    yield plot
                elif plot:
                    self.skips.add(plot, max(self.records, 1), is_damage=plot in DAMAGE)

    def _block(self, block: Block) -> Iterator[Plot | str]:
        layout = self._layouts.get(block.data[0])
        if layout is None:
            self.records += 1
            yield "another category"
            return
        try:
            found = list(records(layout, block.data, BLOCK_HEADER * BYTE))
        except NotAsterix:
            yield "a block that is no ASTERIX of its category"
            return
        take = {34: self._service, 48: self._plot, 62: self._track}[block.data[0]]
        for places in found:
            self.records += 1
            yield take(Record(block.data, places), block.recorded)

    def _at(self, ticks: int | None, recorded: Instant | None) -> Instant | None:
        """The time of a record: its time of day on the day that lies nearest to what is known. Raises FormatError without a date."""
        if ticks is None or ticks >= TICKS_A_DAY:
            return None
        known = self._last or self._beginning(ticks) or recorded or (None if self._clock is None else self._clock())
        if known is None:
            raise FormatError(_NO_DATE, format=NAME, field="time of day")
        days = math.floor((known.ns - ticks * TICK_NS) / DAY_NS + 0.5)
        self._last = Instant(days * DAY_NS + ticks * TICK_NS)
        return self._last

    def _beginning(self, ticks: int) -> Instant | None:
        if self._day is None:
            return None
        midnight = datetime(self._day.year, self._day.month, self._day.day, tzinfo=UTC)
        return Instant(int(midnight.timestamp()) * SECOND_NS + ticks * TICK_NS)

    def _service(self, record: Record, recorded: Instant | None) -> str:
        """A service message of a radar; where it stands is remembered."""
        position, height_m, radar = position_of(record, "120"), record.quantity("m", "120", "HGT"), system_of(record)
        if radar not in self._stated and position is not None and height_m is not None and len(self._sites) < MOST_SITES:
            self._sites[radar] = Site(position, height_m)
        return "another category"

    def _plot(self, record: Record, recorded: Instant | None) -> Plot | str:
        """The plot of a record of category 048, or the reason why there is none."""
        reason = why_not_meant(record)
        if reason:
            return reason
        at = self._at(record.raw("140"), recorded)
        if at is None:
            return "no time"
        height = plot_height(record)
        position = self._place(record, height)
        if not isinstance(position, Position):
            return position
        speed, course_deg = record.quantity("NM/s", "200", "GSP"), record.quantity("°", "200", "HDG")
        motion = (None if speed is None else speed * NAUTICAL_MILE_M, course_deg, None)
        status = record.raw("230", "STAT")
        names = (record.raw("220"), record.text(_CALLSIGN, "240"), record.code("070"))
        return self._made(record.raw("161", "TRN"), record, at, position, (height, None), motion, status, names)

    def _place(self, record: Record, height: Height | None) -> Position | str:
        range_nm, azimuth_deg = record.quantity("NM", "040", "RHO"), record.quantity("°", "040", "THETA")
        if range_nm is None or azimuth_deg is None:
            return "no position"
        site = self._sites.get(system_of(record))
        if site is None:
            return "a plot of a radar whose place is not stated"
        if height is None:
            return "a plot without a height, so that its range says no place"
        found = place(site, azimuth_deg, range_nm * NAUTICAL_MILE_M, height.value_m)
        return "a plot too steep above its radar, so that its range says no place" if found is None else found

    def _track(self, record: Record, recorded: Instant | None) -> Plot | str:
        """The plot of a record of category 062, or the reason why there is none."""
        if record.raw("080", "SIM"):
            return "a simulated or a test target"
        at = self._at(record.raw("070"), recorded)
        if at is None:
            return "no time"
        if record.raw("080", "TSE"):
            return "the last message of a track that has ended"
        if record.raw("080", "CST"):
            return "coasting: the place is the tracker's guess, not a hit"
        position = position_of(record, "105")
        if position is None:
            return "no position"
        climb = record.quantity("ft/min", "220")
        motion = (*velocity_of(record, position.lat_deg), None if climb is None else climb * FOOT_PER_MINUTE_MPS)
        heights = (track_height(record), height_of(record.quantity("FL", "390", "CFL"), FLIGHT_LEVEL_M, Datum.PRESSURE))
        callsign = record.text(_CALLSIGN, "380", "ID") or record.text(_CALLSIGN, "245", "CHR") or record.text(_CALLSIGN, "390", "CS")
        names = (record.raw("380", "ADR"), callsign, record.code("060"))
        return self._made(record.raw("040"), record, at, position, heights, motion, record.raw("380", "COM", "STAT"), names)

    def _made(
        self,
        number: int | None,
        record: Record,
        at: Instant,
        position: Position,
        heights: tuple[Height | None, Height | None],
        motion: tuple[float | None, float | None, float | None],
        status: int | None,
        names: tuple[int | None, str | None, str | None],
    ) -> Plot | str:
        """The plot: `heights` is where it is and where it is cleared to, `motion` in SI, `names` address, callsign and squawk."""
        address = None if not names[0] else f"{names[0]:06x}"
        if number is None and address is None:
            return "no track number and no address"
        track = f"{system_of(record)}/{address if number is None else number}"
        if self._repeats.has(track, at.ns):
            return "a duplicate: this track and time were given before"
        return Plot(
            track=track,
            at=at,
            position=position,
            height=heights[0],
            ground_speed_mps=motion[0],
            course_deg=motion[1],
            climb_mps=motion[2],
            cleared_height=heights[1],
            on_ground=None if status is None or status > 3 else status in (1, 3),
            address=address,
            callsign=names[1],
            squawk=names[2],
            source=self._source,
            party=self._party,
        )


def parse(chunks: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The plots of a recording, in its own order. Raises FormatError when it holds no record, or has no date."""
    reader = reader or Reader()
    count = 0
    for count, block in enumerate(Capture(reader.skips).blocks(chunks), 1):
        yield from reader.read((block,))
        if count == GIVE_UP_AFTER and reader.records == 0:
            raise FormatError(f"its first {count} blocks hold no record", format=NAME)
    if reader.records == 0:
        raise FormatError("it is empty" if count == 0 and reader.skips.total == 0 else "it holds no block of ASTERIX", format=NAME)
