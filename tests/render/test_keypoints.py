"""Keypoints: where they are in the picture, and who or what hides them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.config import RenderConfig
from sim.render.camera import intrinsic_matrix
from sim.render.frames import Renderer, camera_at
from sim.render.labels import Labeller
from sim.render.mesh import Semantic
from sim.render.models import Model, ModelPart
from tests.render import scenes

W, H = 128, 96
NKEYPOINT = 17
HEIGHTS = np.linspace(1.7, 0.1, NKEYPOINT)
"""Of a figure's keypoints, one below the other, 0.015 m under its front or (odd ones) under its back [m]."""


def figure(lean=0.0):
    mesh = scenes.box((-0.25, -0.2, 0.0), (0.25, 0.2, 1.8), Semantic.PERSON)
    x = np.where(np.arange(NKEYPOINT) % 2 == 0, 0.235, -0.235) + lean
    return replace(mesh, keypoints=np.stack([x, 0 * x, HEIGHTS], 1).astype(np.float32))


def shoot(actors, camera, frames=None, **state):
    wall = scenes.model(scenes.box((-0.05, -1.0, 0.0), (0.05, 1.0, 0.9)), "wall")
    person = Model(
        "person", (ModelPart(frames or (figure(),)),), (0.5, 0.4, 1.8), (0.0, 0.0, 0.9), stride=1.0 if frames else 0.0
    )
    lib = scenes.library([person, wall])
    scene, now = scenes.batch([scenes.world(lib, actors, **state)])
    r = Renderer(lib, scene, now, RenderConfig((camera,), "fast", ("instance", "depth")))
    r.render(scene)
    labeller = Labeller(r, keypoints=True)
    labeller.measure(scene)
    out = labeller.numpy()
    return out["keypoint"][0, 0], out["keypoint_seen"][0, 0], out["keypoint_3d"][0], r


def test_keypoints_project_and_hide_behind_their_own_body():
    camera = camera_at((-6.0, 0.0, 1.0), width=W, height=H)
    pixel, seen, world, _ = shoot([("person", (0.0, 0.3, 0.0), np.pi)], camera)
    # It faces the camera: even points lie just under the near side, odd ones under the far side.
    assert seen[0][0::2].tolist() == [2] * 9 and seen[0][1::2].tolist() == [1] * 8
    expected = np.stack([np.where(np.arange(NKEYPOINT) % 2 == 0, -0.235, 0.235), np.full(NKEYPOINT, 0.3), HEIGHTS], 1)
    np.testing.assert_allclose(world[0], expected, atol=1e-5)
    k = intrinsic_matrix(camera)
    local = expected - (-6.0, 0.0, 1.0)
    np.testing.assert_allclose(pixel[0][:, 0], k[0, 2] - k[0, 0] * local[:, 1] / local[:, 0], atol=1e-3)
    np.testing.assert_allclose(pixel[0][:, 1], k[1, 2] - k[1, 1] * local[:, 2] / local[:, 0], atol=1e-3)
    np.testing.assert_allclose(pixel[0][:, 2], local[:, 0], atol=1e-4)


def test_others_hide_keypoints_and_the_picture_ends():
    camera = camera_at((-6.0, 0.0, 1.0), width=W, height=H)
    _, seen, _, r = shoot([("person", (0.0, 0.0, 0.0), np.pi), ("wall", (-1.0, 0.0, 0.0), 0.0)], camera)
    edge = 1.0 + (0.9 - 1.0) * (6.0 - 0.235) / (5.0 - 0.05)
    front = np.arange(NKEYPOINT) % 2 == 0
    assert (seen[0][front & (HEIGHTS > edge + 0.02)] == 2).all() and (
        seen[0][front & (HEIGHTS < edge - 0.02)] == 1
    ).all()
    assert not seen[1].any(), "a wall has no keypoints"
    assert (r.frames.numpy()["instance"] == 2).any()
    close = camera_at((-1.2, 0.0, 1.0), width=W, height=H)
    pixel, seen, _, _ = shoot([("person", (0.0, 0.0, 0.0), np.pi)], close)
    out = (pixel[0][:, 1] < -0.5) | (pixel[0][:, 1] >= H - 0.5)
    assert out.any() and (seen[0][out] == 0).all() and (seen[0][~out] > 0).all()
    behind, seen, _, _ = shoot([("person", (0.0, 0.0, 0.0), np.pi)], camera_at((2.0, 0.0, 1.0), width=W, height=H))
    assert not behind[0].any() and not seen[0].any()


def test_a_gap_narrower_than_a_pixel_shows_nobody():
    """Through a slit between two walls, between the rays of two columns: the eye could see the body, the picture does not."""
    camera = camera_at((-6.0, 0.0, 1.0), width=W, height=H)
    pixel = 5.0 / intrinsic_matrix(camera)[0, 0]
    low = (HEIGHTS < 0.85) & (np.arange(NKEYPOINT) % 2 == 0)
    for gap, expected in ((0.4, 1), (4.0, 2)):
        walls = [("wall", (-1.0, side * (1.0 + 0.5 * gap * pixel), 0.0), 0.0) for side in (-1, 1)]
        _, seen, _, _ = shoot([("person", (0.0, 0.0, 0.0), np.pi), *walls], camera)
        assert (seen[0][low] == expected).all(), (gap, seen[0])


def test_keypoints_follow_the_pose_of_the_clip():
    camera = camera_at((-6.0, 0.0, 1.0), width=W, height=H)
    frames = tuple(figure(lean=0.03 * k) for k in range(4))
    first = shoot([("person", (0.0, 0.0, 0.0), 0.0)], camera, frames, traveled=[0.1], speed=[1.0])[2]
    third = shoot([("person", (0.0, 0.0, 0.0), 0.0)], camera, frames, traveled=[0.6], speed=[1.0])[2]
    np.testing.assert_allclose(third[0] - first[0], np.broadcast_to((0.06, 0.0, 0.0), (NKEYPOINT, 3)), atol=1e-5)
