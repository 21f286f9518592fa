"""The raster from above and the occupancy grid of small worlds in which every cell is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.config import CameraConfig, RenderConfig
from sim.render.birds_eye import NOTHING, BirdsEye
from sim.render.frames import Renderer
from sim.render.library import MeshLibrary
from sim.render.mesh import Semantic, merge
from sim.render.models import MapModel, StaticInstance
from sim.render.voxels import CELL, FREE, LOWER, SIZE, Voxels
from tests.render import scenes

YAW = 0.5
EGO = np.array([3.0, -2.0, 0.0])
TURN = np.array([[math.cos(YAW), -math.sin(YAW), 0.0], [math.sin(YAW), math.cos(YAW), 0.0], [0.0, 0.0, 1.0]])
BUSH = (6.3, -4.2)
"""Where a bush and, three metres above it, a roof stand in the ego's frame [m]."""


def world(others=0):
    """Road, a strip of sidewalk to the left, a house behind, a bush under a high roof, the ego, a car ahead."""
    ground = scenes.plane(60.0)
    strip = scenes.box((-60.0, 6.0, -0.2), (60.0, 9.0, 0.12), Semantic.SIDEWALK)
    house = scenes.box((-16.0, -3.0, 0.0), (-12.0, 3.0, 8.0), Semantic.BUILDING)
    roof = scenes.box((BUSH[0] - 2.0, BUSH[1] - 2.0, 7.0), (BUSH[0] + 2.0, BUSH[1] + 2.0, 7.2), Semantic.STATIC)
    fixed = merge([ground, strip, house, roof])
    fixed.vertices = (fixed.vertices @ TURN.T + EGO).astype(np.float32)
    bush = scenes.model(scenes.box((-0.6, -0.6, 0.0), (0.6, 0.6, 1.0), Semantic.VEGETATION), "bush")
    car = scenes.model(scenes.box((-2.0, -1.0, 0.3), (2.0, 1.0, 1.5)), "car")
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = TURN, TURN @ (*BUSH, 0.0) + EGO
    lib = MeshLibrary([car, bush], [MapModel(fixed, (), (StaticInstance("bush", matrix),))], "cpu")
    ahead = TURN @ (10.0, 1.0, 0.0) + EGO
    rows = scenes.world(lib, [("car", tuple(EGO), YAW), ("car", tuple(ahead), YAW)])
    moved = [
        scenes.world(lib, [("car", (k, 4.0 * k, 0.0), 0.2 * k), ("car", (9.0, -k, 0.0), 0.0)])
        for k in range(1, others + 1)
    ]
    scene, state = scenes.batch([*moved, rows])
    camera = CameraConfig(width=96, height=64, pos=(0.0, 0.0, 1.5))
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", ("depth", "instance", "semantic")))
    r.render(scene)
    return r


@pytest.fixture(scope="module")
def renderer():
    return world()


def test_cells_show_what_stands_on_them(renderer):
    eye = BirdsEye(renderer, half=20.0, cell=0.5)
    grid = eye.measure()
    ground, semantic, instance = (getattr(grid, k).numpy()[0] for k in ("ground", "semantic", "instance"))
    x, y = (
        (20.0 - (np.arange(80) + 0.5) * 0.5)[:, None] + np.zeros(80),
        20.0 - (np.arange(80) + 0.5) * 0.5 + np.zeros((80, 1)),
    )
    expected = np.full((80, 80), int(Semantic.ROAD))
    expected[(y > 6.0) & (y < 9.0)] = int(Semantic.SIDEWALK)
    expected[(x > -16.0) & (x < -12.0) & (np.abs(y) < 3.0)] = int(Semantic.BUILDING)
    expected[(np.abs(x - BUSH[0]) < 0.6) & (np.abs(y - BUSH[1]) < 0.6)] = int(Semantic.VEGETATION)
    np.testing.assert_array_equal(ground, expected)
    car = (np.abs(x - 10.0) < 2.0) & (np.abs(y - 1.0) < 1.0)
    np.testing.assert_array_equal(instance, 2 * car)
    np.testing.assert_array_equal(semantic, np.where(car, int(Semantic.CAR), expected))


def test_beyond_the_map_there_is_nothing(renderer):
    ground = BirdsEye(renderer, half=80.0, cell=4.0).measure().ground.numpy()[0]
    assert ground[0, 0] == NOTHING and ground[20, 20] != NOTHING


def surface_samples(lower, upper, count=400):
    """Points on a box, dense."""
    lower, upper = np.array(lower, float), np.array(upper, float)
    grid = np.linspace(0.0, 1.0, count // 4)
    points = []
    for axis in range(3):
        u, v = np.meshgrid(grid, grid)
        for side in (0.0, 1.0):
            p = np.zeros((u.size, 3))
            p[:, axis] = side
            p[:, (axis + 1) % 3], p[:, (axis + 2) % 3] = u.ravel(), v.ravel()
            points.append(lower + p * (upper - lower))
    return np.concatenate(points)


def test_occupied_cells_are_those_that_surfaces_pass(renderer):
    grid = Voxels(renderer).measure()
    semantic, observed = grid.semantic.numpy()[0], grid.observed.numpy()[0]
    assert semantic.shape == SIZE
    car = surface_samples((8.0, 0.0, 0.3), (12.0, 2.0, 1.5))
    cells = np.floor((car - LOWER) / CELL).astype(int)
    expected = np.zeros(SIZE, bool)
    expected[tuple(cells.T)] = True
    found = semantic == int(Semantic.CAR)
    assert found.sum() > 100 and (expected & ~found).sum() == 0
    # A cell that the box only touches may count: faces of this one lie on borders of cells.
    inflated = np.zeros(SIZE, bool)
    for nudge in np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]) * 2e-3:
        inflated[tuple(np.floor((car + nudge - LOWER) / CELL).astype(int).T)] = True
    assert (found & ~inflated).sum() == 0
    level = int(np.floor((0.0 - LOWER[2]) / CELL))
    assert (semantic[:, :, level] != int(FREE)).all(), "the ground is everywhere"
    assert (semantic[:, :, level + 6] == int(Semantic.BUILDING)).sum() > 30
    # The ego's own body is left out; behind the car nothing is seen, before it everything.
    assert (semantic[97:103, 98:102, level + 1 : level + 4] == int(FREE)).all()
    row, side = (np.array([14.0, 1.0, 0.9]) - LOWER) // CELL, (np.array([6.0, 0.2, 1.3]) - LOWER) // CELL
    assert observed[tuple(row.astype(int))] == 0 and observed[tuple(side.astype(int))] == 1
    assert observed[tuple(((np.array([-5.0, 0.0, 1.0]) - LOWER) // CELL).astype(int))] == 0


def test_a_slanted_triangle_fills_exactly_its_cells():
    triangle = np.array([(2.13, -1.27, 0.31), (5.91, 0.83, 2.77), (3.05, 2.49, 1.11)])
    mesh = scenes.build(triangle, [(0, 1, 2)], [(0, 0, 1)] * 3, Semantic.OBSTACLE)
    lib = MeshLibrary([scenes.model(mesh, "sheet")], [MapModel(scenes.plane(60.0, z=-30.0))], "cpu")
    scene, state = scenes.batch([scenes.world(lib, [("sheet", (0, 0, -50.0), 0.0), ("sheet", (0.0, 0.0, 50.0), 0.0)])])
    state.pos.assign(np.array([[(0.0, 0.0, 0.0), (0.0, 0.0, 0.0)]], np.float32))
    r = Renderer(lib, scene, state, RenderConfig((CameraConfig(width=16, height=16),), "fast", ("depth",)))
    r.render(scene)
    found = Voxels(r).measure().semantic.numpy()[0] == int(Semantic.OBSTACLE)
    rng = np.random.default_rng(1)
    u, v = rng.uniform(size=(2, 400_000))
    flip = u + v > 1.0
    u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
    points = triangle[0] + u[:, None] * (triangle[1] - triangle[0]) + v[:, None] * (triangle[2] - triangle[0])
    expected = np.zeros(SIZE, bool)
    expected[tuple(np.floor((points - LOWER) / CELL).astype(int).T)] = True
    assert expected.sum() > 30 and (expected & ~found).sum() == 0
    assert (found & ~expected).sum() <= 3, "only cells of which it cuts a corner that no sample met"


def test_grids_do_not_depend_on_the_batch(renderer):
    many = world(others=2)
    for kind, names in ((BirdsEye, ("ground", "part", "semantic", "instance")), (Voxels, ("semantic", "observed"))):
        alone, batch = kind(renderer).measure(), kind(many).measure()
        for name in names:
            one, all_ = getattr(alone, name).numpy(), getattr(batch, name).numpy()
            np.testing.assert_array_equal(all_[2], one[0], err_msg=name)
            assert (all_[0] != all_[2]).any() or name == "part"
