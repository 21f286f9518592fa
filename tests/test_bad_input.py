"""Bad input on the command line: what is wrong, where and what would be right; an exit code, no traceback, nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.envs.vector_env import SwerveVectorEnv
from sim.errors import SwerveError
from sim.sampling import sample_worlds
from sim.scenario.opendrive.reader import load_opendrive
from sim.scenario.reader import load_scenario
from sim.scenery.build import map_solids
from sim.scenery.solids import build_solid_tables
from tests.scenario.files import BASE, changed
from tests.scenario.openx import LANES, LINE, car_xml, map_xml, road_xml, scenario_xml, speed_xml, teleport_xml

MAP = "map: {road: straight, length: 250 m, lanes: 1+1, parking: right, sidewalk: 2 m}"
PARKED = "at: {parking: right, s: 120 m}"
ON_FILE = changed(MAP, "map: {xodr: map.xodr}").replace(PARKED, "at: {lane: 1, s: 120 m}")
WORLD = '<PrivateAction><TeleportAction><Position><WorldPosition x="{}" y="{}"/></Position></TeleportAction></PrivateAction>'
BARE = "<lanes><laneSection s='0'><center><lane id='0' type='none'/></center></laneSection></lanes>"
RELATIVE = """<PrivateAction><TeleportAction><Position>
<RelativeLanePosition entityRef="Ego" dLane="{}" ds="5" offset="0"/></Position></TeleportAction></PrivateAction>"""
GOAL = "goal: {lane: -1, s: 220 m}"
CATALOG = '<VehicleCatalog><Directory path="{}"/></VehicleCatalog>'
BOMB = '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>\n<{0}>&b;</{0}>'


@dataclass(frozen=True)
class Case:
    """A file that must be refused."""

    file: str
    """Its name, 'test.yaml' or 'test.xosc'."""
    text: str
    where: str
    """The file and line that the message begins with."""
    what: str
    right: str
    """What it says would be right."""
    beside: dict[str, str] = field(default_factory=lambda: {"map.xodr": map_xml()})
    """Other files of the folder."""


def _yaml(old: str, new: str, line: int, what: str, right: str) -> Case:
    return Case("test.yaml", changed(old, new), f"test.yaml:{line}: ", what, right)


def _xosc(text: str, where: str, what: str, right: str, network: str | None = None) -> Case:
    return Case("test.xosc", text, where, what, right, {"map.xodr": network or map_xml()})


def _object(attributes: str, what: str, hint: str, inner: str = "") -> Case:
    """A map whose road holds an object, on its third line."""
    road = road_xml(extra=f"\n<objects><object id='1' type='obstacle' s='250' {attributes}>{inner}</object></objects>")
    return _xosc(scenario_xml(), "map.xodr:3: ", what, hint, map_xml(road))


CASES = {
    "an object as large as a country": _object(
        "t='9' length='1e8' width='1e8' height='3'", "width=1e+08 m is out of range", "From -1000 to 1000 m"
    ),
    "an object on the moon": _object("t='4e8'", "t=4e+08 m is out of range", "From -1000 to 1000 m"),
    "a row of objects to the moon": _object(
        "t='9'", "tEnd=4e+08 m is out of range", "From -1000", "<repeat s='1' length='9' distance='3' tEnd='4e8'/>"
    ),
    "an outline as large as a country": _object(
        "t='9'", "u=1e+08 m is out of range", "From -1000", "<outline><cornerLocal u='1e8' v='0'/></outline>"
    ),
    "a signal on the moon": _xosc(
        scenario_xml(),
        "map.xodr:3: ",
        "t=4e+08 m is out of range",
        "From -1000 to 1000 m",
        map_xml(road_xml(extra="\n<signals><signal id='1' s='9' t='4e8'/></signals>")),
    ),
    "unknown key": _yaml("speed: 30", "sped: 30", 5, "actors.ego.sped: unknown key 'sped'", "Did you mean 'speed'?"),
    "unknown section": _yaml("end:", "ends:", 10, "ends: unknown key 'ends'", "Did you mean 'end'?"),
    "wrong unit": _yaml(
        "length: 250 m", "length: 250 s", 2, "is a time where a length belongs", "Write one such as 3.5 m. Units: m, km"
    ),
    "no unit": _yaml("length: 250 m", "length: 250", 2, "'250' has no unit", "Write a length such as 3.5 m"),
    "no file of a map": _yaml(MAP, "map: {xodr: town.xodr}", 2, "'town.xodr' does not exist", "Looked in"),
    "no file of a road network": _xosc(
        scenario_xml(road="town.xodr"),
        "test.xosc:6: ",
        "'town.xodr' does not exist",
        "Looked for",
    ),
    "no lanes": _yaml("lanes: 1+1", "lanes: 0+0", 2, "at least one lane", "Write oncoming+own, such as 1+1"),
    "no lanes in the file": Case(
        "test.yaml",
        ON_FILE,
        "map.xodr:2: ",
        "road 0 has no lanes",
        "need left or right lanes",
        {"map.xodr": map_xml(road_xml(LINE, BARE))},
    ),
    "beside the road": _yaml(
        "{lane: -1, s: 20 m}",
        "{x: 5 m, y: 900 m}",
        5,
        "actors.ego.at: the actor stands off the road",
        "Vehicles stand on driving",
    ),
    "past the road's end": _yaml(
        "s: 120 m", "s: 400 m", 6, "actors.van.at: s = 400.0 m lies off the road", "It is 250.0 m long"
    ),
    "past the end of the file's road": _xosc(
        scenario_xml(init={"Ego": teleport_xml(s=9999) + speed_xml(10)}),
        "test.xosc:13: ",
        "s=9999 m is off road 0",
        "From 0 to 500 m",
    ),
    "far beside the file's road": _xosc(
        scenario_xml(init={"Ego": WORLD.format(5, 900) + speed_xml(10)}),
        "test.xosc:13: ",
        "Ego starts 896 m beside the nearest road",
        "The ego starts on a road",
    ),
    "beside the file's lane": _xosc(
        scenario_xml(init={"Ego": teleport_xml(offset=-50) + speed_xml(10)}),
        "test.xosc:13: ",
        "beside the nearest road",
        "The ego starts on a road",
    ),
    "a goal behind the start": _yaml(
        GOAL,
        "goal: {lane: -1, s: 2 m}",
        5,
        "actors.ego.goal: no way from lane -1 of road 0",
        "Lanes to drive on there: -1 (along s)",
    ),
    "a goal on the other side": _yaml(
        GOAL, "goal: {lane: 1, s: 220 m}", 5, "that lane runs the other way", "1 (against s)"
    ),
    "a goal on a parking lane": _yaml(GOAL, "goal: {lane: -2, s: 220 m}", 5, "that is a parking lane", "-1 (along s)"),
    "a goal on a lane that is not there": _yaml(
        GOAL, "goal: {lane: -8, s: 220 m}", 5, "there is no lane -8", "-1 (driving)"
    ),
    "a goal in the fields": _yaml(
        GOAL, "goal: {x: 5000 m, y: 0 m}", 5, "actors.ego.goal: (5000.0 m", "a place on a lane"
    ),
    "cars on the pavement": _yaml(
        "end:",
        "traffic: {flow: {lane: -3, from: 0 m, to: 90 m, gap: 9 m, speed: 9 m/s}}\nend:",
        10,
        "traffic.flow[0].lane: there is no lane -3 to drive on",
        "is of kind 'sidewalk'",
    ),
    "traffic beyond the road": _yaml(
        "end:",
        "traffic: {parked: {side: right, from: 800 m, to: 900 m}}\nend:",
        10,
        "is no stretch of the road",
        "250.0 m long",
    ),
    "a car that follows itself": _yaml(
        "{drive: 20 km/h, over: 3 s}", "{follow: van, gap: 9 m}", 9, "van cannot do that with itself", "another actor"
    ),
    "a change to a lane that is not there": _yaml(
        "{drive: 20 km/h, over: 3 s}",
        "{change_lane: -9}",
        9,
        "there is no lane -9",
        "The map's lanes: -3, -2, -1, 1, 2",
    ),
    "an empty name": _yaml("name: Test", "name: ''", 1, "name: the name is empty", ""),
    "a lane beside an entity that is not there": _xosc(
        scenario_xml(
            init={"Ego": teleport_xml() + speed_xml(10), "other": RELATIVE.format(30)},
            entities=car_xml("Ego") + car_xml("other"),
        ),
        "test.xosc:18: ",
        "road 0 has no lane 30",
        "Its lanes there",
    ),
    "NaN": _xosc(
        scenario_xml(init={"Ego": teleport_xml() + speed_xml("NaN")}),
        "test.xosc:13: ",
        "value='NaN' is not a finite number",
        "such as 3.5",
    ),
    "NaN in a map": _xosc(
        scenario_xml(),
        "map.xodr:2: ",
        "hdg='NaN' is not a finite number",
        "such as 3.5",
        map_xml(road_xml(LINE.replace('hdg="0"', 'hdg="NaN"'))),
    ),
    "a truncated map": _xosc(
        scenario_xml(), "map.xodr:3: ", "not well-formed XML", "Is the file complete?", map_xml()[:300]
    ),
    "a truncated map of a YAML file": Case(
        "test.yaml",
        ON_FILE,
        "map.xodr:7: ",
        "not well-formed XML",
        "Is the file complete?",
        {"map.xodr": map_xml(road_xml(LINE, LANES))[:-30]},
    ),
    "a truncated scenario": _xosc(
        scenario_xml()[:-40], "test.xosc:14: ", "not well-formed XML", "Is the file complete?"
    ),
    "an entity bomb": _xosc(
        BOMB.format("OpenSCENARIO"), "test.xosc:2: ", "entity declarations are not allowed", "Write the values"
    ),
    "an entity bomb in a map": _xosc(
        scenario_xml(),
        "map.xodr:2: ",
        "entity declarations are not allowed",
        "Write the values",
        BOMB.format("OpenDRIVE"),
    ),
    "an entity bomb in a catalog": Case(
        "test.xosc",
        scenario_xml(catalogs=CATALOG.format("cars")),
        "cars/cars.xosc:2: ",
        "entity declarations are not allowed",
        "Write the values",
        {"map.xodr": map_xml(), "cars/cars.xosc": BOMB.format("OpenSCENARIO")},
    ),
    "a catalog that climbs out": _xosc(
        scenario_xml(catalogs=CATALOG.format("../../../../../../etc")),
        "test.xosc:5: ",
        "climbs out of",
        "relative to the file's folder",
    ),
    "an absolute catalog": _xosc(
        scenario_xml(catalogs=CATALOG.format("/etc")),
        "test.xosc:5: ",
        "is absolute",
        "relative to the file's folder",
    ),
    "a map that climbs out": _yaml(MAP, "map: {xodr: ../../etc/passwd}", 2, "outside the scenario's folder", "beside"),
}


COMMANDS = {
    "check": ("check",),
    "simulate": ("simulate", "--csv", "out/poses.csv"),
    "render": ("render", "--out", "out"),
}


def run(*arguments: object) -> tuple[int, str]:
    """Exit code and all output of a command, its line breaks as spaces."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    return result.exit_code, " ".join(result.output.split())


def listing(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_bad_file_is_refused(
    case: Case, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "some" / "where"
    for name, text in {case.file: case.text, **case.beside}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    before = listing(tmp_path)
    code, output = run(*command, case.file)
    assert code == (1 if command == ("check",) else 2)
    place, _, rest = output.partition(case.where)
    assert place.startswith("error: ") and rest, output
    assert case.what in rest and case.right in rest.partition(case.what)[2], output
    assert listing(tmp_path) == before and not (folder / "out").exists(), "something was written"


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_what_is_not_known_is_told_and_refused_by_strict(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "map.xodr").write_text(map_xml())
    (tmp_path / "test.xosc").write_text(scenario_xml().replace("<Entities>", "<Entities>\n<Robot name='R2'/>"))
    monkeypatch.chdir(tmp_path)
    before = listing(tmp_path)
    code, output = run(*command, "test.xosc", "--strict")
    assert code == (1 if command == ("check",) else 2)
    assert "test.xosc:8: element Robot R2 is not used. --strict allows none" in output
    assert listing(tmp_path) == before
    if command == ("check",):
        code, output = run(*command, "test.xosc")
        assert code == 0 and "test.xosc:8: note: element Robot R2 is not used" in output


def test_another_car_off_the_road_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "map.xodr").write_text(map_xml())
    init = {"Ego": teleport_xml() + speed_xml(10), "other": WORLD.format(5, 900)}
    (tmp_path / "test.xosc").write_text(scenario_xml(init=init, entities=car_xml("Ego") + car_xml("other")))
    monkeypatch.chdir(tmp_path)
    assert "note: other starts 896 m beside the nearest road" in run("check", "test.xosc")[1]
    assert run("check", "test.xosc", "--strict")[0] == 1


@pytest.mark.parametrize("command", ["check", "render"])
def test_a_billion_worlds_are_refused_on_the_command_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test.yaml").write_text(BASE)
    monkeypatch.chdir(tmp_path)
    code, output = run(command, "test.yaml", "--draws", 10**9)
    assert code == 2 and "--draws" in output and "less than or equal to 100000" in output
    assert list(listing(tmp_path)) == ["test.yaml"]


def test_a_billion_worlds_are_refused_in_python() -> None:
    with pytest.raises(SwerveError, match="between 1 and 1048576, not 1000000000"):
        SwerveVectorEnv(10**9, "hard-braking-queue")
    with pytest.raises(SwerveError, match="1 to 1048576 worlds, not 1000000000"):
        sample_worlds([load_scenario("hard-braking-queue")], range(10**9))


def test_the_largest_objects_that_are_read_make_a_small_grid(tmp_path: Path) -> None:
    """Blocks as long as a road may be, in rows of a step near nothing and as far off as may be: done at once."""
    things = "".join(
        f"<object id='{i}' type='{kind}' s='250' t='{t}' length='1e5' width='1e3' height='3'>"
        f"<repeat s='1' length='490' distance='{step}' tStart='{t}' tEnd='{t}'/></object>"
        for i, (kind, t, step) in enumerate(
            [("obstacle", 1e3, 1e-305), ("building", -300, 400), ("obstacle", -1e3, 0.2)]
        )
    )
    (tmp_path / "map.xodr").write_text(map_xml(road_xml(extra=f"<objects>{things}</objects>")))
    rows = map_solids("", load_opendrive(tmp_path / "map.xodr"), "rural")
    tables = build_solid_tables([rows], "cpu")
    assert np.abs(rows["half"][:, :2]).max() <= 100.0
    assert len(rows) > 2500 and tables.entry.shape[0] < 3_000_000 and tables.cell_first.shape[0] < 200_000


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["agents.sb3", "--num-envs", str(10**9), "--out", "out"], "error: num_envs must lie between 1 and 1048576"),
        (["agents.ppo", "--scenario", "bad.yaml", "--out", "out"], "error: bad.yaml:5: actors.ego.sped: unknown key 'sped'"),
        (["agents.evaluate", "--scenario", "bad.yaml", "--driver", "idm", "--draws", str(10**9)], "between 1 and 100000"),
    ],
    ids=lambda value: value[0] + value[1] if isinstance(value, list) else "",
)  # fmt: skip
def test_training_and_scoring_refuse_too(command: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(changed("speed: 30", "sped: 30"))
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, cwd=tmp_path, timeout=120,
        env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["bad.yaml"], "something was written"
