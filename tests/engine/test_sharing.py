"""Work shared out among threads: all of it, once, in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.engine.sharing import SHARED_LEAST, TASKS_EACH, shared


@given(st.integers(0, 100), st.integers(0, 2 * SHARED_LEAST), st.integers(1, 5))
def test_all_numbers_are_done_once_and_in_order(count: int, items: int, workers: int) -> None:
    parts = shared(lambda first, last: list(range(first, last)), count, items, workers)
    assert [number for part in parts for number in part] == list(range(count))
    assert all(parts)


def test_little_work_is_one_part_and_much_is_some_for_each_worker() -> None:
    for items, workers, parts in ((SHARED_LEAST - 1, 2, 1), (SHARED_LEAST, 2, 2 * TASKS_EACH), (SHARED_LEAST, 1, 1)):
        assert len(shared(lambda first, last: (first, last), 1_000, items, workers)) == parts


def test_what_a_part_raises_is_raised() -> None:
    def fails(first: int, last: int) -> None:
        raise ArithmeticError(f"{first} to {last}")

    with pytest.raises(ArithmeticError):
        shared(fails, 100, SHARED_LEAST, 2)
