"""Situations: what an alert is about, so that both nodes that see one give it the same identity."""

import hashlib

import rfc8785

from tafadi.desk.picture import AlertView, Episodes, Picture
from tafadi.formats.wire import Json, millimetres
from tafadi.measure.instant import Instant
from tafadi.model.alert import AlertBody, AlertKind, Prediction
from tafadi.model.judgement import Judgement
from tafadi.model.names import Mode


def situation_id(kind: AlertKind, mode: Mode, subjects: tuple[str, ...], episode: int) -> str:
    """The identity of a situation: the digest of its kind and mode, its subjects (sorted) and which time it is that they meet."""
    names: list[Json] = []
    names.extend(sorted(subjects))
    content: dict[str, Json] = {"kind": str(kind), "mode": str(mode), "subjects": names, "episode": episode}
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def plans_situation(mode: Mode, revisions: tuple[str, ...], leaves: tuple[str, ...]) -> str:
    """The situation between two announced notices: it is of these exact revisions, each with the hash of its bytes, and comes once."""
    subjects = tuple(f"{revision} {leaf}" for revision, leaf in zip(revisions, leaves, strict=True))
    return situation_id(AlertKind.PLANS, mode, subjects, 1)


def is_named_truly(picture: Picture, mode: Mode, body: AlertBody) -> bool:
    """Whether the alert's situation is the digest of what the alert says it is between.

    Otherwise who raises first could give another party's alert false subjects, and it would never be cleared; or the same in another
    order, under which nobody looks for it. A situation that is not known yet is the next episode.
    """
    if list(body.subjects) != sorted(body.subjects):
        return False
    if body.kind is AlertKind.PLANS:
        fits = len(body.subjects) == len(body.evidence) == 2
        return fits and body.situation == plans_situation(mode, body.subjects, body.evidence)
    met = picture.episodes.get((body.kind, mode, body.subjects), Episodes())
    return body.situation in met.number_of or body.situation == situation_id(body.kind, mode, body.subjects, len(met.number_of) + 1)


def keep_episode(picture: Picture, view: AlertView) -> None:
    """Keeps, of an alert that was raised or has changed, which time it is that its subjects meet, and whether it is open."""
    met = picture.episodes.setdefault((view.kind, view.mode, view.subjects), Episodes())
    number = met.number_of.setdefault(view.situation, len(met.number_of) + 1)
    if view.state in ("CLEARED", "LOST"):
        met.open.pop(number, None)
    else:
        met.open[number] = view.situation


def current_situation(picture: Picture, kind: AlertKind, mode: Mode, subjects: tuple[str, ...]) -> str:
    """The situation of these subjects (sorted) that is open, the earliest if there are several, or else the next one."""
    met = picture.episodes.get((kind, mode, subjects), Episodes())
    return met.open[min(met.open)] if met.open else situation_id(kind, mode, subjects, len(met.number_of) + 1)


def prediction_of(judgement: Judgement, seen_at: Instant | None = None) -> Prediction:
    """The engine's finding in the numbers of the wire; `seen_at` is the instant of the plot that showed it."""
    closest, span = judgement.closest, judgement.span
    overlap = judgement.overlaps[0] if judgement.overlaps else None
    return Prediction(
        verdict=judgement.verdict,
        cause=judgement.cause,
        minima=judgement.minima,
        start=span.start if span else None,
        end=span.end if span else None,
        place=judgement.place.quantised() if judgement.place else None,
        closest_at=closest.at if closest else None,
        closest_horizontal_mm=millimetres(closest.horizontal_m) if closest else None,
        closest_vertical_mm=millimetres(closest.vertical_m) if closest else None,
        overlap_area_m2=round(overlap.area_m2) if overlap else None,
        overlap_lower=overlap.lower if overlap else None,
        overlap_upper=overlap.upper if overlap else None,
        seen_at=seen_at,
    )
