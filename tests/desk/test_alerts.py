"""Conflicts between announced notices: one situation at both, ended when its cause is gone, and never silent about what is unknown."""

import pytest

from tafadi.desk import announce, hotline
from tafadi.desk.picture import AlertView
from tafadi.desk.situations import plans_situation, situation_id
from tafadi.errors import MissingError, NotPermittedError, WrongStateError
from tafadi.measure.height import Datum
from tafadi.model.alert import AlertBody, AlertKind, AlertStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.names import Language, Mode
from tafadi.model.operation import AreaKind, Kind, Notice
from tafadi.model.reply import RefusalCode
from world import OFFICER, START, World, operation, volume


def _send(world: World, party: str, east_m: float = 0.0, datum: Datum = Datum.GEOID) -> EntryId:
    return announce.send(world.desk(party), OFFICER, operation(volume(east_m, datum=datum)), Mode.EXERCISE)


def _alerts(world: World, party: str = "alpha") -> list[AlertView]:
    return list(world.desk(party).picture.alerts.values())


def test_both_nodes_raise_one_situation_under_one_identity(pair: World) -> None:
    ours, theirs = _send(pair, "alpha"), _send(pair, "bravo", 6_000.0)
    pair.settle()
    (alert,) = _alerts(pair)
    assert alert.subjects == (str(ours), str(theirs))
    assert alert.raised.keys() == alert.predictions.keys() == {"alpha", "bravo"}
    assert alert.predictions["alpha"] == alert.predictions["bravo"], "both engines compute on the numbers of the wire"
    assert alert.prediction is not None
    assert alert.prediction.verdict == "conflict"
    assert alert.prediction.start == START.plus(7_200.0)
    assert any("conflict between" in sentence for sentence in pair["alpha"].bell.alarms)


def test_volumes_apart_raise_nothing(pair: World) -> None:
    _send(pair, "alpha")
    _send(pair, "bravo", 40_000.0)
    pair.settle()
    assert _alerts(pair) == []


def test_heights_above_unlike_datums_are_unknown_and_unknown_alerts(pair: World) -> None:
    _send(pair, "alpha")
    _send(pair, "bravo", datum=Datum.PRESSURE)
    pair.settle()
    (alert,) = _alerts(pair)
    assert alert.prediction is not None
    assert (alert.prediction.verdict, alert.prediction.cause) == ("unknown", "datums-unlike")
    assert alert.raised.keys() == {"alpha", "bravo"}


def test_a_cancelled_notice_ends_its_alerts_at_both(pair: World) -> None:
    ours = _send(pair, "alpha")
    _send(pair, "bravo")
    pair.settle()
    announce.cancel(pair.desk("alpha"), OFFICER, ours)
    pair.settle()
    (alert,) = _alerts(pair, "bravo")
    assert alert.state == "CLEARED"
    assert alert.cleared.keys() == {"alpha", "bravo"}


def test_an_amendment_that_still_conflicts_ends_the_alert_and_raises_another(pair: World) -> None:
    _send(pair, "alpha")
    theirs = _send(pair, "bravo")
    pair.settle()
    again = announce.amend(pair.desk("bravo"), OFFICER, theirs, operation(volume(3_000.0)))
    pair.settle()
    states = {alert.subjects[1]: alert.state for alert in _alerts(pair)}
    assert states == {str(theirs): "CLEARED", str(again): "RAISED"}


def test_an_amendment_out_of_the_way_ends_the_alert(pair: World) -> None:
    _send(pair, "alpha")
    theirs = _send(pair, "bravo")
    pair.settle()
    announce.amend(pair.desk("bravo"), OFFICER, theirs, operation(volume(60_000.0)))
    pair.settle()
    assert [alert.state for alert in _alerts(pair)] == ["CLEARED"]


def test_notices_of_two_modes_never_conflict(tmp_path_factory: pytest.TempPathFactory) -> None:
    from world import make_agreement

    world = World(tmp_path_factory.mktemp("modes"), agreement=make_agreement(modes=(Mode.EXERCISE, Mode.TEST)))
    world.sign()
    _send(world, "alpha")
    announce.send(world.desk("bravo"), OFFICER, operation(), Mode.TEST)
    world.settle()
    assert _alerts(world) == []
    world.close()


def test_an_area_conflicts_like_an_operation(pair: World) -> None:
    area = Notice(Kind.AREA, (volume(),), area_kind=AreaKind.KEEP_CLEAR)
    announce.send(pair.desk("alpha"), OFFICER, area, Mode.EXERCISE)
    _send(pair, "bravo")
    pair.settle()
    assert [alert.state for alert in _alerts(pair)] == ["RAISED"]


def test_one_notice_against_several_raises_one_alert_for_each(pair: World) -> None:
    for east_m in (0.0, 3_000.0, 50_000.0):
        _send(pair, "alpha", east_m)
    _send(pair, "bravo")
    pair.settle()
    assert len(_alerts(pair)) == 2


def test_who_has_not_raised_an_alert_cannot_end_it(pair: World) -> None:
    _send(pair, "alpha")
    _send(pair, "bravo")
    pair.judge()
    pair.settle()
    (alert,) = _alerts(pair)
    liar = pair["bravo"]
    cleared = AlertBody(AlertStep.CLEARED, alert.situation, alert.kind, alert.subjects)
    liar.tell(liar.sealed(liar.payload(EntryType.ALERT, cleared)))
    pair.settle()
    assert _alerts(pair)[0].state == "RAISED", "alpha's own alert stands until alpha ends it"


def test_an_alert_whose_situation_is_not_that_of_its_subjects_is_refused(pair: World) -> None:
    """Else who raises first could put false subjects under the other's alert, which would then never be cleared."""
    ours = _send(pair, "alpha")
    pair.settle()
    liar = pair["bravo"]
    leaf = pair.desk("alpha").picture.notices[ours].leaf
    true = plans_situation(Mode.EXERCISE, (str(ours), "bravo/1/9"), (leaf, "0" * 64))
    false = AlertBody(AlertStep.RAISED, true, AlertKind.PLANS, ("alpha/1/0", "bravo/1/0"), None, (leaf, "0" * 64))
    at = liar.size
    liar.tell(liar.sealed(liar.payload(EntryType.ALERT, false)))
    tracks = AlertBody(AlertStep.RAISED, "1" * 64, AlertKind.TRACKS, ("sky/1", "sky/2"))
    liar.tell(liar.sealed(liar.payload(EntryType.ALERT, tracks)))
    named = AlertBody(
        AlertStep.RAISED, situation_id(AlertKind.TRACKS, Mode.EXERCISE, ("sky/1", "sky/2"), 1), AlertKind.TRACKS, ("sky/1", "sky/2")
    )
    liar.tell(liar.sealed(liar.payload(EntryType.ALERT, named)))
    pair.settle()
    refused = pair.desk("bravo").picture.refusals
    assert [refused[EntryId("bravo", 1, index)]["alpha"].code for index in (at, at + 1)] == [RefusalCode.WRONG_STATE] * 2
    assert [alert.subjects for alert in _alerts(pair)] == [("sky/1", "sky/2")]


def test_an_alert_is_acknowledged_by_an_officer_and_can_still_be_ended(pair: World) -> None:
    ours = _send(pair, "alpha")
    _send(pair, "bravo")
    pair.settle()
    (alert,) = _alerts(pair, "bravo")
    hotline.acknowledge(pair.desk("bravo"), OFFICER, alert.raised["alpha"], (Language.EN,))
    pair.settle()
    assert _alerts(pair)[0].state == "ACKNOWLEDGED"
    announce.cancel(pair.desk("alpha"), OFFICER, ours)
    pair.settle()
    assert _alerts(pair)[0].state == "CLEARED"


def test_a_notice_that_both_amend_at_once_leaves_one_alert_standing(pair: World) -> None:
    ours, theirs = _send(pair, "alpha"), _send(pair, "bravo")
    pair.settle()
    first = announce.amend(pair.desk("alpha"), OFFICER, ours, operation(volume(1_000.0)))
    second = announce.amend(pair.desk("bravo"), OFFICER, theirs, operation(volume(2_000.0)))
    pair.settle()
    standing = [alert.subjects for alert in _alerts(pair) if alert.state != "CLEARED"]
    assert standing == [(str(first), str(second))]


def test_only_ones_own_standing_notice_can_be_amended_or_cancelled(pair: World) -> None:
    theirs = _send(pair, "bravo")
    pair.settle()
    alpha = pair.desk("alpha")
    with pytest.raises(WrongStateError, match="only bravo"):
        announce.cancel(alpha, OFFICER, theirs)
    with pytest.raises(MissingError):
        announce.cancel(alpha, OFFICER, EntryId("alpha", 1, 0))
    ours = _send(pair, "alpha", 50_000.0)
    with pytest.raises(WrongStateError, match="stays a notice of kind"):
        announce.amend(alpha, OFFICER, ours, Notice(Kind.AREA, (volume(),), area_kind=AreaKind.CAUTION))
    announce.cancel(alpha, OFFICER, ours)
    with pytest.raises(WrongStateError, match="cancelled already"):
        announce.cancel(alpha, OFFICER, ours)
    with pytest.raises(NotPermittedError, match="does not allow mode REAL"):
        announce.send(alpha, OFFICER, operation(), Mode.REAL)
