"""Riders of cycles: one with the cycle while it rides, bodies of their own once it falls or they are hit."""

from __future__ import annotations

import numpy as np
import pytest

from sim.config import SimConfig
from sim.errors import ScenarioError
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from sim.simulation import make_steps, step
from sim.types import Motion
from tests.scenario.files import draw, write

ROAD = "{road: straight, length: 300 m, lanes: 1+1, lane_width: 3.5 m, speed_limit: 50 km/h}"
BICYCLE = "{kind: bicycle, asset: cyclist, at: {lane: -1, s: 40 m}, speed: 6 m/s}"
WALL = (
    "{kind: car, asset: sedan, at: {x: 58.75 m, y: -1.6 m, heading: 90 deg}, speed: 0 m/s, goal: {lane: -1, s: 250 m}}"
)
AWAY = "{kind: car, asset: sedan, at: {lane: 1, s: 250 m}, speed: 0 m/s, goal: {lane: 1, s: 200 m}}"


def file(folder, ego=AWAY, cycle=BICYCLE, story=""):
    steps = f"storyboard:\n{story}" if story else ""
    return write(
        folder, f"name: Test\nmap: {ROAD}\nactors:\n  ego: {ego}\n  bike: {cycle}\n{steps}end: {{after: 9 s}}\n"
    )


class Ride:
    """A world that runs; ``seen`` holds fields of every tick by name, (ntick, nactor, ...)."""

    FIELDS = ("pos", "rot", "vel", "motion", "fallen", "visible", "traveled")

    def __init__(self, path, ticks, keys=(0,), contact="physics"):
        self.batch = sample_worlds([load_scenario(path)], list(keys), "cpu", SimConfig(contact=contact, pool=1))
        self.names = [a.name for a in self.batch.specs[0][0].actors]
        self.state = self.batch.state
        rows = {name: [] for name in self.FIELDS}
        for _ in range(ticks):
            step(self.batch.scene, self.state, self.batch.control)
            for name in self.FIELDS:
                rows[name].append(getattr(self.state, name).numpy()[0].copy())
        self.seen = {name: np.array(row) for name, row in rows.items()}


def test_a_cycle_carries_a_rider_who_moves_and_pedals_with_it(tmp_path):
    story = "  - when: {after: 1 s}\n    do: {bike: {appear: false}}\n"
    ride = Ride(file(tmp_path, story=story), 130)
    assert ride.names == ["ego", "bike", "bike+"]
    for name in ("pos", "rot", "traveled", "visible"):
        assert np.array_equal(ride.seen[name][:, 1], ride.seen[name][:, 2]), name
    assert ride.seen["pos"][-1, 1, 0] > 40.0 + 7.0
    assert ride.seen["visible"][50, 2] == 7 and ride.seen["visible"][-1, 2] == 0
    assert not ride.seen["fallen"].any() and not np.isfinite(ride.state.ttc.numpy()[0, 2])


@pytest.mark.parametrize("kind", ["wheelchair", "stroller", "e_scooter", "scooter", "child_bicycle"])
def test_whatever_is_ridden_or_pushed_has_somebody_with_it_until_it_is_hit(tmp_path, kind):
    slow = f"{{kind: {kind}, at: {{lane: -1, s: 55 m}}, speed: 1.2 m/s}}"
    ride = Ride(file(tmp_path, cycle=slow), 100)
    assert ride.names == ["ego", "bike", "bike+"]
    assert np.array_equal(ride.seen["pos"][:, 1], ride.seen["pos"][:, 2]) and not ride.seen["fallen"].any()
    assert ride.seen["pos"][-1, 1, 0] - ride.seen["pos"][0, 1, 0] == pytest.approx(1.2, abs=0.05)
    ego = "{kind: car, asset: sedan, at: {lane: -1, s: 48 m}, speed: 9 m/s, goal: {lane: -1, s: 250 m}}"
    hit = Ride(file(tmp_path, ego=ego, cycle=slow), 200)
    assert (hit.seen["motion"][-1, 1:] == Motion.BODY).all(), "both are bodies of their own"
    assert np.abs(hit.seen["pos"][-1, 1] - hit.seen["pos"][-1, 2]).max() > 0.05


def test_masses_and_boxes_are_the_cycle_s_and_the_rider_s_own_but_both_roll_together(tmp_path):
    batch = Ride(file(tmp_path), 1).batch
    vehicle, size = batch.scene.vehicle, batch.scene.size.numpy()[0]
    assert vehicle.mass.numpy()[0, 1:].tolist() == pytest.approx([15.0, 75.0])
    assert vehicle.car.numpy()["mass"][0, 1] == pytest.approx(90.0)
    assert 0.9 < vehicle.car.numpy()["height"][0, 1] < 1.2 and vehicle.cog.numpy()[0, 1, 1] < 0.65
    assert size[1, 2] < 1.1 and size[2, 2] > 1.5
    tall = Ride(file(tmp_path, cycle=BICYCLE.replace("speed", "size: {height: 1.91 m}, speed")), 1).batch
    assert tall.scene.size.numpy()[0, 1, 2] == pytest.approx(1.1 * size[1, 2], rel=0.01), (
        "a given height is with the rider"
    )
    assert tall.scene.size.numpy()[0, 2, 2] == pytest.approx(1.1 * size[2, 2], rel=0.01)


def test_a_cycle_that_runs_into_a_car_stops_and_its_rider_flies_on(tmp_path):
    ride = Ride(file(tmp_path, ego=WALL), 500)
    hit = int(ride.state.contact_tick.numpy()[0, 1])
    left = int(ride.seen["fallen"][-1, 2])
    assert ride.seen["fallen"][-1, 1] == hit and left == hit + 1
    assert ride.seen["motion"][-1].tolist()[1:] == [Motion.BODY, Motion.BODY]
    # The blow stops the cycle; the rider's middle has the speed that he came with.
    at = left + 1
    assert ride.seen["vel"][at, 1, 0] < 1.0
    middle = ride.seen["pos"][:, 2] + [
        rotated(q, ride.batch.scene.box_center.numpy()[0, 2]) for q in ride.seen["rot"][:, 2]
    ]
    assert (middle[at + 3, 0] - middle[at, 0]) / 0.03 == pytest.approx(6.0, abs=0.3)
    # Both lie in the end, apart, above the road.
    up = [rotated(ride.seen["rot"][-1, k], (0.0, 0.0, 1.0))[2] for k in (1, 2)]
    assert abs(up[0]) < 0.45 and abs(up[1]) < 0.3
    assert np.linalg.norm(middle[-1, :2] - ride.seen["pos"][-1, 1, :2]) > 0.3
    assert (
        middle[-1, 2] == pytest.approx(0.5 * ride.batch.scene.size.numpy()[0, 2, 0], abs=0.03)
        and ride.seen["pos"][-1, 1, 2] > -0.01
    )


def test_a_rider_who_is_hit_leaves_a_cycle_that_then_falls(tmp_path):
    """A bar over the road, above the handlebar, takes him out of the saddle."""
    bar = "{kind: log, at: {x: 50 m, y: -1.75 m}, size: {length: 0.3 m, width: 3 m, height: 1.5 m}, mass: 400 kg}"
    text = file(tmp_path).read_text(encoding="utf-8").replace("  bike:", f"  bar: {bar}\n  bike:")
    ride = Ride(write(tmp_path, text), 1)
    names = ride.names
    box = ride.batch.scene.box_center.numpy()
    box[0, names.index("bar"), 2] += 1.15
    ride.batch.scene.box_center.assign(box)
    for _ in range(400):
        step(ride.batch.scene, ride.state, ride.batch.control)
    bike, rider = names.index("bike"), names.index("bike+")
    fallen, first = ride.state.fallen.numpy()[0], ride.state.contact_tick.numpy()[0]
    assert 0 < first[rider] < fallen[bike] and not 0 <= first[bike] <= fallen[bike], "the bar is over the cycle"
    assert fallen[bike] == first[rider] + 1 and fallen[rider] > 0
    assert (ride.state.motion.numpy()[0, [bike, rider]] == Motion.BODY).all()


def test_who_is_touched_lightly_together_with_his_cycle_falls_with_it(tmp_path):
    ego = "{kind: car, asset: sedan, at: {x: 40 m, y: 3 m, heading: -90 deg}, speed: 0 m/s, goal: {lane: 1, s: 20 m}}"
    story = "  - do: {ego: {go_to: {x: 40 m, y: -3.4 m}, speed: 1.5 m/s}}\n"
    ride = Ride(file(tmp_path, ego, BICYCLE.replace("6 m/s", "0 m/s"), story), 1)
    size = ride.batch.scene.size.numpy()
    size[0, 2, :2] = size[0, 1, 1]  # as wide as the cycle: the bumper meets both in one tick
    ride.batch.scene.size.assign(size)
    while (ride.state.motion.numpy()[0, 1:] != Motion.BODY).any() and int(ride.state.tick.numpy()[0]) < 200:
        step(ride.batch.scene, ride.state, ride.batch.control)
    struck = int(ride.state.tick.numpy()[0])
    assert ride.state.contact_tick.numpy()[0].tolist() == [struck] * 3
    assert ride.state.fallen.numpy()[0, 2] == 0, "too light a touch to fell who stands"
    step(ride.batch.scene, ride.state, ride.batch.control)
    assert ride.state.fallen.numpy()[0].tolist() == [0, struck, struck + 1]
    for _ in range(500):
        step(ride.batch.scene, ride.state, ride.batch.control)
    assert abs(rotated(ride.state.rot.numpy()[0, 2], (0.0, 0.0, 1.0))[2]) < 0.5


def test_who_is_struck_together_with_his_cycle_tips_over_with_it(tmp_path):
    """A bumper meets both in one tick, hard enough to fell each of them."""
    ego = "{kind: car, asset: sedan, at: {x: 40 m, y: 3 m, heading: -90 deg}, speed: 6 m/s, goal: {lane: 1, s: 20 m}}"
    story = "  - do: {ego: {go_to: {x: 40 m, y: -3.4 m}, speed: 6 m/s}}\n"
    ride = Ride(file(tmp_path, ego, BICYCLE.replace("6 m/s", "0 m/s"), story), 1)
    size, middle = ride.batch.scene.size.numpy(), ride.batch.scene.box_center.numpy()
    size[0, 2, :2], middle[0, 2] = size[0, 1, 1], middle[0, 1]  # the bumper meets both in one tick
    ride.batch.scene.size.assign(size)
    ride.batch.scene.box_center.assign(middle)
    while not ride.state.fallen.numpy()[0, 1:].any() and int(ride.state.tick.numpy()[0]) < 300:
        step(ride.batch.scene, ride.state, ride.batch.control)
    struck = int(ride.state.tick.numpy()[0])
    assert ride.state.fallen.numpy()[0].tolist() == [0, struck, struck]
    before = ride.state.ang_vel.numpy()[0, 1:].copy()
    step(ride.batch.scene, ride.state, ride.batch.control)
    first = ride.state.ang_vel.numpy()[0, 1:] - before
    step(ride.batch.scene, ride.state, ride.batch.control)
    second = ride.state.ang_vel.numpy()[0, 1:] - before - first
    assert -0.9 < first[0, 0] < -0.4, "about the cycle's long axis, once"
    assert (np.abs(second[:, :2]) < 0.4).all()


def test_who_else_is_in_the_world_does_not_change_a_fall(tmp_path):
    text = file(tmp_path, ego=WALL).read_text(encoding="utf-8")
    ends = []
    for far in ("", "  man: {kind: man, at: {lane: -1, s: 200 m, offset: -1.5 m}, faces: left}\n"):
        ride = Ride(write(tmp_path, text.replace("  bike:", far + "  bike:")), 300)
        who = [ride.names.index("bike"), ride.names.index("bike+")]
        ends.append([ride.seen[name][-1, who] for name in ("fallen", "pos", "rot")])
    assert (ends[0][0] > 0).all() and all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))


def test_where_contacts_are_only_reported_nobody_leaves_the_saddle(tmp_path):
    ride = Ride(file(tmp_path, ego=WALL), 400, contact="report")
    assert ride.state.contact_tick.numpy()[0, 1] > 0 and not ride.seen["fallen"].any()
    assert np.array_equal(ride.seen["pos"][:, 1], ride.seen["pos"][:, 2])


def test_a_fall_in_a_batch_is_the_fall_alone_bit_for_bit(tmp_path):
    path = file(tmp_path, ego=WALL)
    many, alone = Ride(path, 350, keys=(3, 8, 5)), Ride(path, 350, keys=(8,))
    for name in ("pos", "rot", "vel", "fallen"):
        assert np.array_equal(getattr(many.state, name).numpy()[1], getattr(alone.state, name).numpy()[0]), name


def test_who_lies_from_the_start_rests_on_the_road(tmp_path):
    people = "  man: {kind: man, at: {lane: -1, s: 80 m}, faces: left, pose: lying}\n"
    people += "  deer: {kind: deer, at: {lane: 1, s: 90 m}, pose: lying}\n"
    text = file(tmp_path).read_text(encoding="utf-8").replace("  bike:", people + "  bike:")
    ride = Ride(write(tmp_path, text), 150)
    scene, start = ride.batch.scene, ride.seen["pos"][0]
    for name, x in (("man", 80.0), ("deer", 90.0)):
        k = ride.names.index(name)
        middle = ride.state.pos.numpy()[0, k] + rotated(ride.state.rot.numpy()[0, k], scene.box_center.numpy()[0, k])
        assert middle[2] == pytest.approx(0.5 * scene.size.numpy()[0, k, :2].min(), abs=0.01)
        assert middle[0] == pytest.approx(x, abs=0.1) and np.linalg.norm(ride.seen["pos"][-1, k] - start[k]) < 0.02
        assert (ride.state.vel.numpy()[0, k] == 0.0).all() and ride.state.fallen.numpy()[0, k] < 0
    with pytest.raises(ScenarioError, match="cannot lie"):
        draw(file(tmp_path, cycle=BICYCLE.replace("speed", "pose: lying, speed")))


def test_who_is_startled_stops_stands_and_runs_on_or_back(tmp_path):
    people = "".join(
        f"  {n}: {{kind: child, at: {{lane: -1, s: {s} m, offset: -1.5 m}}, faces: left}}\n"
        for n, s in (("on", 100), ("back", 110))
    )
    story = (
        "  - do: {on: {walk_across: road, speed: 1.4 m/s}, back: {walk_across: road, speed: 1.4 m/s}}\n"
        "  - when: {after: 1 s}\n    do: {on: {startle: on, speed: 4 m/s, freeze: 0.6 s}, "
        "back: {startle: back, speed: 3 m/s, freeze: 0.6 s, reach: 1 m}}\n"
    )
    text = file(tmp_path, story=story).read_text(encoding="utf-8").replace("  bike:", people + "  bike:")
    ride = Ride(write(tmp_path, text), 450)
    for name, sign in (("on", 1.0), ("back", -1.0)):
        k = ride.names.index(name)
        vel = ride.seen["vel"][:, k, 1]
        assert vel[50:95] == pytest.approx(1.4, abs=0.02)
        still = np.flatnonzero(np.abs(vel[100:250]) < 1e-3) + 100
        assert 125 <= still[0] <= 131 and still[-1] - still[0] == pytest.approx(60, abs=7), (
            "stops at 5 m/s2, stands for 0.6 s"
        )
        assert (sign * vel[still[-1] + 1 :]).min() > -1e-3 and (sign * vel[200:]).max() > 1.9, "that way only"
        assert (sign * vel[still[-1] + 2 : still[-1] + 40] > 0.0).all()
    walked = ride.seen["pos"][125, ride.names.index("back"), 1]
    assert ride.seen["pos"][-1, ride.names.index("back"), 1] == pytest.approx(walked - 1.0, abs=0.1)
    assert (ride.seen["vel"][-1, ride.names.index("back")] == 0.0).all()
    with pytest.raises(ScenarioError, match="nothing startles it"):
        draw(file(tmp_path, story="  - do: {bike: {startle: on}}\n"))


def test_after_a_fright_no_further_way_begins_but_from_a_new_place(tmp_path):
    child = "  child: {kind: child, at: {lane: -1, s: 100 m, offset: -1.5 m}, faces: left}\n"
    story = (
        "  - do: {child: {startle: on}}\n  - when: {after: 2 s}\n    do: {child: {walk_across: road, speed: 1 m/s}}\n"
    )

    def load(text):
        whole = file(tmp_path, story=text).read_text(encoding="utf-8").replace("  bike:", child + "  bike:")
        draw(write(tmp_path, whole))

    with pytest.raises(ScenarioError, match=r"test.yaml:\d+: .*child was startled before.*jump_to"):
        load(story)
    with pytest.raises(ScenarioError, match="startled before"):
        load(story.replace("walk_across: road", "go_to: {lane: 1, s: 100 m}"))
    load(story.replace("child: {walk", "child: [{jump_to: {lane: -1, s: 90 m}}, {walk").replace("m/s}}", "m/s}]}"))


def rotated(q, v):
    """A vector turned by a quaternion."""
    axis, w = np.asarray(q, float)[:3], float(q[3])
    t = 2.0 * np.cross(axis, v)
    return np.asarray(v, float) + w * t + np.cross(axis, t)


def test_under_pybullet_too_the_rider_flies_on(tmp_path):
    pytest.importorskip("pybullet")
    batch = sample_worlds([load_scenario(file(tmp_path, ego=WALL))], [0], "cpu", SimConfig(pool=1, physics="bullet"))
    steps, rode = make_steps(batch.scene, batch.state, batch.control, "bullet", 10), 0.0
    for _ in range(30):
        steps.launch()
        if not batch.state.fallen.numpy()[0, 2]:
            rode = batch.state.traveled.numpy()[0, 2]
    fallen, pos = batch.state.fallen.numpy()[0], batch.state.pos.numpy()[0]
    assert 10.0 < rode <= batch.state.traveled.numpy()[0, 2] < rode + 0.11 * 6.0, "in the air nobody pedals"
    assert fallen[1] == fallen[2] > 0 and (batch.state.motion.numpy()[0, 1:] == Motion.BODY).all()
    assert pos[2, 0] > pos[1, 0] + 0.2
