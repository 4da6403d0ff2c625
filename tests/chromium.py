"""Chromium without a window, driven by its own protocol over two pipes: what it asks for, what it complains of, how wide a page becomes.

Nothing is needed but Debian's package `chromium`. Messages are JSON, each ended by a zero byte, on file descriptors 3 and 4 of the browser.
Source: Chrome DevTools Protocol, domains Target, Page, Network, Log, Runtime, Emulation.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip
# What sticks out of the window, except within what scrolls by itself.
STICKING_OUT = """[...document.querySelectorAll('body *')]
    .filter(one => !one.closest('.wide') || one.matches('.wide'))
    .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(one => one.tagName + ' ' + one.textContent.slice(0, 40))"""
WIDEST = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


def found() -> str | None:
    """Where Chromium is, where it is installed."""
    return shutil.which("chromium")


class Seen(NamedTuple):
    """What a page did in the browser."""

    asked: list[str]
    complaints: list[str]
    sticking_out: list[str]
    width_px: int
    window_px: int


class Browser:
    """A browser that listens on a pipe."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def start(self) -> None:
        """Opens a page to look at."""
        target = self.say("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.say("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.say(f"{domain}.enable")

    def look(self, page: Path, width_px: int) -> Seen:
        """Loads a page in a window of so many pixels."""
        self.events.clear()
        self.say("Emulation.setDeviceMetricsOverride", width=width_px, height=800, deviceScaleFactor=1, mobile=False)
        self.say("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._hear()
        sticking_out, (width, window) = self._value(STICKING_OUT), self._value(WIDEST)
        asked = [event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        told = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        complaints = [json.dumps(event["params"]) for event in self.events if event["method"] in told]
        others = [one for one in asked if not one.startswith("data:") and one != page.as_uri()]
        return Seen(others, complaints, sticking_out, width, window)

    def _value(self, words: str) -> Any:
        return self.say("Runtime.evaluate", expression=words, returnByValue=True)["result"]["value"]

    def say(self, method: str, **params: object) -> dict[str, Any]:
        """Says one thing, and hears until it is answered."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._hear()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._back, 65_536)
            assert more, "the browser has gone"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(line)
        if "method" in heard:
            self.events.append(heard)
        return heard


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Browser]:
    """A running browser with an empty profile."""
    its_in, to = os.pipe()
    back, its_out = os.pipe()

    # The pipes have to be its descriptors 3 and 4: a shell moves them there, which is safe among threads.
    words = ["bash", "-c", f'exec 3<&{its_in} 4>&{its_out}; exec "$@"', "bash", program, *QUIET, f"--user-data-dir={profile}"]
    process = subprocess.Popen(words, pass_fds=(its_in, its_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(its_in)
    os.close(its_out)
    try:
        opened = Browser(to, back)
        opened.start()
        yield opened
    finally:
        process.terminate()
        process.wait(30)
        os.close(to)
        os.close(back)
