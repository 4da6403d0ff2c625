"""What stands, looked up: nothing that may meet a notice is left out, whatever came, was amended and went; and both nodes find the same."""

import random
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.desk import announce
from tafadi.desk.announce import judged_pair
from tafadi.desk.judge import judge_inbox, pair_to_compute
from tafadi.desk.picture import NoticeView, Picture
from tafadi.desk.situations import plans_situation, prediction_of
from tafadi.desk.standing import Standing, Stock, announced, opened, stock_of
from tafadi.desk.standing_copy import packed, unpacked
from tafadi.engine.detect import judge
from tafadi.engine.standing_set import StandingSet
from tafadi.errors import DamagedError, InputError
from tafadi.measure.earth import Leg, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Span
from tafadi.model.alert import AlertKind
from tafadi.model.entry import EntryId
from tafadi.model.judgement import Verdict
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Circle, Polygon, Volume4D
from world import HOME, OFFICER, START, World

MINIMA = Minima(1_852.0, 150.0)
PARTIES = ("alpha", "bravo", "charlie")
SEEDS = st.integers(0, 2**32)


def some_volume(r: random.Random) -> Volume4D:
    place = destination(HOME, Leg(r.uniform(0.0, 360.0), r.uniform(0.0, 25_000.0))).quantised()
    corners = tuple(destination(place, Leg(n * 90.0, r.uniform(2_000.0, 9_000.0))).quantised() for n in range(4))
    outline = Circle(place, r.choice([500.0, 8_000.0])) if r.random() < 0.5 else Polygon(corners)
    begins_s, datum = 7_200.0 + r.uniform(0.0, 3_600.0), r.choice([Datum.GEOID, Datum.GEOID, Datum.PRESSURE])
    upper = None if r.random() < 0.1 else Height(r.choice([600.0, 900.0]), datum)
    return Volume4D(outline, Height(r.choice([0.0, 550.0]), datum), upper, Span(START.plus(begins_s), START.plus(begins_s + 1_800.0)))


def some_trajectory(r: random.Random) -> Trajectory:
    bearing_deg, begins_s = r.uniform(0.0, 360.0), 7_200.0 + r.uniform(0.0, 3_600.0)
    height = None if r.random() < 0.1 else Height(r.choice([300.0, 700.0]), Datum.GEOID)
    away = (Leg(bearing_deg, 60_000.0), Leg(bearing_deg + 90.0, r.uniform(0.0, 9_000.0)), Leg(bearing_deg + 180.0, 60_000.0))
    places = [destination(HOME, leg).quantised() for leg in away]
    return Trajectory(tuple(Waypoint(place, height, START.plus(begins_s + 600.0 * n)) for n, place in enumerate(places)))


def some_notice(r: random.Random) -> Notice:
    flown = some_trajectory(r) if r.random() < 0.4 else None
    volumes = tuple(some_volume(r) for _ in range(r.choice([1, 2]) if flown is None else r.choice([0, 0, 1])))
    return Notice(Kind.OPERATION, volumes, flown, r.choice([None, None, Minima(3_000.0, 100.0)]))


def view_of(id: EntryId, notice: Notice) -> NoticeView:
    return NoticeView(id, id.party, Mode.EXERCISE, Precedence.ROUTINE, START, id, "00" * 32, notice, {})


class Sky:
    """A picture in which notices come, change and go, and what the standing set is asked of it."""

    def __init__(self, seed: int, minima: Minima | None, count: int) -> None:
        self.r, self.minima, self.picture = random.Random(seed), minima, Picture()
        for _ in range(count):
            self.come()
        self.standing = Standing()
        self.standing.begin(opened(self.stock(), minima)[0])

    def stock(self) -> Stock:
        standing = {id: announced(view) for id, view in self.picture.notices.items() if not view.cancelled}
        self.picture.changed.clear()
        return Stock(self.picture, standing, {})

    def next_id(self) -> EntryId:
        return EntryId(self.r.choice(PARTIES), 1, len(self.picture.revision_of))

    def come(self) -> None:
        id = self.next_id()
        self.picture.notices[id] = view_of(id, some_notice(self.r))
        self.touch(id, id)

    def touch(self, id: EntryId, revision: EntryId) -> None:
        self.picture.revision_of[revision] = id
        self.picture.changed.add(id)

    def change(self, what: str) -> None:
        standing = [view for view in self.picture.notices.values() if not view.cancelled]
        if what == "come" or not standing:
            return self.come()
        view = self.r.choice(standing)
        if what == "amend":
            view.revision, view.notice = self.next_id(), some_notice(self.r)
        elif what == "cancel":
            view.cancelled = True
        elif what == "taken back":
            del self.picture.notices[view.id]
        else:  # folded anew, as after a card that has ended a feed
            self.picture = Picture(notices=dict(self.picture.notices), revision_of=dict(self.picture.revision_of))
            del self.picture.notices[view.id]
        return self.touch(view.id, view.revision)

    def check(self) -> None:
        standing = [view for view in self.picture.notices.values() if not view.cancelled]
        for view in standing:
            near = self.standing.near(self.picture, view)
            assert [other.id for other in near] == sorted({other.id for other in near})
            assert view not in near
            for other in standing:
                if other is not view and other not in near:
                    assert judge(announced(view), announced(other), self.minima).verdict is Verdict.CLEAR
        held = self.standing.kept_up(self.picture).held
        assert held == {view.id: str(view.revision) for view in standing}


CHANGES = st.lists(st.sampled_from(["come", "amend", "amend", "cancel", "taken back", "folded anew"]), max_size=8)


@settings(max_examples=20)
@given(SEEDS, st.sampled_from([None, MINIMA]), CHANGES)
def test_who_is_not_near_is_clear_by_the_engine_whatever_came_and_went(seed: int, minima: Minima | None, changes: list[str]) -> None:
    sky = Sky(seed, minima, 6)
    sky.check()
    for what in changes:
        sky.change(what)
    sky.check()


def test_a_notice_that_the_engine_cannot_take_in_is_near_to_all_until_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    sky = Sky(7, MINIMA, 6)
    sky.change("come")
    odd = next(reversed(sky.picture.notices.values()))
    add = StandingSet.add

    def refuse(self: StandingSet, one: Announced) -> None:
        if one.id == str(odd.revision):
            raise InputError("the engine cannot take it")
        add(self, one)

    monkeypatch.setattr(StandingSet, "add", refuse)
    others = [view for view in sky.picture.notices.values() if view is not odd]
    assert all(odd in sky.standing.near(sky.picture, view) for view in others)
    odd.cancelled = True
    sky.picture.changed.add(odd.id)
    assert not any(odd in sky.standing.near(sky.picture, view) for view in others)


# Two nodes


def announce_some(world: World, seed: int) -> None:
    """Both parties announce, amend and cancel; nothing is judged yet."""
    r = random.Random(seed)
    own: dict[str, list[EntryId]] = {party: [] for party in world.stations}
    for number in range(14):
        party = r.choice(sorted(own))
        desk, known = world.desk(party), own[party]
        if number < 8 or not known:
            known.append(announce.send(desk, OFFICER, some_notice(r), Mode.EXERCISE))
        elif r.random() < 0.5:
            announce.amend(desk, OFFICER, r.choice(known), some_notice(r))
        else:
            announce.cancel(desk, OFFICER, known.pop(r.randrange(len(known))))


def should_stand(world: World) -> dict[str, object]:
    """The situations of all pairs of standing notices that are not clear, with what is found of each: by the engine, pair by pair."""
    picture, minima = world.desk("alpha").picture, world.pact.agreement.minima_announced
    found: dict[str, object] = {}
    for one, other in combinations([view for view in picture.notices.values() if not view.cancelled], 2):
        pair = sorted([one, other], key=lambda view: str(view.revision))
        judged = judge(announced(one), announced(other), minima)
        if one.sender != other.sender and judged.verdict is not Verdict.CLEAR:
            revisions, leaves = zip(*[(str(view.revision), view.leaf) for view in pair], strict=True)
            found[plans_situation(Mode.EXERCISE, tuple(revisions), tuple(leaves))] = prediction_of(judged)
    return found


def do_stand(world: World, party: str) -> dict[str, object]:
    """The situations that the party has raised and not cleared, with what it found."""
    alerts = world.desk(party).picture.alerts.values()
    mine = [alert for alert in alerts if alert.kind is AlertKind.PLANS and party in alert.raised and party not in alert.cleared]
    return {alert.situation: alert.predictions[party] for alert in mine}


@pytest.mark.parametrize("seed", range(3))
def test_both_nodes_have_raised_exactly_what_the_engine_says_of_every_pair(pair: World, seed: int) -> None:
    found = 0
    for number in range(2):
        announce_some(pair, 10 * seed + number)
        pair.settle()
        wanted = should_stand(pair)
        assert do_stand(pair, "alpha") == do_stand(pair, "bravo") == wanted
        found += len(wanted)
    assert pair.desk("alpha").standing.is_open
    assert found > 0


def test_only_what_is_near_is_judged(pair: World) -> None:
    announce_some(pair, 5)
    pair.settle()
    alpha = pair.desk("alpha")
    views = [view for view in alpha.picture.notices.values() if not view.cancelled]
    assert 0 < len(alpha.judgements) < len(views) * (len(views) - 1) // 2


def test_with_the_engine_beside_it_the_judge_says_the_same_once_the_set_is_open(pair: World) -> None:
    alpha = pair.desk("alpha")
    alpha.standing.begin(opened(stock_of(alpha.picture, alpha.pact, alpha.views), alpha.pact.agreement.minima_announced)[0])
    announce_some(pair, 5)
    while pair._bring(pair["bravo"], pair["alpha"]) or judge_inbox(alpha, at_once_only=True):
        while (work := pair_to_compute(alpha)) is not None:
            judged_pair(alpha, *work)
    pair.settle()
    assert do_stand(pair, "alpha") == do_stand(pair, "bravo") == should_stand(pair)


# The copy


@pytest.fixture
def filled(pair: World) -> World:
    announce_some(pair, 5)
    pair.settle()
    return pair


def copy_of(world: World, party: str = "alpha") -> bytearray:
    desk = world.desk(party)
    stock = stock_of(desk.picture, desk.pact, desk.views)
    return bytearray(b"".join(packed(opened(stock, desk.pact.agreement.minima_announced)[0].notices, stock.position, desk)))


def test_a_copy_holds_what_stood_and_is_brought_up_to_what_stands(filled: World) -> None:
    alpha = filled.desk("alpha")
    data = copy_of(filled)
    kept = unpacked(bytearray(data), alpha)
    assert set(kept) == {str(view.revision) for view in alpha.picture.notices.values() if not view.cancelled}
    announce_some(filled, 6)
    filled.settle()
    filled["alpha"].crash()
    alpha = filled.desk("alpha")
    stock = stock_of(alpha.picture, alpha.pact, alpha.views)
    found, others = opened(stock, MINIMA, unpacked(data, alpha))
    assert others > 0
    alone = opened(stock, MINIMA)[0]
    assert list(found.held.items()) == list(alone.held.items())
    for one in stock.notices.values():
        assert found.notices.against(one) == alone.notices.against(one)


def test_a_copy_with_any_byte_changed_is_refused(filled: World) -> None:
    data, alpha, r = copy_of(filled), filled.desk("alpha"), random.Random(1)
    spaces = data.rindex(b"}", 0, data.index(b"\n")) + 1, data.index(b"\n")
    for at in [*r.sample(range(spaces[0]), 20), *r.sample(range(spaces[1] + 1, len(data)), 40)]:
        harmed = bytearray(data)
        harmed[at] ^= 1 << r.randrange(8)
        with pytest.raises(DamagedError):
            unpacked(harmed, alpha)
    for length in (0, 10, spaces[1], spaces[1] + 1, len(data) // 2, len(data) - 1):
        with pytest.raises(DamagedError):
            unpacked(data[:length], alpha)


def test_a_copy_of_another_node_is_refused(filled: World) -> None:
    with pytest.raises(DamagedError, match="did not sign it"):
        unpacked(copy_of(filled, "bravo"), filled.desk("alpha"))


def test_a_copy_of_a_record_that_was_put_back_since_is_refused(pair: World, tmp_path: Path) -> None:
    announce_some(pair, 5)
    data = copy_of(pair)
    (tmp_path / "again").mkdir()
    fresh = World(tmp_path / "again")
    fresh.sign()
    with pytest.raises(DamagedError, match="are not those of this record"):
        unpacked(data, fresh.desk("alpha"))
    fresh.close()
