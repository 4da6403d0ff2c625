"""A new epoch by a root key that is elsewhere: what is asked, what comes back, and every way in which the two may not fit."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tafadi.epoch.renewing import LONGEST_DAYS, install, renew, request
from tafadi.errors import InputError, MissingError, NotPermittedError, RefusedError
from tafadi.measure.instant import Instant
from tafadi.model.names import Language
from tafadi.net.tls import make_certificate
from tafadi.store.folder import EPOCH_KEYS, Folder
from tafadi.store.keyring import Fresh
from tafadi.store.settings import Settings
from tafadi.trust.card import open_card, read_request, sign_card
from tafadi.trust.keys import SigningKey

NOW = Instant.parse("2026-11-23T06:00:00Z")
ROOT = SigningKey.from_seed(b"\x61" * 32)
DAY_S = 86_400.0


NUMBERS: Iterator[int] = itertools.count()


def seed() -> bytes:
    """A key as if by chance, another at each call."""
    return sha256(b"%d" % next(NUMBERS)).digest()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Alpha's folder in epoch 1, whose root key was never there; no agreement is signed."""
    made = Folder.create(tmp_path / "alpha", Settings("alpha", Language.EN), seed, make_certificate("alpha", NOW), ROOT.public)
    install(made, signed(request(made, NOW, seed).data), NOW)
    return made


def signed(data: bytes, root: SigningKey = ROOT) -> bytes:
    """What comes back from where the root key is."""
    return sign_card(read_request(data), root)


def keys_in(folder: Folder) -> set[str]:
    """Every private key that is not empty."""
    return {str(path.relative_to(folder.path / "keys")) for path in (folder.path / "keys").rglob("*.key") if path.stat().st_size}


def test_rule_14_a_card_begins_its_epoch_when_it_is_installed_and_no_sooner(folder: Folder) -> None:
    before = keys_in(folder)
    data = request(folder, NOW, seed).data
    assert folder.settings.epoch == open_card(folder.card).epoch == 1
    assert before < keys_in(folder), "made, and not in use"
    begun = install(folder, signed(data), NOW)
    assert (begun.epoch, folder.settings.epoch, open_card(folder.card).epoch) == (2, 2, 2)
    assert {key for key in keys_in(folder) if "/" in key} == {f"2/{name}.key" for name in EPOCH_KEYS}, "the others are destroyed"


def test_rule_04_every_key_of_the_card_has_one_use_and_is_that_of_the_folder(folder: Folder) -> None:
    card, identity = open_card(folder.card), folder.identity()
    assert len(card.keys) == 6 + len(card.operators)
    assert (card.envelope, card.log, card.mirror) == (identity.envelope.public, identity.log.public, identity.mirror.public)
    assert dict(card.operators) == {role: key.public for role, key in identity.operators.items()}


def test_operators_and_the_certificate_go_on_unless_they_are_named(folder: Folder) -> None:
    first = open_card(folder.card)
    install(folder, signed(request(folder, NOW, seed).data), NOW)
    second = open_card(folder.card)
    assert (second.operators, second.tls_certificate) == (first.operators, first.tls_certificate)
    fresh = Fresh(("duty", "planner"), ("supervisor",), make_certificate("alpha", NOW))
    install(folder, signed(request(folder, NOW, seed, fresh=fresh).data), NOW)
    third = open_card(folder.card)
    assert [role for role, _ in third.operators] == ["duty", "planner", "watch-officer"]
    assert third.operator("planner") != second.operator("planner")
    assert third.operator("watch-officer") == second.operator("watch-officer")
    assert third.tls_certificate != second.tls_certificate
    assert keys_in(folder) == {
        "operator-watch-officer.key",
        *(f"3/{name}.key" for name in (*EPOCH_KEYS, "operator-duty", "operator-planner")),
    }
    assert (folder.path / "keys" / "tls.pem").exists() is False, "the old certificate's key is destroyed"
    assert folder.tls() == folder.path / "keys" / "3"


def test_a_dropped_role_can_come_back_with_another_key_and_one_that_is_not_there_cannot_be_dropped(folder: Folder) -> None:
    old = folder.operators()["planner"]
    install(folder, signed(request(folder, NOW, seed, fresh=Fresh(dropped=("planner",))).data), NOW)
    assert "planner" not in folder.operators()
    with pytest.raises(InputError, match="planner has no key"):
        request(folder, NOW, seed, fresh=Fresh(dropped=("planner",)))
    install(folder, signed(request(folder, NOW, seed, fresh=Fresh(operators=("planner",))).data), NOW)
    assert folder.operators()["planner"].public != old.public
    with pytest.raises(InputError, match="cannot get a new key and lose it"):
        Fresh(("planner",), ("planner",))


def test_a_request_that_was_never_installed_leaves_nothing_behind(folder: Folder) -> None:
    """Its fresh operators would otherwise count in the next epoch, though no card names them."""
    fresh = Fresh(operators=("watch-officer",), tls=make_certificate("alpha", NOW))
    forgotten = signed(request(folder, NOW, seed, fresh=fresh).data)
    before = open_card(folder.card)
    install(folder, signed(request(folder, NOW, seed).data), NOW)
    after = open_card(folder.card)
    assert (after.operators, after.tls_certificate) == (before.operators, before.tls_certificate)
    with pytest.raises(InputError, match="for epoch 2 is not the one of alpha for epoch 3"):
        install(folder, forgotten, NOW)


def test_rule_14_nothing_but_the_card_that_was_asked_for_is_installed(folder: Folder, tmp_path: Path) -> None:
    other = SigningKey.from_seed(b"\x62" * 32)
    stale = signed(request(folder, NOW, seed).data)
    asked = request(folder, NOW, seed).data
    card = read_request(asked)
    with pytest.raises(NotPermittedError, match="signed the card"):
        install(folder, sign_card(replace(card, root=other.public), other), NOW)
    with pytest.raises(InputError, match="names other keys than lie here"):
        install(folder, stale, NOW)
    with pytest.raises(InputError, match="a card of alpha for epoch 4"):
        install(folder, sign_card(replace(card, epoch=4), ROOT), NOW)
    with pytest.raises(RefusedError, match="make a new request"):
        install(folder, signed(asked), NOW.plus(90 * DAY_S))
    with pytest.raises(InputError):
        install(folder, b"{}", NOW)
    install(folder, signed(asked), NOW.plus(90 * DAY_S - 1.0))


@pytest.mark.parametrize("days", [0, -1, LONGEST_DAYS + 1])
def test_signing_keys_last_a_day_to_a_year(folder: Folder, days: int) -> None:
    with pytest.raises(InputError, match="signing keys last"):
        request(folder, NOW, seed, days=days)


def test_a_node_without_a_card_says_who_is_to_be_asked_for_one(tmp_path: Path) -> None:
    bare = Folder.create(tmp_path / "bare", Settings("bare", Language.EN), seed, make_certificate("bare", NOW), ROOT.public)
    assert bare.root == ROOT.public
    with pytest.raises(MissingError, match="`tafadi key request` asks its root key"):
        assert bare.card
    with pytest.raises(NotPermittedError):
        renew(folder_with_card(bare), SigningKey.from_seed(b"\x63" * 32), NOW, seed)


def folder_with_card(bare: Folder) -> Folder:
    """The same, once its root has signed."""
    install(bare, signed(request(bare, NOW, seed).data), NOW)
    return bare
