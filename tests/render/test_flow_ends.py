"""Where flow ends, to a hair: between two rows of a shutter, on surfaces seen edge-on, on triangles of hundreds of metres."""

from __future__ import annotations

import math

import numpy as np

from sim.cameras import CameraConfig, Shutter
from sim.config import RenderConfig
from sim.render.frames import Renderer
from sim.render.lens import intrinsic_matrix
from sim.render.mesh import merge
from sim.render.probe import probe_pixels
from tests.render import scenes

W, H, FRAME = 96, 64, 0.1
ROLLING = Shutter(0.04)
POST = scenes.model(scenes.box((0.6, -0.05, -0.5), (0.65, 0.05, 2.5)), "car")
"""The ego: a bar upright before its camera."""


def look(camera, land, speed, start=(0.0, 0.0), span=FRAME):
    """A renderer at t = 0 whose ego is at ``start`` and drives along x and y [m/s], with its images."""
    lib = scenes.library([POST], land)

    def at(t):
        ego = ("car", (start[0] + speed[0] * t, start[1] + speed[1] * t, 0.0), 0.0)
        return scenes.batch([scenes.world(lib, [ego])])

    scene, state = at(-span)
    outputs = ("depth", "range", "instance", "normal", "semantic", "flow")
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", outputs))
    r.window.share = camera.shutter.half / span
    for t in (0.0, span):
        r.advance(scene, at(t)[1])
    r.render(scene)
    return r, {name: array[0, 0] for name, array in r.frames.numpy().items()}


def ends(out):
    """Columns and rows of open pixels of the map, and where their flow ends, (n, 2) each."""
    rows, cols = np.nonzero((out["flow_occluded"] == 0) & (out["instance"] == 0) & np.isfinite(out["depth"]))
    start = np.stack([cols, rows], 1)
    return start, start + out["flow"][rows, cols].astype(float)


def street():
    """Posts beside a way, before a wall."""
    posts = [scenes.box((4.0 + 3 * k, -2.0 + 1.7 * k, 0.0), (4.3 + 3 * k, -1.7 + 1.7 * k, 4.0)) for k in range(4)]
    return merge([scenes.plane(), scenes.box((40, -90, 0), (41, 90, 30)), *posts])


def test_between_two_rows_the_ego_is_where_its_camera_has_it():
    """Its bar stands still in the picture, whatever share of a row, and at 40 m/s across nothing else does."""
    camera = CameraConfig(width=W, height=H, pos=(0.0, 0.0, 1.2), shutter=ROLLING, show_ego=True)
    r, out = look(camera, street(), (0.0, 40.0))
    k = intrinsic_matrix(camera)
    edge = k[0, 2] + k[0, 0] * np.array([-0.05, 0.05]) / 0.6
    row = np.linspace(2.0, H - 3.0, 137)
    for column, inside in zip(edge, (1, -1), strict=True):
        for side in (1, -1):
            points = np.stack([np.full(len(row), column + 0.02 * side), row], 1)
            instance, _ = probe_pixels(r, points[None], moment="next")
            assert ((instance[0] == 1) == (side == inside)).all()
    _, end = ends(out)
    assert len(end) > 500 and not ((end[:, 0] > edge[0] + 0.02) & (end[:, 0] < edge[1] - 0.02)).any()


def test_what_the_mask_leaves_open_is_seen_at_its_share_of_a_row():
    """No other depth at a flow's very end, though posts cross the picture by pixels from row to row."""
    camera = CameraConfig(width=W, height=H, pos=(0.0, 0.0, 1.2), shutter=ROLLING)
    for speed in ((30.0, 40.0), (20.0, -45.0)):
        r, out = look(camera, street(), speed, span=0.05)
        _, end = ends(out)
        _, depth = probe_pixels(r, end[None], moment="next")
        start, _ = ends(out)
        expected = out["depth"][start[:, 1], start[:, 0]]
        # The camera looks along x: whatever stands still comes nearer by the way from row to row.
        time = 0.05 + (end[:, 1] - start[:, 1]) / (H - 1) * ROLLING.readout
        off = np.abs(depth[0] - (expected - speed[0] * time))
        assert len(end) > 500 and (off < 0.02 + 2e-3 * expected).all()


def test_a_wall_seen_edge_on_is_hidden_by_itself():
    """Where a wall shrinks to a line, that line shows one of its points, not all."""
    camera = CameraConfig(width=W, height=H, pos=(0.0, 0.0, 1.2))
    wall = merge([scenes.plane(1000.0), scenes.box((296.0, 410.7, 0.0), (302.0, 411.7, 3.0))])
    for beside in (3e-3, 1e-3, 3e-4):
        r, out = look(camera, wall, (0.0, 1.0), (293.0, 410.6 - beside))
        start, end = ends(out)
        face = np.abs(out["normal"][start[:, 1], start[:, 0], 0]) > 0.9
        _, depth = probe_pixels(r, end[None], moment="next")
        expected = out["depth"][start[:, 1], start[:, 0]]
        assert (np.abs(out["normal"][..., 0]) > 0.9).sum() > 30
        assert (np.abs(depth[0] - expected)[face] < 0.02 + 2e-3 * expected[face]).all(), beside


def fan(eye):
    """Walls that lean, 4 to 9 m before an eye, their planes past it by micrometres to a tenth of a millimetre: all are seen edge-on."""
    rng = np.random.default_rng(1)
    walls = []
    for angle in np.linspace(-0.68, 0.68, 40):
        c, s = math.cos(angle), math.sin(angle)
        ahead, side = np.array([c, s, 0.0]), np.array([-s, c, 0.0])
        up = np.array([0.0, 0.0, 1.0]) + rng.uniform(-0.5, 0.5) * side
        at = eye + 1e-5 * 10.0 ** rng.uniform(-1, 1) * side
        corners = [at + ahead * r + up * h for r, h in ((4, -1), (9, -1), (9, 2), (4, 2))]
        normal = np.cross(ahead, up)
        walls.append(scenes.build(corners, [(0, 1, 2), (0, 2, 3)], [normal / np.linalg.norm(normal)] * 4))
    return merge(walls)


def test_edge_on_the_mask_says_what_a_ray_of_the_picture_meets():
    """Of such surfaces rounding decides whether a ray meets them: the mask's rays are as long as the pictures'."""
    camera = CameraConfig(width=W, height=H, pos=(0.0, 0.0, 1.2), horizontal_fov=1.4)
    r, out = look(camera, fan((0.0, 2.0 * FRAME, 1.2)), (0.0, 2.0))
    rows, cols = np.nonzero(np.isfinite(out["depth"]) & np.isfinite(out["flow"]).all(-1))
    # In single precision, as the mask has it: the sum is exact.
    end = np.stack([cols, rows], 1).astype(np.float32) + out["flow"][rows, cols]
    inside = ((end > -0.5) & (end < np.array([W, H]) - 0.5)).all(1)
    depth, expected = probe_pixels(r, end[None], moment="next")[1][0], out["depth"][rows, cols]
    met = np.abs(depth - expected) < 0.01 + 1e-3 * expected
    hidden = out["flow_occluded"][rows, cols] == 1
    assert (hidden & inside).sum() > 1000 and (met & inside).sum() > 300
    assert (hidden == ~met)[inside].all(), (hidden == met)[inside].sum()


def test_flow_on_a_long_triangle_is_depths():
    """On a plane of two triangles, 2.8 km long, what is near in the next picture lands where depth says."""
    camera = CameraConfig(width=W, height=H, pos=(0.0, 0.0, 1.5), horizontal_fov=1.4, pitch=0.2)
    k = intrinsic_matrix(camera)
    _, out = look(camera, scenes.plane(1000.0), (65.0, 0.0), (293.0, 410.0))
    rows, cols = np.nonzero((out["instance"] == 0) & np.isfinite(out["flow"]).all(-1) & np.isfinite(out["depth"]))
    ray = np.stack([(cols - k[0, 2]) / k[0, 0], (rows - k[1, 2]) / k[1, 1], np.ones(len(rows))], 1)
    c, s = math.cos(0.2), math.sin(0.2)
    now = ray * out["depth"][rows, cols].astype(float)[:, None]
    then = now - np.array([0.0, -s, c]) * 65.0 * FRAME
    near = then[:, 2] > 0.8
    then, start = then[near], np.stack([cols, rows], 1)[near]
    land = then[:, :2] / then[:, 2:] * (k[0, 0], k[1, 1]) + (k[0, 2], k[1, 2])
    off = np.linalg.norm(start + out["flow"][start[:, 1], start[:, 0]] - land, axis=1)
    assert near.sum() > 200 and then[:, 2].min() < 1.5
    assert (off < 0.01 + 5e-5 * np.linalg.norm(land - start, axis=1)).all(), off.max()
