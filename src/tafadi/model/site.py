"""Sites: places that all sides are asked to spare. One is believed only once a second person has looked at it, and only for a time.

27 of 182 notified hospitals were damaged, and some submissions were wrong: what nobody checks is worth little.
"""

from dataclasses import dataclass
from enum import StrEnum

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.model.names import LONGEST_FIELD, check_text
from tafadi.model.volume import Circle, Polygon


class SiteStep(StrEnum):
    """A site is new, verified (and verified again), too long unverified, or withdrawn."""

    NEW = "NEW"
    VERIFIED = "VERIFIED"
    STALE = "STALE"
    WITHDRAWN = "WITHDRAWN"


class SiteCategory(StrEnum):
    """What kind of place it is."""

    HOSPITAL = "hospital"
    SCHOOL = "school"
    CAMP = "camp"
    RELIEF = "relief"
    WATER = "water"
    WORSHIP = "worship"
    HERITAGE = "heritage"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Site:
    """A site: where its entrance is, the ground that it covers, its category; or the next step about one, which has none of these."""

    step: SiteStep
    category: SiteCategory | None = None
    place: Position | None = None
    footprint: Circle | Polygon | None = None
    title: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        check_text(self.title, "the title of the site", LONGEST_FIELD)
        check_text(self.text, "the text about the site")
        stated = [member is not None for member in (self.category, self.place, self.footprint)]
        if self.step is SiteStep.NEW and not all(stated):
            raise InputError("a new site says its category, its point and its footprint", code="geometry-missing")
        if self.step is not SiteStep.NEW and any(stated):
            raise InputError("a site that lies elsewhere is another site: withdraw this one and announce that")
