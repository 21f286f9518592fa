"""Hits by triangles equal hits by rays, and the tree that skips triangles loses none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import warp as wp

from sim.config import CameraConfig, RenderConfig
from sim.paths import data_root
from sim.render.clusters import EIGHT, sort_clip, tree_boxes, tree_height
from sim.render.frames import Renderer, camera_at
from sim.render.mesh import Material, merge
from sim.render.world import build_library
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from tests.render import scenes

LABELS = ("rgb", "depth", "range", "semantic", "instance", "normal")


def both(library, scene, state, camera, quality="fast"):
    """The pictures of one camera, by rays and by triangles."""
    out = []
    for primary in ("rays", "triangles"):
        renderer = Renderer(library, scene, state, RenderConfig((camera,), quality, LABELS), primary=primary)
        renderer.render(scene)
        out.append({name: array[:, 0] for name, array in renderer.frames.numpy().items()})
    return out


def differing(rays, triangles):
    """Share of pixels that are not the same in each label."""
    share = {name: (rays[name] != triangles[name]).mean() for name in ("semantic", "instance")}
    for name in ("depth", "range"):
        share[name] = 1.0 - np.isclose(rays[name], triangles[name], rtol=1e-4, atol=1e-4).mean()
    share["normal"] = (np.abs(rays["normal"] - triangles["normal"]).max(-1) > 1e-4).mean()
    share["rgb"] = (np.abs(rays["rgb"].astype(int) - triangles["rgb"]).max(-1) > 6).mean()
    return share


def test_street_of_a_scenario_looks_the_same_by_rays_and_by_triangles():
    scenario = load_scenario(data_root("scenarios") / "child-between-parked-cars.yaml")
    batch = sample_worlds([scenario] * 2, [3, 4], "cpu")
    camera = CameraConfig(width=256, height=144, horizontal_fov=1.2, show_ego=True)
    rays, triangles = both(build_library(batch), batch.scene, batch.state, camera)
    assert len(np.unique(rays["instance"])) > 3 and len(np.unique(rays["semantic"])) > 5
    for name, share in differing(rays, triangles).items():
        assert share < 1e-3, f"{name}: {share:.2%} of the pixels differ"


@pytest.mark.parametrize("seed", range(3))
def test_random_triangles_about_the_eye(seed):
    """Triangles of all sizes, behind, beside and across the eye too, drawn by both ways."""
    rng = np.random.default_rng(seed)
    n = 400
    corners = rng.normal(0.0, 12.0, (n, 1, 3)) + rng.normal(0.0, 1.0, (n, 3, 3)) * rng.choice(
        [0.05, 1.0, 15.0], (n, 1, 1)
    )
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    soup = scenes.build(corners.reshape(-1, 3), np.arange(3 * n).reshape(-1, 3), normals.repeat(3, axis=0))
    library = scenes.library([], soup)
    scene, state = scenes.batch([scenes.world(library)])
    rays, triangles = both(library, scene, state, camera_at((0.3, 0.2, 0.1), width=128, height=96))
    assert 0.2 < np.isfinite(rays["depth"]).mean()
    share = differing(rays, triangles)
    assert max(share[name] for name in ("depth", "range", "normal")) < 5e-4, share


def test_holes_of_textures_are_seen_through():
    texture = np.zeros((8, 8, 4), np.uint8)
    texture[..., :3] = 200
    texture[:, 4:, 3] = 255
    leaf = Material("leaf", (1.0, 1.0, 1.0), texture=texture, alpha_cutoff=0.5)
    pane = scenes.build([(5, 2, -2), (5, -2, -2), (5, -2, 2), (5, 2, 2)], [(0, 1, 2), (0, 2, 3)], [(-1, 0, 0)] * 4)
    pane.materials = [leaf]
    pane.uvs[:] = [(0, 1), (1, 1), (1, 0), (0, 0)]
    wall = scenes.box((9, -50, -50), (10, 50, 50))
    library = scenes.library([], merge([pane, wall]))
    scene, state = scenes.batch([scenes.world(library)])
    rays, triangles = both(library, scene, state, camera_at((0, 0, 0), width=64, height=64, horizontal_fov=0.5))
    depth = triangles["depth"][0]
    assert np.allclose(depth[:, :30], 9.0, atol=1e-4) and np.allclose(depth[:, 34:], 5.0, atol=1e-4)
    assert np.isclose(depth, rays["depth"][0], rtol=1e-5).mean() > 0.99


@pytest.mark.parametrize("ntriangle", [1, 7, 8, 9, 100, 1001])
def test_every_leaf_holds_its_triangles(ntriangle):
    rng = np.random.default_rng(ntriangle)
    corners = rng.uniform(-1.0, 1.0, (ntriangle, 3, 3))
    mesh = scenes.build(corners.reshape(-1, 3), np.arange(3 * ntriangle).reshape(-1, 3), np.ones((3 * ntriangle, 3)))
    mesh.material[:] = 0
    mesh.semantic[:] = np.arange(ntriangle) % 251
    moved = replace(mesh, vertices=mesh.vertices + np.float32(2.0))
    ordered, then = sort_clip([mesh, moved])

    def corners_of(m, k):
        return m.vertices[m.triangles[k]].tobytes()

    known = {corners_of(mesh, k): mesh.semantic[k] for k in range(ntriangle)}
    assert {corners_of(ordered, k): ordered.semantic[k] for k in range(ntriangle)} == known
    assert (ordered.triangles == then.triangles).all() and (then.vertices == ordered.vertices + np.float32(2.0)).all()
    assert (np.diff(np.unique(ordered.triangles.ravel(), return_index=True)[1]) > 0).all(), (
        "vertices come as they are used"
    )
    node = tree_boxes(ordered.vertices, ordered.triangles)
    row = 0
    for height in range(tree_height(ntriangle), 0, -1):
        size = EIGHT**height
        children = -(-ntriangle // size)
        for child in range(children):
            points = ordered.vertices[ordered.triangles[child * size : (child + 1) * size]].reshape(-1, 3)
            box = node[row + child // EIGHT, :, child % EIGHT]
            assert (np.abs(points - box[:3]) <= box[3:]).all()
        row += -(-children // EIGHT)
    assert row == len(node)


def street():
    """A plane with a box that carries the camera and two others, seen from its front."""
    box = scenes.model(scenes.box((-2, -1, 0), (2, 1, 1.5)), "box")
    library = scenes.library([box])
    places = [("box", (0.0, 0.0, 0.0), 0.0), ("box", (9.0, 1.0, 0.0), 0.4), ("box", (14.0, -3.0, 0.0), 1.0)]
    worlds = [scenes.world(library, [(n, (x + k, y, z), a) for n, (x, y, z), a in places]) for k in range(3)]
    return library, *scenes.batch(worlds)


@pytest.mark.parametrize("shown", [False, True])
def test_the_ego_is_hidden_from_its_camera_either_way(shown):
    library, scene, state = street()
    rays, triangles = both(
        library, scene, state, CameraConfig(width=64, height=48, pos=(0.0, 0.0, 1.2), show_ego=shown)
    )
    assert (triangles["instance"] == rays["instance"]).all() and ((triangles["instance"] == 1).any() == shown)
    assert {2, 3} <= set(np.unique(triangles["instance"])) or shown


def test_threads_and_masks_change_nothing_else():
    library, scene, state = street()
    config = RenderConfig((CameraConfig(width=200, height=150, pos=(2.1, 0.0, 1.2)),), "fast", LABELS)
    one, two = (Renderer(library, scene, state, config, threads=n) for n in (1, 2))
    for _ in range(2):  # the first picture of a renderer is made by one thread, to load the kernels
        one.render(scene)
        two.render(scene)
    for name, array in one.frames.numpy().items():
        assert (array == two.frames.numpy()[name]).all(), name
        two.frames.arrays[name].zero_()
    two.render(scene, wp.array([0, 1, 0], dtype=wp.int32, device="cpu"))
    for name, array in two.frames.numpy().items():
        assert (array[1] == one.frames.numpy()[name][1]).all(), name
        assert not array[0].any() and not array[2].any(), name


def test_flow_is_made_for_all_worlds_whatever_the_mask():
    library, scene, state = street()
    config = RenderConfig((CameraConfig(width=40, height=30, pos=(2.1, 0.0, 1.2)),), "fast", ("depth", "flow_back"))
    one, two = (Renderer(library, scene, state, config) for _ in range(2))
    one.render(scene)
    two.render(scene, wp.array([0, 1, 0], dtype=wp.int32, device="cpu"))
    for name, array in one.frames.numpy().items():
        assert np.array_equal(array, two.frames.numpy()[name], equal_nan=True), name


def test_specks_of_a_large_picture_are_not_lost():
    """Far, small triangles: rounding may take the sign of their area, but not the triangles."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.linspace(-4, 4, 120), np.linspace(-3, 3, 90))
    wall = np.stack([np.full_like(x, 120.0) + rng.normal(0, 1e-3, x.shape), x, y], -1)
    a = (np.arange(89)[:, None] * 120 + np.arange(119)).ravel()
    faces = np.concatenate([np.stack([a, a + 1, a + 121], 1), np.stack([a, a + 121, a + 120], 1)])
    mesh = scenes.build(wall.reshape(-1, 3), faces, np.tile((-1.0, 0.0, 0.0), (wall.size // 3, 1)))
    library = scenes.library([], mesh)
    scene, state = scenes.batch([scenes.world(library)])
    camera = camera_at((0, 0, 0), width=1920, height=1080, horizontal_fov=1.2)
    rays, triangles = both(library, scene, state, camera)
    assert np.isfinite(triangles["depth"]).sum() > 1000
    assert (np.isfinite(rays["depth"]) != np.isfinite(triangles["depth"])).sum() <= 2


def test_rays_along_the_axes_meet_boxes_that_they_touch():
    """The middle column of a camera that looks along x, in the plane of boxes of instances."""
    box = scenes.model(scenes.box((-1, 0, 0), (1, 1, 1)), "box")
    library = scenes.library([box])
    scene, state = scenes.batch(
        [scenes.world(library, [("box", (5.0, 0.0, 0.0), 0.0), ("box", (9.0, -1.0, 0.0), 0.0)])]
    )
    camera = camera_at((0, 0, 0.5), width=33, height=33)
    rays, triangles = both(library, scene, state, camera)
    assert {1, 2} <= set(np.unique(rays["instance"]))
    assert (rays["instance"] != triangles["instance"]).sum() <= 33
