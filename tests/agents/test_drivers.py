"""Rule-based drivers as policies of environments."""

from __future__ import annotations

import numpy as np
import pytest

from agents.drivers import DRIVERS, drive
from sim.config import SimConfig
from sim.errors import SwerveError
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from sim.simulation import WorldGraph, step

SCENARIO = "cut-in-wet-motorway"


def batch_of(driver: str, n: int = 3):
    return sample_worlds([load_scenario(SCENARIO)], list(range(n)), "cpu", SimConfig(driver=driver, pool=1))


def advance(batch, ticks: int, name: str | None = None) -> None:
    """Step; with a name, that driver's actions are given anew each tick, as an environment would."""
    graph = WorldGraph(
        lambda *s: lambda: step(*s), [batch.scene, batch.state, batch.control], batch.nworld, batch.device
    )
    for _ in range(ticks):
        if name is not None:
            action = drive(batch, name)
            batch.control.steer.numpy()[:, 0] = action[:, 0]
            batch.control.accel.numpy()[:, 0] = action[:, 1]
        graph.launch()


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_actions_are_commands_of_every_ego(name):
    action = drive(batch_of("control"), name)
    assert action.shape == (3, 2) and action.dtype == np.float32
    assert np.isfinite(action).all() and np.abs(action).max() <= 1.0
    if name == "brake":
        assert (action[:, 1] == -1.0).all()


def test_driving_from_outside_every_tick_equals_the_driver_inside():
    inside, outside = batch_of("idm_aeb"), batch_of("control")
    advance(inside, 150)
    advance(outside, 150, "idm_aeb")
    assert inside.state.pos.numpy()[:, 0].tobytes() == outside.state.pos.numpy()[:, 0].tobytes()
    assert (np.abs(inside.state.speed.numpy()[:, 0]) > 5.0).all()


def test_an_unknown_driver_is_refused_by_name():
    with pytest.raises(SwerveError, match="teleport"):
        drive(batch_of("control"), "teleport")
