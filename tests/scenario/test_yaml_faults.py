"""Surfaces, faults and cargo in YAML scenarios: what files say arrives, and what they get wrong is told with its line."""

from __future__ import annotations

import numpy as np
import pytest

from sim.errors import ScenarioError
from sim.road.friction import GRIPS, film_depth, film_factor
from sim.sampling import weather_row
from sim.types import BURST_TYRE, NO_WHEEL, Fault, Motion
from tests.scenario.files import changed, draw, write
from tests.scenario.test_yaml_story import Run

ROAD = "{road: straight, length: 900 m, lanes: 0+3, lane_width: 3.75 m, type: motorway}"
CAR = "  other: {kind: car, asset: sedan, at: {lane: -2, s: 60 m}, speed: 30 m/s}\n"
WHEELS = ("front_left", "front_right", "rear_left", "rear_right")


def broken(tmp_path, action, seconds=0.6):
    """A run in which the other car suffers ``action`` after 0.2 s."""
    story = f"  - when: {{after: 0.2 s}}\n    do: {{other: {action}}}\n"
    return Run(tmp_path, CAR, story, seconds, road=ROAD)


@pytest.mark.parametrize(
    ("action", "bits"),
    [
        *((f"{{burst_tyre: {w}}}", Fault.BURST << i) for i, w in enumerate(WHEELS)),
        ("{burst_tyre: rear}", 0b1100 * Fault.BURST),
        ("{lose_wheel: rear_left}", Fault.WHEEL_LOST << 2),
        ("{fail_steering: locked}", Fault.STEERING_LOCKED),
        ("{fail_steering: free}", Fault.STEERING_FREE),
        ("{stick_throttle: 0.7}", Fault.THROTTLE),
        ("{fail_brakes: diagonal_left, share: 0.8}", Fault.BRAKES),
        ("{heat_brakes: 515 degC}", 0),
    ],
)
def test_faults_arrive_and_make_a_scripted_car_a_driven_one(tmp_path, action, bits):
    run = broken(tmp_path, action, 0.25)
    faults, i = run.state.faults, run.names.index("other")
    assert faults.broken.numpy()[0, i] == int(bits)
    assert faults.tick.numpy()[0, i] == pytest.approx(21, abs=1)
    assert run.state.motion.numpy()[0, i] == Motion.DRIVEN
    assert faults.broken.numpy()[0, 0] == 0 and run.state.motion.numpy()[0, 0] == Motion.SCRIPTED
    seen = run.state.visible.numpy()[0, i] & (BURST_TYRE - 1)
    assert seen == (7 | NO_WHEEL << 2 if "lose" in action else 7)
    if "brakes:" in action and "fail" in action:
        assert faults.brake_loss.numpy()[0, i] == pytest.approx([0.8, 0.0, 0.0, 0.8])
    if "throttle" in action:
        assert faults.throttle.numpy()[0, i] == pytest.approx(0.7)
    if "heat" in action:
        assert faults.heat.numpy()[0, i] == pytest.approx([500.0, 500.0], rel=0.01)


def test_a_burst_tyre_moves_the_car_out_of_its_course(tmp_path):
    run = broken(tmp_path, "{burst_tyre: front_right}", 2.5)
    assert run.at("pos", "other", 2.5)[1] < run.at("pos", "other", 0.2)[1] - 0.1
    assert run.at("speed", "other", 0.2) == pytest.approx(30.0)
    assert run.at("speed", "other", 2.5) > 27.0  # its driver keeps the speed up


def test_cargo_rides_on_its_carrier_and_leaves_it_with_its_velocity(tmp_path):
    actors = (
        "  lorry: {kind: lorry, at: {lane: -2, s: 100 m}, speed: 20 m/s}\n"
        "  load: {kind: pallet, at: {on: lorry, gap: 0.5 m}}\n"
    )
    story = "  - when: {after: 1 s}\n    do: {load: {come_loose: true}}\n"
    run = Run(tmp_path, actors, story, 3.0, road=ROAD)
    apart = [run.at("pos", "load", t) - run.at("pos", "lorry", t) for t in (0.0, 0.5, 1.0)]
    assert np.allclose(apart, apart[0], atol=0.02) and apart[0][2] > 1.0
    assert np.allclose(run.at("vel", "load", 1.0), (20.0, 0.0, 0.0), atol=0.05)
    i = run.names.index("load")
    assert run.state.motion.numpy()[0, i] == Motion.BODY and run.state.story.tow.numpy()[0, i] == -1
    assert run.at("pos", "load", 3.0)[2] < 0.5
    behind = run.at("pos", "lorry", 3.0)[0] - run.at("pos", "load", 3.0)[0]
    assert behind > -apart[0][0] + 2.0 and run.at("speed", "load", 3.0) < 19.0


def test_patches_lie_where_and_as_the_file_says(tmp_path):
    road = "{road: straight, length: 250 m, lanes: 1+1, patches: [%s], parking: right, sidewalk: 2 m}"
    plain = "map: {road: straight, length: 250 m, lanes: 1+1, parking: right, sidewalk: 2 m}"
    patches = (
        "{kind: leaves, from: 10 m, to: 20 m, lane: -1, side: right}, {kind: snow, from: 0 m, to: 9 m, lane: 1, side: right},"
        " {kind: water, from: 30 m, to: 40 m, depth: 8 mm}, {from: 50 m, to: 60 m, friction: 0.5}"
    )
    spec = draw(write(tmp_path, changed(plain, "map: " + road % patches)))
    a, b, c, d = spec.network.order[0].patches
    assert (a.t0, a.t1, a.friction) == (-3.5, -1.75, GRIPS["leaves"].friction)
    assert (b.t0, b.t1, b.kind) == (1.75, 3.5, "snow")  # right as lane 1 runs
    assert (c.friction, c.depth) == (GRIPS["water"].friction, 0.008)
    assert (d.friction, d.kind, d.t1) == (0.5, "ice", 3.5)


def test_water_wets_the_road_for_picture_and_tyres_alike(tmp_path):
    plain = "environment: {time: 07:00..20:00, rain: choice(0 mm/h x3 | 4 mm/h)}"
    for weather, depth in (("water: 2 mm", 0.002), ("rain: 100 mm/h", film_depth(100.0)), ("wetness: 1", 0.0)):
        row = weather_row(draw(write(tmp_path, changed(plain, f"environment: {{{weather}}}"))).environment)
        assert row["wetness"] == 1.0 and row["friction_scale"] < 0.0
        assert row["film"] == pytest.approx(film_factor(depth))
    row = weather_row(draw(write(tmp_path, changed(plain, "environment: {friction: 0.4}"))).environment)
    assert row["friction_scale"] == 0.4


@pytest.mark.parametrize(
    ("action", "message", "line"),
    [
        ("van: {burst_tyre: middle}", "middle", 9),
        ("van: {fail_brakes: front, share: 120 %}", "share", 9),
        ("van: {stick_throttle: 3 m}", "3 m", 9),
        ("van: {heat_brakes: 600}", "600", 9),
        ("van: {come_loose: true}", "van lies on nobody", 9),
        ("van: {burst_tire: front_left}", "burst_tire", 9),
    ],
)
def test_bad_faults_are_told_with_their_line(tmp_path, action, message, line):
    file = write(tmp_path, changed("van: {drive: 20 km/h, over: 3 s}", action))
    with pytest.raises(ScenarioError) as error:
        draw(file)
    assert message in str(error.value) and error.value.line == line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("parking: right,", "parking: right, patches: {from: 1 m, to: 2 m},", "a patch needs a kind or a friction"),
        ("parking: right,", "parking: right, patches: {kind: ice, from: 1 m, to: 2 m, side: left},", "half of a lane"),
        ("at: {parking: right, s: 120 m}", "at: {on: lorry}", "there is no actor 'lorry'"),
    ],
)
def test_bad_places_and_patches_are_told(tmp_path, old, new, message):
    with pytest.raises(ScenarioError, match=message):
        draw(write(tmp_path, changed(old, new)))


def test_people_have_no_tyres_to_burst(tmp_path):
    text = changed(
        "van: {kind: van, at: {parking: right, s: 120 m}}", "van: {kind: man, at: {sidewalk: right, s: 120 m}}"
    )
    file = write(tmp_path, text.replace("{drive: 20 km/h, over: 3 s}", "{lose_wheel: front}"))
    with pytest.raises(ScenarioError, match="no vehicle"):
        draw(file)
