"""Depth, normals, ids and flow against closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.config import CameraConfig, RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.lens import intrinsic_matrix
from sim.render.mesh import Semantic
from sim.render.models import Model, ModelPart, PartMotion
from tests.render import scenes

W, H = 96, 64
GEOMETRY = ("depth", "range", "semantic", "instance", "normal")


def rays(camera):
    k = intrinsic_matrix(camera)
    col, row = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    return np.stack([(col - k[0, 2]) / k[0, 0], (row - k[1, 2]) / k[1, 1], np.ones_like(col, float)], -1)


def renderer(lib, worlds, camera, outputs=GEOMETRY, quality="fast", **settings):
    scene, state = scenes.batch(worlds)
    return Renderer(lib, scene, state, RenderConfig((camera,), quality, outputs), **settings), scene, state


def test_plane_depth_range_and_normal():
    camera = camera_at((0, 0, 2.0), pitch=0.3, width=W, height=H)
    lib = scenes.library()
    r, scene, _ = renderer(lib, [scenes.world(lib)], camera)
    r.render(scene)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    ray = rays(camera)
    down = ray[..., 1] * math.cos(0.3) + math.sin(0.3)
    expected = np.where(down > 0, 2.0 / np.where(down > 0, down, 1), np.inf)
    hit = expected < 150
    np.testing.assert_allclose(out["depth"][hit], expected[hit], rtol=2e-4)
    np.testing.assert_allclose(out["range"][hit], (expected * np.linalg.norm(ray, axis=-1))[hit], rtol=2e-4)
    assert np.isinf(out["depth"][down < 0]).all() and np.isinf(out["range"][down < 0]).all()
    up = np.array([0.0, -math.cos(0.3), -math.sin(0.3)])
    np.testing.assert_allclose(out["normal"][hit], np.broadcast_to(up, out["normal"][hit].shape), atol=1e-5)
    assert (out["semantic"][down < 0] == Semantic.SKY).all() and (out["semantic"][hit] == Semantic.ROAD).all()


def test_sphere_depth_and_normal():
    ball = scenes.model(scenes.sphere(1.5, 256), "ball")
    lib = scenes.library([ball], scenes.plane(z=-50.0))
    camera = camera_at((-6, 0, 0), width=W, height=H, horizontal_fov=0.7)
    r, scene, _ = renderer(lib, [scenes.world(lib, [("ball", (0, 0, 0), 0.3)])], camera)
    r.render(scene)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    d = rays(camera)
    a, b, c = (d * d).sum(-1), -2 * 6.0 * d[..., 2], 36.0 - 1.5**2
    disc = b * b - 4 * a * c
    inner = disc > 4.0
    depth = (-b - np.sqrt(np.maximum(disc, 0))) / (2 * a)
    assert inner.sum() > 500
    np.testing.assert_allclose(out["depth"][inner], depth[inner], atol=2e-3)
    normal = (d * depth[..., None] - np.array([0, 0, 6.0])) / 1.5
    assert np.abs(out["normal"] - normal)[inner].max() < 0.06
    assert (out["instance"][inner] == 1).all() and (out["instance"][disc < -4.0] == 0).all()


def test_box_is_scaled_to_the_scene_size():
    car = scenes.model(scenes.box((-1, -1, 0), (3, 1, 1.5)), "car")
    lib = scenes.library([car])
    rows = scenes.world(lib, [("car", (10, 0, 0), 0.0)])
    rows[0]["size"], rows[0]["box_center"] = [(8.0, 1.0, 3.0)], [(2.0, 0.0, 1.5)]
    camera = camera_at((0, 0, 1.2), width=W, height=H)
    r, scene, _ = renderer(lib, [rows], camera)
    r.render(scene)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    car_pixels = out["instance"] == 1
    np.testing.assert_allclose(out["depth"][car_pixels].min(), 8.0, atol=1e-4)
    face = car_pixels & (np.abs(out["depth"] - 8.0) < 1e-3)
    k = intrinsic_matrix(camera)
    assert abs(np.ptp(np.nonzero(face)[1]) + 1 - k[0, 0] * 1.0 / 8.0) <= 1.0
    assert (out["semantic"][car_pixels] == Semantic.CAR).all()


def test_ego_is_hidden_from_its_own_camera_only():
    car = scenes.model(scenes.box((-1, -1, 0), (3, 1, 1.5)), "car")
    lib = scenes.library([car])
    rows = scenes.world(lib, [("car", (0, 0, 0), 0.0)])
    for show, seen in ((None, False), (True, True)):
        camera = CameraConfig(width=W, height=H, pos=(-6, 0, 2.0), pitch=0.2, show_ego=show)
        r, scene, _ = renderer(lib, [rows], camera)
        r.render(scene)
        assert bool((r.frames.numpy()["instance"] == 1).any()) is seen


@pytest.mark.parametrize("direction", ["flow", "flow_back"])
def test_flow_matches_rigid_motion(direction):
    car = scenes.model(scenes.box((-0.5, -1, 0), (0.5, 1, 1.5)), "car")
    lib = scenes.library([car])
    poses = [(("car", (-5.0 + 0.5 * k, 0, 0), 0.0), ("car", (8.0, -2.0 + 0.25 * k, 0), 0.1 * k)) for k in range(3)]
    states = [scenes.batch([scenes.world(lib, p)]) for p in poses]
    camera = CameraConfig(width=W, height=H, pos=(0, 0, 1.3))
    scene, state = states[0]
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", ("depth", "instance", direction)))
    for _, later in states[1:] if direction == "flow" else states[1:2]:
        r.advance(scene, later)
    r.render(scene)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    now, then = (1, 2) if direction == "flow" else (1, 0)
    k = intrinsic_matrix(camera)
    d = rays(camera)
    col, row = np.meshgrid(np.arange(W), np.arange(H))
    hit = np.isfinite(out["depth"])
    p = d * np.where(hit, out["depth"], 0.0)[..., None]
    world = np.stack([p[..., 2] + poses[now][0][1][0], -p[..., 0], 1.3 - p[..., 1]], -1)
    moved = world.copy()
    mine = out["instance"] == 2
    yaw = 0.1 * (then - now)
    a, b = np.array(poses[now][1][1]), np.array(poses[then][1][1])
    turn = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
    moved[mine] = (world[mine] - a) @ turn.T + b
    q = moved - np.array([poses[then][0][1][0], 0, 1.3])
    z = np.where(q[..., 0] > 0.1, q[..., 0], np.nan)
    expected = np.stack([-q[..., 1] / z * k[0, 0] + k[0, 2] - col, -q[..., 2] / z * k[1, 1] + k[1, 2] - row], -1)
    good = hit & np.isfinite(z) & (out["depth"] < 60)
    assert mine.sum() > 80 and good.sum() > 1000
    np.testing.assert_allclose(out[direction][good], expected[good], atol=0.02)
    np.testing.assert_allclose(out[direction][~hit], 0.0, atol=0.02)
    # The mask: what leaves the picture, or is hidden by the moved car, and nothing else.
    u, v = col + out[direction][..., 0], row + out[direction][..., 1]
    outside = (u < -0.5) | (v < -0.5) | (u >= W - 0.5) | (v >= H - 0.5)
    occluded = out[f"{direction}_occluded"] == 1
    assert occluded[outside].all()
    covered = occluded & ~outside
    assert 0 < covered.sum() < 200 and not covered[out["instance"] == 1].any()


def test_flow_follows_a_clip_and_a_wheel():
    frames = tuple(scenes.box((-0.2, -0.5 + 0.3 * k, 0), (0.2, 0.5 + 0.3 * k, 1.6), Semantic.PERSON) for k in range(4))
    size, center = (0.4, 1.0, 1.6), (0.0, 0.0, 0.8)
    walker = Model("walker", (ModelPart(frames),), size, center, stride=1.0)
    lib = scenes.library([walker])
    actors = [("walker", (6.0, 0.0, 0.0), 0.0)]
    states = [scenes.batch([scenes.world(lib, actors, traveled=[t], speed=[1.0])]) for t in (0.1, 0.1, 0.35)]
    camera = camera_at((0, 0, 1.0), width=W, height=H)
    r = Renderer(lib, *states[0], RenderConfig((camera,), "fast", ("depth", "instance", "flow")))
    r.advance(*states[1])
    r.advance(*states[2])
    r.render(states[0][0])
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    body = (out["instance"] == 1) & (np.abs(out["depth"] - 5.8) < 1e-3)
    f = intrinsic_matrix(camera)[0, 0]
    assert body.sum() > 50
    np.testing.assert_allclose(out["flow"][body][:, 0], -0.3 * f / 5.8, atol=0.01)
    np.testing.assert_allclose(out["flow"][body][:, 1], 0.0, atol=0.01)


def test_wheel_spins_and_rises_and_door_opens():
    wheel = ModelPart((scenes.box((-0.3, -0.1, -0.05), (0.3, 0.1, 0.05)),), PartMotion.STEERED_WHEEL, (2.0, 0.0, 0.3))
    door = ModelPart((scenes.box((-1.0, -0.05, 0.0), (0.0, 0.0, 1.0)),), PartMotion.DOOR_LEFT, (1.0, 1.0, 0.3))
    lib = scenes.library([Model("car", (wheel, door), (4, 2, 1.5), (1, 0, 0.75))])
    actors = [("car", (0.0, 0.0, 0.0), 0.0)]
    turned = {"wheel_angle": [math.pi / 2], "steer": [math.pi / 2], "door": [(math.pi / 2, 0.0)]}
    turned["vehicle"] = {"lift": [(0.05, 0.0, 0.0, 0.0)]}
    scene, state = scenes.batch([scenes.world(lib, actors), scenes.world(lib, actors, **turned)])
    r = Renderer(lib, scene, state, RenderConfig((camera_at((0, 0, 9)),), "fast", ("depth",)))
    first = r.bvh.instances.first_actor
    shape = r.bvh.instances.mesh.shape
    extent = (r.bvh.instances.upper.numpy() - r.bvh.instances.lower.numpy()).reshape(*shape, 3)[:, first : first + 2]
    center = (r.bvh.instances.upper.numpy() + r.bvh.instances.lower.numpy()).reshape(*shape, 3)[
        :, first : first + 2
    ] / 2
    np.testing.assert_allclose(extent[0, 0], (0.6, 0.2, 0.1), atol=1e-3)
    np.testing.assert_allclose(extent[1, 0], (0.2, 0.1, 0.6), atol=1e-3)  # spun upright, steered across
    assert center[1, 0][2] - center[0, 0][2] == pytest.approx(0.05, abs=1e-3) and center[1, 1][2] == center[0, 1][2]
    np.testing.assert_allclose(center[0, 1][:2], (0.5, 0.975), atol=1e-3)
    # Hinged at its front edge, an open door points away from the car, to the left.
    np.testing.assert_allclose(extent[1, 1], (0.05, 1.0, 1.0), atol=1e-3)
    assert center[1, 1][1] > 1.4
