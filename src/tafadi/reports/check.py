"""The report of a check: announced against announced."""

import math
from collections.abc import Sequence
from typing import Final

from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.operation import Announced
from tafadi.reports.course import subject
from tafadi.reports.findings import (
    Omission,
    Question,
    Tile,
    finding,
    in_order,
)  # fmt: skip
from tafadi.reports.whole import Told, whole

TITLE: Final = "Conflicts between announced operations and areas"
METHOD: Final = (
    "Every notice was judged against every other, part by part: trajectories along geodesics at constant speed between their waypoints, "
    "volumes as outline, height band and time, without bounding boxes. "
    "Any conflict of parts is a conflict of the pair, any unknown an unknown.",
    "Minima of a pair are the larger of those that were asked for and those that the two notices state. "
    "Announced volumes need none: touching is not sharing.",
    "A conflict or a clear pair is no permission; it is what these files say, and nothing else.",
)


def report_check(
    judgements: Sequence[Judgement],
    announced: Sequence[Announced],
    question: Question,
    left_out: Sequence[Omission] = (),
    title: str = TITLE,
) -> bytes:
    """The report of `detect(announced, …)` as one HTML file.

    judgements : what `detect` gave, CONFLICT and UNKNOWN; announced: everything that was judged
    left_out   : what could not be read or was passed over, with its count
    """
    subjects = {one.id: subject(one) for one in announced}
    findings = in_order(finding(one, subjects) for one in judgements)
    conflicts = sum(one.judgement.verdict is Verdict.CONFLICT for one in findings)
    pairs = math.comb(len(announced), 2)
    clear = pairs - len({(one.judgement.first, one.judgement.second) for one in findings})
    words = f"pair{'' if clear == 1 else 's'} clear" if pairs else "pairs: there is nothing to compare"
    tiles = [Tile(clear, words, "clear"), Tile(len(announced), "notice" if len(announced) == 1 else "notices", "notices")]
    return whole(Told(title, question, findings, subjects, conflicts, len(findings) - conflicts, tiles, left_out, METHOD))
