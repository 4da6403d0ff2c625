"""Presence: announced, withdrawn by its own party; past its end it is not over, for nobody has said that they have left."""

import pytest

from tafadi.desk.deadlines import say_due
from tafadi.desk.folding.notice_presence import PresenceView
from tafadi.desk.presence import announce_presence, withdraw_presence
from tafadi.errors import InputError, MissingError, WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.names import Mode
from tafadi.model.presence import Presence, PresenceStep
from tafadi.model.reply import RefusalCode
from tafadi.model.volume import Circle
from world import HOME, OFFICER, START, World

CAMP = Circle(HOME, 4_000.0)


def _announced(world: World, until: Instant | None = None) -> EntryId:
    entry = announce_presence(world.desk("alpha"), OFFICER, Mode.EXERCISE, Presence(PresenceStep.NEW, CAMP, START, until, "north camp"))
    world.settle()
    return entry


def _states(world: World, entry: EntryId) -> set[str]:
    world.settle()
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return {station.desk.picture.shelf(PresenceView)[entry].state for station in world.stations.values()}


def test_a_presence_is_current_until_its_party_withdraws_it(calm: World) -> None:
    entry = _announced(calm)
    assert _states(calm, entry) == {"CURRENT"}
    calm.clock.wait(30 * 86_400.0)
    assert say_due(calm.desk("bravo")) == []
    with pytest.raises(WrongStateError, match="only alpha"):
        withdraw_presence(calm.desk("bravo"), OFFICER, entry)
    withdraw_presence(calm.desk("alpha"), OFFICER, entry, "left in the morning")
    assert _states(calm, entry) == {"WITHDRAWN"}
    assert any("WITHDRAWN, says alpha" in sentence for sentence in calm["bravo"].bell.alarms)
    with pytest.raises(WrongStateError, match="is WITHDRAWN"):
        withdraw_presence(calm.desk("alpha"), OFFICER, entry)
    with pytest.raises(MissingError, match="no presence"):
        withdraw_presence(calm.desk("alpha"), OFFICER, EntryId("alpha", 1, 0))


def test_a_presence_past_its_end_is_expired_and_not_over_until_it_is_withdrawn(calm: World) -> None:
    entry = _announced(calm, START.plus(86_400.0))
    calm.clock.wait(86_399.0)
    assert say_due(calm.desk("bravo")) == []
    calm.clock.wait(1.0)
    assert len(say_due(calm.desk("bravo"))) == 1
    assert _states(calm, entry) == {"EXPIRED"}
    assert say_due(calm.desk("alpha")) == []  # one party's word is enough
    withdraw_presence(calm.desk("alpha"), OFFICER, entry)
    assert _states(calm, entry) == {"WITHDRAWN"}


def test_another_party_withdraws_nothing(calm: World) -> None:
    entry, liar = _announced(calm), calm["bravo"]
    said = EntryId("bravo", 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.PRESENCE, Presence(PresenceStep.WITHDRAWN), refs=(liar.desk.ref(entry),))))
    assert _states(calm, entry) == {"CURRENT"}
    assert calm.desk("bravo").picture.refusals[said]["alpha"].code is RefusalCode.WRONG_STATE


def test_a_presence_says_all_that_it_is_and_its_end_only_where_it_has_one() -> None:
    assert Presence(PresenceStep.NEW, CAMP, START).until is None
    with pytest.raises(InputError, match="area and since when"):
        Presence(PresenceStep.NEW, CAMP)
    with pytest.raises(InputError, match="another one"):
        Presence(PresenceStep.WITHDRAWN, CAMP)
    with pytest.raises(InputError, match="before it begins"):
        Presence(PresenceStep.NEW, CAMP, START, START)
