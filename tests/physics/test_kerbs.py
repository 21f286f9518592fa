"""Bodies that slide against a kerb."""

from __future__ import annotations

import itertools
import math

import numpy as np

from sim.road.shorthand import KERB, CrossSection, Segment, road
from sim.rotation import matrices
from sim.types import Motion
from tests.physics.test_contact import BICYCLE, BOX
from tests.physics.worlds import CAR, PERSON, actor, build, run, world_rows

KERBED = [road([Segment(length=2000.0)], CrossSection(oncoming=2, forward=2, lane_width=6.0, sidewalk=8.0))]
EDGE = -12.0
"""Where the kerb stands to the right [m]."""
SIGNS = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))


def test_a_kerb_stops_or_trips_bodies_within_centimetres():
    """Boxes that slide, people who lie, bicycles that stand: none reaches deep into the kerb, all keep above the ground."""
    worlds = []
    for kind, z in ((BOX, 0.0), (PERSON, 0.15), (BICYCLE, 0.0)):
        for speed, heading in itertools.product((5.0, 7.0, 9.0, 10.0), (0.0, 0.5)):
            place = {"x": 100.0, "y": -9.0, "z": z, "t": -9.0, "lane": -2, "heading": heading}
            worlds.append(world_rows([actor(kind, motion=Motion.BODY, vel=(2.0, -speed, 0.0), **place)]))
    arrays = build(worlds, KERBED)
    scene, state, _ = arrays
    rot, fallen = state.rot.numpy(), state.fallen.numpy()
    rot[8:16, 0] = (0.0, math.sqrt(0.5), 0.0, math.sqrt(0.5))  # on their backs
    fallen[:16] = 1
    state.rot.assign(rot)
    state.fallen.assign(fallen)
    half, middle = 0.5 * scene.size.numpy()[:, 0], scene.box_center.numpy()[:, 0]
    round_ = np.where(np.arange(24) // 8 == 1, 0.15, 0.0)
    local = SIGNS * (half - round_[:, None])[:, None]
    local[16:, SIGNS[:, 2] < 0, 1] *= 0.1  # a cycle stands on narrow wheels
    deepest, nearest = 0.0, np.full(24, np.inf)
    for _ in range(200):
        run(arrays, 1)
        axes, pos = matrices(state.rot.numpy()[:, 0]), state.pos.numpy()[:, 0].astype(float)
        at = pos[:, None] + np.einsum("wij,wkj->wki", axes, middle[:, None] + local)
        low = at[..., 2] - round_[:, None]
        deepest = max(deepest, float(np.minimum(EDGE - at[..., 1], KERB - low).max()))
        nearest = np.minimum(nearest, at[..., 1].min(1) - EDGE)
        assert low.min() > -0.02
    assert deepest < 0.02
    assert (nearest < 0.3).sum() >= 15, "they came as far as the kerb"
    assert np.linalg.norm(state.vel.numpy()[:, 0], axis=-1).max() < 3.0


def test_bodies_of_cars_that_slide_onto_a_pavement_stay_out_of_the_kerb():
    """Askew and sideways, upright or tripped: no corner of the body is deep in the kerb, at its lower edge 0.17 m over level ground."""
    cases = list(itertools.product((6.0, 10.0, 14.0), (0.4, 1.2, 1.57, 2.0), (4.0, 10.0)))
    worlds = []
    for across, turn, along in cases:
        place = {"x": 100.0, "y": -7.0, "t": -7.0, "lane": -2, "heading": -turn}
        worlds.append(world_rows([actor(CAR, motion=Motion.BODY, vel=(along, -across, 0.0), **place)]))
    arrays = build(worlds, KERBED)
    scene, state, _ = arrays
    cars = scene.vehicle.car.numpy()[:, 0]
    local = cars["hull"][:, None] + SIGNS * cars["hull_half"][:, None]
    local[..., 0] -= cars["reference"][:, None]
    local[..., 2] += cars["stand"][:, None]
    deepest, reached = 0.0, np.zeros(len(cases), bool)
    for _ in range(75):
        run(arrays, 2)
        at = state.pos.numpy() + np.einsum("wij,wkj->wki", matrices(state.rot.numpy()[:, 0]), local)
        on = at[..., 1] > EDGE - 7.5  # behind the pavement the land is lower
        deepest = max(deepest, float((np.minimum(EDGE - at[..., 1], KERB - at[..., 2]) * on).max()))
        reached |= at[..., 1].min(axis=1) < EDGE
    assert deepest < 0.02 and reached.sum() >= 22
