"""Labels of actors against pictures of each actor alone, a wider camera, and the vertices themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.config import CameraConfig, RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.labels import Labeller
from sim.render.lens import intrinsic_matrix
from sim.render.mesh import Semantic
from sim.render.models import Model, ModelPart, PartMotion
from sim.rotation import rotate
from sim.types import BURST_TYRE, NO_WHEEL
from tests.render import scenes

W, H = 96, 64
ACTORS = [
    ("car", (-12.0, 0.0, 0.0), 0.0),  # behind the camera
    ("car", (9.0, 0.5, 0.0), 0.4),
    ("ball", (14.0, 2.9, 0.81), 0.0),  # partly hidden by the car
    ("car", (24.0, 1.0, 0.0), 0.1),  # hidden
    ("car", (1.5, -2.6, 0.0), 0.1),  # beside the camera, far out of the picture
    ("ball", (6.0, 3.4, 0.81), 0.0),  # cut by the left edge
]


def objects():
    car = scenes.model(scenes.box((-1, -1, 0), (3, 1, 1.5)), "car")
    return scenes.library([car, scenes.model(scenes.sphere(0.8, 48), "ball")])


def render(lib, rows, camera, masks=True):
    scene, state = scenes.batch(rows)
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", ("instance", "depth")))
    r.render(scene)
    labeller = Labeller(r, masks=masks)
    labeller.measure(scene)
    labeller.measure(scene)  # nothing is carried over
    return r.frames.numpy(), labeller.numpy(), labeller


def bounds(mask):
    rows, cols = np.nonzero(mask)
    if len(rows) == 0:
        return [0, 0, 0, 0]
    return [cols.min(), rows.min(), np.ptp(cols) + 1, np.ptp(rows) + 1]


def alone(lib, actors, k, camera):
    rows = scenes.world(lib, actors, visible=[7 * (i == k) for i in range(len(actors))])
    return render(lib, [rows], camera, masks=False)[0]["instance"][0, 0] == k + 1


def test_counts_and_boxes_match_pictures_of_each_actor_alone():
    lib = objects()
    camera = camera_at((0, 0, 1.2), width=W, height=H)
    frames, labels, labeller = render(lib, [scenes.world(lib, ACTORS)], camera)
    instance = frames["instance"][0, 0]
    amodal = labeller.amodal_masks()[0, 0]
    for k in range(len(ACTORS)):
        visible, whole = instance == k + 1, alone(lib, ACTORS, k, camera)
        assert labels["visible_count"][0, 0, k] == visible.sum()
        assert labels["visible_box"][0, 0, k].tolist() == bounds(visible)
        np.testing.assert_array_equal(amodal[k], whole)
        assert labels["amodal_count"][0, 0, k] == whole.sum()
        assert labels["amodal_box"][0, 0, k].tolist() == bounds(whole)
        assert not (visible & ~amodal[k]).any()
        expected = 1 - visible.sum() / whole.sum() if whole.any() else 0.0
        assert labels["occlusion"][0, 0, k] == pytest.approx(expected, abs=1e-6)
    assert 0.0 < labels["occlusion"][0, 0, 2] < 1.0 and labels["occlusion"][0, 0, 3] == 1.0
    assert labels["visible_count"][0, 0, 3] == 0 < labels["amodal_count"][0, 0, 3]


def test_truncation_matches_a_wider_camera():
    lib = objects()
    camera = camera_at((0, 0, 1.2), width=W, height=H)
    f = intrinsic_matrix(camera)[0, 0]
    wide = camera_at((0, 0, 1.2), width=3 * W, height=3 * H, horizontal_fov=2 * math.atan(1.5 * W / f))
    labels = render(lib, [scenes.world(lib, ACTORS)], camera)[1]
    for k in range(len(ACTORS)):
        whole = alone(lib, ACTORS, k, wide)
        inside = whole[H : 2 * H, W : 2 * W].sum()
        outside = whole.sum() - inside
        assert labels["outside_count"][0, 0, k] == pytest.approx(outside, rel=0.03, abs=2)
        expected = outside / whole.sum() if whole.any() else 0.0
        assert labels["truncation"][0, 0, k] == pytest.approx(expected, abs=0.01)
    assert labels["truncation"][0, 0, 4] > 0.5 and 0.05 < labels["truncation"][0, 0, 5] < 0.95
    assert labels["truncation"][0, 0, 1] == 0.0


def test_ego_hidden_from_its_camera_has_no_pixels():
    lib = objects()
    rows = scenes.world(lib, [("car", (0, 0, 0), 0.0), ("car", (9.0, 0.0, 0.0), 0.0)])
    labels = render(lib, [rows], CameraConfig(width=W, height=H, pos=(-6, 0, 2.0)))[1]
    assert labels["amodal_count"][0, 0, 0] == 0 == labels["outside_count"][0, 0, 0]
    assert labels["visible_count"][0, 0, 1] == labels["amodal_count"][0, 0, 1] > 0


def test_box_is_tight_around_the_posed_mesh():
    frames = tuple(scenes.box((-0.2, -0.5 + 0.3 * k, 0), (0.2, 0.5 + 0.3 * k, 1.6), Semantic.PERSON) for k in range(4))
    walker = Model("walker", (ModelPart(frames),), (0.4, 1.0, 1.6), (0.0, 0.0, 0.8), stride=1.0)
    body = ModelPart((scenes.box((-1, -0.8, 0.2), (3, 0.8, 1.4)),))
    door = ModelPart((scenes.box((-1.0, -0.05, 0.0), (0.0, 0.0, 1.0)),), PartMotion.DOOR_LEFT, (1.0, 0.8, 0.3))
    car = Model("car", (body, door), (4.0, 1.6, 1.4), (1.0, 0.0, 0.8))
    lib = scenes.library([walker, car])
    actors = [("walker", (6.0, 2.0, 0.0), 0.5), ("car", (12.0, -1.0, 0.0), 0.7)]
    rows = scenes.world(lib, actors, traveled=[0.35, 0.0], speed=[1.0, 0.0], door=[(0, 0), (math.pi / 3, 0)])
    camera = camera_at((0, 0, 1.0), width=W, height=H)
    pictures, labels, _ = render(lib, [rows], camera)
    np.testing.assert_allclose(labels["box_center"][0, 0], (0.0, 0.3, 0.8), atol=1e-5)
    np.testing.assert_allclose(labels["box_size"][0, 0], (0.4, 1.0, 1.6), atol=1e-5)
    # The door's tip swings out by its length times the sine of the angle, its inner face stays at the hinge.
    tip = 0.8 + 1.0 * math.sin(math.pi / 3)
    assert labels["box_size"][0, 1][1] == pytest.approx(tip + 0.8, abs=1e-3)
    for k, (_, pos, yaw) in enumerate(actors):
        turn = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
        center = turn @ labels["box_center"][0, k] + pos
        np.testing.assert_allclose(labels["box_pos"][0, k], center, atol=1e-4)
        to_camera = np.array([[0, -1, 0], [0, 0, -1], [1, 0, 0]])
        in_camera = to_camera @ (center - (0, 0, 1.0))
        np.testing.assert_allclose(labels["camera_pos"][0, 0, k], in_camera, atol=1e-4)
        np.testing.assert_allclose(rotate(labels["camera_rot"][0, 0, k], np.eye(3)).T, to_camera @ turn, atol=1e-5)
        k_matrix = intrinsic_matrix(camera)
        for i in range(8):
            half = labels["box_size"][0, k] / 2 * [1 if i >> axis & 1 else -1 for axis in range(3)]
            p = to_camera @ turn @ half + in_camera
            q = k_matrix @ p / p[2]
            np.testing.assert_allclose(labels["corner"][0, 0, k, i], [q[0], q[1], p[2]], atol=1e-2)
    assert (pictures["instance"] == 2).any()


def test_labels_do_not_depend_on_the_batch_or_the_lanes():
    lib = objects()
    camera = camera_at((0, 0, 1.2), width=W, height=H)
    one = scenes.world(lib, ACTORS)
    other = scenes.world(lib, [(name, (x + 1.0, y, z), yaw) for name, (x, y, z), yaw in ACTORS])
    single = render(lib, [one], camera)[1]
    scene, state = scenes.batch([other, one])
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", ("instance",)))
    r.render(scene)
    labeller = Labeller(r, masks=True)
    labeller.lanes = 37
    labeller.measure(scene)
    for name, array in labeller.numpy().items():
        np.testing.assert_array_equal(array[1], single[name][0], err_msg=name)


def test_torch_tensors_share_memory():
    lib = objects()
    labeller = render(lib, [scenes.world(lib, ACTORS)], camera_at((0, 0, 1.2), width=W, height=H))[2]
    tensors = labeller.torch()
    assert tensors["visible_box"].shape == (1, 1, len(ACTORS), 4)
    labeller.labels.visible_count.zero_()
    assert int(tensors["visible_count"].sum()) == 0


def cart_pixels(*shapes):
    """Where a cart on wheels of some shapes is seen, as a function of bits of `State.visible` that it has."""
    wheels = [
        ModelPart(shapes, motion, (x, y, 0.3))
        for x, motion in ((3.0, PartMotion.STEERED_WHEEL), (0.0, PartMotion.WHEEL))
        for y in (1.0, -1.0)
    ]
    lib = scenes.library([Model("cart", tuple(wheels), (3.6, 2.6, 0.6), (1.5, 0.0, 0.3))])
    camera = camera_at((0, 0, 3.0), pitch=0.3, width=W, height=H)

    def pixels(bits):
        rows = scenes.world(lib, [("cart", (6.0, 0.0, 0.0), 0.0)], visible=[7 | bits])
        return render(lib, [rows], camera, masks=False)[0]["instance"][0, 0] == 1

    return pixels


def test_lost_wheels_are_missing_where_they_were():
    pixels = cart_pixels(scenes.box((-0.3, -0.3, -0.3), (0.3, 0.3, 0.3)))
    whole = pixels(0)
    spots = [np.argwhere(whole & ~pixels(NO_WHEEL << k)).mean(0) for k in range(4)]  # row, column
    assert all(spots[k][1] < W / 2 - 3 < W / 2 + 3 < spots[k + 1][1] for k in (0, 2))
    assert all(spots[k][0] < spots[k + 2][0] - 3 for k in (0, 1))
    assert not pixels(15 * NO_WHEEL).any()


def test_a_burst_tyre_shows_the_wheels_second_shape_and_no_other():
    pixels = cart_pixels(
        scenes.box((-0.3, -0.3, -0.3), (0.3, 0.3, 0.3)), scenes.box((-0.2, -0.3, -0.2), (0.2, 0.3, 0.2))
    )
    for k in range(4):
        wheel = pixels(0) & ~pixels(NO_WHEEL << k)
        gone = pixels(0) & ~pixels(BURST_TYRE << k)
        assert 0.2 * wheel.sum() < gone.sum() < 0.8 * wheel.sum() and not (gone & ~wheel).any()
