"""Filters: what they keep, how far they smooth, how near they bring few samples to many, and that labels know nothing of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.config import RenderConfig
from sim.render import denoise
from sim.render.colour import make_buffers
from sim.render.denoise import Denoiser
from sim.render.frames import Renderer, camera_at
from sim.render.launches import Launches
from sim.render.mesh import Light, Material, Role, merge
from tests.render import scenes

NIGHT = {"sun_direction": (0.3, -0.4, -0.6)}
WHITE = Material("white", (0.7, 0.7, 0.7), roughness=1.0)
SHAPE = (1, 1, 40, 40)


def lamp(x, y, z=5.0):
    """A lamp that shines evenly to all sides."""
    return Light((x, y, z), (0.0, 0.0, -1.0), (60.0, 60.0, 60.0), -1.0, -2.0, Role.STREET_LAMP)


def renderer(lib, camera, quality="standard", weather=None, outputs=("rgb",)):
    scene, state = scenes.batch([scenes.world(lib, weather=weather)])
    return Renderer(lib, scene, state, RenderConfig((camera,), quality, outputs)), scene


def light(lib, camera, weather=None, samples=None):
    """Linear light; with ``samples``, as many in every pixel, all of which bounce once."""
    r, scene = renderer(lib, camera, "standard", weather)
    if samples is not None:
        r.samples, r.bounces, r.depth, r.refine_all = samples, samples, 1, True
    r.render(scene)
    return r.radiance.numpy()[0, 0].astype(float)


def test_many_lamps_without_a_shadow_have_no_noise():
    """A sample asks for one of the lamps; what is seen is still the light of all of them, in closed form."""
    places = [(3.0, 2.0), (4.0, -2.0), (6.0, 0.0), (8.0, 3.0), (7.0, -3.0)]
    lib = scenes.library(ground=scenes.plane(material=WHITE), lights=[lamp(*p) for p in places])
    camera = camera_at((0, 0, 1.5), pitch=0.6, width=48, height=32, horizontal_fov=1.22)
    r, scene = renderer(lib, camera, "draft", NIGHT, ("rgb", "depth"))
    r.render(scene)
    depth = r.frames.numpy()["depth"][0, 0].astype(float)
    f = 24 / math.tan(0.61)
    col, row = np.meshgrid(np.arange(48) - 23.5, np.arange(32) - 15.5)
    ray = np.stack([col / f, row / f, np.ones_like(col)], -1) @ r.views[1].rot.numpy()[0, 0].astype(float).T
    p = ray * depth[..., None] + np.array([0, 0, 1.5])
    wanted = np.zeros(depth.shape)
    for x, y in places:
        to = np.array([x, y, 5.0]) - p
        wanted += 60.0 * to[..., 2] / (to**2).sum(-1) ** 1.5 / np.pi
    seen = depth < 60
    lit = r.buffers.glow.numpy()[0, 0] / np.maximum(r.buffers.albedo.numpy()[0, 0], 1e-9)
    assert r.lights.count.numpy()[0] == 5 and seen.sum() > 1000
    np.testing.assert_allclose(lit[seen, 1], wanted[seen], rtol=2e-3)
    lamps = r.radiance.numpy()[0, 0][seen] / r.buffers.glow.numpy()[0, 0][seen]
    assert lamps.min() > 0.999, "nothing of it is lost to shadows"


STREETS = {
    "lamps": (
        merge([scenes.plane(material=WHITE), *(scenes.box((x, y, 0), (x + 0.6, y + 0.6, 1.6)) for x in (4, 7) for y in (-2, 1))]),
        [lamp(3.0, 3.0), lamp(6.0, -3.0, 4.0), lamp(9.0, 4.0)], NIGHT,
    ),
    "mirror": (
        merge([
            scenes.plane(material=Material("wet", (0.05, 0.05, 0.05), roughness=0.4, clearcoat=0.6)),
            *(scenes.box((12, y, 0), (12.5, y + 1, 5), material=WHITE) for y in range(-8, 8, 2)),
        ]),
        [], {"cloud_cover": 1.0},
    ),
    "bounce": (
        merge([scenes.plane(material=WHITE), scenes.box((8, -20, 0), (9, 20, 8), material=Material("red", (0.6, 0.1, 0.1)))]),
        [], {"sun_direction": (-0.5, 0.3, 0.8), "cloud_cover": 0.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STREETS)
def test_filters_bring_few_samples_nearer_to_many(name, monkeypatch):
    mesh, lights, weather = STREETS[name]
    lib = scenes.library(ground=mesh, lights=lights)
    camera = camera_at((0, 0, 1.5), pitch=0.12, width=96, height=64)
    many = light(lib, camera, weather, 192)[34:]
    filtered = np.abs(light(lib, camera, weather)[34:] - many).mean() / many.mean()
    monkeypatch.setattr(denoise, "PASSES", 0)
    monkeypatch.setattr(denoise, "MIRROR_PASSES", 0)
    raw = np.abs(light(lib, camera, weather)[34:] - many).mean() / many.mean()
    print(f"{name}: {raw:.4f} -> {filtered:.4f}")
    assert filtered < 0.75 * raw, (raw, filtered)


def test_a_lamps_shadow_keeps_its_edge():
    """One lamp, one wall: a pixel beyond the shadow's edge it is dark, a pixel before it bright."""
    wall = scenes.box((4, -6, 0), (4.1, 6, 1.0))
    lib = scenes.library(ground=merge([scenes.plane(material=WHITE), wall]), lights=[lamp(2.0, 0.0, 4.0)])
    camera = camera_at((4.4, 0, 12), pitch=math.pi / 2, width=64, height=64, horizontal_fov=0.5)
    filtered = light(lib, camera, NIGHT)[:, 16:48].mean(-1)
    many = light(lib, camera, NIGHT, 128)[:, 16:48].mean(-1)
    jump = np.abs(np.diff(many, axis=0)).max(0)
    assert (jump > 0.3 * many.max()).all(), "there is an edge"
    assert (np.abs(np.diff(filtered, axis=0)).max(0) > 0.6 * jump).all()
    assert np.abs(filtered - many).mean() < 0.03 * many.mean()


def filtered(mirror, blur, normal=(0.0, 0.0, 1.0)):
    """Mirrored light, (40, 40, 4), behind the filter on a plane far away; ``blur`` in pixels across and down."""
    buffers = make_buffers(SHAPE, "cpu")
    buffers.guide.fill_(wp.vec4(*normal, 20.0))
    buffers.tint.fill_(wp.vec3(1.0, 1.0, 1.0))
    buffers.mirror.assign(np.asarray(mirror, np.float32)[None, None])
    buffers.blur.assign((np.array(blur) * mirror[..., 3:])[None, None].astype(np.float32))
    out = wp.zeros(SHAPE, dtype=wp.vec3, device="cpu")
    Denoiser(SHAPE, "cpu").run(buffers, out, Launches(SHAPE, wp.get_device("cpu"), 1).rows)
    return out.numpy()[0, 0, ..., 1]


def test_mirrored_light_is_blurred_as_far_as_its_surface_blurs_it():
    line = np.zeros((40, 40, 4))
    line[..., 3] = 0.3
    line[18:22, 18:22, :3] = 0.3
    rows, cols = np.mgrid[:40, :40]

    def spread(y):
        total = y.sum()
        return [math.sqrt((y * (k - (y * k).sum() / total) ** 2).sum() / total) for k in (rows, cols)]

    sharp, long, wide = (spread(filtered(line, b)) for b in ((0, 0), (0, 8), (8, 8)))
    own = math.sqrt(15 / 12)
    assert sharp == pytest.approx([own, own], abs=0.01), "what a smooth coat mirrors stays as it is"
    assert long[1] == pytest.approx(own, abs=0.1)
    sigma = denoise.SHARE_OF_BLUR * 8
    for seen in (long[0], *wide):
        assert seen == pytest.approx(math.hypot(own, sigma), rel=0.2)


def test_a_lamp_met_by_chance_is_no_brighter_than_around_it():
    rng = np.random.default_rng(4)
    noise = np.concatenate([rng.uniform(0.8, 1.2, (40, 40, 3)), np.ones((40, 40, 1))], -1)
    noise[20, 20, :3] = 900.0
    noise[8:10, 8:10, :3] = 50.0
    out = filtered(noise, (0, 0))
    assert out[20, 20] < 1.25 and out[8, 8] == pytest.approx(50.0), "a small bright thing stays"


def test_a_level_surface_draws_reflections_out_towards_the_eye():
    """A bright post behind a rough wet road: its image is drawn out, and hardly wider than the post."""
    ground = merge([
        scenes.plane(material=Material("wet", (0.0, 0.0, 0.0), roughness=0.4, clearcoat=0.5)),
        scenes.box((30, -0.4, 1.4), (30.4, 0.4, 2.2), material=Material("lamp", (0.0, 0.0, 0.0), emission=(5.0, 5.0, 5.0))),
    ])  # fmt: skip
    camera = camera_at((0, 0, 1.5), width=96, height=64, horizontal_fov=0.7)
    image = light(scenes.library(ground=ground), camera, NIGHT, 64)[34:].mean(-1)
    rows, cols = np.mgrid[: image.shape[0], : image.shape[1]]
    image = np.where(image > 0.05 * image.max(), image, 0.0)
    high, across = (math.sqrt(np.average((k - np.average(k, weights=image)) ** 2, weights=image)) for k in (rows, cols))
    assert image.max() > 0.005 and high > 2.0 * across, (high, across)


def test_labels_know_nothing_of_the_filters(monkeypatch):
    mesh, lights, weather = STREETS["lamps"]
    lib = scenes.library(ground=mesh, lights=lights)
    camera = camera_at((0, 0, 1.5), width=64, height=48)
    names = ("rgb", "depth", "range", "semantic", "instance", "normal", "part", "albedo")

    def images():
        r, scene = renderer(lib, camera, "standard", weather, names)
        r.render(scene)
        return {k: v.copy() for k, v in r.frames.numpy().items()}

    with_filters = images()
    monkeypatch.setattr(Denoiser, "run", lambda *_: None)
    without = images()
    assert (with_filters["rgb"] != without["rgb"]).any()
    for name in names[1:]:
        np.testing.assert_array_equal(with_filters[name], without[name], err_msg=name)
