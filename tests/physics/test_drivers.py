"""Rule-based drivers on tyres: they keep the route, follow, brake in time, and evade after the hazard's onset."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.behavior.drivers import DRIVERS, REACTION, SWERVE
from sim.rotation import yaw_of
from sim.types import Motion
from tests.physics.worlds import CAR, LORRY, actor, build, run, straight, world_rows

WIDE = [straight(length=3000.0, lanes=(2, 2), lane_width=100.0)]


def line(points):
    return np.asarray(points, float)


def straight_route(y=-1.75):
    return np.column_stack([np.linspace(0.0, 2000.0, 1001), np.full(1001, y)])


def bend(radius, length=400.0, lead=60.0):
    """A straight, then a left-hand bend."""
    s = np.arange(0.0, length, 1.0)
    a = np.maximum(s - lead, 0.0) / radius
    x = np.where(s < lead, s, lead + radius * np.sin(a))
    return np.column_stack([x + 100.0, np.where(s < lead, 0.0, radius * (1 - np.cos(a))) - 50.0])


def with_driver(name, others=(), speed=15.0, x=100.0, y=-1.75, path=None, friction=1.0, kind=CAR):
    ego = actor(kind, x=x, y=y, speed=speed, desired_speed=speed, driver=DRIVERS[name])
    return build([world_rows([ego, *others], friction=friction, path=straight_route() if path is None else path)], WIDE)


@pytest.mark.parametrize("kind", [CAR, LORRY])
@pytest.mark.parametrize(("radius", "speed"), [(60.0, 10.0), (150.0, 18.0)])
def test_constant_keeps_the_route_and_the_speed(radius, speed, kind):
    path = bend(radius)
    arrays = with_driver("constant", speed=speed, x=100.0, y=-50.0, path=path, kind=kind)
    worst = 0.0
    for _ in range(70):
        state = run(arrays, round(300.0 / speed / 70 * 100))
        pos = state.pos.numpy()[0, 0, :2]
        worst = max(worst, np.linalg.norm(path - pos, axis=1).min())
    assert worst < 0.75  # points of the path are a metre apart
    assert state.speed.numpy()[0, 0] == pytest.approx(speed, abs=0.3)


def test_constant_returns_to_the_route_without_overshooting_much():
    arrays = with_driver("constant", y=0.25)
    offsets = [float(run(arrays, 10).pos.numpy()[0, 0, 1]) + 1.75 for _ in range(80)]
    assert min(offsets) > -0.2
    assert abs(offsets[-1]) < 0.03


def test_brake_stops_from_the_start():
    state = run(with_driver("brake"), 320)
    assert abs(state.speed.numpy()[0, 0]) < 0.01
    assert state.pos.numpy()[0, 0, 0] - 100.0 < 16.0


def test_idm_stops_behind_a_lorry_and_follows_a_car():
    lorry = actor(LORRY, x=260.0, y=-1.75, motion=Motion.SCRIPTED)
    state = run(with_driver("idm", [lorry]), 2000)
    gap = 260.0 - 1.5 - state.pos.numpy()[0, 0, 0] - 3.45
    assert state.contact_tick.numpy()[0, 0] == -1
    assert 1.0 < gap < 4.0
    slow = actor(x=140.0, y=-1.75, speed=8.0, motion=Motion.SCRIPTED)
    state = run(with_driver("idm", [slow]), 3000)
    assert state.speed.numpy()[0, 0] == pytest.approx(8.0, abs=0.1)
    assert 10.0 < state.metrics.distance.numpy()[0] < 20.0


def test_emergency_brake_saves_where_following_alone_is_late():
    """Someone who steps in close ahead: IDM alone hits, with emergency braking there is no contact."""

    def end(name):
        blocker = actor(x=121.5, y=-1.75, heading=math.pi / 2, motion=Motion.SCRIPTED, road=-1)
        return run(with_driver(name, [blocker], speed=16.0), 300)

    plain, aeb = end("idm"), end("idm_aeb")
    assert plain.contact_speed.numpy()[0, 0] > 3.0
    assert aeb.contact_tick.numpy()[0, 0] == -1
    free = run(with_driver("idm_aeb"), 200)
    assert free.vehicle.braking.numpy()[0, 0] == 0


@pytest.mark.parametrize(("name", "side"), [("evade_brake", 0), ("evade_left", 1), ("evade_right", -1)])
def test_evasion_begins_half_a_second_after_onset(name, side):
    blocker = actor(x=180.0, y=-1.75, motion=Motion.SCRIPTED)
    arrays = with_driver(name, [blocker], speed=15.0)
    run(arrays, 1)
    onset = 1
    begun = 0
    for tick in range(2, 461):
        state = run(arrays, 1)
        onset = int(state.metrics.onset_tick.numpy()[0])
        if begun == 0 and state.vehicle.braking.numpy()[0, 0]:
            begun = tick
    assert begun - onset == pytest.approx(REACTION * 100, abs=1.1)
    assert state.contact_tick.numpy()[0, 0] == -1
    lateral = state.pos.numpy()[0, 0, 1] + 1.75
    assert lateral == pytest.approx(side * SWERVE, abs=0.9)
    assert abs(state.speed.numpy()[0, 0]) < 0.05


def test_evasion_holds_on_a_wet_road():
    blocker = actor(x=175.0, y=-1.75, motion=Motion.SCRIPTED)
    for name, side in (("evade_left", 1), ("evade_right", -1)):
        state = run(with_driver(name, [blocker], speed=22.0, friction=0.6), 500)
        turned = state.rot.numpy()[0, 0]
        assert state.contact_tick.numpy()[0, 0] == -1, name
        assert side * (state.pos.numpy()[0, 0, 1] + 1.75) > 1.9
        assert abs(yaw_of(turned)) < 0.35  # it did not spin
