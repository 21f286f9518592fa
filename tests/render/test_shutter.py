"""Shutters against closed form: rows at their own times, flow and boxes with them, motion blur, depth of field."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.cameras import CameraConfig, CameraFault, Lens, Optics, Shutter
from sim.config import DatasetConfig, RenderConfig
from sim.errors import SwerveError
from sim.render.frames import Renderer, camera_at
from sim.render.labels import Labeller
from sim.render.lens import directions, intrinsic_matrix
from sim.render.mesh import merge
from sim.render.probe import probe_pixels
from sim.rotation import inverse, quaternion, rotate
from tests.render import scenes

W, H = 96, 64
READOUT = 0.04
FRAME = 0.1
"""Time between frames [s]."""
LABELS = ("depth", "range", "instance", "normal", "semantic", "flow")
EGO = (12.0, 0.5, 0.35)
"""Speed along x and y [m/s], and turning [rad/s]."""
OTHER = (-3.0, 6.0, -0.8)


def library():
    car = scenes.model(scenes.box((-1, -1, 0), (3, 1, 1.5)), "car")
    return scenes.library([car, scenes.model(scenes.sphere(0.8, 32), "ball")])


def places(t):
    ego = ("car", (EGO[0] * t, EGO[1] * t, 0.0), EGO[2] * t)
    return [
        ego,
        ("car", (9.0 + OTHER[0] * t, -1.5 + OTHER[1] * t, 0.0), 0.5 + OTHER[2] * t),
        ("ball", (14.0, 3.0, 0.9), 0.0),
    ]


def moving(camera, quality="fast", outputs=LABELS, speed=1.0, **settings):
    """A renderer at t = 0 whose window has the poses about it, all moving evenly."""
    lib = library()

    def at(t):
        return scenes.batch([scenes.world(lib, places(t * speed), **settings)])

    scene, state = at(-FRAME)
    r = Renderer(lib, scene, state, RenderConfig((camera,), quality, outputs))
    r.window.share = camera.shutter.half / FRAME
    for t in (0.0, FRAME) if r.window.lookahead else (0.0,):
        r.advance(scene, at(t)[1])
    r.render(scene)
    return r, scene


def camera_pose(camera, t):
    """Position and axes of a camera on the ego (poses in between: positions and headings evenly)."""
    turn = quaternion(EGO[2] * t)
    pos = np.array(places(t)[0][1]) + rotate(turn, np.array(camera.pos))
    m = np.stack([rotate(turn, v) for v in np.eye(3)], 1)
    return pos, np.stack([-m[:, 1], -m[:, 2], m[:, 0]], 1)


def row_time(camera, row):
    return (row / (H - 1) - 0.5) * camera.shutter.readout


CAMERAS = {
    "pinhole": CameraConfig(width=W, height=H, pos=(3.2, 0, 1.3), shutter=Shutter(READOUT)),
    "fisheye": CameraConfig(
        width=W, height=H, pos=(3.2, 0, 1.3), horizontal_fov=math.radians(190), lens=Lens("kannala_brandt"), shutter=Shutter(READOUT)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CAMERAS)
def test_every_row_sees_the_scene_of_its_time(name):
    """The ground and the other car's points, by range and each row's own pose."""
    camera = CAMERAS[name]
    r, _ = moving(camera)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    col, row = np.meshgrid(np.arange(W), np.arange(H))
    d = directions(camera, np.stack([col, row], -1))
    d /= np.maximum(np.linalg.norm(d, axis=-1, keepdims=True), 1e-9)
    length = np.where(np.isfinite(out["range"]), out["range"], 0.0)
    still = 0.0
    for k in range(H):
        t = row_time(camera, k)
        pos, rot = camera_pose(camera, t)
        points = d[k] * length[k][:, None] @ rot.T + pos
        ground = np.isfinite(out["range"][k]) & (out["instance"][k] == 0) & (out["range"][k] < 40)
        assert (np.abs(points[ground][:, 2]) < 3e-3).all(), k
        # In the moving car's own frame, at this row's time, its points lie on its faces.
        mine = out["instance"][k] == 2
        (_, at, yaw) = places(t)[1]
        local = rotate(inverse(quaternion(yaw)), points[mine] - np.array(at))
        faces = np.min(
            np.abs(np.stack([local[:, 0] + 1, local[:, 0] - 3, local[:, 1] + 1, local[:, 1] - 1, local[:, 2] - 1.5])), 0
        )
        assert (faces < 4e-3).all(), k
        middle, axes = camera_pose(camera, 0.0)
        apart = points - (d[k] * length[k][:, None] @ axes.T + middle)
        still = max(still, float(np.abs(apart[mine]).max(initial=0.0)))
    assert (out["instance"] == 2).sum() > 100 and still > 0.05, "rows differ by more than is tested"


@pytest.mark.parametrize("name", CAMERAS)
def test_flow_leads_to_the_row_that_sees_the_point(name):
    """Flow by solving for the row's time in double precision; and rays of the next frame meet the same actor there."""
    camera = CAMERAS[name]
    r, _ = moving(camera)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    k_, fisheye = intrinsic_matrix(camera), name == "fisheye"
    rows, cols = np.nonzero(np.isfinite(out["range"]) & (out["instance"] != 1))
    take = np.random.default_rng(0).choice(len(rows), 400, replace=False)
    worst, tested = 0.0, 0
    for row, col in zip(rows[take], cols[take], strict=True):
        d = directions(camera, [col, row])
        pos, rot = camera_pose(camera, row_time(camera, row))
        p = rot @ (d / np.linalg.norm(d) * out["range"][row, col]) + pos
        actor = out["instance"][row, col] - 1
        if actor == 1:
            _, at, yaw = places(row_time(camera, row))[1]
            local = rotate(inverse(quaternion(yaw)), p - np.array(at))

        def image(v, p=p, actor=actor, local=None):
            t = FRAME + (v / (H - 1) - 0.5) * camera.shutter.readout
            q = p
            if actor == 1:
                _, at, yaw = places(t)[1]
                q = rotate(quaternion(yaw), local) + np.array(at)
            pos, rot = camera_pose(camera, t)
            c = rot.T @ (q - pos)
            r2 = np.hypot(c[0], c[1])
            a = math.atan2(r2, c[2]) if fisheye else r2 / c[2]
            return k_[0, 0] * c[0] / r2 * a + k_[0, 2], k_[1, 1] * c[1] / r2 * a + k_[1, 2], c[2]

        kept = {"local": local} if actor == 1 else {}
        v = float(row)
        for _ in range(40):
            v = 0.5 * v + 0.5 * image(v, **kept)[1]
        u, v, z = image(v, **kept)
        if z < 0.3 or not 0 <= u <= W - 1 or not 0 <= v <= H - 1:
            continue
        tested += 1
        worst = max(worst, abs(col + out["flow"][row, col, 0] - u), abs(row + out["flow"][row, col, 1] - v))
    assert tested > 150 and worst < 0.05
    rows, cols = np.nonzero(out["flow_occluded"] == 0)
    end = np.stack([cols, rows], 1) + out["flow"][rows, cols]
    instance, _ = probe_pixels(r, end[None], moment="next")
    assert (instance[0] == out["instance"][rows, cols]).mean() > 0.99


@pytest.mark.parametrize("name", CAMERAS)
def test_boxes_are_the_masks_and_corners_land_on_their_rows(name):
    camera = CAMERAS[name]
    r, scene = moving(camera)
    labeller = Labeller(r, masks=True)
    labeller.measure(scene)
    instance, labels, amodal = r.frames.numpy()["instance"][0, 0], labeller.numpy(), labeller.amodal_masks()[0, 0]
    for a in range(3):
        for mask, box in ((instance == a + 1, "visible_box"), (amodal[a], "amodal_box")):
            expected = [0, 0, 0, 0]
            if mask.any():
                rows, cols = np.nonzero(mask)
                expected = [cols.min(), rows.min(), np.ptp(cols) + 1, np.ptp(rows) + 1]
            assert labels[box][0, 0, a].tolist() == expected
        assert not ((instance == a + 1) & ~amodal[a]).any()
    corner, k = labels["corner"][0, 0, 1], intrinsic_matrix(camera)
    local = np.array([[(3, -1)[1 - (i & 1)], (-1, 1)[i >> 1 & 1], (0, 1.5)[i >> 2 & 1]] for i in range(8)], float)
    for i in np.flatnonzero(~np.isnan(corner[:, 0])):
        t = row_time(camera, corner[i, 1])
        _, at, yaw = places(t)[1]
        pos, rot = camera_pose(camera, t)
        c = rot.T @ (rotate(quaternion(yaw), local[i]) + np.array(at) - pos)
        r2 = np.hypot(c[0], c[1])
        a = math.atan2(r2, c[2]) if name == "fisheye" else r2 / c[2]
        u, v = k[0, 0] * c[0] / r2 * a + k[0, 2], k[1, 1] * c[1] / r2 * a + k[1, 2]
        assert (corner[i, 0], corner[i, 1]) == pytest.approx((u, v), abs=0.05)


def test_a_still_scene_looks_the_same_through_any_shutter():
    """No motion: rolling and blurring change no label, and hardly a colour."""
    plain = CameraConfig(width=W, height=H, pos=(3.2, 0, 1.3))
    for quality in ("fast", "standard"):
        one, _ = moving(plain, quality, (*LABELS, "rgb"), speed=0.0)
        for shutter in (Shutter(READOUT), Shutter(exposure=0.01, moments=4), Shutter(READOUT, 0.01, 4)):
            camera = CameraConfig(width=W, height=H, pos=(3.2, 0, 1.3), shutter=shutter)
            other, _ = moving(camera, quality, (*LABELS, "rgb"), speed=0.0)
            a, b = one.frames.numpy(), other.frames.numpy()
            assert (a["instance"] != b["instance"]).mean() < 2e-3 and (a["semantic"] != b["semantic"]).mean() < 2e-3
            assert np.isclose(a["depth"], b["depth"], rtol=1e-3).mean() > 0.998
            assert (np.abs(a["rgb"].astype(int) - b["rgb"]).max(-1) > 12).mean() < 0.02


@pytest.mark.parametrize("quality", ["fast", "standard"])
def test_motion_blur_spreads_edges_over_their_way(quality):
    """A bright box that crosses a dark wall: its picture's edge becomes a ramp as wide as its way during the exposure."""
    lamp = scenes.model(scenes.box((-0.5, -0.5, -3), (0.5, 0.5, 3)), "post")
    wall = scenes.box((20, -90, -90), (21, 90, 90), material=scenes.Material("dark", (0.02, 0.02, 0.02), roughness=1.0))
    lib = scenes.library([lamp], wall)
    widths = {}
    for exposure in (0.0, 0.02):
        shutter = Shutter(exposure=exposure, moments=16)
        camera = camera_at((0, 0, 0), width=128, height=16, horizontal_fov=0.8, shutter=shutter)

        def at(t):
            return scenes.batch(
                [scenes.world(lib, [("post", (10.0, 1.0 - 20.0 * t, 0.0), 0.0)], weather={"cloud_cover": 1.0})]
            )

        scene, state = at(-FRAME)
        r = Renderer(lib, scene, state, RenderConfig((camera,), quality, ("rgb", "instance")))
        r.window.share = shutter.half / FRAME
        r.advance(scene, at(0.0)[1])
        r.render(scene)
        rgb = r.frames.numpy()["rgb"][0, 0].astype(float).mean((0, 2))
        seen = np.flatnonzero((r.frames.numpy()["instance"][0, 0] == 1).any(0))
        widths[exposure] = (np.abs(np.diff(rgb)) > 0.02 * np.ptp(rgb)).sum(), seen
    way = 20.0 * 0.02 * intrinsic_matrix(camera)[0, 0] / 9.5
    assert (widths[0.0][1] == widths[0.02][1]).all(), "labels are those of the exposure's middle"
    assert widths[0.0][0] <= 4 and abs(widths[0.02][0] - 2 * way) < 0.4 * way + 3, (widths, way)


def test_depth_of_field_blurs_what_is_out_of_focus():
    """A fine grating near and far: contrast stays at the distance in focus and goes at the other."""
    bars = [scenes.box((4.0, -3 + 0.1 * k, -1.6), (4.05, -2.95 + 0.1 * k, -0.1)) for k in range(60)]
    lib = scenes.library([], merge(bars))
    scene, state = scenes.batch([scenes.world(lib)])
    spread = {}
    for focus in (4.0, 40.0):
        camera = camera_at(
            (0, 0, 0), width=160, height=96, horizontal_fov=0.7, optics=Optics(aperture=0.08, focus=focus)
        )
        r = Renderer(lib, scene, state, RenderConfig((camera,), "standard", ("rgb", "hdr")))
        r.render(scene)
        light = r.frames.numpy()["hdr"][0, 0].astype(float).mean(-1)
        spread[focus] = np.abs(np.diff(light[70:90].mean(0))).mean()
    assert spread[4.0] > 2.0 * spread[40.0], spread


def test_shutters_that_cannot_be_are_refused():
    with pytest.raises(SwerveError, match="longer than a frame at 30 fps"):
        DatasetConfig(fps=30.0, rig=(CameraConfig(shutter=Shutter(0.03, 0.01)),))
    with pytest.raises(SwerveError, match="readout"):
        Shutter(-1.0)
    with pytest.raises(SwerveError, match="no camera fault 'mud'"):
        CameraFault("mud")


def test_a_world_in_a_batch_is_the_world_alone():
    camera = CameraConfig(width=W, height=H, pos=(3.2, 0, 1.3), shutter=Shutter(READOUT, 0.01, 2))
    lib = library()

    def run(shifts):
        def at(t):
            return scenes.batch([scenes.world(lib, places(t + s), key=7 + round(9 * s)) for s in shifts])

        scene, state = at(-FRAME)
        r = Renderer(lib, scene, state, RenderConfig((camera,), "standard", (*LABELS, "rgb")))
        r.window.share = camera.shutter.half / FRAME
        for t in (0.0, FRAME):
            r.advance(scene, at(t)[1])
        r.render(scene)
        return r.frames.numpy()

    together, alone = run((0.0, 0.3)), run((0.3,))
    for name in (*LABELS, "rgb"):
        assert np.array_equal(together[name][1], alone[name][0], equal_nan=True), name
