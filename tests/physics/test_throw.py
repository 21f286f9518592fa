"""People whom cars throw: how far, how high, and that they lie in the end."""

from __future__ import annotations

import numpy as np
import pytest

from sim.types import Motion
from tests.physics.test_contact import FIELD, matrices
from tests.physics.worlds import PERSON, actor, build, run, world_rows


def test_a_person_is_thrown_topples_and_lies_on_the_road():
    actors = [
        actor(x=90.0, speed=11.0, motion=Motion.SCRIPTED),
        actor(PERSON, x=100.0, heading=1.57, motion=Motion.SCRIPTED),
    ]
    arrays = build([world_rows(actors)], FIELD)
    highest = 0.0
    for _ in range(60):
        state = run(arrays, 10)
        highest = max(highest, float(state.pos.numpy()[0, 1, 2]))
        assert state.pos.numpy()[0, 1, 2] > -1e-3, "sinks"
    assert 0.1 < highest < 2.0
    assert abs(matrices(state.rot.numpy()[0, 1])[2, 2]) < 0.02  # it lies
    assert state.pos.numpy()[0, 1, 2] == pytest.approx(0.15, abs=0.01)  # half its depth above the road
    assert (state.vel.numpy()[0, 1] == 0.0).all()
    # Between sliding alone and Searle's best launch, or else pushed along by the car that slides less far
    way, car = state.pos.numpy()[0, 1, 0] - 100.0, state.pos.numpy()[0, 0, 0] + 3.45 - 100.0
    slid = 121 / (2 * 0.66 * 9.81)
    assert 0.7 * slid < way < max(slid * (1 + 0.66**2), car + 1.8)
    assert way > car - 0.05, "not run over"


def thrown_person(speed, motion, ticks, **car):
    """Velocity and height of a person's middle [m/s, m], tick by tick, after a car at ``speed`` struck him; and the state at the end."""
    actors = [
        actor(x=90.0, speed=speed, motion=motion, **car),
        actor(PERSON, x=100.0, heading=1.57, motion=Motion.SCRIPTED),
    ]
    arrays, seen = build([world_rows(actors)], FIELD), []
    arm = np.array([0.0, 0.0, 0.5 * PERSON["size"][2]])
    for _ in range(ticks // 2):
        state = run(arrays, 2)
        turned = matrices(state.rot.numpy()[0, 1]) @ arm
        vel = state.vel.numpy()[0, 1] + np.cross(state.ang_vel.numpy()[0, 1], turned)
        seen.append((*vel, *(state.pos.numpy()[0, 1] + turned)))
    return np.array(seen), state


@pytest.mark.parametrize("speed", [8.0, 14.0, 22.0])
def test_throw_distance_is_within_searles_bounds(speed):
    """Searle 1993 (SAE 930659): from v^2 / (2 mu g) to (1 + mu^2) times that, v the speed at which the person is thrown.

    The car brakes, so that it hardly pushes the person on.
    """
    seen, state = thrown_person(speed, Motion.SCRIPTED, 900, slide=(1.0, 1.0))
    thrown = seen[:, 0].max()
    way = seen[-1, 3] - 100.0
    least = thrown**2 / (2 * 0.66 * 9.81)
    assert 0.97 * least < way < (1 + 0.66**2) * least
    assert (state.vel.numpy()[0, 1] == 0.0).all() and thrown == pytest.approx(speed, rel=0.1)


@pytest.mark.parametrize(("speed", "height"), [(8.0, 0.87), (14.0, 1.0), (22.0, 1.3)])
def test_a_car_that_drives_on_takes_a_person_up_to_its_speed_and_onto_its_bonnet(speed, height):
    seen, state = thrown_person(speed, Motion.DRIVEN, 150)
    hit = int(state.contact_tick.numpy()[0, 1]) // 2
    assert seen[hit + 5, 0] == pytest.approx(speed, rel=0.1)  # after 0.1 s
    assert height < seen[:, 5].max() < 2.5
    assert np.linalg.norm(state.impacts.delta_second.numpy()[0, 0]) > 0.9 * speed
