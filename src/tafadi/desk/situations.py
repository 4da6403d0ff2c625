"""Situations: what an alert is about, so that both nodes that see one give it the same identity."""

import hashlib

import rfc8785

from tafadi.desk.picture import Picture
from tafadi.formats.wire import Json, millimetres
from tafadi.measure.instant import Instant
from tafadi.model.alert import AlertKind
from tafadi.model.judgement import Judgement
from tafadi.model.message import AlertBody, Prediction
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

    Otherwise who raises first could give another party's alert false subjects, and it would never be cleared.
    """
    if body.kind is AlertKind.PLANS:
        fits = len(body.subjects) == len(body.evidence) == 2
        return fits and body.situation == plans_situation(mode, body.subjects, body.evidence)
    known = sum((view.kind, view.mode, view.subjects) == (body.kind, mode, body.subjects) for view in picture.alerts.values())
    return any(body.situation == situation_id(body.kind, mode, body.subjects, episode) for episode in range(1, known + 2))


def current_situation(picture: Picture, kind: AlertKind, mode: Mode, subjects: tuple[str, ...]) -> str:
    """The situation of these subjects that is open, or else the next one: the first episode that is neither cleared nor lost."""
    episode = 1
    while True:
        situation = situation_id(kind, mode, subjects, episode)
        view = picture.alerts.get(situation)
        if view is None or view.state not in ("CLEARED", "LOST"):
            return situation
        episode += 1


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
