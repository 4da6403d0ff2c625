"""`tafadi agree`: cards, words, documents and signatures; whoever did not compare the words in person does not sign."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nodes import LANDMARKS, World, tafadi, until, world
from tafadi.formats.agreement import read_document, write_document
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Pin
from tafadi.store.folder import Folder
from tafadi.store.identity import first_card


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha, bravo and charlie with nodes and no agreement; nothing runs."""
    made = World(tmp_path_factory.mktemp("agree"))
    for party in ("alpha", "bravo", "charlie"):
        made.add(party)
    yield made
    made.end()


def new(three: World, out: Path, *options: str, cards: tuple[str, ...] = ("alpha", "bravo")) -> list[str]:
    """The arguments of a new agreement; options come last and so override."""
    given = [part for party in cards for part in ("--card", str(three[party].path / "card.json"))]
    return ["agree", "new", "--name", "sky", *given, "--minima", "1 [NM] / 500 [ft]", *LANDMARKS, "--out", str(out), *options]


def test_the_words_on_a_card_are_those_its_party_reads_out(three: World) -> None:
    card = three["alpha"].path / "card.json"
    told = tafadi("agree", "words", card, "--json").json
    assert told["party"] == "alpha"
    assert told["words"] == three.words("alpha")
    assert len(told["words"].split()) == 24
    assert three.words("alpha") in tafadi("agree", "words", card).out


def test_a_document_is_the_same_bytes_whoever_makes_it(three: World, tmp_path: Path) -> None:
    first = tafadi(*new(three, tmp_path / "1.json"), "--json").json
    second = tafadi(*new(three, tmp_path / "2.json", cards=("bravo", "alpha")), "--json").json
    assert (first["id"], first["digest"]) == (second["id"], second["digest"])
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()
    assert tafadi("agree", "show", tmp_path / "1.json", "--json").json["digest"] == first["digest"]
    shown = tafadi("agree", "show", tmp_path / "1.json").out
    assert all(part in shown for part in ("1 NM / 500 ft", "north-light", "EXERCISE", three.words("bravo")))


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--minima", "5"), "5"),
        (("--minima", "5 [NM]"), "5 [NM]"),
        (("--minima", "-5 [NM] / 1000 [ft]"), "-5"),
        (("--minima", "nan [NM] / 1000 [ft]"), "nan"),
        (("--lead", "24"), "24"),
        (("--lead", "inf [h]"), "inf"),
        (("--lead", "-1 [h]"), "-3600"),
        (("--heartbeat", "5 [NM]"), "time"),
        (("--lookahead", "99999999999 [h]"), "is not a time"),
        (("--name", "Sky!"), "agreement"),
        (("--landmark", "third=91,0"), "91"),
        (("--landmark", "third=nan,0"), "not a number"),
        (("--landmark", "third"), "is not a landmark"),
        (("--landmark", "north-light=1,1"), "same name"),
        (("--effective", "tomorrow"), "is not a time"),
        (("--effective", "2026-07-01T09:00:00-05:00"), "UTC"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_told_in_one_sentence(three: World, tmp_path: Path, options: tuple[str, ...], part: str) -> None:
    assert part in tafadi(*new(three, tmp_path / "x.json", *options)).sentence()
    assert not (tmp_path / "x.json").exists()


def test_the_terms_that_people_edit_become_the_documents_and_an_option_counts_more(three: World, tmp_path: Path) -> None:
    file, document = tmp_path / "terms.toml", tmp_path / "sky.json"
    assert tafadi("agree", "terms", "--out", file).code == 0
    assert tafadi("agree", "terms").out == file.read_text()
    assert tafadi("agree", "terms", "--json").json["timing"]["stop_heard_s"] == 60
    plain = tafadi(*new(three, document), "--json").json["digest"]
    assert tafadi(*new(three, document, "--terms", str(file)), "--json").json["digest"] == plain
    ladder = '[[ladder]]\nrole = "supervisor"\nwait = "2 [min]"\n[quota]\nentries_hourly = 500\n'
    file.write_text('check_times = ["06:00Z"]\n[timing]\nlead = "2 [h]"\nstop_heard = "30 [s]"\n' + ladder)
    assert tafadi(*new(three, document, "--terms", str(file), "--lead", "3 [h]")).code == 0
    made = read_document(document.read_bytes())
    assert (made.timing.lead_s, made.timing.stop_heard_s, made.check_times_utc_s) == (10_800, 30, (21_600,))
    assert ([(rung.role, rung.wait_s) for rung in made.ladder], made.quota.entries_hourly) == ([("supervisor", 120)], 500)
    shown = tafadi("agree", "show", document).out
    assert all(part in shown for part in ('check_times = ["06:00Z"]', 'lead = "3 [h]"', 'role = "supervisor"', "entries_hourly = 500"))


def test_an_agreement_that_succeeds_another_shows_the_ends_that_it_pins(three: World, tmp_path: Path) -> None:
    document = tmp_path / "sky.json"
    assert tafadi(*new(three, document)).code == 0
    pinned = replace(read_document(document.read_bytes()), succeeds="sky-0123456789ab", pins=(Pin("alpha", 2, 17, "0f" * 32),))
    document.write_bytes(write_document(pinned))
    assert f"succeeds sky-0123456789ab: alpha/2 ended at 17 entries, root {'0f' * 32}" in tafadi("agree", "show", document).out


def test_the_minima_between_announced_operations_are_shown_and_that_there_are_none(three: World, tmp_path: Path) -> None:
    document = tmp_path / "sky.json"
    for options, told in (
        ((), "none: volumes that touch do not overlap"),
        (("--announced-minima", "3 [NM] / 1000 [ft]"), "3 NM / 1000 ft"),
    ):
        assert tafadi(*new(three, document, *options)).code == 0
        assert f"minima between announced: {told}" in tafadi("agree", "show", document).out.splitlines()


def test_one_landmark_or_one_party_is_too_few_and_one_party_twice_is_no_agreement(three: World, tmp_path: Path) -> None:
    cards = [part for party in ("alpha", "bravo") for part in ("--card", str(three[party].path / "card.json"))]
    common = ["--name", "sky", "--minima", "1 [NM] / 500 [ft]", "--out", str(tmp_path / "x.json")]
    assert "landmarks" in tafadi("agree", "new", *cards, *common, "--landmark", "a=1,1").sentence()
    assert "2 to 5 different parties" in tafadi("agree", "new", *cards[:2], *common, *LANDMARKS).sentence()
    assert "same party" in tafadi("agree", "new", *cards[:2], *cards[:2], *common, *LANDMARKS).sentence()


@pytest.mark.parametrize("content", [b"lead = 1", b"\xff\xfe", b"x" * 200_000, b'[timing]\nlaed = "1 [h]"'])
def test_a_file_that_is_no_terms_is_told(three: World, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "terms.toml").write_bytes(content)
    assert "terms" in tafadi(*new(three, tmp_path / "x.json", "--terms", str(tmp_path / "terms.toml"))).sentence()
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[" * 50_000, b"x" * 5_000_000])
def test_a_file_that_is_no_card_and_no_document_is_told(three: World, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    assert tafadi("agree", "words", file).sentence()
    assert tafadi("agree", "show", file).sentence()
    assert tafadi("agree", "sign", three["alpha"].path, file, "--words", "bravo=x").sentence()


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/", "/dev/zero", "/proc/self/mem"])
def test_a_path_that_cannot_be_read_as_a_file_is_told(three: World, path: str) -> None:
    assert tafadi("agree", "words", path).sentence()
    assert tafadi("agree", "show", path).sentence()


def test_a_card_changed_by_one_letter_is_told(three: World, tmp_path: Path) -> None:
    text = (three["alpha"].path / "card.json").read_bytes()
    for at in range(10, len(text), 97):
        (tmp_path / "card.json").write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
        assert tafadi("agree", "words", tmp_path / "card.json").sentence()


def test_nobody_signs_without_the_words_of_every_other_party(three: World, tmp_path: Path) -> None:
    document = tmp_path / "sky.json"
    assert tafadi(*new(three, document, cards=("alpha", "bravo", "charlie"))).code == 0
    sign = ("agree", "sign", three["alpha"].path, document)
    bravo, charlie = (f"{party}={three.words(party)}" for party in ("bravo", "charlie"))
    assert "charlie read out" in tafadi(*sign, "--words", bravo).sentence()
    assert "not those of the root key" in tafadi(*sign, "--words", bravo, "--words", f"charlie={three.words('bravo')}").sentence()
    swapped = three.words("charlie").split()
    swapped[0], swapped[1] = swapped[1], swapped[0]
    assert tafadi(*sign, "--words", bravo, "--words", f"charlie={' '.join(swapped)}").sentence()
    assert "24" in tafadi(*sign, "--words", bravo, "--words", "charlie=abandon").sentence()
    assert "xyzzy" in tafadi(*sign, "--words", bravo, "--words", "charlie=" + "xyzzy " * 24).sentence()
    assert tafadi(*sign, "--words", "nothing").sentence()
    assert tafadi("node", "status", three["alpha"].path, "--json").json["agreements"] == []
    signed = tafadi(*sign, "--words", bravo, "--words", charlie)
    assert signed.code == 0
    assert "waiting for the other parties" in signed.out


def test_signing_twice_changes_nothing(three: World, tmp_path: Path) -> None:
    three.document = tmp_path / "sky.json"
    assert tafadi(*new(three, three.document)).code == 0
    first, second = three.sign("bravo"), three.sign("bravo")
    assert (first.code, second.code) == (0, 0)
    status = tafadi("node", "status", three["bravo"].path, "--json").json["agreements"]
    assert [one["feeds"]["bravo"] for one in status] == [1]


def test_an_agreement_between_others_is_not_signed(three: World, tmp_path: Path) -> None:
    three.document = tmp_path / "sky.json"
    assert tafadi(*new(three, three.document)).code == 0
    given = [part for party in ("alpha", "bravo") for part in ("--words", f"{party}={three.words(party)}")]
    assert "this node is charlie" in tafadi("agree", "sign", three["charlie"].path, three.document, *given).sentence()


def test_an_agreement_with_other_keys_in_this_partys_name_is_not_signed(three: World, tmp_path: Path) -> None:
    other = World(tmp_path)
    other.add("alpha")
    cards = ["--card", str(other["alpha"].path / "card.json"), "--card", str(three["bravo"].path / "card.json")]
    document = tmp_path / "sky.json"
    made = tafadi("agree", "new", "--name", "sky", *cards, "--minima", "1 [NM] / 500 [ft]", *LANDMARKS, "--out", document)
    assert made.code == 0
    words = f"bravo={three.words('bravo')}"
    assert "other keys for alpha" in tafadi("agree", "sign", three["alpha"].path, document, "--words", words).sentence()


def test_an_agreement_with_one_of_this_partys_keys_exchanged_is_not_signed(three: World, tmp_path: Path) -> None:
    """A card with our envelope key and another log key, signed by another root: our feed would verify for nobody."""
    shutil.copytree(three["alpha"].path, tmp_path / "alpha")
    folder = Folder.open(tmp_path / "alpha")
    for name in ("root.key", "1/log.key"):
        shutil.copy(three["charlie"].path / "keys" / name, folder.path / "keys" / name)
    first_card(folder, Instant.parse("2026-01-01T00:00:00Z"), 3_000)
    cards = ["--card", str(folder.path / "card.json"), "--card", str(three["bravo"].path / "card.json")]
    document = tmp_path / "sky.json"
    made = tafadi("agree", "new", "--name", "sky", *cards, "--minima", "1 [NM] / 500 [ft]", *LANDMARKS, "--out", document)
    assert made.code == 0
    words = f"bravo={three.words('bravo')}"
    assert "other keys for alpha" in tafadi("agree", "sign", three["alpha"].path, document, "--words", words).sentence()


@pytest.mark.parametrize(("start", "days"), [("2020-01-01T00:00:00Z", 90), ("2150-01-01T00:00:00Z", 90)])
def test_a_card_that_is_not_valid_now_is_not_signed(three: World, tmp_path: Path, start: str, days: int) -> None:
    shutil.copytree(three["bravo"].path, tmp_path / "bravo")
    first_card(Folder.open(tmp_path / "bravo"), Instant.parse(start), days)
    cards = ["--card", str(three["alpha"].path / "card.json"), "--card", str(tmp_path / "bravo" / "card.json")]
    document = tmp_path / "sky.json"
    made = tafadi("agree", "new", "--name", "sky", *cards, "--minima", "1 [NM] / 500 [ft]", *LANDMARKS, "--out", document)
    assert made.code == 0
    words = f"bravo={three.words('bravo')}"
    told = tafadi("agree", "sign", three["alpha"].path, document, "--words", words).sentence()
    assert "the card of bravo is valid from" in told


def test_a_card_that_runs_out_soon_alarms_and_the_line_goes_on(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both:
        anchor = "2026-01-01T00:00:00Z"
        soon = both.pact.cards["bravo"].valid.end.plus(-3 * 86_400.0)
        for node in both.nodes.values():
            assert node.stop() == 0
        from tafadi.node import SystemClock

        anchor = str(SystemClock().now())
        both.start("--clock", f"{soon}={anchor}*1")
        until(lambda: "the card of bravo is valid only until" in both["alpha"].log.read_text())
        entry = both["alpha"].ask("line", "stop", "--what", "sky/1")["entry"]
        until(lambda: any(one["id"] == entry for one in both["bravo"].ask("line", "show")["stops"]))


def test_a_document_in_any_other_form_than_its_one_is_not_signed(three: World, tmp_path: Path) -> None:
    document = tmp_path / "sky.json"
    assert tafadi(*new(three, document)).code == 0
    value = json.loads(document.read_bytes())
    assert write_document(read_document(document.read_bytes())) == document.read_bytes()
    for text in (json.dumps(value), json.dumps({**value, "target": "x"}), json.dumps({**value, "parties": value["parties"][::-1]})):
        document.write_text(text)
        assert tafadi("agree", "show", document).sentence()


def test_a_text_with_terminal_escapes_is_refused_and_one_of_several_lines_is_shown(three: World, tmp_path: Path) -> None:
    text, document = tmp_path / "text", tmp_path / "sky.json"
    text.write_text("first line\nsecond \u202e line")
    assert "control character" in tafadi(*new(three, document, "--text", str(text))).sentence()
    text.write_bytes(b"\xff")
    assert "UTF-8" in tafadi(*new(three, document, "--text", str(text))).sentence()
    text.write_text("первая строка\nالسطر الثاني\n")
    assert tafadi(*new(three, document, "--text", str(text))).code == 0
    assert "  السطر الثاني" in tafadi("agree", "show", document).out.splitlines()
