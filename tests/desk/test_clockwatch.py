"""The watch on one's own clock."""

from tafadi.desk.clockwatch import ClockWatch
from world import START


def test_a_clock_that_runs_with_the_elapsed_time_is_trusted() -> None:
    watch = ClockWatch(5.0)
    assert [watch.look(START.plus(at_s), 100.0 + at_s * 1.001, {}, set()) for at_s in (0.0, 5.0, 3_000.0)] == [None, None, None]
    assert watch.is_trusted


def test_a_clock_that_jumps_is_not_trusted_until_a_party_that_is_heard_anew_agrees() -> None:
    for jump_s in (-3_600.0, 3_600.0):
        watch, now = ClockWatch(5.0), START.plus(jump_s)
        watch.look(START, 0.0, {"bravo": START}, set())
        assert watch.look(now, 0.0, {"bravo": START}, set()) == jump_s
        assert not watch.is_trusted
        for heard, off in (({"bravo": START}, set[str]()), ({"bravo": now}, {"bravo"}), ({"bravo": None}, set[str]())):
            assert watch.look(now, 0.0, heard, off) is None
            assert not watch.is_trusted
        watch.look(now, 0.0, {"bravo": now}, set())
        assert watch.is_trusted
