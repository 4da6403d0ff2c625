"""Every parser against input that nobody would send: atheris follows branches, Hypothesis bends the vectors.

Nothing but an error of Tafadi's family may come out, within 10 s and 1 GB for one input. `pytest tests/formats/test_fuzz.py -m soak -s`
runs for ten minutes each and prints what was run.
"""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.parsers import MAKERS, Parser, parser, seeds

FUZZ = Path(__file__).resolve().parents[1] / "reference" / "fuzz.py"
SECONDS, LONG_SECONDS = 20, 600
BENT = 40  # inputs of Hypothesis for each parser
RUNS = re.compile(r"Done ([0-9]+) runs in")

Ended = subprocess.CompletedProcess[str]
Runs = Callable[[str], Ended]
with_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed: it has no build for this machine"
)


def _fuzzed(name: str, seconds: int) -> Ended:
    # Through a shell that forks: a process inherits the peak of the memory of whoever started it, and libFuzzer would count that.
    command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", sys.executable, str(FUZZ), name, str(seconds)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


@pytest.fixture(scope="module")
def run_of() -> Iterator[Runs]:
    """The run of a parser; all are run, as many at a time as there are processors, unless pytest itself runs tests side by side."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        yield lambda name: _fuzzed(name, SECONDS)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {name: pool.submit(_fuzzed, name, SECONDS) for name in MAKERS}
        yield lambda name: runs[name].result()


def _held(name: str, ended: Ended) -> None:
    told = ended.stdout + ended.stderr
    runs = RUNS.search(told)
    assert ended.returncode == 0, told[-3_000:]
    assert runs is not None, told[-3_000:]
    assert int(runs[1]) > 100, f"{name} was tried {runs[1]} times only"
    sys.stdout.write(f"{name}: {int(runs[1]):,} inputs\n")


@with_atheris
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", MAKERS)
def test_no_input_that_atheris_finds_makes_a_parser_fail_otherwise_than_in_a_sentence(name: str, run_of: Runs) -> None:
    _held(name, run_of(name))


@with_atheris
@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", MAKERS)
def test_nor_does_any_that_it_finds_in_ten_minutes(name: str) -> None:
    _held(name, _fuzzed(name, LONG_SECONDS))


@cache
def _seeds(name: str) -> list[bytes]:
    return seeds(name)


@cache
def _parser(name: str) -> Parser:
    return parser(name)


@st.composite
def bent(draw: st.DrawFn, name: str) -> bytes:
    """A vector of the format with pieces taken out, doubled, overwritten or put in from elsewhere."""
    data = bytearray(draw(st.sampled_from(_seeds(name))))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 40)))
        odd = st.sampled_from(
            [b"", b"\x00", b"\xff\xfe", b"-", b"1e999", b"NaN", b'"', b"[" * 200, b"\n", b"9" * 30, "٣".encode(), b"<a>", b"&x;"]
        )
        data[start:stop] = draw(st.one_of(odd, st.binary(max_size=12), st.just(bytes(data[start:stop]) * 3)))
    return bytes(data)


@pytest.mark.parametrize("name", MAKERS)
def test_a_bent_vector_is_read_or_refused_in_a_sentence(name: str) -> None:
    @settings(max_examples=BENT)
    @given(bent(name))
    def tried(data: bytes) -> None:
        _parser(name)(data)

    tried()
