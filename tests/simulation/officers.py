"""Officers: people at the desks. What they see in the picture they answer, late or never; sometimes they say what makes no sense."""

import random
from collections.abc import Callable, Iterator

from tafadi.desk import announce, course, distress, hotline, report, sites
from tafadi.desk.desk import Desk
from tafadi.desk.folding.distress import DistressView
from tafadi.desk.folding.notice_site import SiteView
from tafadi.measure.instant import Span
from tafadi.model.entry import EntryId
from tafadi.model.incident import Incident, IncidentStep
from tafadi.model.line import Attempt, Duty, Roster, StopStep
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.operation import Notice
from tafadi.model.reply import AnswerCode
from tafadi.model.site import Site, SiteCategory, SiteStep
from tafadi.model.volume import Circle
from world import HOME, OFFICER, operation, volume

Act = Callable[[Desk], object]
MODE = Mode.EXERCISE
LANGS = (Language.EN,)
SITE = Site(SiteStep.NEW, SiteCategory.HOSPITAL, HOME, Circle(HOME, 150.0), "north clinic")


def _notice(rng: random.Random) -> Notice:
    """One of a few places, so that some of them conflict."""
    return operation(volume(rng.choice((0.0, 4_000.0, 40_000.0, 80_000.0))))


def said_of_oneself(rng: random.Random, *, engine: bool) -> Act:
    """Something new that an officer says; notices, of which the engine finds conflicts, only where `engine` says so."""
    now: dict[str, Act] = {
        "attempt": lambda desk: hotline.attempt(desk, OFFICER, MODE, Attempt("radio", rng.randint(1, 9), False)),
        "stop": lambda desk: hotline.raise_stop(desk, OFFICER, MODE, ("sky/1",)),
        "distress": lambda desk: distress.raise_distress(desk, OFFICER, MODE, ("sky/2",), HOME),
        "check": lambda desk: hotline.line_check(desk, OFFICER, MODE, f"n{rng.randint(0, 99)}", LANGS),
        "site": lambda desk: sites.announce_site(desk, OFFICER, MODE, SITE),
        "roster": lambda desk: hotline.publish_roster(desk, OFFICER, MODE, _roster(desk, rng)),
        "incident": _incident,
    }
    if engine:
        given = _notice(rng)
        now["notice"] = lambda desk: announce.send(desk, OFFICER, given, MODE)
        now["flash"] = lambda desk: announce.send(desk, OFFICER, given, MODE, Precedence.FLASH)
    weights = {"attempt": 3, "stop": 3, "notice": 5}
    return now[rng.choices(list(now), [weights.get(name, 1) for name in now])[0]]


def _roster(desk: Desk, rng: random.Random) -> Roster:
    now = desk.clock.now()
    return Roster((Duty(OFFICER, Span(now, now.plus(rng.choice((20.0, 3_600.0)))), LANGS, rng.random() < 0.7, "supervisor"),))


def _incident(desk: Desk) -> EntryId:
    now = desk.clock.now()
    return report.open_incident(desk, OFFICER, MODE, Incident(IncidentStep.OPEN, "came too near", Span(now.plus(-60.0), now)))


def _replies(desk: Desk, rng: random.Random) -> Iterator[Act]:
    """Whatever waits for this party's officers, each with one thing that may be said to it, sensible or not."""
    picture, code = desk.picture, rng.choice(list(AnswerCode))
    steps = list(StopStep)[1:]
    for stop in picture.stops.values():
        step = steps[-1] if stop.sender == desk.party else StopStep.ACTED if stop.sides.get(desk.party) == "HEARD" else StopStep.HEARD
        yield lambda desk, id=stop.id, step=step: hotline.acknowledge(desk, OFFICER, id, LANGS, step)  # type: ignore[misc]
    for call in picture.shelf(DistressView).values():
        way = StopStep.CLOSED if call.sender == desk.party else StopStep.HEARD
        yield lambda desk, id=call.id, step=way: hotline.acknowledge(desk, OFFICER, id, LANGS, step)  # type: ignore[misc]
    for check in picture.line_checks.values():
        yield lambda desk, id=check.id: hotline.acknowledge(desk, OFFICER, id, LANGS)  # type: ignore[misc]
    for notice in picture.notices.values():
        yield from _about(desk, notice.id, rng, code, is_own=notice.sender == desk.party)
    for alert in picture.alerts.values():
        for entry in alert.raised.values():
            yield lambda desk, id=entry: hotline.acknowledge(desk, OFFICER, id, LANGS)  # type: ignore[misc]
    for site in picture.shelf(SiteView).values():
        act = rng.choice((sites.verify_site, sites.withdraw_site, sites.mark_stale))
        yield lambda desk, id=site.id, act=act: act(desk, "supervisor", id)  # type: ignore[misc]
    for incident in picture.incidents.values():
        yield lambda desk, id=incident.id: report.reply(desk, OFFICER, id, "we kept our distance")  # type: ignore[misc]


def _about(desk: Desk, entry: EntryId, rng: random.Random, code: AnswerCode, *, is_own: bool) -> Iterator[Act]:
    """What is said of a notice: by its owner, or by another."""
    other = _notice(rng)
    if is_own:
        yield lambda desk: announce.amend(desk, OFFICER, entry, other)
        yield lambda desk: announce.cancel(desk, OFFICER, entry)
        yield lambda desk: course.activate(desk, OFFICER, entry)
        yield lambda desk: course.end(desk, OFFICER, entry)
    else:
        yield lambda desk: hotline.answer(desk, OFFICER, entry, code)
        yield lambda desk: hotline.answer(desk, OFFICER, entry, AnswerCode.ACCEPTED)
        yield lambda desk: course.distribute(desk, OFFICER, entry, ("crew",))


def said_next(desk: Desk, rng: random.Random, *, engine: bool) -> Act:
    """What an officer at that desk says next."""
    replies = list(_replies(desk, rng)) if rng.random() < 0.6 else []
    return rng.choice(replies) if replies else said_of_oneself(rng, engine=engine)
