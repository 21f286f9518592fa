"""What vehicles stand on: plain lanes read at one look and wheel by wheel, numbers of four wheels, the ground under an underside."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false
from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.physics import four
from sim.physics.belly import Belly, ground_belly
from sim.physics.chassis import Demand
from sim.physics.footing import read_footing, read_wheels
from sim.physics.four import add, div, mul, sub  # noqa: F401 (operators of wp.vec4)
from sim.physics.options import VEHICLES
from sim.physics.parameters import actor_parameters
from sim.physics.sets import GRAVITY
from sim.physics.vehicle import load_vehicle
from sim.physics.wheels import CarMotion, Footing, reference_arm
from sim.road.elements import FrictionPatch, LaneSection
from sim.road.shorthand import KERB, CrossSection, Segment, road
from sim.types import TICK, CarSet, Scene, State
from tests.physics.worlds import CAR, LORRY, actor, build, world_rows

wp.set_module_options(VEHICLES)


@wp.kernel
def _read_both(scene: Scene, state: State, one: wp.array[Footing], other: wp.array[Footing], kept: wp.array2d[wp.vec4]):
    """Reads poses and the road. Writes the ground by `read_footing` and by `read_wheels`, and what each keeps of its height."""
    w = wp.tid()
    car = scene.vehicle.car[w, 0]
    b = load_vehicle(state, w, 0, car)
    cog = state.pos[w, 0] - wp.quat_rotate(b.rot, reference_arm(car))
    before = state.vehicle.ground[w, 0]
    one[w] = read_footing(scene, state, w, 0, car, b, cog, wp.static(TICK))
    kept[w, 0] = state.vehicle.ground[w, 0]
    state.vehicle.ground[w, 0] = before
    other[w] = read_wheels(scene, state, w, 0, car, b, cog, wp.static(TICK))
    kept[w, 1] = state.vehicle.ground[w, 0]


def test_plain_lanes_read_at_one_look_are_what_each_wheel_reads():
    """Random poses about borders, a kerb, a patch and a section's end: the same to rounding, whichever way it is read."""
    patch = FrictionPatch(60.0, 80.0, -3.0, 1.0, 0.3, "ice")
    network = road([Segment(200.0)], CrossSection(1, 2, lane_width=3.5, sidewalk=6.0), patches=[patch])
    lanes = network.order[0].sections[0].lanes
    network.order[0].sections.append(LaneSection(120.0, {i: lane for i, lane in lanes.items() if i != min(lanes)}))
    rng = np.random.default_rng(8)
    worlds = []
    for _ in range(3000):
        x, y = float(rng.choice([30.0, 60.0, 80.0, 120.0]) + rng.uniform(-8, 8)), float(rng.uniform(-12.0, 4.0))
        place = {"s": x + float(rng.uniform(-2, 2)), "t": y, "lane": 0, "vel": (*rng.uniform(-8, 8, 2), 0.0)}
        more = {"z": KERB * float(y < -7.0), "nose_down": float(rng.normal(0.0, 0.02))}
        kind = (CAR, LORRY)[int(rng.integers(2))]
        worlds.append(world_rows([actor(kind, x, y, float(rng.choice([0.0, rng.uniform(-3, 3)])), **place, **more)]))
    scene, state, _ = build(worlds, [network])
    scene.weather.wetness.fill_(0.4)
    state.vehicle.ready.fill_(1)
    grounds = state.pos.numpy()[:, :1, 2:] + np.zeros((1, 1, 4), np.float32)
    state.vehicle.ground.assign(grounds)
    one, other = wp.zeros(3000, dtype=Footing), wp.zeros(3000, dtype=Footing)
    kept = wp.zeros((3000, 2), dtype=wp.vec4)
    wp.launch(_read_both, 3000, inputs=[scene, state, one, other, kept])
    p, q = one.numpy(), other.numpy()
    # Only wheel by wheel is it asked how far the section's kerb may rise.
    plain = (p["hump"] == 0.0) & (q["hump"] > 0.0)
    assert 500 < plain.sum() < 2500
    for name in ("friction", "block", "rolling", "slack", "soft", "floor", "floor_normal", "bed"):
        np.testing.assert_allclose(p[name], q[name], atol=2e-5, err_msg=name)
    for name in ("point", "normal"):
        for axis in "xyz":
            np.testing.assert_allclose(p[name][axis], q[name][axis], atol=2e-5, err_msg=f"{name}.{axis}")
    np.testing.assert_allclose(kept.numpy()[:, 0], kept.numpy()[:, 1], atol=2e-5)
    frictions = p["friction"]
    assert (frictions.max(1) > frictions.min(1)).any(), "some stand with one wheel on the ice"


@wp.kernel
def _ground(car: wp.array[CarSet], b: CarMotion, on: Footing, belly: Belly, out: wp.array[wp.vec3]):
    """Reads a vehicle and the points of its underside. Writes the ground's force and moment."""
    got = ground_belly(car[0], b, on, belly, Demand(), wp.static(TICK))
    out[0] = got.ask.push
    out[1] = got.ask.twist


@pytest.mark.parametrize("reach", [0.05, 0.5, 1.5], ids=["middle", "between", "ends"])
def test_the_underside_does_not_leap_off_the_ground_it_falls_on(reach):
    """Falling at 1 m/s with all four points on the ground it stops within the tick, by no more than is needed."""
    car = actor_parameters(**CAR)["car"]
    b, on, belly = CarMotion(), Footing(), Belly()
    b.rot, b.vel = wp.quat_identity(), wp.vec3(0.0, 0.0, -1.0)
    on.floor_normal = wp.vec3(0.0, 0.0, 1.0)
    for name, signs in (("x", (1, 1, -1, -1)), ("y", (1, -1, 1, -1)), ("z", (0, 0, 0, 0))):
        setattr(belly.arm, name, wp.vec4(*(reach * s * (0.4 if name == "y" else 1.0) for s in signs)))
    belly.normal.z = wp.vec4(1.0, 1.0, 1.0, 1.0)
    cars, out = wp.array([car], dtype=CarSet), wp.zeros(2, dtype=wp.vec3)
    wp.launch(_ground, 1, inputs=[cars, b, on, belly, out])
    push, twist = out.numpy()
    unsprung = car.front.mass + car.rear.mass
    after = -1.0 + TICK / car.sprung * (push[2] - (car.sprung + unsprung) * GRAVITY)
    assert -0.02 < after < 0.02
    assert np.abs(push[:2]).max() < 1e-3 * push[2] and np.abs(twist[1]) < TICK * push[2]


@wp.kernel
def _work(x: wp.array[wp.vec4], out: wp.array2d[wp.vec4]):
    """Reads four vectors. Writes every function of `sim.physics.four`."""
    a, b, c, d = x[0], x[1], x[2], x[3]
    out[0, 0] = a + b
    out[1, 0] = 2.0 + b
    out[2, 0] = a + 2.0
    out[3, 0] = a - b
    out[4, 0] = 2.0 - b
    out[5, 0] = a - 2.0
    out[6, 0] = a * b
    out[7, 0] = 2.0 * b
    out[8, 0] = a * 2.0
    out[9, 0] = a / b
    out[10, 0] = 2.0 / b
    out[11, 0] = a / 2.0
    out[12, 0] = four.least(a, b)
    out[13, 0] = four.least(a, 0.5)
    out[14, 0] = four.most(a, b)
    out[15, 0] = four.most(a, 0.5)
    out[16, 0] = four.size(a)
    out[17, 0] = four.root(four.size(a))
    out[18, 0] = four.signed(b, a)
    out[19, 0] = four.above(a, b, c, d)
    out[20, 0] = four.above(a, 0.5, c, d)
    out[21, 0] = four.above(a, 0.5, c, 7.0)
    out[22, 0] = four.within(a, c, d)
    out[23, 0] = four.share(a)
    out[24, 0] = four.other(a)
    out[25, 0] = four.axles(a[0], b[0])


def test_numbers_of_four_wheels_are_worked_out_one_by_one():
    a, b, c, d = x = np.random.default_rng(3).normal(0.0, 1.0, (4, 4)).astype(np.float32)
    two, half = np.float32(2.0), np.float32(0.5)
    expected = [
        a + b, two + b, a + two, a - b, two - b, a - two, a * b, two * b, a * two, a / b, two / b, a / two,
        np.minimum(a, b), np.minimum(a, half), np.maximum(a, b), np.maximum(a, half), abs(a), np.sqrt(abs(a)),
        np.where(a < 0, -b, b), np.where(a > b, c, d), np.where(a > half, c, d), np.where(a > half, c, 7.0),
        np.maximum(np.minimum(a, d), c), np.clip(a, 0, 1), a[[1, 0, 3, 2]], np.array([a[0], a[0], b[0], b[0]]),
    ]  # fmt: skip
    out = wp.zeros((len(expected), 1), dtype=wp.vec4)
    wp.launch(_work, 1, inputs=[wp.array(x, dtype=wp.vec4), out])
    np.testing.assert_allclose(out.numpy()[:, 0], expected, rtol=1e-6)
