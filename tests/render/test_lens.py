"""Lenses against OpenCV, and labels under distortion against rays and masks."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import warp as wp

from sim.cameras import CameraConfig, Lens
from sim.config import RenderConfig
from sim.errors import SwerveError
from sim.render.camera import Cameras, make_cameras, pixel_direction, project
from sim.render.frames import Renderer, camera_at
from sim.render.labels import Labeller
from sim.render.lens import directions as host_directions
from sim.render.lens import field_of, intrinsic_matrix
from sim.render.mesh import Semantic
from sim.render.probe import probe_pixels
from sim.rotation import matrices
from tests.render import scenes

wp.set_module_options({"enable_backward": False, "fuse_fp": False})

W, H = 160, 120
ODD = (85.0, 79.0, 76.5, 63.25)
"""Intrinsics with oblong pixels and a principal point off the middle."""
BROWN = Lens("brown_conrady", ODD, (-0.32, 0.11, 1.2e-3, -8e-4, -0.012))
RATIONAL = Lens("brown_conrady", ODD, (0.4, -0.1, -1e-3, 2e-3, 0.02, 0.75, 0.05, 0.003))
FISHEYE = Lens("kannala_brandt", (48.0, 47.0, 80.5, 58.75), (0.06, -0.012, 0.003, -4e-4))
LENSES = {"brown": BROWN, "rational": RATIONAL, "fisheye": FISHEYE, "pinhole": Lens("pinhole", ODD)}


@wp.kernel
def _directions(cameras: Cameras, pixel: wp.array2d[wp.vec2], out: wp.array2d[wp.vec3]):
    """Reads cameras, points of the picture. Writes their directions."""
    world, i = wp.tid()
    out[world, i] = pixel_direction(cameras, world, 0, pixel[world, i][0], pixel[world, i][1])


@wp.kernel
def _places(cameras: Cameras, point: wp.array2d[wp.vec3], out: wp.array2d[wp.vec3]):
    """Reads cameras, points in the camera frame. Writes columns, rows, and whether they are seen."""
    world, i = wp.tid()
    at = project(cameras, world, 0, point[world, i])
    out[world, i] = wp.vec3(at.col, at.row, float(at.seen))


def directions(camera, pixels):
    cameras = make_cameras([camera], 1, "cpu")
    at = wp.array(np.asarray(pixels, np.float32)[None], dtype=wp.vec2, device="cpu")
    out = wp.zeros(at.shape, dtype=wp.vec3, device="cpu")
    wp.launch(_directions, at.shape, [cameras, at], [out], device="cpu")
    return out.numpy()[0].astype(float)


def places(camera, points):
    cameras = make_cameras([camera], 1, "cpu")
    at = wp.array(np.asarray(points, np.float32)[None], dtype=wp.vec3, device="cpu")
    out = wp.zeros(at.shape, dtype=wp.vec3, device="cpu")
    wp.launch(_places, at.shape, [cameras, at], [out], device="cpu")
    return out.numpy()[0].astype(float)


def opencv(camera, points):
    """Pixels of points in the camera frame by OpenCV."""
    k, zero = intrinsic_matrix(camera), np.zeros(3)
    points = np.asarray(points, float).reshape(-1, 1, 3)
    if camera.lens.model == "kannala_brandt":
        return cv2.fisheye.projectPoints(points, zero, zero, k, np.array(camera.lens.distortion))[0][:, 0]
    return cv2.projectPoints(points, zero, zero, k, np.array(camera.lens.distortion, float))[0][:, 0]


def grid(camera, margin=0.0):
    col, row = np.meshgrid(
        np.linspace(-margin, camera.width - 1 + margin, 41), np.linspace(-margin, camera.height - 1 + margin, 31)
    )
    return np.stack([col.ravel(), row.ravel()], 1)


@pytest.mark.parametrize("name", LENSES)
def test_rays_through_pixels_project_back_by_opencv(name):
    """Every pixel that the lens shows: `projectPoints` of its direction is the pixel, to a thousandth."""
    camera = CameraConfig(width=W, height=H, lens=LENSES[name])
    pixels = grid(camera)
    d = directions(camera, pixels)
    shown = np.abs(d).sum(1) > 0
    ahead = shown & (d[:, 2] > 0.05)
    assert ahead.mean() > 0.85
    np.testing.assert_allclose(opencv(camera, d[ahead] * 7.0), pixels[ahead], atol=3e-4)
    if name == "fisheye":
        np.testing.assert_allclose(np.linalg.norm(d[shown], axis=1), 1.0, atol=1e-6)
    else:
        assert (d[shown][:, 2] == 1.0).all()


@pytest.mark.parametrize("name", LENSES)
def test_points_go_where_opencv_puts_them(name):
    camera = CameraConfig(width=W, height=H, lens=LENSES[name])
    rng = np.random.default_rng(2)
    points = rng.normal(size=(500, 3)) * 6.0
    points[:, 2] = np.abs(points[:, 2]) + 0.5
    found = places(camera, points)
    angle = np.arctan2(np.linalg.norm(points[:, :2], axis=1), points[:, 2])
    field = field_of(camera.lens)
    seen = angle < (field if name == "fisheye" else math.atan(field)) - 1e-4
    assert (found[:, 2] == seen).all() and 0.3 < seen.mean()
    np.testing.assert_allclose(found[seen, :2], opencv(camera, points[seen]), rtol=1e-6, atol=2e-3)


def test_a_fisheye_sees_behind_itself_up_to_190_degrees():
    camera = CameraConfig(width=201, height=201, horizontal_fov=math.radians(190), lens=Lens("kannala_brandt"))
    f = intrinsic_matrix(camera)[0, 0]
    assert f == pytest.approx(100.5 / math.radians(95))
    for degrees, seen in ((0, 1), (60, 1), (92, 1), (94.9, 1), (95.1, 0), (140, 0)):
        a = math.radians(degrees)
        at = places(camera, [(3 * math.sin(a), 0.0, 3 * math.cos(a))])[0]
        assert at[2] == seen
        if seen:
            assert at[0] == pytest.approx(100 + f * a, abs=1e-3)
    d = directions(camera, [(100 + f * math.radians(93), 100.0), (3.0, 3.0)])
    assert math.degrees(math.acos(d[0][2])) == pytest.approx(93, abs=1e-3)
    assert not d[1].any(), "a corner beyond the circle shows nothing"


def test_a_lens_ends_where_its_model_folds():
    lens = Lens("brown_conrady", ODD, (-0.3, 0.0, 0.0, 0.0))
    assert field_of(lens) == pytest.approx(1 / math.sqrt(0.9), rel=1e-3)
    camera = CameraConfig(width=W, height=H, lens=lens)
    assert places(camera, [(1.2, 0.0, 1.0)])[0][2] == 0 and places(camera, [(1.0, 0.0, 1.0)])[0][2] == 1
    assert field_of(Lens("kannala_brandt", max_angle=0.7)) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "thin"}, "no lens model 'thin'"),
        ({"model": "kannala_brandt", "distortion": (0.1,)}, "takes 0 or 4 distortion coefficients, not 1"),
        ({"distortion": (0.1, 0, 0, 0)}, "a pinhole lens takes 0 distortion"),
        ({"intrinsics": (0.0, 1.0, 0.0, 0.0)}, "fx"),
        ({"max_angle": 3.0}, "max_angle"),
    ],
)
def test_lenses_that_cannot_be_are_refused(settings, message):
    with pytest.raises(SwerveError, match=message):
        Lens(**settings)


def objects():
    car = scenes.model(scenes.box((-1, -1, 0), (3, 1, 1.5)), "car")
    return scenes.library([car, scenes.model(scenes.sphere(0.8, 48), "ball")])


PLACES = [
    ("car", (-12.0, 0.0, 0.0), 0.0),
    ("car", (9.0, 0.5, 0.0), 0.4),
    ("ball", (14.0, 2.9, 0.81), 0.0),
    ("car", (1.5, -3.0, 0.0), 0.1),
    ("ball", (3.0, 3.4, 0.81), 0.0),
    ("ball", (0.1, 2.4, 1.1), 0.0),
]


@pytest.mark.parametrize("name", ["brown", "rational", "fisheye"])
def test_labels_equal_what_opencv_says_of_the_scene(name):
    """Depth and range of the ground by OpenCV's inverse of the lens; boxes, amodal boxes and masks; corners."""
    camera = camera_at((0, 0, 1.2), pitch=0.1, width=W, height=H, lens=LENSES[name])
    lib = objects()
    scene, state = scenes.batch([scenes.world(lib, PLACES)])
    outputs = ("rgb", "depth", "range", "semantic", "instance", "normal")
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", outputs))
    r.render(scene)
    labeller = Labeller(r, masks=True)
    labeller.measure(scene)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    labels, amodal = labeller.numpy(), labeller.amodal_masks()[0, 0]
    rot = r.views[1].rot.numpy()[0, 0].astype(float)
    # The ground 1.2 m below: its points by their depth and OpenCV's own projection land on their pixels.
    ground = np.isfinite(out["range"]) & (out["instance"] == 0) & (out["range"] < 60)
    rows, cols = np.nonzero(ground)
    d = directions(camera, np.stack([cols, rows], 1))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    world = (d * out["range"][ground][:, None]) @ rot.T
    assert ground.sum() > 2000 and np.abs(world[:, 2] + 1.2).max() < 2e-3
    np.testing.assert_allclose(out["depth"][ground], d[:, 2] * out["range"][ground], rtol=1e-4, atol=1e-5)
    ahead = d[:, 2] > 0.05
    flat = world[ahead].copy()
    flat[:, 2] = -1.2
    assert np.abs(opencv(camera, flat @ rot) - np.stack([cols, rows], 1)[ahead]).max() < 0.03
    void = out["semantic"] == int(Semantic.VOID)
    assert np.array_equal(
        void, np.abs(directions(camera, np.argwhere(np.ones((H, W)))[:, ::-1])).sum(1).reshape(H, W) == 0
    )
    assert np.isinf(out["depth"][void]).all() and not out["rgb"][void].any() and not out["normal"][void].any()
    check_boxes(out, labels, amodal)
    check_corners(camera, labels)


def check_boxes(out, labels, amodal):
    found = 0
    for a in range(len(PLACES)):
        seen = out["instance"] == a + 1
        for mask, box, count in ((seen, "visible_box", "visible_count"), (amodal[a], "amodal_box", "amodal_count")):
            expected = [0, 0, 0, 0]
            if mask.any():
                rows, cols = np.nonzero(mask)
                expected = [cols.min(), rows.min(), np.ptp(cols) + 1, np.ptp(rows) + 1]
            assert labels[box][0, 0, a].tolist() == expected and labels[count][0, 0, a] == mask.sum()
        assert not (seen & ~amodal[a]).any()
        found += seen.any()
    assert found >= 4


def check_corners(camera, labels):
    signs = np.array([[(i >> axis & 1) - 0.5 for axis in range(3)] for i in range(8)])
    for a in range(len(PLACES)):
        turn = matrices(labels["camera_rot"][0, 0, a])
        points = labels["camera_pos"][0, 0, a] + (signs * labels["box_size"][0, a]) @ turn.T
        corner = labels["corner"][0, 0, a]
        seen = ~np.isnan(corner[:, 0])
        ahead = seen & (points[:, 2] > 0.2)
        np.testing.assert_allclose(corner[:, 2], points[:, 2], atol=1e-3)
        if ahead.any():
            np.testing.assert_allclose(corner[ahead, :2], opencv(camera, points[ahead]), atol=0.02)


@pytest.mark.parametrize("name", ["brown", "fisheye"])
def test_amodal_masks_are_pictures_of_each_actor_alone(name):
    camera = camera_at((0, 0, 1.2), pitch=0.1, width=W, height=H, lens=LENSES[name])
    lib = objects()
    scene, state = scenes.batch([scenes.world(lib, PLACES)])
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", ("instance",)))
    r.render(scene)
    labeller = Labeller(r, masks=True)
    labeller.measure(scene)
    for k in range(len(PLACES)):
        rows = scenes.world(lib, PLACES, visible=[7 * (i == k) for i in range(len(PLACES))])
        alone = Renderer(lib, *scenes.batch([rows]), r.config)
        alone.render(scenes.batch([rows])[0])
        np.testing.assert_array_equal(labeller.amodal_masks()[0, 0, k], alone.frames.numpy()["instance"][0, 0] == k + 1)


@pytest.mark.parametrize("name", ["brown", "fisheye"])
def test_flow_agrees_with_depth_and_pose(name):
    """A moving, turning car and a moving camera: each pixel's point, moved and projected by OpenCV, is where flow leads."""
    lib = objects()
    poses = [(("car", (-4.0 + 0.4 * k, 0, 0), 0.03 * k), ("car", (5.0, -1.0 + 0.2 * k, 0), 0.1 * k)) for k in range(3)]
    states = [scenes.batch([scenes.world(lib, p)]) for p in poses]
    camera = CameraConfig(width=W, height=H, pos=(4.0, 0, 1.3), lens=LENSES[name])
    scene, state = states[0]
    outputs = ("depth", "range", "instance", "flow")
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", outputs))
    for _, later in states[1:]:
        r.advance(scene, later)
    r.render(scene)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    pixels = np.argwhere(np.isfinite(out["range"]))[:, ::-1]
    rows, cols = pixels[:, 1], pixels[:, 0]
    d = directions(camera, pixels)
    points = d / np.linalg.norm(d, axis=1, keepdims=True) * out["range"][rows, cols][:, None]
    views = [(v.pos.numpy()[0, 0].astype(float), v.rot.numpy()[0, 0].astype(float)) for v in r.views]
    world = points @ views[1][1].T + views[1][0]
    mine = out["instance"][rows, cols] == 2
    turn = np.array([[math.cos(0.1), -math.sin(0.1), 0], [math.sin(0.1), math.cos(0.1), 0], [0, 0, 1]])
    now, then = (np.array(poses[k][1][1], float) for k in (1, 2))
    world[mine] = (world[mine] - now) @ turn.T + then
    moved = (world - views[2][0]) @ views[2][1]
    ahead = (moved[:, 2] > 0.1) & (places(camera, moved)[:, 2] == 1)
    expected = opencv(camera, moved[ahead]) - pixels[ahead]
    assert ahead.sum() > 5000 and mine.sum() > 300
    assert np.abs(out["flow"][rows, cols][ahead] - expected).max() < 0.05
    # And by rays of the next frame: what is not occluded is there, of the same actor.
    end = pixels + out["flow"][rows, cols]
    free = (out["flow_occluded"][rows, cols] == 0) & (np.abs(expected).max() < 1e3)
    instance, _ = probe_pixels(r, end[None], moment="next")
    assert (instance[0][free] == out["instance"][rows, cols][free]).mean() > 0.995


def test_picture_of_a_fisheye_is_the_pinholes_where_they_look_alike():
    """The same colours along the same rays, by the path tracer: a fisheye's pixels near the axis against a pinhole's."""
    lib = objects()
    scene, state = scenes.batch([scenes.world(lib, PLACES)])
    views = {}
    for name, lens in (("pinhole", Lens("pinhole", (400.0, 400.0, 79.5, 59.5))),
                       ("fisheye", Lens("kannala_brandt", (400.0, 400.0, 79.5, 59.5)))):  # fmt: skip
        camera = camera_at((0, 0, 1.2), width=W, height=H, lens=lens)
        r = Renderer(lib, scene, state, RenderConfig((camera,), "standard", ("rgb", "instance")))
        r.render(scene)
        views[name] = {k: v[0, 0].astype(int) for k, v in r.frames.numpy().items()}
    near = np.abs(views["pinhole"]["rgb"] - views["fisheye"]["rgb"]).max(-1)[30:90, 40:120]
    assert np.median(near) <= 2 and (near > 12).mean() < 0.05


@pytest.mark.parametrize(
    ("fov", "distortion"),
    [
        (1.29, (-0.2368, -0.0097, -1e-4, 6e-4)),
        (1.5, (-0.282, -0.0291, -1.9e-3, 7e-4, -0.0189, 0.0328, 0.0241, -0.0325)),
        (1.5, (-0.1561, -0.0484, 1.3e-3, 5e-4, 8.8e-3, 8.4e-3, 0.0176, 0.0334)),
    ],
)
def test_nothing_is_seen_where_a_lens_with_tangential_terms_has_folded(fov, distortion):
    """In such corners the search for a pixel's direction ends nowhere: they are void, and their light is no more than black."""
    camera = camera_at(
        (0.0, 0.0, 1.5), width=96, height=80, horizontal_fov=fov, lens=Lens("brown_conrady", None, distortion)
    )
    lib = scenes.library()
    scene, state = scenes.batch([scenes.world(lib)])
    renderer = Renderer(lib, scene, state, RenderConfig((camera,), "fast", ("rgb", "semantic", "hdr")))
    renderer.render(scene)
    out = {name: array[0, 0] for name, array in renderer.frames.numpy().items()}
    row, col = np.indices((80, 96))
    void = (host_directions(camera, np.stack([col, row], -1)) == 0.0).all(-1)
    assert void.any() and not void[20:60, 24:72].any()
    np.testing.assert_array_equal(out["semantic"] == int(Semantic.VOID), void)
    assert np.isfinite(out["hdr"]).all() and not out["hdr"][void].any()
