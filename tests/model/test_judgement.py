"""Judgements and alerts: margins and warnings are computed, or are not there."""

from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Verdict
from tafadi.model.operation import Minima

AT = Instant.parse("2026-11-23T09:30:00Z")
MINIMA = Minima(9_260.0, 300.0)


def test_a_margin_is_negative_inside_the_minima() -> None:
    judged = Judgement("a", "b", Verdict.CONFLICT, MINIMA, closest=ClosestApproach(AT, 9_000.0, 350.0))
    assert (judged.margin_horizontal_m, judged.margin_vertical_m) == (-260.0, 50.0)


def test_where_nothing_was_computed_there_is_no_margin_and_never_zero() -> None:
    unknown = Judgement("a", "b", Verdict.UNKNOWN, MINIMA, Cause.DATUMS_UNLIKE)
    assert (unknown.margin_horizontal_m, unknown.margin_vertical_m) == (None, None)
    heights_unlike = Judgement("a", "b", Verdict.UNKNOWN, MINIMA, closest=ClosestApproach(AT, 0.0, None))
    assert heights_unlike.margin_vertical_m is None


def test_the_warning_is_the_time_from_raising_to_the_predicted_loss() -> None:
    judged = Judgement("a", "b", Verdict.CONFLICT, MINIMA, span=Span(AT.plus(45.0), AT.plus(60.0)), place=Position(0.0, 0.0))
    alert = Alert(AlertKind.TRACKS, "a", "b", Verdict.CONFLICT, AlertState.RAISED, AT, judged)
    assert alert.warning_s == 45.0
    unknown = Judgement("a", "b", Verdict.UNKNOWN, MINIMA, Cause.TRACK_OLD)
    assert Alert(AlertKind.TRACKS, "a", "b", Verdict.UNKNOWN, AlertState.RAISED, AT, unknown).warning_s is None
