"""Bad scenario files: file, line, path, what is wrong and what would be right; no traceback, exit code not zero."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario import checks
from sim.scenario.bodies import served_kinds
from sim.scenario.draws import tell_rejections
from sim.scenario.reader import load_scenario
from tests.scenario.files import BASE, changed, draw, write

MAP = "map: {road: straight, length: 250 m, lanes: 1+1, parking: right, sidewalk: 2 m}"

# (old text, new text, line, path, part of the message, part of the hint)
CASES = {
    "unknown key": ("speed: 30..60", "sped: 30..60", 5, "actors.ego.sped", "unknown key 'sped'", "'speed'"),
    "unknown section": ("end:", "ends:", 10, "ends", "unknown key 'ends'", "'end'"),
    "unknown action": ("drive: 20", "dirve: 20", 9, "storyboard[0].do.van", "no action in {dirve, over}", "'drive'"),
    "unknown condition": (
        "time_to_reach", "time_to_rech", 8, "storyboard[0].when.ego.time_to_rech", "unknown key", "'time_to_reach'",
    ),
    "unknown kind": ("kind: van", "kind: vann", 6, "actors.van.kind", "unknown kind 'vann'", "'van'"),
    "unknown asset": ("kind: van,", "kind: van, asset: vanx,", 6, "actors.van.asset", "no asset 'vanx'", "'van'"),
    "unknown colour": ("kind: van,", "kind: van, color: bleu,", 6, "actors.van.color", "unknown colour 'bleu'", "'blue'"),
    "unknown shape": ("road: straight", "road: spiral", 2, "map.road", "unknown road 'spiral'", "straight"),
    "unknown actor": ("do: {van:", "do: {vam:", 9, "storyboard[0].do.vam", "no actor 'vam'", "'van'"),
    "unknown target": (
        "time_to_reach: van", "time_to_reach: vam", 8, "storyboard[0].when.ego.time_to_reach", "no actor 'vam'", "'van'",
    ),
    "unknown step": ("after: 12 s", "after: 12 s, when: {step: x}", 10, "end.when.step", "no step 'x'", "step-1"),
    "unknown parameter": ("30..60 km/h", "$fast", 5, "actors.ego.speed", "$fast is not a parameter", "none"),
    "unknown parameter for a kind": ("kind: van", "kind: $what", 6, "actors.van.kind", "$what is not a parameter", "none"),
    "a walk out of the world": (
        "{drive: 20 km/h, over: 3 s}", "{go_to: {x: 3 m, y: 1e5 m}, speed: 5 km/h}", 9, "storyboard[0].do.van[0].go_to[0]",
        "the way there is 10000", "At most 2000 m",
    ),
    "arms without length": (
        MAP, "map: {road: intersection, arm_length: 0 m}", 2, "map", "the intersection's arms have no length", "120 m",
    ),
    "unknown signal": ("end:", "signals: {west: green}\nend:", 10, "signals.west", "no signal 'west'", "none"),
    "unknown unit": ("30..60 km/h", "30..60 kph", 5, "actors.ego.speed", "unknown unit 'kph'", "'km/h'"),
    "no unit": ("length: 250 m", "length: 250", 2, "map.length", "'250' has no unit", "3.5 m"),
    "wrong unit": ("length: 250 m", "length: 250 s", 2, "map.length", "is a time where a length belongs", "km"),
    "wrong unit of a brake": (
        "drive: 20 km/h, over: 3 s", "brake: 20 km/h", 9, "storyboard[0].do.van.brake", "is a speed where an acceleration belongs", "6 m",
    ),
    "mixed units": ("30..60 km/h", "30 m..60 km/h", 5, "actors.ego.speed", "do not go together", ""),
    "rain as speed": ("4 mm/h)", "4 m/s)", 3, "environment.rain", "do not go together", ""),
    "a word for a number": ("30..60 km/h", "fast", 5, "actors.ego.speed", "expected a number", "30..60 km/h"),
    "nothing": ("speed: 30..60 km/h", "speed: ~", 5, "actors.ego.speed", "nothing stands after 'speed'", "leave"),
    "a boolean": ("30..60 km/h", "true", 5, "actors.ego.speed", "expected a speed, not true", "50 km/h"),
    "nan": ("30..60 km/h", "nan", 5, "actors.ego.speed", "'nan' is not a finite number", "50 km/h"),
    "infinity": ("length: 250 m", "length: .inf", 2, "map.length", "not a finite number", "3.5 m"),
    "overflow": ("length: 250 m", "length: 1e999 m", 2, "map.length", "not a finite number", ""),
    "division by zero": ("length: 250 m", "length: 250 m / 0", 2, "map.length", "cannot be computed", ""),
    "too long a road": ("length: 250 m", "length: 1e9 m", 2, "map.length", "outside 0..100000", "3.5 m"),
    "too fast": ("30..60 km/h", "3000 km/h", 5, "actors.ego.speed", "outside 0..120", "50 km/h"),
    "negative speed": ("30..60 km/h", "-30 km/h", 5, "actors.ego.speed", "outside 0..120", "50 km/h"),
    "no sight": ("time: 07:00..20:00", "fog: 0..300 m", 3, "environment.fog", "reaches 0 (SI), outside 1..100000", "200 m"),
    "beyond the pole": ("time: 07:00..20:00", "latitude: 91 deg", 3, "environment.latitude", "outside -1.5708..1.5708", "48 deg"),
    "clearer than air": ("time: 07:00..20:00", "turbidity: 0", 3, "environment.turbidity", "outside 1..12", "3"),
    "backwards": ("30..60 km/h", "60..30 km/h", 5, "actors.ego.speed", "runs backwards", "smaller end first"),
    "a comma": ("30..60 km/h", '"normal(50, 5) km/h"', 5, "actors.ego.speed", "a comma in", "normal(50 +- 5 | 30..70)"),
    "no such time": ("07:00..20:00", "25:99", 3, "environment.time", "no such time of day", "18:30"),
    "no lanes": ("lanes: 1+1", "lanes: 0+0", 2, "map.lanes", "at least one lane", "1+1"),
    "lanes in words": ("lanes: 1+1", "lanes: two", 2, "map.lanes", "not understood", "1+1"),
    "no length": ("length: 250 m, ", "", 2, "map", "needs length", "250 m"),
    "zero length": ("length: 250 m", "length: 0 m", 2, "map", "no length", "250 m"),
    "huge lanes": ("lanes: 1+1", "lanes: 1+1, lane_width: 50 m", 2, "map.lane_width", "50 m wide", "2 to 8 m"),
    "off the end": ("s: 120 m", "s: 400 m", 6, "actors.van.at", "lies off the road", "250.0 m long"),
    "off the side": (
        "lane: -1, s: 20 m", "lane: -1, offset: -9 m, s: 20 m", 5, "actors.ego.at", "stands off the road", "driving",
    ),
    "off every road": ("{lane: -1, s: 20 m}", "{x: 5 m, y: 900 m}", 5, "actors.ego.at", "stands off the road", "lanes"),
    "no such lane": ("lane: -1, s: 20 m", "lane: -4, s: 20 m", 5, "actors.ego.at", "no lane -4: lanes here are -1, 1", "-1 (driving)"),
    "a lane for walkers": (
        "lane: -1, s: 20 m", "lane: -3, s: 20 m", 5, "actors.ego.at", "no lane -3 to drive on: lanes here are -1, 1", "sidewalk",
    ),
    "a flow on no lane": (
        "end:", "traffic: {flow: {lane: -9, from: 0 m, to: 200 m, gap: 20 m, speed: 30 km/h}}\nend:", 10, "traffic.flow[0].lane",
        "no lane -9 to drive on: lanes here are -1, 1", "",
    ),
    "a patch on no lane": (
        "lanes: 1+1", "lanes: 1+1, patches: {kind: ice, from: 8 m, to: 11 m, friction: 0.15, lane: -2}", 2, "map.patches[0].lane",
        "no lane -2: lanes here are -1, 1", "",
    ),
    "a bump off the road": (
        "lanes: 1+1", "lanes: 1+1, bumps: {s: 249 m}", 2, "map.bumps[0]", "a bump from 247.15 to 250.85 m is not on the road",
        "its middle",
    ),
    "a wall for a bump": (
        "lanes: 1+1", "lanes: 1+1, bumps: {s: 99 m, height: 0.2 m, length: 0.5 m}", 2, "map.bumps[0]", "0.2 m high and 0.5 m long",
        "a fifth of its length",
    ),
    "ramps longer than the bump": (
        "lanes: 1+1", "lanes: 1+1, bumps: {s: 99 m, shape: flat, ramp: 2 m}", 2, "map.bumps[0].ramp", "ramps of 2 m", "half its length",
    ),
    "an unknown bump": (
        "lanes: 1+1", "lanes: 1+1, bumps: {s: 99 m, shape: rund}", 2, "map.bumps.shape", "unknown shape of a bump 'rund'", "round",
    ),
    "a bump on no lane": (
        "lanes: 1+1", "lanes: 1+1, bumps: {s: 99 m, lane: -2}", 2, "map.bumps[0].lane", "no lane -2: lanes here are -1, 1", "",
    ),
    "a pothole across lanes": (
        "lanes: 1+1", "lanes: 1+1, potholes: {s: 99 m, lane: -1, offset: 1.6 m}", 2, "map.potholes[0]", "is not inside its lane",
        "up to 1.45 m",
    ),
    "a well for a pothole": (
        "lanes: 1+1", "lanes: 1+1, potholes: {s: 99 m, lane: -1, depth: 0.5 m}", 2, "map.potholes[0]", "0.5 m deep and 0.6 m wide",
        "a third as deep",
    ),
    "a pothole on no lane": ("lanes: 1+1", "lanes: 1+1, potholes: {s: 99 m}", 2, "map.potholes", "key 'lane' is missing", ""),
    "bumps in a junction": (
        "road: straight, length: 250 m", "road: intersection, bumps: {s: 99 m}", 2, "map", "'bumps' does not go with road: intersection",
        "straight",
    ),
    "too many bumps": (
        "lanes: 1+1", f"lanes: 1+1, bumps: [{', '.join(f'{{s: {3 + i} m, length: 1 m}}' for i in range(65))}]", 2, "map",
        "65 bumps and potholes", "64 at most",
    ),
    "no parking": ("at: {parking: right", "at: {parking: left", 6, "actors.van.at", "no parking on the left", "parking: left"),
    "two places": ("at: {parking: right", "at: {lane: 1, parking: right", 6, "actors.van.at", "lane and parking", "lane: -1"),
    "inside another": ("{parking: right, s: 120 m}", "{lane: -1, s: 21 m}", 6, "actors.van.at", "inside each other", "gap"),
    "relative to itself": ("{parking: right, s: 120 m}", "{behind: van}", 6, "actors.van.at", "relative to itself", ""),
    "relative to nobody": ("{parking: right, s: 120 m}", "{behind: bus}", 6, "actors.van.at", "no actor 'bus'", "ego"),
    "no ego": ("ego: {kind", "ergo: {kind", 4, "actors", "no actor is named ego", "'ergo'"),
    "no goal": (", goal: {lane: -1, s: 220 m}", "", 5, "actors.ego", "no goal", "goal: {"),
    "no end": ("end: {after: 12 s}", "", 1, None, "key 'end' is missing", ""),
    "ends at once": ("after: 12 s", "after: 0 s", 10, "end.after", "ends at once", "12 s"),
    "too many people": (
        "end:", "traffic: {walkers: {side: both, from: 0 m, to: 9 m, count: 1e9}}\nend:", 10, "traffic.walkers.count",
        "outside 0..100", "",
    ),
    "crest off the road": (
        "lanes: 1+1", "lanes: 1+1, crest: {at: 10 m, height: 5 m, length: 100 m}", 2, "map.crest", "not on the road", "",
    ),
    "a crest like a wall": (
        "lanes: 1+1", "lanes: 1+1, crest: {at: 100 m, height: 50 m, length: 100 m}", 2, "map.crest", "climbs or falls by 100%", "50%",
    ),
    "a profile like a wall": (
        "lanes: 1+1", "lanes: 1+1, profile: [{s: 0 m, z: 0 m}, {s: 9 m, z: -9 m}]", 2, "map.profile", "from 0 to 9 m", "50%",
    ),
    "circular parameters": (
        "environment:", "parameters: {a: $b, b: $a}\nenvironment:", 3, "parameters.a", "depends on itself", "",
    ),
    "outside its folder": (MAP, "map: {xodr: ../../etc/passwd}", 2, "map.xodr", "outside the scenario's folder", "beside"),
    "absolute path": (MAP, "map: {xodr: /etc/passwd}", 2, "map.xodr", "outside the scenario's folder", "beside"),
    "missing map": (MAP, "map: {xodr: town.xodr}", 2, "map.xodr", "does not exist", "Looked in"),
    "duplicate key": ("  van: {kind", "  ego: {kind", 6, None, "key 'ego' stands twice", "line 5"),
    "python tag": ("name: Test", "name: !!python/object/apply:os.system [ls]", 1, None, "a YAML tag", "plain values"),
    "own tag": ("name: Test", "name: !point 3", 1, None, "a YAML tag (!point)", "plain values"),
    "merge key": ("van: {kind", "van: {<<: {}, kind", 6, None, "merge keys", "parameters"),
    "two documents": ("end: {after: 12 s}", "end: {after: 12 s}\n---\nname: x", 11, None, "more than one YAML document", ""),
    "unclosed": ("end: {after: 12 s}", "end: {after: 12 s", 11, None, "not valid YAML", ""),
    "nested value": ("30..60 km/h", "(" * 60 + "1" + ")" * 60, 5, "actors.ego.speed", "nested too deeply", ""),
    "endless value": ("30..60 km/h", "1+" * 300 + "1 km/h", 5, "actors.ego.speed", "too long", "400"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_error_says_where_it_is_and_what_would_be_right(tmp_path: Path, case: tuple[str, ...]) -> None:
    old, new, line, path, message, hint = case
    file = write(tmp_path, changed(old, new))
    with pytest.raises(ScenarioError) as caught:
        draw(file)
    error = caught.value
    assert error.file == str(file)
    assert error.line == line
    assert error.path == path
    assert message in error.message
    assert hint in (error.hint or "")
    assert str(error).startswith(f"{file}:{line}: ")


def test_a_kind_that_no_asset_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.assets.kinds", lambda: {"car": ("suv",), "bus": ("city_bus",)})
    with pytest.raises(ScenarioError, match="no asset of kind 'van'") as caught:
        draw(write(tmp_path))
    assert (caught.value.line, caught.value.path) == (6, "actors.van.kind")
    assert "bus" in (caught.value.hint or "")


def test_the_base_is_fine(tmp_path: Path) -> None:
    assert [a.name for a in draw(write(tmp_path)).actors] == ["ego", "van"]


def _alias_bomb() -> str:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    return "\n".join(rows)


HOSTILE = {
    "alias bomb": (_alias_bomb(), "aliases counted"),
    "alias of itself": ("name: &a [*a]", "stands for nothing"),
    "deep flow": ("name: " + "[" * 5000 + "]" * 5000, "nested deeper"),
    "deep block": ("\n".join(" " * i + "a:" for i in range(1000)), "nested deeper"),
    "huge file": ("name: x\n" + "# " + "x" * (2 << 20), "bytes are too many"),
    "a list": ("- a\n- b", "holds no mapping"),
    "empty": ("", "holds no mapping"),
    "many values": ("tags: [" + "a, " * 60_000 + "a]", "values"),
    "a mapping as key": ("{a: 1}: 2", "a key must be a word"),
    "control characters": ("name: \x01", "not valid YAML"),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_yaml_is_refused_fast(tmp_path: Path, case: tuple[str, str]) -> None:
    text, message = case
    file = write(tmp_path, text)
    start = time.process_time()
    with pytest.raises(ScenarioError, match=message) as caught:
        draw(file)
    assert caught.value.file == str(file)
    assert time.process_time() - start < 5.0


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "test.yaml"
    file.write_bytes(b"name: \xff\xfe")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        draw(file)


def test_a_link_out_of_the_folder_is_no_map(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "town.xodr").write_text("<OpenDRIVE/>")
    os.symlink(outside / "town.xodr", inside / "town.xodr")
    with pytest.raises(ScenarioError, match="outside the scenario's folder"):
        draw(write(inside, changed(MAP, "map: {xodr: town.xodr}")))


# --- what assets can do ---------------------------------------------------------------------------------------------------

DOOR = "do: {van: {open_door: left, angle: ANGLE}}"


@pytest.mark.parametrize("angle", ["90 deg", "60..75 deg", "choice(20 deg | 100 deg)", "$wide", "-10 deg"])
def test_a_door_opens_no_further_than_its_asset_allows(tmp_path: Path, angle: str) -> None:
    text = changed("do: {van: {drive: 20 km/h, over: 3 s}}", DOOR.replace("ANGLE", angle))
    text = text.replace("kind: van,", "kind: car, asset: hatchback,") + "parameters: {wide: 80 deg}\n"
    with pytest.raises(ScenarioError, match=r"the left door of van cannot open to (90|75|100|80|-10) deg") as caught:
        draw(write(tmp_path, text))
    assert (caught.value.line, caught.value.path) == (9, "storyboard[0].do.van[0].angle")
    assert "hatchback open from 0 to 70.5 deg" in (caught.value.hint or "")
    draw(write(tmp_path, text.replace(angle, "60..70 deg").replace("wide: 60..70", "wide: 80")))


@pytest.mark.parametrize("place", ["kind: signal,", "kind: traffic_light,", "kind: box, asset: signal,"])
def test_traffic_lights_are_no_actors(tmp_path: Path, place: str) -> None:
    with pytest.raises(ScenarioError, match="a traffic light is no actor: it belongs to the map") as caught:
        draw(write(tmp_path, changed("kind: van,", place)))
    assert caught.value.line == 6
    assert "road: intersection" in (caught.value.hint or "") and "signals: {west: red}" in (caught.value.hint or "")


@pytest.fixture
def few_assets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that holds none of some kinds, as one's own may."""
    gone = {"scooter", "worker", "horse", "cow", "boar"}
    monkeypatch.setattr(checks, "served_kinds", lambda: [kind for kind in served_kinds() if kind not in gone])


@pytest.mark.usefixtures("few_assets")
@pytest.mark.parametrize("kind", ["scooter", "worker", "horse", "cow", "boar", "choice(deer x99 | boar)", "$beast"])
def test_kinds_without_an_asset_are_refused_when_the_file_is_read(tmp_path: Path, kind: str) -> None:
    text = changed("kind: van,", f"kind: {kind},").replace("{drive: 20 km/h, over: 3 s}", "{drive: 20 km/h}")
    text += "parameters: {beast: choice(deer x99 | horse)}\n"
    with pytest.raises(ScenarioError, match=r"there is no asset of kind '(scooter|worker|horse|cow|boar)'") as caught:
        load_scenario(write(tmp_path, text))
    assert (caught.value.line, caught.value.path) == (6, "actors.van.kind")
    assert "Kinds that have one: ambulance," in (caught.value.hint or "")


@pytest.mark.usefixtures("few_assets")
def test_a_kind_without_an_asset_may_be_given_one(tmp_path: Path) -> None:
    world = draw(write(tmp_path, changed("kind: van,", "kind: scooter, asset: motorcycle,")))
    assert (world.actors[1].category, world.actors[1].asset) == ("motorbike", "motorcycle")


@pytest.mark.usefixtures("few_assets")
def test_kinds_of_traffic_need_an_asset_too(tmp_path: Path) -> None:
    walkers = "traffic: {walkers: {side: both, from: 0 m, to: 90 m, count: 2, kinds: choice(man | worker)}}\nend:"
    with pytest.raises(ScenarioError, match="no asset of kind 'worker'") as caught:
        load_scenario(write(tmp_path, changed("end:", walkers)))
    assert (caught.value.line, caught.value.path) == (10, "traffic.walkers[0].kinds")


# --- the command line -------------------------------------------------------------------------------------------------


def swerve(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=120,
    )


BAD_COMMANDS = {
    "bad file": (("check", "bad.yaml"), 1, "bad.yaml:5: actors.ego.sped: unknown key 'sped'. Did you mean 'speed'?"),
    "missing file": (("check", "nowhere.yaml"), 2, "nowhere.yaml: there is no such file"),
    "unknown id": (("check", "child-betwen-parked-cars"), 2, "Did you mean 'child-between-parked-cars'?"),
    "empty folder": (("check", "empty"), 2, "the folder holds no scenario file"),
    "not a scenario": (("check", "notes.txt"), 1, "not a scenario file"),
    "a map": (("check", "town.xodr"), 1, "a map, not a scenario"),
    "10^9 worlds": (("check", "good.yaml", "--draws", "1000000000"), 2, "100000"),
    "no worlds": (("check", "good.yaml", "--draws", "0"), 2, "be greater than or equal to 1"),
    "10^9 worlds to render": (("render", "good.yaml", "--draws", "1000000000"), 2, "100000"),
    "negative seed": (("check", "good.yaml", "--seed", "-1"), 2, "be greater than or equal to 0"),
}


@pytest.mark.parametrize("case", BAD_COMMANDS.values(), ids=BAD_COMMANDS.keys())
def test_the_command_line_explains_and_fails(tmp_path: Path, case: tuple[tuple[str, ...], int, str]) -> None:
    arguments, code, message = case
    write(tmp_path, BASE, "good.yaml")
    write(tmp_path, changed("speed: 30..60", "sped: 30..60"), "bad.yaml")
    write(tmp_path, "hello", "notes.txt")
    write(tmp_path, "<OpenDRIVE/>", "town.xodr")
    (tmp_path / "empty").mkdir()
    before = sorted(p.name for p in tmp_path.rglob("*"))
    done = swerve(*arguments, folder=tmp_path)
    assert done.returncode == code, done.stderr
    text = " ".join((done.stdout + done.stderr).split())
    assert message in text
    assert "Traceback" not in text
    assert sorted(p.name for p in tmp_path.rglob("*")) == before, "something was written"


def test_check_tells_how_many_tries_were_rejected_and_why(tmp_path: Path) -> None:
    """Half of the range lies off the road."""
    text = changed("{parking: right, s: 120 m}", "{lane: -1, s: 200..300 m}")
    worlds = [draw(write(tmp_path, text), key) for key in range(20)]
    n = sum(len(world.rejected) for world in worlds)
    assert 10 < n < 40
    assert draw(write(tmp_path), 0).rejected == ()
    done = swerve("check", "test.yaml", "--draws", "20", folder=tmp_path)
    assert done.returncode == 0 and "tries" not in done.stdout
    write(tmp_path, text)
    done = swerve("check", "test.yaml", "--draws", "20", folder=tmp_path)
    assert "test.yaml: ok, 20 worlds drawn, 0 notes" in done.stdout
    assert f"{n / (n + 20):.0%} of tries rejected and drawn again ({n} of {n + 20}): " in done.stdout
    assert "actors.van.at: s = " in done.stdout and " m lies off the road" in done.stdout


def test_reasons_that_differ_in_numbers_are_one() -> None:
    told = tell_rejections(["van and ego touch", "a.at: s = 301.2 m off", "a.at: s = -7 m off"], 1)
    assert told == "75% of tries rejected and drawn again (3 of 4): 2 times a.at: s = 301.2 m off"


def test_check_reports_every_file_and_counts_worlds(tmp_path: Path) -> None:
    write(tmp_path, BASE, "good.yaml")
    write(tmp_path, changed("kind: van", "kind: vann"), "bad.yaml")
    done = swerve("check", ".", "--draws", "3", folder=tmp_path)
    assert done.returncode == 1
    assert "good.yaml: ok, 3 worlds drawn, 0 notes" in done.stdout
    assert "bad.yaml:6: actors.van.kind: unknown kind 'vann'" in done.stderr
