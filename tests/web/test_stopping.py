"""A node that is told to stop does so, whatever comes in at the same moment."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from tafadi.desk.exchange import Pause
from tafadi.net.peers import _pause
from tafadi.web.running import Running


def _judging(news: asyncio.Event) -> Coroutine[Any, Any, None]:
    return Running._something_to_judge(SimpleNamespace(to_judge=news))  # type: ignore[arg-type]


def _resting(news: asyncio.Event) -> Coroutine[Any, Any, None]:
    return _pause(SimpleNamespace(wake=news), Pause(60.0))  # type: ignore[arg-type]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("waits", [_judging, _resting])
def test_a_stop_is_not_swallowed_by_news_of_the_same_moment(waits: Any, turns: int) -> None:
    """In Python 3.11 `asyncio.wait_for` returns, though it was cancelled, where what it waits for has just come: nothing would end then."""

    async def play() -> None:
        news = asyncio.Event()
        task = asyncio.create_task(waits(news))
        await asyncio.sleep(0.01)
        news.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        is_over = task.done()
        task.cancel()
        await asyncio.wait([task], timeout=10.0)
        assert task.cancelled() or is_over

    asyncio.run(play())
