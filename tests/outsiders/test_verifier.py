"""The verifier of evidence: it shares no code with the node, and comes to the same verdict on every file that there is."""

import ast
import json
import resource
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi import verifier
from tafadi.errors import InputError, SignatureError
from tafadi.trust.canon import canonical
from tafadi.trust.delivery import STORED, open_delivery
from tafadi.trust.evidence import open_evidence
from tafadi.trust.keys import SigningKey

PROGRAM = Path(str(verifier.__file__))
VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "trust"
FILES = {path.stem: path for name in ("evidence", "stored") for path in sorted(VECTORS.glob(f"{name}*.json"))}
PROVEN = sorted(name for name, path in FILES.items() if json.loads(path.read_text())["expect"] == "taken")


def evidence(name: str) -> bytes:
    """The file that the vector holds."""
    return b64decode(json.loads(FILES[name].read_text())["bytes"])


def is_proved_by_the_node(data: bytes) -> bool:
    """Whether the node's own code takes the file."""
    try:
        open_delivery(data) if json.loads(data)["kind"] == STORED else open_evidence(data)
    except (InputError, SignatureError):
        return False
    return True


def is_proved(data: bytes) -> bool:
    """Whether the verifier takes the file; any other failure than its own fails the test."""
    try:
        return verifier.verify(data).startswith("PROVED: ")
    except (verifier.NotProved, verifier.Unreadable):
        return False


def test_it_is_made_of_the_standard_library_and_cryptography_alone() -> None:
    tree = ast.walk(ast.parse(PROGRAM.read_text("utf-8")))
    named = {
        part.split(".")[0]
        for node in tree
        for part in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert named - {"cryptography"} <= set(sys.stdlib_module_names)
    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(ast.parse(PROGRAM.read_text("utf-8"))))


@pytest.mark.parametrize("name", FILES)
def test_it_comes_to_the_verdict_of_the_vector(name: str) -> None:
    assert is_proved(evidence(name)) == (json.loads(FILES[name].read_text())["expect"] == "taken")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("evidence-entries", "north signed two different entries number 4 of tafadi.v1/demo/north/1"),
        ("evidence-roots", "north signed two different histories of the first 5 entries"),
        ("evidence-trees", "does not begin with the 5 it had signed"),
        ("evidence-receipts", "south signed that it stores two histories of tafadi.v1/demo/north/1"),
        ("evidence-retired-entry", "north, or whoever has its keys of epoch 1, signed an entry with them after tafadi.v1/demo/south/1 had"),
        ("evidence-retired-receipt", "signed a receipt with them after"),
        ("stored", "south signed, by its clock at 2026-11-23T09:30:00Z, that it stores entry 3 of tafadi.v1/demo/north/1"),
    ],
)
def test_it_says_who_is_accused_of_what(name: str, said: str) -> None:
    assert said in verifier.verify(evidence(name))


@given(name=st.sampled_from(PROVEN), member=st.sampled_from(["card", "first", "second", "nodes"]), data=st.data())
@settings(max_examples=60, deadline=None)
def test_whoever_changes_a_file_has_no_proof_by_either_program(name: str, member: str, data: st.DataObject) -> None:
    value = json.loads(evidence(name))
    texts = value["nodes"] if member == "nodes" else [value[member]]
    if not texts:
        return
    which = data.draw(st.integers(0, len(texts) - 1))
    raw = bytearray(b64decode(texts[which]))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    texts[which] = b64encode(bytes(raw)).decode()
    if member != "nodes":
        value[member] = texts[0]
    changed = canonical(value)
    assert is_proved(changed) == is_proved_by_the_node(changed)


@given(
    data=st.one_of(
        st.binary(max_size=200), st.sampled_from(PROVEN).flatmap(lambda name: st.integers(0, 400).map(lambda at: evidence(name)[:-at]))
    )
)
@settings(max_examples=40, deadline=None)
def test_what_is_cut_short_or_no_file_of_ours_is_told_and_never_a_fault(data: bytes) -> None:
    with pytest.raises((verifier.Unreadable, verifier.NotProved)):
        verifier.verify(data)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "a-likely-story"}, "no kind of evidence"),
        ({"kind": "two-roots-at-one-size\x1b[2J"}, "no kind of evidence"),
        ({"kind": ["stored"]}, "no kind of evidence"),
        ({"version": "tafadi.v2"}, "members of evidence"),
        ({"more": 1}, "members of evidence"),
        ({"nodes": "none"}, "no list"),
        ({"nodes": [""] * 65}, "no list"),
        ({"nodes": ["AAAA"]}, "not 32 bytes"),
        ({"first": "=="}, "standard base64"),
        ({"first": "AAAA"}, "neither an entry nor a signed note"),
        ({"card": "AAAA"}, "no envelope"),
    ],
)
def test_a_file_of_the_wrong_parts_cannot_be_read(changed: dict[str, object], said: str) -> None:
    value = json.loads(evidence("evidence-roots")) | changed
    with pytest.raises(verifier.Unreadable, match=said):
        verifier.verify(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def _more_signatures(value: dict[str, str]) -> None:
    note = b64decode(value["first"])
    value["first"] = b64encode(note + note[note.rindex(b"\n\n") + 2 :]).decode()


def _swapped(value: dict[str, str]) -> None:
    value["first"], value["second"] = value["second"], value["first"]


def _with_a_node(value: dict[str, list[str]]) -> None:
    value["nodes"] = [*value["nodes"], b64encode(bytes(32)).decode()]


@pytest.mark.parametrize("name", PROVEN)
@pytest.mark.parametrize("change", [_more_signatures, _swapped, _with_a_node])
def test_a_second_spelling_of_a_proof_has_the_same_verdict_by_both_programs(name: str, change: Callable[[object], None]) -> None:
    value = json.loads(evidence(name))
    if change is _more_signatures and b64decode(value["first"]).startswith(b"{"):
        return
    change(value)
    assert is_proved(canonical(value)) == is_proved_by_the_node(canonical(value)) == False  # noqa: E712 - all three are one verdict


def test_a_proof_under_a_card_that_its_root_key_did_not_sign_is_none() -> None:
    value = json.loads(evidence("evidence-roots"))
    card = json.loads(b64decode(value["card"]))
    thief = SigningKey.from_seed(bytes(32))
    card["signatures"][0]["sig"] = b64encode(thief.sign(b"a card")).decode()
    value["card"] = b64encode(json.dumps(card, separators=(",", ":")).encode()).decode()
    with pytest.raises(verifier.NotProved, match="does not verify"):
        verifier.verify(canonical(value))


def _ran(program: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-I", str(program), *arguments], capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_rule_13_a_copy_of_the_one_file_proves_each_kind_within_a_second(tmp_path: Path) -> None:
    program = Path(shutil.copy(PROGRAM, tmp_path / "verifier.py"))
    for name in PROVEN:
        (tmp_path / name).write_bytes(evidence(name))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        code, out, err = _ran(program, str(tmp_path / name))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert (code, err) == (0, ""), (name, err)
        assert out.startswith("PROVED: ")
        assert out.count("\n") == 1
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0  # of CPU: the machine may be busy


def test_the_program_says_1_for_what_is_not_proved_and_2_for_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "none").write_bytes(evidence("evidence-receipts-joined"))
    (tmp_path / "cut").write_bytes(evidence("evidence-roots")[:1000])
    assert verifier.main([str(tmp_path / "none")]) == 1
    for unreadable in ("cut", "absent", "."):
        code, out, err = _ran(PROGRAM, str(tmp_path / unreadable))
        assert (code, out, err.count("\n")) == (2, "", 1), unreadable
        assert "Traceback" not in err
    assert verifier.main(["/dev/zero"]) == 2
    assert verifier.main([]) == 2
