"""Sites: believed only when a second person has looked, and only for a time (failure 13)."""

import pytest

from tafadi.desk import sites
from tafadi.desk.folding.notice_site import SiteView
from tafadi.errors import InputError, MissingError, NotOnRosterError, WrongStateError
from tafadi.model.entry import EntryId, EntryType, Operator
from tafadi.model.names import Mode
from tafadi.model.reply import RefusalCode
from tafadi.model.site import Site, SiteCategory, SiteStep
from tafadi.model.volume import Circle
from world import HOME, OFFICER, World

CLINIC = Site(SiteStep.NEW, SiteCategory.HOSPITAL, HOME, Circle(HOME, 150.0), "north clinic")


def _announced(world: World) -> EntryId:
    entry = sites.announce_site(world.desk("alpha"), OFFICER, Mode.EXERCISE, CLINIC)
    world.settle()
    return entry


def _states(world: World, entry: EntryId) -> set[str]:
    world.settle()
    return {station.desk.picture.shelf(SiteView)[entry].state for station in world.stations.values()}


def test_failure_13_a_site_is_not_verified_by_the_one_who_announced_it(pair: World) -> None:
    entry = _announced(pair)
    assert _states(pair, entry) == {"UNVERIFIED"}
    with pytest.raises(WrongStateError, match="second person"):
        sites.verify_site(pair.desk("alpha"), OFFICER, entry)
    with pytest.raises(NotOnRosterError, match="second person"):
        sites.verify_site(pair.desk("alpha"), "node", entry)
    sites.verify_site(pair.desk("alpha"), "supervisor", entry)
    assert _states(pair, entry) == {"VERIFIED"}
    view = pair.desk("bravo").picture.shelf(SiteView)[entry]
    assert (view.announced_by.role, view.verified_by and view.verified_by.role) == (OFFICER, "supervisor")
    assert view.verified_at == pair.clock.now()
    assert pair.desk("alpha").picture.digest() == pair.desk("bravo").picture.digest()


def test_failure_13_a_node_that_verifies_its_own_site_is_refused_by_the_other(pair: World) -> None:
    entry, liar = _announced(pair), pair["alpha"]
    said = EntryId("alpha", 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.SITE, Site(SiteStep.VERIFIED), refs=(liar.desk.ref(entry),))))
    key = liar.identity.operators[OFFICER]
    again = liar.payload(EntryType.SITE, Site(SiteStep.VERIFIED), refs=(liar.desk.ref(entry),), operator=Operator(OFFICER, key.public.id))
    liar.tell(liar.sealed(again, liar.identity.envelope, key))
    assert _states(pair, entry) == {"UNVERIFIED"}
    refusals = pair.desk("bravo").picture.refusals
    assert [refusals[EntryId("alpha", 1, said.index + more)]["bravo"].code for more in (0, 1)] == [RefusalCode.WRONG_STATE] * 2


def test_failure_13_a_site_that_was_verified_too_long_ago_is_stale_until_somebody_looks_again(pair: World) -> None:
    entry = _announced(pair)
    sites.verify_site(pair.desk("alpha"), "supervisor", entry)
    pair.settle()
    bravo = pair.desk("bravo")
    with pytest.raises(WrongStateError, match="to be verified again"):
        sites.mark_stale(bravo, OFFICER, entry)
    assert sites.stale_sites(bravo) == []
    pair.clock.wait(bravo.pact.agreement.timing.reverify_s + 1.0)
    assert sites.stale_sites(bravo) == [entry]


def test_a_site_is_verified_and_withdrawn_by_nobody_else(pair: World) -> None:
    entry = _announced(pair)
    for act in (sites.verify_site, sites.withdraw_site):
        with pytest.raises(WrongStateError, match="only alpha"):
            act(pair.desk("bravo"), "supervisor", entry)
    with pytest.raises(MissingError):
        sites.withdraw_site(pair.desk("alpha"), OFFICER, EntryId("alpha", 1, 0))
    sites.withdraw_site(pair.desk("alpha"), OFFICER, entry)
    assert _states(pair, entry) == {"WITHDRAWN"}
    assert any("WITHDRAWN, says alpha" in sentence for sentence in pair["bravo"].bell.alarms)
    with pytest.raises(WrongStateError, match="is WITHDRAWN"):
        sites.verify_site(pair.desk("alpha"), "supervisor", entry)


@pytest.mark.parametrize("missing", ["category", "place", "footprint"])
def test_a_new_site_says_all_that_it_is(missing: str) -> None:
    members = {"category": CLINIC.category, "place": CLINIC.place, "footprint": CLINIC.footprint}
    with pytest.raises(InputError, match="a new site says"):
        Site(SiteStep.NEW, **{**members, missing: None})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="another site"):
        Site(SiteStep.VERIFIED, **{missing: members[missing]})  # type: ignore[arg-type]
