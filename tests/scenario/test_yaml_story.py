"""What the conditions and actions of YAML scenarios do when they run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.config import SimConfig
from sim.rotation import yaw_of
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from sim.simulation import step
from sim.types import Lamp
from tests.scenario.files import write

ROAD = "{road: straight, length: 600 m, lanes: 2+2, lane_width: 3.5 m, parking: right, sidewalk: 2 m}"


class Run:
    """Names and tracks of one world: arrays of (ntick + 1, nactor ...), tick 0 is the start."""

    def __init__(self, folder: Path, actors: str, story: str, seconds: float, road: str = ROAD, rest: str = "") -> None:
        ego = (
            ""
            if "ego:" in actors
            else "  ego: {kind: car, at: {lane: -1, s: 20 m}, speed: 10 m/s, goal: {lane: -1, s: 500 m}}\n"
        )
        end = "" if "end:" in rest else f"end: {{after: {seconds} s}}\n"
        text = f"name: Test\nmap: {road}\nactors:\n{ego}{actors}storyboard:\n{story}{end}{rest}"
        scenario = load_scenario(write(folder, text))
        batch = sample_worlds([scenario], [0], "cpu", SimConfig(contact="report", pool=1))
        self.names = [a.name for a in batch.specs[0][0].actors]
        fields = ("pos", "rot", "speed", "vel", "door", "lamps", "visible", "lane", "t", "signal")
        kept: dict[str, list[Any]] = {name: [] for name in fields}
        self.state = batch.state
        self.size, self.middle = batch.scene.size.numpy()[0, 0], batch.scene.box_center.numpy()[0, 0]
        for tick in range(round(seconds / 0.01) + 1):
            if tick:
                step(batch.scene, batch.state, batch.control)
            for name in fields:
                kept[name].append(getattr(batch.state, name).numpy()[0].copy())
        self.track = {name: np.array(values) for name, values in kept.items()}

    def at(self, field: str, name: str, t: float) -> Any:
        """A field of an actor at a time [s]."""
        return self.track[field][round(t / 0.01), self.names.index(name)]

    def yaw(self, name: str, t: float) -> float:
        """Heading of an actor at a time."""
        return yaw_of(self.at("rot", name, t))

    def first(self, field: str, name: str, test: Any) -> float:
        """When a field first passes a test [s]."""
        values = self.track[field][:, self.names.index(name)]
        return float(np.argmax([bool(test(v)) for v in values])) * 0.01


def test_speeds_and_brakes(tmp_path: Path) -> None:
    actors = "  a: {kind: car, at: {lane: -2, s: 20 m}, speed: 10 m/s}\n  b: {kind: van, at: {lane: -2, s: 60 m}, speed: 10 m/s}\n"
    story = """\
  - {when: {after: 1 s}, do: {a: {drive: 16 m/s, rate: 3 m/s2}}}
  - {name: stop, when: {after: 1 s}, do: {b: {brake: 5 m/s2}}}
  - {after: stop, delay: 1 s, do: {b: {drive: 4 m/s, relative_to: ego, over: 1 s}}}
"""
    run = Run(tmp_path, actors, story, 6)
    assert [run.at("speed", "a", t) for t in (0.5, 2, 4)] == pytest.approx([10, 13, 16], abs=0.05)
    assert [run.at("speed", "b", t) for t in (0.5, 2, 3.1)] == pytest.approx([10, 5, 0], abs=0.06)
    assert int(run.at("lamps", "b", 2.0)) & Lamp.BRAKE
    assert not int(run.at("lamps", "b", 0.5)) & Lamp.BRAKE
    assert run.at("speed", "b", 3.9) == 0.0, "the delay"
    assert run.at("speed", "b", 5.5) == pytest.approx(14.0, abs=0.05)
    assert run.at("pos", "a", 1.0)[0] == pytest.approx(30.0, abs=0.2)


def test_sideways(tmp_path: Path) -> None:
    actors = """\
  a: {kind: car, at: {lane: -2, s: 40 m}, speed: 20 m/s}
  b: {kind: car, at: {lane: 1, s: 300 m}, speed: 20 m/s}
  c: {kind: car, at: {lane: 2, s: 400 m}, speed: 20 m/s}
"""
    story = """\
  - {when: {after: 0.5 s}, do: {a: {change_lane: left, over: 2 s}}}
  - {when: {after: 0.5 s}, do: {b: {change_lane: right, over: 2 s}}}
  - {when: {after: 0.5 s}, do: {c: {shift: 0.6 m, lateral: 2 m/s2}}}
"""
    run = Run(tmp_path, actors, story, 4)
    assert [run.at("t", "a", t) for t in (0.4, 1.5, 3)] == pytest.approx([-5.25, -3.5, -1.75], abs=0.05)
    assert [run.at("t", "b", t) for t in (0.4, 1.5, 3)] == pytest.approx([1.75, 3.5, 5.25], abs=0.05)
    assert run.at("t", "c", 4) == pytest.approx(5.25 - 0.6, abs=0.02), "left of one who drives against the road"
    assert run.at("lane", "a", 3) == -1 and run.at("lane", "b", 3) == 2


def test_walking(tmp_path: Path) -> None:
    actors = """\
  ego: {kind: car, at: {lane: -1, s: 20 m}, goal: {lane: -1, s: 500 m}}
  a: {kind: man, at: {sidewalk: right, s: 100 m}, faces: left}
  b: {kind: woman, at: {sidewalk: left, s: 150 m}, faces: left}
  c: {kind: child, at: {sidewalk: right, s: 200 m}}
"""
    story = """\
  - {when: {after: 1 s}, do: {a: {walk_across: road, speed: 2 m/s}}}
  - {when: {after: 1 s}, do: {b: {walk_across: road, speed: 2 m/s, slant: 20 deg, reach: 6 m}}}
  - {do: {c: {go_to: [{sidewalk: right, s: 205 m}, {lane: -2, s: 205 m}], speed: 1 m/s}}}
"""
    run = Run(tmp_path, actors, story, 12)
    start, end = run.at("pos", "a", 0.9), run.at("pos", "a", 11.9)
    width = 2 * 7.0 + 2.2
    assert start == pytest.approx((100, -10.2, 0.12), abs=0.01) and end == pytest.approx((100, 8.0, 0.12), abs=0.02)
    middle = run.at("pos", "a", 1 + width / 4)
    assert middle == pytest.approx((100, -10.2 + width / 2, 0.0), abs=0.05), "on the road, not above it"
    assert run.at("vel", "a", 3.0)[:2] == pytest.approx((0, 2), abs=0.02)
    assert run.yaw("a", 3.0) == pytest.approx(math.pi / 2, abs=0.01)
    assert run.at("speed", "a", 11.9) == 0.0
    there = run.at("pos", "b", 11.9)
    assert there[:2] == pytest.approx((150 + 6 * math.tan(math.radians(20)), 8.0 - 6.0), abs=0.02)
    assert run.at("pos", "c", 4.9)[:2] == pytest.approx((204.9, -10.2), abs=0.05)
    assert run.at("pos", "c", 11.9)[:2] == pytest.approx((205, -5.25), abs=0.05)


def test_doors_lights_and_presence(tmp_path: Path) -> None:
    actors = """\
  a: {kind: car, asset: hatchback, at: {parking: right, s: 60 m}}
  b: {kind: box, at: {lane: -2, s: 90 m}, visible: false}
  c: {kind: car, at: {lane: -2, s: 120 m}, lights: low_beam}
  d: {kind: car, at: {lane: -2, s: 150 m}}
"""
    story = """\
  - {when: {after: 1 s}, do: {a: {open_door: left, angle: 60 deg, over: 1 s}, b: {appear: true}, c: {lights: [hazard, high_beam]}}}
  - {when: {after: 2 s}, do: {c: {lights: low_beam, on: false}, d: {jump_to: {lane: 1, s: 300 m}}}}
"""
    run = Run(tmp_path, actors, story, 4)
    assert run.at("door", "a", 0.9)[0] == 0.0
    assert [math.degrees(run.at("door", "a", t)[0]) for t in (1.5, 3)] == pytest.approx([30, 60], abs=2)
    assert run.at("door", "a", 3)[1] == 0.0
    assert (run.at("visible", "b", 0.9), run.at("visible", "b", 1.1)) == (0, 7)
    before, during, after = (int(run.at("lamps", "c", t)) for t in (0.5, 1.5, 3))
    hazard = Lamp.INDICATOR_LEFT | Lamp.INDICATOR_RIGHT
    assert before == Lamp.LOW_BEAM and during & Lamp.HIGH_BEAM and after & Lamp.HIGH_BEAM and not after & Lamp.LOW_BEAM
    blinking = [int(v) & hazard for v in run.track["lamps"][100:400, run.names.index("c")]]
    assert hazard in blinking
    assert run.at("pos", "d", 3)[:2] == pytest.approx((300, 1.75), abs=0.01)
    assert abs(run.yaw("d", 3)) == pytest.approx(math.pi, abs=0.01)


def test_falling_cargo_slides_to_rest(tmp_path: Path) -> None:
    actors = "  a: {kind: lorry, at: {lane: -1, s: 60 m}, speed: 20 m/s}\n  b: {kind: box, at: {ahead_of: a, gap: 4 m}, visible: false}\n"
    run = Run(tmp_path, actors, "  - {when: {after: 1 s}, do: {b: {drop_from: a, offset: 0.4 m, slide: 5 m/s2}}}\n", 8)
    fell = run.first("visible", "b", lambda v: v > 0)
    assert fell == pytest.approx(1.0, abs=0.03)
    lorry, box = run.at("pos", "a", fell), run.at("pos", "b", fell)
    assert -4.0 < box[0] - lorry[0] < -1.0 and box[1] - lorry[1] == pytest.approx(0.4, abs=0.01), (
        "behind the lorry's back"
    )
    assert run.at("speed", "b", fell + 0.05) == pytest.approx(20.0, abs=0.5)
    assert run.at("speed", "b", fell + 2) == pytest.approx(10.0, abs=0.3)
    assert run.at("speed", "b", 7) == 0.0
    assert run.at("pos", "b", 7)[0] - box[0] == pytest.approx(20**2 / (2 * 5), abs=0.6)


def test_following(tmp_path: Path) -> None:
    actors = "  a: {kind: car, at: {lane: -1, s: 80 m}, speed: 15 m/s}\n  b: {kind: car, at: {lane: -1, s: 40 m}, speed: 15 m/s}\n"
    ego = "  ego: {kind: car, at: {lane: 2, s: 500 m}, goal: {lane: 2, s: 100 m}}\n"
    run = Run(tmp_path, ego + actors, "  - {do: {b: {follow: a, gap: 12 m}}}\n", 15)
    gap = run.at("pos", "a", 15)[0] - run.at("pos", "b", 15)[0]
    assert gap - 12.0 == pytest.approx(4.5, abs=1.0), "between boxes: a car's length more between the reference points"
    assert run.at("speed", "b", 15) == pytest.approx(15.0, abs=0.2)


CONDITIONS = {
    # condition -> when the van starts to brake [s]
    "{after: 2 s}": 2.0,
    "{ego: {travelled: 25 m}}": 2.5,
    "{ego: {reaches: {lane: -1, s: 60 m}, within: 1 m}}": 3.9,
    "{ego: {time_to_reach: {lane: -1, s: 100 m}, below: 5 s}}": None,
    "{ego: {distance_to: {lane: -1, s: 100 m}, measured: along, below: 40 m}}": None,
    "{ego: {faster_than: 9 m/s}}": 0.0,
    "{ego: {slower_than: 9 m/s}}": None,
    "{other: {stands_for: 1 s}}": 3.0,
    "{step: first}": 2.0,
    "{step: first, is: started}": 1.0,
    "{step: first, delay: 1 s}": 3.0,
    "{all: [{after: 1 s}, {ego: {travelled: 15 m}}]}": 1.5,
    "{any: [{after: 4 s}, {ego: {travelled: 15 m}}]}": 1.5,
    "{ego: {travelled: 15 m}, other: {slower_than: 5 m/s}}": 1.5,
    "{ego: {travelled: 10 m, delay: 1.5 s}}": 2.5,
}


@pytest.mark.parametrize(("when", "expected"), CONDITIONS.items(), ids=CONDITIONS.keys())
def test_conditions(tmp_path: Path, when: str, expected: float | None) -> None:
    actors = """\
  van: {kind: van, at: {lane: 1, s: 400 m}, speed: 20 m/s}
  other: {kind: car, at: {lane: 2, s: 300 m}, speed: 10 m/s}
"""
    story = f"""\
  - {{name: first, when: {{after: 1 s}}, do: {{other: {{brake: 10 m/s2}}}}}}
  - {{when: {when}, do: {{van: {{brake: 5 m/s2}}}}}}
"""
    run = Run(tmp_path, actors, story, 5)
    began = run.first("speed", "van", lambda v: v < 19.99)
    if "s: 100 m" in when:
        nose = run.size[0] / 2 + run.middle[0]
        late = {"time_to_reach": 5 * 10, "distance_to": 40}[
            "time_to_reach" if "time_to_reach" in when else "distance_to"
        ]
        assert began == pytest.approx((80 - late - nose) / 10, abs=0.05), "from the ego's front"
    elif expected is None:
        assert began == 0.0 and run.at("speed", "van", 5) == 20.0
    else:
        assert began == pytest.approx(expected, abs=0.05)


def test_until_stops_a_step_and_end_stops_the_world(tmp_path: Path) -> None:
    actors = "  van: {kind: van, at: {lane: 1, s: 400 m}, speed: 20 m/s}\n"
    story = "  - {do: {van: {brake: 2 m/s2}}, until: {after: 2 s}}\n"
    run = Run(tmp_path, actors, story, 5, rest="end: {after: 9 s, when: {ego: {travelled: 30 m}}}\n")
    assert run.at("speed", "van", 2.0) == pytest.approx(16.0, abs=0.1)
    assert run.at("speed", "van", 2.9) == run.at("speed", "van", 2.2), "stopped half-way"
    assert int(run.state.done.numpy()[0]) == 1
    assert int(run.state.tick.numpy()[0]) == pytest.approx(300, abs=4)


def test_signals(tmp_path: Path) -> None:
    road = "{road: intersection, lanes: 1+1, arm_length: 80 m}"
    ego = "  ego: {kind: car, at: {arm: west, lane: -1, to_junction: 40 m}, speed: 0 m/s, goal: {arm: east, lane: 1, s: 40 m}}\n"
    actors = ego + "  van: {kind: van, at: {arm: north, lane: -1, to_junction: 40 m}, speed: 5 m/s}\n"
    story = """\
  - {when: {after: 1 s}, do: {map: {signals: {west: red, north: green}}}}
  - {when: {signal: north, is: green}, do: {van: {brake: 5 m/s2}}}
"""
    run = Run(tmp_path, actors, story, 2.5, road)
    lights = run.track["signal"]
    assert lights.shape[1] == 4
    assert sorted(lights[50]) == [1, 1, 4, 4], "green along west and east, red across"
    assert sorted(lights[150]) == [1, 1, 4, 4] and (lights[150] != lights[50]).sum() == 2
    assert run.first("speed", "van", lambda v: v < 4.99) == pytest.approx(1.0, abs=0.05)


def test_the_ego_follows_its_route_through_a_junction(tmp_path: Path) -> None:
    road = "{road: intersection, lanes: 1+1, lane_width: 3.5 m, arm_length: 60 m, corner_radius: 6 m}"
    for goal, expected in (("south", (-1.75, -30.0)), ("north", (1.75, 30.0)), ("east", (30.0, -1.75))):
        start, end = "{arm: west, lane: -1, to_junction: 20 m}", f"{{arm: {goal}, lane: 1, s: 20 m}}"
        ego = f"  ego: {{kind: car, at: {start}, speed: 8 m/s, goal: {end}}}\n"
        run = Run(tmp_path, ego, "  []\n", 8, road)
        way = run.track["pos"][:, 0, :2]
        assert np.linalg.norm(way - np.array(expected), axis=1).min() < 0.6, f"to the {goal}"
        assert np.linalg.norm(np.diff(way, axis=0), axis=1).max() < 0.09, "no jumps"


README = Path(__file__).resolve().parents[2] / "scenarios" / "README.md"


def test_the_example_of_the_format_runs(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    scenario = load_scenario(write(tmp_path, text))
    batch = sample_worlds([scenario], range(4), "cpu", SimConfig(contact="report", pool=1))
    names = [[a.name for a in row[0].actors] for row in batch.specs]
    child = [n.index("child") for n in names]
    start = batch.state.pos.numpy()[range(4), child]
    for _ in range(1200):
        step(batch.scene, batch.state, batch.control)
    end = batch.state.pos.numpy()[range(4), child]
    assert (start[:, 1] < -4.0).all() and (end[:, 1] > 1.75).all(), "every child has crossed the ego's lane"
    assert batch.state.done.numpy().all()
    assert all(sum(n.startswith("parked") for n in row) >= 8 for row in names)
