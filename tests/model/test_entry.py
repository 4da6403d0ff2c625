"""Entries: where one stands, and what names another."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import InputError
from tafadi.model.entry import EntryId, Ref, Seen

LEAF = "0f" * 32


@given(party=st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True), epoch=st.integers(1, 10**9 - 1), index=st.integers(0, 10**15 - 1))
def test_an_entrys_identity_is_written_and_read_back(party: str, epoch: int, index: int) -> None:
    entry = EntryId(party, epoch, index)
    assert EntryId.parse(str(entry)) == entry


@pytest.mark.parametrize(
    "text", ["", "alpha", "alpha/1", "alpha/0/1", "alpha/1/01", "Alpha/1/1", "alpha/1/-1", "alpha/1/1\n", "a/1/1/1", "a" * 90]
)
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        EntryId.parse(text)


@pytest.mark.parametrize(
    "named",
    [
        lambda: Ref(EntryId("alpha", 1, 0), "0f"),
        lambda: Seen("alpha", 1, -1, LEAF),
        lambda: Seen("alpha", 1, 1, "root"),
    ],
)
def test_what_names_no_entry_that_there_can_be_is_refused(named: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        named()
