"""Pedals and steering in YAML scenarios: who drives by them, what the storyboard does with them, and which aids a vehicle has."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.config import SimConfig
from sim.errors import ScenarioError
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from sim.simulation import step
from sim.structs import to_numpy
from sim.types import Lamp, Motion
from tests.scenario.files import changed, draw, write
from tests.scenario.test_yaml_story import Run

ROAD = "{road: straight, length: 900 m, lanes: 0+3, lane_width: 3.75 m}"
CAR = "  other: {kind: car, asset: sedan, at: {lane: -2, s: 60 m}, speed: 20 m/s, controller: vehicle}\n"
VAN = "van: {drive: 20 km/h, over: 3 s}"


def steps(*rows: tuple[float, str]) -> str:
    """A storyboard of actions of the other car at times [s]."""
    return "".join(f"  - when: {{after: {t} s}}\n    do: {{other: {action}}}\n" for t, action in rows)


@pytest.mark.parametrize(
    "actor",
    [
        "kind: car", "kind: bus", "kind: motorcycle", "kind: tractor, trailer: semitrailer", "kind: car, abs: off, esc: off",
    ],
)  # fmt: skip
def test_a_driver_of_its_own_holds_lane_and_speed(tmp_path: Path, actor: str) -> None:
    road = "{road: curve, before: 60 m, radius: 150 m, angle: 60 deg, transition: 30 m, after: 200 m, lanes: 1+1}"
    other = f"  other: {{{actor}, at: {{lane: 1, s: 300 m}}, speed: 14 m/s, controller: vehicle}}\n"
    ego = "  ego: {kind: car, at: {lane: -1, s: 5 m}, goal: {lane: -1, s: 300 m}}\n"
    run = Run(tmp_path, ego + other, "  []\n", 14, road=road)
    i = run.names.index("other")
    assert run.state.motion.numpy()[0, i] == Motion.DRIVEN
    assert np.abs(run.track["t"][200:, i] - 1.75).max() < 0.6
    assert np.abs(run.track["speed"][200:, i] - 14.0).max() < 0.6
    assert abs(run.yaw("other", 14) - run.yaw("other", 1)) > 0.5, "it has driven through the bend"


def test_pedals_move_as_the_file_says_and_go_back_to_the_driver(tmp_path: Path) -> None:
    story = steps((1, "{brake: 60 %, over: 0.5 s}"), (3, "{throttle: 100 %}"), (5, "{release: pedals}"))
    run = Run(tmp_path, CAR, story, 9, road=ROAD)
    assert run.at("speed", "other", 1.0) == pytest.approx(20.0, abs=0.05)
    slows = run.at("speed", "other", 1.7) - run.at("speed", "other", 2.7)
    assert slows == pytest.approx(0.6 * 11.0, rel=0.1), "the set's pedal gives 11 m/s^2"
    early = run.at("speed", "other", 1.0) - run.at("speed", "other", 1.25)
    assert 0.0 < early < 0.5 * 0.25 * slows, "the pedal goes down over half a second"
    assert [bool(int(run.at("lamps", "other", t)) & Lamp.BRAKE) for t in (0.5, 2, 4)] == [False, True, False]
    assert run.at("speed", "other", 4.8) > run.at("speed", "other", 3.2) + 4.0
    assert run.at("speed", "other", 9) == pytest.approx(20.0, abs=0.3), "its driver takes up the speed again"


def test_steering_turns_and_goes_back_to_the_driver(tmp_path: Path) -> None:
    story = steps((1, "[{steer: 2 deg, over: 0.4 s}, {throttle: 10 %}]"), (1.6, "{release: steering}"))
    run = Run(tmp_path, CAR, story, 8, road=ROAD)
    i = run.names.index("other")
    assert abs(run.at("pos", "other", 1.0)[1] - run.at("pos", "other", 0.0)[1]) < 0.05
    assert run.yaw("other", 1.7) > 0.03
    assert run.state.vehicle.held.numpy()[0, i] == 1, "the pedals stay with the storyboard"
    assert run.state.vehicle.held_steer.numpy()[0, i] == pytest.approx(math.radians(2.0))
    assert abs(run.yaw("other", 8)) < 0.02 and run.state.motion.numpy()[0, i] == Motion.DRIVEN


def test_a_hand_on_the_pedals_makes_a_scripted_car_a_driven_one(tmp_path: Path) -> None:
    scripted = CAR.replace(", controller: vehicle", "")
    run = Run(tmp_path, scripted, steps((1, "{brake: 100 %}")), 1.2, road=ROAD)
    i = run.names.index("other")
    assert run.state.motion.numpy()[0].tolist()[:2] == [Motion.SCRIPTED, Motion.DRIVEN] and i == 1
    assert np.abs(np.diff(run.track["speed"][:, i])).max() < 0.15
    assert run.at("speed", "other", 1.2) < 19.5


def test_who_was_chosen_to_drive_the_ego_does_not_heed_the_file(tmp_path: Path) -> None:
    ego = "ego: {kind: car, at: {lane: -1, s: 20 m}, speed: 30..60 km/h"
    text = changed(VAN, "ego: {brake: 100 %}").replace("time_to_reach: van, below: 2 s", "travelled: 5 m")
    file = write(tmp_path, text.replace(ego, ego.replace("30..60", "50")))
    speeds = []
    for driver in ("default", "constant", "control"):
        batch = sample_worlds([load_scenario(file)], [0], "cpu", SimConfig(driver=driver, pool=1))
        for _ in range(200):
            step(batch.scene, batch.state, batch.control)
        speeds.append(float(batch.state.speed.numpy()[0, 0]))
    assert speeds[0] < 3.0 and speeds[1] == pytest.approx(50 / 3.6, abs=0.2) and 12.0 < speeds[2] < 50 / 3.6


def test_aids_and_trailers_are_as_the_file_says(tmp_path: Path) -> None:
    def cars(aids: str, trailer: str) -> np.ndarray:
        ego = f"ego: {{kind: tractor, trailer: {trailer}{aids}, at: {{lane: -1, s: 40 m}}"
        file = write(tmp_path, changed("ego: {kind: car, at: {lane: -1, s: 20 m}", ego))
        batch = sample_worlds([load_scenario(file)], [0], "cpu", SimConfig(pool=1))
        names = [a.name for a in batch.specs[0][0].actors]
        return batch.scene.vehicle.car.numpy()[0, [0, names.index("ego+")]]

    whole = cars("", "semitrailer")
    worn = cars(", abs: off, esc: off", "{kind: semitrailer, mass: 12 t, abs: off, brakes: 50 %}")
    assert (whole["abs_slip"] > 0).all() and whole["esc"].tolist() == [1.0, 0.0]
    assert (worn["abs_slip"] == 0).all() and (worn["esc"] == 0).all()
    assert worn["mass"][1] == pytest.approx(12000.0) and worn["mass"][0] == whole["mass"][0]
    assert worn["nose"][1] / worn["mass"][1] == pytest.approx(whole["nose"][1] / whole["mass"][1])
    assert worn["max_brake"][1] / worn["mass"][1] == pytest.approx(0.5 * whole["max_brake"][1] / whole["mass"][1])
    half = cars(", abs: off", "{kind: semitrailer}")
    assert half["abs_slip"].tolist() == [0.0, pytest.approx(0.14)] and half["esc"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("van: {brake: 80 %, ovr: 1 s}", "'over'"),
        ("van: {brake: 180 %}", "outside 0..1"),
        ("van: {brake: 80}", "80 % of the pedal"),
        ("van: {throttle: 3 m/s2}", "where a share belongs"),
        ("van: {steer: 60 deg}", "outside -0.8..0.8"),
        ("van: {steer: 3}", "angle of the front wheels"),
        ("van: {release: brake}", "pedals"),
        ("van: {throtle: 50 %}", "Did you mean 'throttle'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_is_right(tmp_path: Path, action: str, message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        draw(write(tmp_path, changed(VAN, action)))
    assert message in str(error.value) and error.value.line == 9


@pytest.mark.parametrize("action", ["{drive: 20 km/h}", "{brake: 3 m/s2}", "{change_lane: left}", "{shift: 1 m}"])
def test_whoever_is_driven_by_pedals_is_not_moved_otherwise(tmp_path: Path, action: str) -> None:
    driven = changed(
        "kind: van, at: {parking: right, s: 120 m}", "kind: van, at: {lane: -1, s: 90 m}, controller: vehicle"
    )
    with pytest.raises(ScenarioError, match=r"van is driven by pedals.*brake: 80 %") as error:
        draw(write(tmp_path, driven.replace("{drive: 20 km/h, over: 3 s}", action)))
    assert error.value.line == 9


@pytest.mark.parametrize(
    ("key", "message"), [("abs: maybe", "Known: off, on"), ("esc: 0.5", "0.5"), ("trailer: {mass: 3 t}", "kind")]
)
def test_bad_aids_are_told(tmp_path: Path, key: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as error:
        draw(write(tmp_path, changed("van: {kind: van,", f"van: {{kind: van, {key},")))
    assert error.value.line == 6


def test_people_have_no_pedals(tmp_path: Path) -> None:
    text = changed(
        "van: {kind: van, at: {parking: right, s: 120 m}}", "van: {kind: man, at: {sidewalk: right, s: 120 m}}"
    )
    with pytest.raises(ScenarioError, match="no pedals"):
        draw(write(tmp_path, text.replace("{drive: 20 km/h, over: 3 s}", "{throttle: 50 %}")))


def test_a_world_alone_equals_the_world_in_a_batch(tmp_path: Path) -> None:
    story = "storyboard:\n  - when: {after: 0.3..0.8 s}\n    do: {van: [{brake: 30..90 %, over: 0.2..0.6 s}, {steer: -3..3 deg}]}\n"
    road = changed("parking: right, sidewalk: 2 m", "shoulder: 2 m").replace(
        "parking: right, s: 120 m", "lane: -1, s: 90 m"
    )
    text = road.replace("kind: van,", "kind: van, abs: choice(on | off), speed: 15 m/s, controller: vehicle,")
    scenario = load_scenario(write(tmp_path, text[: text.index("storyboard")] + story + "end: {after: 9 s}\n"))

    def drive(keys: list[int]) -> dict[str, np.ndarray]:
        batch = sample_worlds([scenario], keys, "cpu", SimConfig(pool=1))
        for _ in range(300):
            step(batch.scene, batch.state, batch.control)
        return to_numpy(batch.state)

    together = drive([3, 4, 5])
    assert len({value.tobytes() for value in together["pos"][:, 1]}) == 3
    alone = drive([4])
    del alone["road"]  # counts the roads of all worlds' maps
    for name, value in alone.items():
        assert value[0].tobytes() == together[name][1].tobytes(), name
