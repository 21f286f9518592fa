"""Cars that drive over what lies on the road: between their wheels, or with them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.assets.spec import Category
from sim.rotation import matrices
from sim.types import Contact, Motion
from tests.physics.test_contact import FIELD
from tests.physics.test_impacts import world
from tests.physics.worlds import PERSON, actor, build, press, run, world_rows

PALLET = {
    "category": "obstacle", "size": (1.2, 0.8, 0.14), "mass": 22.0, "wheelbase": 0.1, "wheel_radius": 0.1, "box_center": (0, 0, 0.07),
}  # fmt: skip
SIDE = math.sqrt(0.5)
UPRIGHT = (0.0, 0.0, 0.0, 1.0)


def over(kind, speed, aside, *, turn=(0.0, SIDE, 0.0, SIDE), motion=Motion.DRIVEN, ticks=200):
    """A car that drives over something: what the two did, tick by tick, and the state; ``turn``: its attitude, else on its back."""
    lies = kind is PERSON
    low = actor(kind, x=100.0, y=aside, z=0.15 if lies and turn != UPRIGHT else 0.0, motion=Motion.BODY)
    who = Category.PEDESTRIAN if lies else Category.OBSTACLE
    arrays = build([world([actor(x=93.0, speed=speed, motion=motion), low], [Category.CAR, who])], FIELD)
    state, seen = arrays[1], []
    if lies:
        rot = state.rot.numpy()
        rot[0, 1] = turn
        state.rot.assign(rot)
        state.fallen.assign(np.array([[0, int(turn != UPRIGHT)]], np.int32))
    press(arrays, accel=0.05)
    for _ in range(ticks):
        run(arrays, 1)
        tilt = matrices(state.rot.numpy()[0, 0])
        seen.append([*state.pos.numpy()[0].ravel(), tilt[2, 1], state.vel.numpy()[0, 0, 0], state.vel.numpy()[0, 1, 0]])
    return np.array(seen), state


@pytest.mark.parametrize("kind", [PERSON, PALLET])
def test_what_lies_between_a_cars_wheels_is_passed_over_untouched(kind):
    seen, state = over(kind, 10.0, 0.0)
    assert seen[-1, 0] > 105.0
    assert state.contact_tick.numpy().max() == -1 and state.metrics.collided.numpy()[0] == 0
    assert state.impacts.count.numpy()[0] == 0
    assert np.abs(seen[-1, 3:5] - seen[0, 3:5]).max() < 0.01 and np.abs(seen[:, 2]).max() < 0.02


@pytest.mark.parametrize("kind", [PERSON, PALLET])
@pytest.mark.parametrize("speed", [4.0, 10.0])
def test_wheels_roll_over_what_lies_in_their_way(kind, speed):
    """The wheels of one side climb, so the car rolls and is lifted; both blows are impacts; who lies there is taken along only a little."""
    seen, state = over(kind, speed, 0.75, ticks=300)
    assert seen[-1, 0] > 102.0, "behind it"
    assert (state.vehicle.lift.numpy() < 0.2).all()
    assert state.contact_with.numpy()[0].tolist() == [1, 0] and state.metrics.collided.numpy()[0] == 1
    assert math.radians(1.5) < -seen[:, 6].min() or seen[:, 6].max() > math.radians(1.5)
    assert 0.03 < seen[:, 2].max() < 0.25
    count = state.impacts.count.numpy()[0]
    assert count == 2 and state.impacts.pair.numpy()[0, :2].tolist() == [[0, 1], [0, 1]]
    assert state.impacts.speed.numpy()[0, 0] == pytest.approx(speed, rel=0.05)
    assert 0.05 < seen[-1, 3] - 100.0 < 0.8 and (state.vel.numpy()[0, 1] == 0.0).all()
    assert state.motion.numpy()[0, 0] == Motion.DRIVEN and seen[-1, 7] > 0.8 * speed


def test_a_scripted_car_that_runs_over_somebody_is_a_body_from_then_on():
    """As one whose wheels meet him; one that passes over him between its wheels keeps to its script."""
    for aside, becomes, blows in ((0.0, Motion.SCRIPTED, 0), (0.75, Motion.BODY, 2)):
        seen, state = over(PERSON, 8.0, aside, motion=Motion.SCRIPTED, ticks=150)
        assert state.motion.numpy()[0].tolist() == [becomes, Motion.BODY]
        assert state.impacts.count.numpy()[0] == blows
    assert 0.03 < seen[:, 2].max() < 0.25 and seen[-1, 7] < 7.0, "lifted by him, and slower, as nobody drives it"


@pytest.mark.parametrize("turn", [UPRIGHT, (SIDE, 0.0, 0.0, SIDE)], ids=["stands", "on his side"])
def test_who_stands_or_lies_too_high_is_struck_by_the_front(turn):
    """On his side he is as high as he is wide: over the floor even when pressed."""
    seen, state = over(PERSON, 5.0, 0.0, turn=turn, ticks=160)
    assert state.impacts.count.numpy()[0] > 0 and seen[:, 8].max() > 4.0


def test_with_report_wheels_that_reach_somebody_flag_it():
    """As where contacts act, a car that only passes over him does not."""
    flags = []
    for aside in (0.0, 0.75):
        low = actor(PALLET, x=100.0, y=aside, motion=Motion.BODY)
        arrays = build([world_rows([actor(x=93.0, speed=10.0), low], contact=Contact.REPORT)], FIELD)
        flags.append(int(run(arrays, 150).metrics.collided.numpy()[0]))
    assert flags == [0, 1]


def test_what_a_scripted_vehicle_rolled_over_is_forgotten():
    """Only wheels that physics moves are lifted; what lay under others in an earlier tick does not lift them once it moves them."""
    motions = (Motion.SCRIPTED, Motion.TRAFFIC, Motion.DRIVEN)
    arrays = build([world_rows([actor(x=50.0 * i, motion=m) for i, m in enumerate(motions)])], FIELD)
    state = arrays[1]
    state.vehicle.bump.assign(np.full((1, 3, 4), 0.1, np.float32))
    run(arrays, 1)
    assert (state.vehicle.bump.numpy() == 0.0).all()
