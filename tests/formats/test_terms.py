"""Terms: what people choose of an agreement, written with its units and read back; a slip of the pen never becomes the default."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.terms import LARGEST_BYTES, SENTENCES, Terms, duration, read_terms, time_of_day, write_terms
from tafadi.measure.units import parse_quantity
from tafadi.model.agreement import CHECK_TIMES_UTC_S, LARGEST_QUOTA, LONGEST_CLOCK_S, Quota, Rung, Timing
from world import make_agreement

SECONDS = st.integers(0, LONGEST_CLOCK_S)
ROLES = st.sampled_from(("watch-officer", "supervisor", "planner", "duty-2"))


@st.composite
def timings(draw: st.DrawFn) -> Timing:
    """Any clocks that an agreement can have."""
    times = {field.name: draw(SECONDS) for field in fields(Timing)}
    for sooner, later in (("stop_heard_s", "stop_acted_s"), ("check_late_s", "check_missed_s")):
        times[sooner], times[later] = sorted((times[sooner], times[later]))
    return Timing(**times)


TERMS = st.builds(
    Terms,
    timings(),
    st.lists(st.integers(0, 86_399), unique=True, max_size=24).map(sorted).map(tuple),
    st.lists(st.builds(Rung, ROLES, st.integers(1, LONGEST_CLOCK_S)), unique_by=lambda rung: rung.role, max_size=4).map(tuple),
    st.builds(Quota, *[st.integers(1, LARGEST_QUOTA)] * 4),
)


@given(TERMS)
def test_whatever_is_chosen_is_read_back_as_it_was_written(terms: Terms) -> None:
    assert read_terms(write_terms(terms).encode()) == terms


def test_nothing_chosen_is_every_default() -> None:
    assert read_terms(b"") == Terms()
    assert Terms().check_times_utc_s == CHECK_TIMES_UTC_S


def test_the_terms_of_an_agreement_are_its_own() -> None:
    agreement = make_agreement()
    assert Terms.of(agreement).timing == agreement.timing != Timing()


def test_every_number_has_its_sentence() -> None:
    names = {field.name.removesuffix("_s") for field in fields(Timing)} | {field.name for field in fields(Quota)}
    assert set(SENTENCES) == names
    written = write_terms(Terms())
    assert [name for name in names if f"\n{name} = " not in written] == []


def test_the_commented_example_of_a_ladder_is_one() -> None:
    uncommented = "\n".join(
        line.removeprefix("# ") if "[[ladder]]" in line or '"' in line else line for line in write_terms(Terms()).split("\n")
    )
    assert read_terms(uncommented.encode()).ladder == (Rung("supervisor", 300),)


@given(SECONDS)
def test_a_time_is_written_in_the_largest_unit_that_says_it_whole(time_s: int) -> None:
    assert parse_quantity(duration(time_s), "time") == time_s


@pytest.mark.parametrize(("at_s", "text"), [(0, "00:00Z"), (32_400, "09:00Z"), (61_230, "17:00:30Z"), (86_399, "23:59:59Z")])
def test_a_time_of_day_has_its_z(at_s: int, text: str) -> None:
    assert time_of_day(at_s) == text
    assert read_terms(f'check_times = ["{text}"]'.encode()).check_times_utc_s == (at_s,)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[timing]\nlaed = "24 [h]"', "timing"),
        ('[timing]\nlead_s = "24 [h]"', "timing"),
        ("[timing]\nlead = 24", "timing.lead"),
        ('[timing]\nlead = "24"', "timing.lead"),
        ('[timing]\nlead = "24 [NM]"', "timing.lead"),
        ('[timing]\nlead = "-1 [h]"', "timing"),
        ('[timing]\nlead = "91 [d]"', "timing"),
        ('[timing]\nlead = "0.5 [s]"', "timing.lead"),
        ('[timing]\nlead = "1e300 [d]"', "timing"),
        ('[timing]\nstop_heard = "1 [h]"', "timing"),
        ('check_times = ["09:00"]', "check_times"),
        ('check_times = ["24:00Z"]', "check_times"),
        ('check_times = ["09:00+03:00"]', "check_times"),
        ("check_times = [32400]", "check_times[0]"),
        ('check_times = "09:00Z"', "check_times"),
        ('[[ladder]]\nrole = "supervisor"', "ladder[0].wait"),
        ('[[ladder]]\nrole = "Supervisor"\nwait = "1 [min]"', "ladder[0]"),
        ('[[ladder]]\nrole = "supervisor"\nwait = "0 [s]"', "ladder[0]"),
        ('[[ladder]]\nrole = "supervisor"\nwait = "soon"', "ladder[0].wait"),
        ('[ladder]\nrole = "supervisor"', "ladder"),
        ("[quota]\nentries_hourly = 0", "quota"),
        ("[quota]\nentries_hourly = 1.5", "quota.entries_hourly"),
        ("[quota]\nentries_hourly = true", "quota.entries_hourly"),
        ("[quota]\nentries = 5", "quota"),
        ('colour = "red"', "colour"),
        ("timing = [", ""),
        ("a = 1\na = 2", ""),
        ("x = " + "[" * 5_000, ""),
        ("x = " + "9" * 5_000, ""),
    ],
)
def test_what_is_no_term_is_told_with_its_member(text: str, field: str) -> None:
    with pytest.raises(FormatError) as refused:
        read_terms(text.encode())
    assert refused.value.field == field


def test_bytes_that_are_no_text_and_a_file_without_end_are_refused() -> None:
    with pytest.raises(FormatError, match="UTF-8"):
        read_terms(b"\xff\xfe")
    with pytest.raises(FormatError) as refused:
        read_terms(b"#" * (LARGEST_BYTES + 1))
    assert refused.value.code == "too-large"
