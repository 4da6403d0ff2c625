"""What the demo says when something does not hold: which promise it was, in the story's language, and exit 1."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import typer

from nodes import tafadi
from tafadi.cli import demo_cmd
from tafadi.cli.demo import held as held_module
from tafadi.cli.demo.held import NotHeldError
from tafadi.cli.demo.scene import Scene, sample
from tafadi.cli.demo.stage import Stage
from tafadi.cli.demo.story import STEPS, Story
from tafadi.measure.instant import Instant
from tafadi.model.names import Language
from tafadi.phrases.catalogue import Speaker
from tafadi.phrases.table import PHRASES

START = Instant.parse("2026-03-01T06:00:00Z")
DEMO = Path(held_module.__file__).parent
PROMISES = {key for key in PHRASES if key.startswith("held.")}


class StillClock:
    """Shows one instant."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        """That instant."""
        return self.at


class SilentStage:
    """Nodes that take whatever is asked, and never come to hold anything; `found` is what a look at both of them shows all the same."""

    document = b"{}"

    def __init__(self, at: Instant, found: object = None) -> None:
        self.clock = StillClock(at)
        self.found = found
        self.notices: dict[str, object] = {}

    def picture(self, party: str) -> dict[str, object]:
        """What a node holds."""
        return {"notices": self.notices}

    def ask(self, party: str, verb: str, **arguments: object) -> dict[str, object]:
        """Taken."""
        return {}

    def ensure(self, done: Callable[[], object], do: Callable[[], object]) -> list[dict[str, str]]:
        """Done once."""
        do()
        return [{"id": "alpha/1/3"}]

    def look(self, found: Callable[[], object], within_s: float) -> object:
        """What is there to be seen."""
        return self.found


def story(scene: Scene, stage: SilentStage, lines: list[str], language: Language = Language.EN) -> Story:
    return Story(cast(Stage, stage), scene, Speaker(language), lines.append, lambda _: None)


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """The calls of a function or method of that name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
            yield node


def promised(source: str) -> set[str]:
    """The phrases that the source names when something does not hold; one with a part put in stands for all that fit."""
    keys: set[str] = set()
    tree = ast.parse(source)
    for name, place in (("require", 1), ("at_both", 1), ("NotHeldError", 0)):
        for call in calls(tree, name):
            key = call.args[place]
            if isinstance(key, ast.Constant):
                keys.add(str(key.value))
            elif isinstance(key, ast.JoinedStr):
                begin = key.values[0]
                assert isinstance(begin, ast.Constant)
                keys |= {known for known in PROMISES if known.startswith(str(begin.value))}
    return keys


def test_every_promise_of_the_story_is_a_phrase_and_every_such_phrase_is_a_promise() -> None:
    sources = [*sorted(DEMO.glob("*.py")), Path(demo_cmd.__file__)]
    assert set().union(*(promised(file.read_text(encoding="utf-8")) for file in sources)) == PROMISES


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("step", "key"), [("agreement", "held.signed"), ("line_check", "held.line-check"), ("rosters", "held.rosters"), ("end", "held.settled")]
)
def test_a_step_that_never_comes_about_is_told_in_the_language_of_the_story(language: Language, step: str, key: str) -> None:
    with pytest.raises(NotHeldError) as broken:
        getattr(story(sample(START), SilentStage(START), [], language), step)()
    assert broken.value.key == key
    assert broken.value.told(Speaker(language)) == Speaker(language).say(key)
    assert str(broken.value) == f"the story did not hold: {PHRASES[key]}", "as an error it is English, like every other"


def test_digests_that_differ_are_not_told_as_an_agreement() -> None:
    lines: list[str] = []
    stage = SilentStage(START, ({"alpha": "1" * 64, "bravo": "2" * 64}, {"alpha": "1" * 64, "bravo": "2" * 64}))
    with pytest.raises(NotHeldError, match="digests of the agreement"):
        story(sample(START), stage, lines).agreement()
    assert lines == []


def test_a_story_that_comes_too_late_to_the_flying_plays_nothing() -> None:
    scene, played = sample(START), [False]

    def play() -> None:
        played[0] = True

    with pytest.raises(NotHeldError, match="--prepare"):
        story(scene, SilentStage(scene.plots_from), []).flying(play)
    assert played == [False]


@pytest.mark.parametrize("verb", ["announce", "amend"])
def test_a_notice_that_came_too_late_for_its_lead_is_told_as_a_matter_of_time(verb: str) -> None:
    """Else the story would wait for an acceptance that cannot come, and say only that it did not."""
    scene = sample(START)
    view = {"sender": "alpha", "notice": {"title": "survey"}, "id": "alpha/1/3", "revision": "alpha/1/3", "late": True}
    stage = SilentStage(START, (view, view))
    stage.notices = {"alpha/1/3": view}
    with pytest.raises(NotHeldError, match="--prepare"):
        getattr(story(scene, stage, []), verb)("alpha", scene.notices.first)


def test_the_story_ends_with_the_first_promise_that_is_not_kept() -> None:
    steps: list[str] = []
    told = Story(cast(Stage, SilentStage(START)), sample(START), Speaker(Language.EN), lambda _: None, steps.append)
    with pytest.raises(NotHeldError):
        told.run(lambda: None)
    assert steps == list(STEPS[:1])


def values_of(key: str) -> dict[str, object]:
    return dict.fromkeys(("title", "option", "seconds", "party", "log", "folder", "at", "file"), "17") if "{" in PHRASES[key] else {}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("key", sorted(PROMISES))
def test_every_promise_can_be_told_in_every_language(language: Language, key: str) -> None:
    told = NotHeldError(key, **values_of(key)).told(Speaker(language))
    assert (told == PHRASES[key].format(**values_of(key))) == (language is Language.EN)


def closed(capsys: pytest.CaptureFixture[str], language: Language, *, as_json: bool) -> tuple[str, str]:
    """What is printed at the end of a story that did not hold; it must end with exit 1."""
    outcome = demo_cmd.Outcome()
    outcome.broken = NotHeldError("held.verified", party="bravo")
    with pytest.raises(typer.Exit) as left:
        demo_cmd._close(outcome, 7.0, Speaker(language), None, as_json)
    assert left.value.exit_code == 1
    printed = capsys.readouterr()
    return printed.out, printed.err


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (Language.EN, "It did not hold: the feeds at bravo verify."),
        (Language.RU, "Не подтвердилось: журналы у стороны bravo проходят проверку."),
        (Language.AR, "لم يثبت ما يلي: \u2068ثبوت صحة السجلات لدى الطرف \u2068bravo\u2069\u2069."),
    ],
)
def test_a_story_that_did_not_hold_says_why_in_its_language_and_ends_with_exit_1(
    capsys: pytest.CaptureFixture[str], language: Language, sentence: str
) -> None:
    out, error = closed(capsys, language, as_json=False)
    assert out == f"{sentence}\n"
    assert error == "tafadi: the story did not hold: the feeds at bravo verify\n"


def test_a_story_that_did_not_hold_says_so_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    out, error = closed(capsys, Language.RU, as_json=True)
    told: dict[str, Any] = json.loads(out)
    assert (told["held"], told["broken"]) == (False, "журналы у стороны bravo проходят проверку")
    assert error.startswith("tafadi: the story did not hold")


def test_a_language_that_is_none_is_refused() -> None:
    assert "fr" in tafadi("demo", "--lang", "fr").err
