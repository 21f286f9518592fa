"""Holes between a junction's lanes are filled with asphalt."""

from __future__ import annotations

import numpy as np

from sim.config import SimConfig
from sim.road.mesh import build_road_surface
from sim.sampling import draw_world
from sim.scenario.reader import load_scenario

DRAW = SimConfig(seed=6, pool=1), 388
"""A crossing whose turning lanes leave islands."""


def test_every_hole_of_a_junction_lies_under_the_surface():
    config, key = DRAW
    surface = build_road_surface(draw_world(load_scenario("red-light-runner"), config, key, 0).network)
    assert len(surface.holes) == 4
    a, b, c = (surface.mesh.vertices[surface.mesh.triangles[:, k], :2] for k in range(3))
    for hole in surface.holes:
        p = hole[:, :2].mean(0)
        turns = [u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] for u, v in ((b - a, p - a), (c - b, p - b), (a - c, p - c))]
        assert (np.min(turns, 0) > 0.0).any(), p
