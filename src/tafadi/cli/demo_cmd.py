"""`tafadi demo`: the whole mechanism in half a minute, between two real processes."""

import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tafadi.cli.calls import print_json
from tafadi.cli.compiling import telling_when_compiling
from tafadi.cli.exits import FOUND, door, say_error
from tafadi.errors import InputError
from tafadi.model.names import Language

if TYPE_CHECKING:
    from tafadi.cli.demo.held import NotHeldError
    from tafadi.cli.demo.scene import Scene
    from tafadi.cli.demo.stage import Stage
    from tafadi.cli.demo.story import Story
    from tafadi.measure.instant import Instant
    from tafadi.model.track import Plot
    from tafadi.phrases.catalogue import Speaker

SAMPLE_START = "2026-03-01T06:00:00Z"
START_S = 2.0  # what a node's modules take to load on two calm cores, with room
PREPARE_S = 20.0  # what the story before the flying takes there, with room
KILL_S = 6.0  # what each kill adds
SLOWEST_S = 600.0
KILL_EVERY_S = (1.0, 3.0)  # wall seconds between two random kills


@door
def demo(
    lang: Annotated[Language, typer.Option("--lang", help="The language in which the story is told.")] = Language.EN,
    recording: Annotated[Path | None, typer.Option("--recording", help="Play the stretch around this recording's closest alert.")] = None,
    format: Annotated[str, typer.Option("--format", help="The recording's format: nop, csv or sbs.")] = "",
    columns: Annotated[str, typer.Option("--columns", help="For csv: the column map, as for `tafadi watch`.")] = "",
    minima: Annotated[str, typer.Option("--minima", help="Between tracks of the recording.")] = "0.3 [NM] / 300 [ft]",
    lookahead: Annotated[str, typer.Option("--lookahead", help="How far ahead tracks of the recording are watched.")] = "30 [s]",
    keep: Annotated[Path | None, typer.Option("--keep", help="Leave the nodes' folders here, in a new folder.")] = None,
    prepare: Annotated[
        float | None, typer.Option("--prepare", help="Seconds before the flying begins; measured on this machine when left out.")
    ] = None,
    kill: Annotated[list[str] | None, typer.Option("--kill", help="STEP=PARTY: kill that node when that step begins; repeat.")] = None,
    kill_randomly: Annotated[int, typer.Option("--kill-randomly", help="Kill a node this many times, at random instants.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="For --kill-randomly.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="At the end, print what held and the figures as JSON.")] = False,
) -> None:
    """Two parties' nodes as two processes play a written scenario, in mode EXERCISE. Exit 0 only if all of it held."""
    from tafadi.engine.warm import warm_up
    from tafadi.phrases.catalogue import Speaker

    kills = _kills(kill or [])
    speaker = Speaker(lang)
    with ExitStack() as stack:
        root = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tafadi-demo-")))
        _check_root(root)
        plots = _read(recording, format, columns) if recording else []
        prepare_s = _prepare_s(len(kill or []) + kill_randomly) if prepare is None else prepare
        scene = _scene(plots, minima, lookahead, prepare_s)
        with telling_when_compiling():
            warm_up()  # compiled once on a machine; the story is about the nodes, not about a compiler
        began = time.monotonic()
        outcome = _play(stack, root, scene, speaker, kills, kill_randomly, random.Random(seed), as_json)
        if recording:
            _tell_recorded(scene, plots, recording, speaker, outcome, as_json)
    seconds = time.monotonic() - began
    _close(outcome, seconds, speaker, keep, as_json)


def _prepare_s(kills: int) -> float:
    """How long the story before the flying may take: by how long a node takes to start here, and how often it must start again."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import tafadi.web.serve"], check=True, timeout=SLOWEST_S)
    slowness = max(1.0, (time.monotonic() - began) / START_S)
    return min((PREPARE_S + KILL_S * kills) * slowness, SLOWEST_S)


def _check_root(root: Path) -> None:
    if root.exists() and any(root.iterdir()):
        raise InputError(f"{root} is not empty; give a new folder with --keep")
    root.mkdir(parents=True, exist_ok=True)


def _kills(texts: list[str]) -> dict[str, list[str]]:
    from tafadi.cli.demo.story import STEPS

    kills: dict[str, list[str]] = {}
    for text in texts:
        step, _, party = text.partition("=")
        if step not in STEPS or party not in ("alpha", "bravo"):
            raise InputError(f"{text!r} is not a kill like conflict=bravo; the steps are {', '.join(STEPS)}")
        kills.setdefault(step, []).append(party)
    return kills


def _scene(plots: "list[Plot]", minima: str, lookahead: str, prepare_s: float) -> "Scene":
    from tafadi.cli.demo.scene import from_recording, sample
    from tafadi.formats.quantity import parse_minima
    from tafadi.measure.instant import Instant
    from tafadi.measure.units import parse_quantity

    if not 5.0 <= prepare_s <= 600.0:
        raise InputError("--prepare is 5 to 600 seconds")
    if plots:
        return from_recording(plots, parse_minima(minima), parse_quantity(lookahead, "time"), prepare_s)
    return sample(Instant.parse(SAMPLE_START), prepare_s)


def _read(recording: Path, format: str, columns: str) -> "list[Plot]":
    from tafadi.cli.watch_input import hits, in_order, opened

    with opened(str(recording)) as file:
        plots = in_order(hits(file, format or None, columns or None, follow=False, clock=None).plots)
    if not plots:
        raise InputError(f"{recording} holds no plots that can be used")
    return plots


class Outcome:
    """What became of the story."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.broken: NotHeldError | None = None
        self.measured: dict[str, Any] = {}
        self.restarts: dict[str, int] = {}


def _play(
    stack: ExitStack,
    root: Path,
    scene: "Scene",
    speaker: "Speaker",
    kills: dict[str, list[str]],
    random_kills: int,
    dice: random.Random,
    quiet: bool,
) -> Outcome:
    """Sets the stage, tells the story, and clears the stage."""
    from tafadi.cli.demo.held import NotHeldError
    from tafadi.cli.demo.player import Player
    from tafadi.cli.demo.stage import Stage
    from tafadi.cli.demo.story import Story
    from tafadi.node import SystemClock

    outcome = Outcome()
    stage = Stage(root, scene, SystemClock().now())
    stack.callback(stage.close)
    player = Player(stage.clock, scene.rate)
    stack.callback(player.close)

    def tell(line: str) -> None:
        outcome.lines.append(line)
        if not quiet:
            typer.echo(line)

    def at_step(name: str) -> None:
        for party in kills.get(name, []):
            stage.kill(party)

    story = Story(stage, scene, speaker, tell, at_step)
    _open_story(story, scene, stage)
    over = threading.Event()
    try:
        stage.start(f"plots=tcp://127.0.0.1:{player.port}")
        _kill_in_the_background(stage, random_kills, dice, over)
        story.run(lambda: player.play(scene.plots))
    except NotHeldError as error:
        outcome.broken = error
    finally:
        over.set()
    outcome.measured = story.measured
    outcome.restarts = {party: actor.restarts for party, actor in stage.actors.items() if actor.restarts}
    for party, count in outcome.restarts.items():
        story.say("demo.restarted", party=party, count=count)
    return outcome


def _open_story(story: "Story", scene: "Scene", stage: "Stage") -> None:
    from tafadi.cli.demo.scene import ALPHA, BRAVO

    story.say("demo.title", alpha=ALPHA, bravo=BRAVO)
    story.say("demo.clock", start=scene.start, rate=f"{scene.rate:g}")
    if scene.recorded:
        story.say("demo.recording", first=scene.tracks[0], second=scene.tracks[1])


def _kill_in_the_background(stage: "Stage", count: int, dice: random.Random, over: threading.Event) -> None:
    """Kills a node now and then until it was done often enough or `over` is set."""

    def run() -> None:
        for _ in range(count):
            if over.wait(dice.uniform(*KILL_EVERY_S)):
                return
            stage.kill(dice.choice(["alpha", "bravo"]))

    threading.Thread(target=run, daemon=True).start()


def _tell_recorded(scene: "Scene", plots: "list[Plot]", recording: Path, speaker: "Speaker", outcome: Outcome, quiet: bool) -> None:
    """The recorded closest approach of the story's pair, beside the published result where one lies next to the recording."""
    from tafadi.cli.demo.held import NotHeldError
    from tafadi.engine.recorded import closest_recorded, separation_at
    from tafadi.formats.aria_event import parse as parse_event
    from tafadi.measure.instant import Instant
    from tafadi.measure.units import feet, nautical_miles

    def tell(key: str, **values: object) -> None:
        outcome.lines.append(speaker.say(key, **values))
        if not quiet:
            typer.echo(outcome.lines[-1])

    def figures(horizontal_m: float, vertical_m: float | None) -> dict[str, str]:
        vertical = "?" if vertical_m is None else f"{feet(vertical_m):.2f}"
        return {"horizontal": f"{nautical_miles(horizontal_m):.4f}", "vertical": vertical}

    one, other = ([plot for plot in plots if plot.track == track] for track in scene.tracks)
    closest = closest_recorded(one, other)
    if closest is None:
        return
    tell("demo.recorded", at=_to_hundredths(closest.at), **figures(closest.horizontal_m, closest.vertical_m))
    raised = outcome.measured.get("pair_seen_at")
    if raised:
        warning_s = closest.at.since(Instant.parse(raised))
        outcome.measured["warning_s"] = round(warning_s, 2)
        tell("demo.recorded-warning", seconds=f"{warning_s:.1f}")
    published = recording.with_name(recording.name.replace("Data", "Output")).with_suffix(".json")
    if published == recording or not published.is_file():
        return
    event = parse_event(published.read_bytes())
    ours = separation_at(one, other, event.at)
    if ours is None or ours.vertical_m is None:
        outcome.broken = outcome.broken or NotHeldError("held.both-seen", at=event.at, file=published.name)
        return
    tell("demo.recorded-at", at=event.at, **figures(ours.horizontal_m, ours.vertical_m))
    off_nm = abs(nautical_miles(ours.horizontal_m - event.horizontal_m))
    off_ft = abs(feet(ours.vertical_m - event.vertical_m))
    outcome.measured["published_difference"] = {"horizontal_nm": round(off_nm, 4), "vertical_ft": round(off_ft, 3)}
    if off_nm > 0.02 or off_ft > 0.1:
        outcome.broken = outcome.broken or NotHeldError("held.separation", at=event.at, file=published.name)
    tell("demo.compared", at=event.at, tolerance="0.02 NM / 0.1 ft", **figures(event.horizontal_m, event.vertical_m))


def _to_hundredths(at: "Instant") -> str:
    hundredth_ns = 10_000_000
    return str(type(at)(round(at.ns / hundredth_ns) * hundredth_ns))


def _close(outcome: Outcome, seconds: float, speaker: "Speaker", keep: Path | None, as_json: bool) -> None:
    broken = outcome.broken.told(speaker) if outcome.broken else ""
    if as_json:
        figures = {**outcome.measured, "restarts": outcome.restarts, "seconds": round(seconds, 1)}
        print_json({"held": not outcome.broken, "broken": broken, "figures": figures, "lines": outcome.lines})
    else:
        typer.echo(speaker.say("demo.broken", what=broken) if broken else speaker.say("demo.held", seconds=f"{seconds:.0f}"))
        if keep:
            typer.echo(speaker.say("demo.kept", folder=keep))
    if outcome.broken:
        say_error(str(outcome.broken))
        raise typer.Exit(FOUND)
