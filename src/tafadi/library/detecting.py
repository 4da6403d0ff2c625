"""Detect: announced against announced, whoever announced them."""

from tafadi.errors import InputError
from tafadi.library.judgements import Judgements, asked, pairs_of
from tafadi.library.notices import NoticeSource, read_notices, together
from tafadi.model.judgement import Judgement
from tafadi.model.operation import Minima


def detect(*sources: NoticeSource, minima: Minima | str | None = None) -> Judgements:
    """All pairs of notices that are in CONFLICT or UNKNOWN, sorted by start; every other pair is CLEAR.

    Each source is whatever `read_notices` takes; a notice that stands equally in several is one notice. `minima` are those between
    trajectories (a noun, or text like "5 [NM] / 1000 [ft]"); each pair is judged by the larger of these and its notices' own; volumes
    conflict when they overlap, and touching is not overlapping. Results do not depend on the order of sources. Raises FormatError and
    InputError as `read_notices` does, and UnitError for minima without units. Semantics: docs/maths/detect.md and F3548-21.

    >>> from tafadi import detect
    >>> found = detect("samples/amber.geojson", "samples/cobalt.geojson", minima="5 [NM] / 1000 [ft]")
    >>> found.summary
    '6 pairs: 1 conflict, 1 unknown, 4 clear'
    >>> first = found.conflicts[0]
    >>> first.first, first.second, round(first.closest.horizontal_m)
    ('amber-patrol-1', 'cobalt-survey-7', 0)
    """
    from tafadi.engine.detect import detect as judged  # heavy: only when something is asked

    notices = together(sources)
    if not len(notices):
        raise InputError("nothing is given, and of nothing nothing can be said")
    return Judgements(judged(list(notices), asked(minima)), notices.parties, pairs_of(len(notices)))


def judge(first: NoticeSource, second: NoticeSource, minima: Minima | str | None = None) -> Judgement:
    """The judgement of one pair of notices, CLEAR included, with the closest approach of two trajectories.

    `first` and `second` are what `read_notices` takes, of one notice each; `minima` and semantics as of `detect`
    (docs/maths/detect.md). Raises InputError when one holds another number of them, or both have one identity; UnitError for minima
    without units.

    >>> from tafadi import judge, read_notices
    >>> patrol, balloon = read_notices("samples/amber.geojson")
    >>> str(judge(patrol, balloon).verdict)
    'clear'
    """
    from tafadi.engine.detect import judge as judged

    one, other = read_notices(first), read_notices(second)
    if len(one) != 1 or len(other) != 1:
        raise InputError(f"a pair is one notice and another; these are {len(one)} and {len(other)}")
    return judged(one[0], other[0], asked(minima))
