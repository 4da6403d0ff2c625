"""Situations: an alert is named by what it is between and which time it is; the thousandth time takes no more work than the first."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tafadi.desk import situations
from tafadi.desk.examine import Examined
from tafadi.desk.fold import fold
from tafadi.desk.picture import AlertView, Picture
from tafadi.desk.situations import current_situation, situation_id
from tafadi.formats.wire import decode_message
from tafadi.model.alert import AlertBody, AlertKind, AlertStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.names import Mode
from tafadi.model.reply import RefusalCode
from world import World

PAIR = ("sky/1", "sky/2")
MANY = 5_000


class CountedAlerts(dict[str, AlertView]):
    """Alerts that count how many of them were looked through."""

    looked = 0

    def __iter__(self) -> Iterator[str]:
        for key in super().__iter__():
            self.looked += 1
            yield key

    def values(self) -> Iterator[AlertView]:  # type: ignore[override]
        """Each one counted."""
        return (self[key] for key in self)


class Teller:
    """Puts alerts of one party straight into a picture."""

    def __init__(self, world: World) -> None:
        empty = AlertBody(AlertStep.RAISED, "0" * 64, AlertKind.TRACKS, PAIR)
        self.message: Message = decode_message(world["alpha"].payload(EntryType.ALERT, empty))
        self.picture = Picture(alerts=CountedAlerts())
        self.size = 0

    def tell(self, step: AlertStep, situation: str, subjects: tuple[str, ...] = PAIR) -> str:
        """The code of the refusal; empty when it took effect."""
        self.size += 1
        body = AlertBody(step, situation, AlertKind.TRACKS, subjects)
        entry = Examined(EntryId("alpha", 1, self.size), "0" * 64, replace(self.message, body=body), None)
        refusal = fold(self.picture, entry, 2)
        return "" if refusal is None else refusal.code

    def current(self) -> str:
        """The situation in which the pair is now."""
        return current_situation(self.picture, AlertKind.TRACKS, Mode.EXERCISE, PAIR)


def named(episode: int, subjects: tuple[str, ...] = PAIR) -> str:
    return situation_id(AlertKind.TRACKS, Mode.EXERCISE, subjects, episode)


def test_five_thousand_meetings_of_one_pair_cost_two_digests_each_and_no_search(pair: World, monkeypatch: pytest.MonkeyPatch) -> None:
    teller = Teller(pair)
    digests = [0]
    plain = situations.situation_id

    def counted(kind: AlertKind, mode: Mode, subjects: tuple[str, ...], episode: int) -> str:
        digests[0] += 1
        return plain(kind, mode, subjects, episode)

    monkeypatch.setattr(situations, "situation_id", counted)
    for _ in range(MANY):
        situation = teller.current()
        assert teller.tell(AlertStep.RAISED, situation) == ""
        assert teller.tell(AlertStep.CLEARED, situation) == ""
    assert digests[0] <= 2 * MANY
    assert isinstance(teller.picture.alerts, CountedAlerts)
    assert teller.picture.alerts.looked == 0
    assert len(teller.picture.alerts) == MANY
    assert teller.current() == named(MANY + 1)


def test_the_situation_now_is_the_first_that_is_open_or_else_the_next(pair: World) -> None:
    teller = Teller(pair)
    for step, episode, now in (
        (AlertStep.RAISED, 1, 1),
        (AlertStep.ACKNOWLEDGED, 1, 1),
        (AlertStep.LOST, 1, 2),
        (AlertStep.RAISED, 2, 2),
        (AlertStep.RAISED, 3, 2),
        (AlertStep.CLEARED, 2, 3),
        (AlertStep.RAISED, 1, 1),
        (AlertStep.CLEARED, 1, 3),
        (AlertStep.CLEARED, 3, 4),
    ):
        assert teller.tell(step, named(episode)) == ""
        assert teller.current() == named(now), (step, episode)


def test_no_episode_is_left_out(pair: World) -> None:
    teller = Teller(pair)
    assert teller.tell(AlertStep.RAISED, named(2)) == RefusalCode.WRONG_STATE
    assert teller.tell(AlertStep.RAISED, named(1)) == ""
    assert teller.tell(AlertStep.RAISED, named(3)) == RefusalCode.WRONG_STATE
    assert teller.tell(AlertStep.RAISED, named(2)) == ""


def test_subjects_in_another_order_are_refused(pair: World) -> None:
    """Their digest is that of the same situation in order; whoever raised it first could so keep the next episode from being named."""
    teller = Teller(pair)
    assert teller.tell(AlertStep.RAISED, named(1), PAIR[::-1]) == RefusalCode.WRONG_STATE
    assert teller.tell(AlertStep.RAISED, named(1)) == ""
    assert [view.subjects for view in teller.picture.alerts.values()] == [PAIR]
