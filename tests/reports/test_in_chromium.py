"""Reports in a real browser: nothing is asked for, nothing is complained of, and on a narrow window nothing sticks out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import chromium
from report_cases import CROSSING, MINIMA, UNKNOWN, Counted, gaps, losses, meeting, watched
from tafadi.engine.detect import detect
from tafadi.reports import Omission, Question, report_check, report_scan

pytestmark = pytest.mark.soak

LONG = "a-file-of-which-the-name-is-longer-than-the-window-is-wide-" * 3


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Browser]:
    program = chromium.found()
    if program is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with chromium.browser(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def check_page() -> bytes:
    """A check, with names of files and reasons longer than the window."""
    announced = [*CROSSING, UNKNOWN]
    return report_check(
        detect(announced, MINIMA), announced, Question((LONG, "b"), MINIMA, options=((LONG, LONG),)), [Omission(LONG, LONG, 2)]
    )


def scan_page() -> bytes:
    """A scan with a loss, an unknown and a gap."""
    there, back = meeting()
    return report_scan(losses(), gaps(), Counted(), Question(("day.parquet",), MINIMA), {"one": there, "two": back})


@pytest.mark.parametrize("width_px", [400, 1280])
@pytest.mark.parametrize("kind", ["check", "watch", "scan"])
def test_a_report_asks_nobody_complains_of_nothing_and_fits_the_window(
    browser: chromium.Browser, tmp_path: Path, kind: str, width_px: int
) -> None:
    page = tmp_path / f"{kind}.html"
    page.write_bytes({"check": check_page, "watch": lambda: watched()[2], "scan": scan_page}[kind]())
    seen = browser.look(page, width_px)
    assert seen.asked == []
    assert seen.complaints == []
    assert seen.sticking_out == []
    assert seen.width_px == seen.window_px


def test_a_page_that_asks_and_is_too_wide_is_found_out(browser: chromium.Browser, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text('<body><p style="width: 900px">wide</p><script>console.error("no")</script><img src="there.png"></body>')
    seen = browser.look(page, 400)
    assert [one.rpartition("/")[2] for one in seen.asked] == ["there.png"]
    assert any("no" in one for one in seen.complaints)
    assert seen.sticking_out == ["P wide"]
    assert seen.width_px > seen.window_px
