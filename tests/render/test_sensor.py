"""Glass and sensors against closed form: noise by EMVA 1288, vignetting, aberration, faults and their clean twins."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.cameras import MOSAICS, CameraConfig, CameraFault, Lens, Optics, Sensor
from sim.config import RenderConfig
from sim.errors import SwerveError
from sim.random import philox
from sim.render.draws import Key, poisson
from sim.render.draws import philox as device_philox
from sim.render.frames import Renderer, camera_at
from sim.render.mesh import Material, merge
from sim.render.mosaic import colour_of, demosaiced, mosaic_code
from sim.render.sensor import WHITE, Chip, sensed, set_chip
from sim.types import Scene
from tests.render import scenes

wp.set_module_options({"enable_backward": False})
W, H = 96, 64


@wp.kernel
def _draw(key: Key, out: wp.array[wp.vec4]):
    """Reads a key. Writes its draws."""
    i = wp.tid()
    out[i] = device_philox(key, i, 7)


@wp.kernel
def _count(mean: float, u: wp.array[wp.vec2], out: wp.array[float]):
    """Reads uniform and normal numbers. Writes Poisson ones."""
    i = wp.tid()
    out[i] = poisson(mean, u[i][0], u[i][1])


@wp.kernel
def _sense(chip: Chip, scene: Scene, tick: int, number: int, level: wp.vec3, gain: float, out: wp.array2d[wp.vec3]):
    """Reads sensors. Writes what pixels of even light measure."""
    world, i = wp.tid()
    out[world, i] = sensed(chip, scene, tick, world, 0, number, i, level, gain)


def test_draws_are_philox():
    key = Key()
    key.seed, key.world, key.purpose, key.moment = 11, 22, 33, 44
    out = wp.zeros(5, dtype=wp.vec4, device="cpu")
    wp.launch(_draw, 5, [key], [out], device="cpu")
    for i, row in enumerate(out.numpy()):
        words = philox((33, 44, 7, i), (11, 22))
        np.testing.assert_allclose(row, [(w >> 8) / 2**24 for w in words], atol=1e-7)


@pytest.mark.parametrize("mean", [0.3, 7.0, 39.0, 400.0])
def test_poisson_numbers_have_their_mean_and_variance(mean):
    rng = np.random.default_rng(1)
    n = 100_000
    u = wp.array(np.stack([rng.random(n), rng.normal(size=n)], 1).astype(np.float32), dtype=wp.vec2, device="cpu")
    out = wp.zeros(n, dtype=float, device="cpu")
    wp.launch(_count, n, [mean, u], [out], device="cpu")
    k = out.numpy()
    assert (k == np.round(k)).all() and k.min() >= 0
    assert k.mean() == pytest.approx(mean, rel=0.02) and k.var() == pytest.approx(mean, rel=0.02)


def sense(sensor, level, gain=0.2, tick=3, number=0, keys=(1,), n=40_000):
    chip = Chip()
    set_chip(chip, [CameraConfig(sensor=sensor)], "cpu")
    scene, _ = scenes.batch([scenes.world(scenes.library(), key=k) for k in keys])
    out = wp.zeros((len(keys), n), dtype=wp.vec3, device="cpu")
    wp.launch(_sense, out.shape, [chip, scene, tick, number, wp.vec3(level, level, level), gain], [out], device="cpu")
    return out.numpy()


def test_noise_follows_emva_1288():
    """Photon transfer: the variance of the digital number is K^2 (dark variance + mean electrons) + 1/12 (EMVA 1288)."""
    sensor = Sensor(full_well=9000.0, read_noise=4.0, prnu=0.0, dsnu=0.0, bits=12)
    for level in (0.1, 0.5, 2.0):
        y = sense(sensor, level)[0] / WHITE * 4095
        electrons, k = level / WHITE * 9000.0, 4095 / 9000.0
        assert y.mean() == pytest.approx(k * electrons, rel=2e-3)
        assert y.var() == pytest.approx(k * k * (16.0 + electrons) + 1 / 12, rel=0.02)
    # Fixed patterns: PRNU grows with the signal, stays from picture to picture and does not depend on the world.
    sensor = Sensor(full_well=9e5, read_noise=0.0, prnu=0.02, dsnu=0.0, bits=16)
    one, two, other = sense(sensor, 2.0)[0], sense(sensor, 2.0, tick=9, keys=(5,))[0], sense(sensor, 2.0, number=1)[0]
    assert (one / one.mean()).std() == pytest.approx(0.02, rel=0.03)
    assert np.corrcoef(one[:, 0], two[:, 0])[0, 1] > 0.98 and abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.05
    # Where gain makes up for light, fewer electrons make the same level.
    dim, bright = sense(Sensor(dsnu=0.0), 0.2, gain=50.0)[0], sense(Sensor(dsnu=0.0), 0.2, gain=0.1)[0]
    assert dim.std() > 2.5 * bright.std() and dim.mean() == pytest.approx(0.2, rel=0.05)


def test_noise_depends_on_the_world_and_not_on_its_place():
    alone, together = sense(Sensor(), 0.3, keys=(9,), n=500), sense(Sensor(), 0.3, keys=(4, 9), n=500)
    assert (alone[0] == together[1]).all() and (together[0] != together[1]).any()
    assert (sense(Sensor(), 0.3, tick=4, keys=(9,), n=500) != alone).any()


def view(camera, quality="standard", weather=None, models=(), ground=None, **state):
    lib = scenes.library(models, ground)
    scene, now = scenes.batch([scenes.world(lib, weather=weather, **state)])
    r = Renderer(lib, scene, now, RenderConfig((camera,), quality, ("rgb", "depth")))
    r.render(scene)
    return r.frames.numpy()["rgb"][0, 0].astype(int), r


def grey_wall(x=10.0):
    return scenes.box((x, -90, -90), (x + 1, 90, 90), material=Material("grey", (0.4, 0.4, 0.4), roughness=1.0))


def test_vignetting_is_the_cosine_to_the_fourth():
    camera = camera_at((0, 0, 0), width=W, height=H, optics=Optics(vignetting=1.0))
    plain = camera_at((0, 0, 0), width=W, height=H)
    _, one = view(camera, ground=grey_wall(), weather={"cloud_cover": 1.0})
    _, two = view(plain, ground=grey_wall(), weather={"cloud_cover": 1.0})
    behind = one.developer._behind.numpy()[0, 0].mean(-1) / two.radiance.numpy()[0, 0].mean(-1)
    f = 0.5 * W / math.tan(0.61)
    col, row = np.meshgrid(np.arange(W) - 47.5, np.arange(H) - 31.5)
    np.testing.assert_allclose(behind, (1 / (1 + (col**2 + row**2) / f**2)) ** 2, rtol=1e-3)


def test_red_is_drawn_larger_and_blue_smaller():
    """A bright post right of the middle: the edges of its red lie further out than green's, blue's further in, by the share said."""
    post = scenes.box((9, -3.0, -2), (9.2, -2.0, 2), material=Material("white", (0.9, 0.9, 0.9), roughness=1.0))
    ground = merge([post, scenes.box((20, -90, -90), (21, 90, 90), material=Material("dark", (0.02, 0.02, 0.02)))])
    camera = camera_at((0, 0, 0), width=256, height=64, horizontal_fov=1.0, optics=Optics(aberration=0.02))
    _, r = view(camera, ground=ground, weather={"cloud_cover": 1.0})
    light = r.developer._behind.numpy()[0, 0][28:36].mean(0)
    off = np.arange(256) - 127.5
    place = [(light[:, k] * off)[150:].sum() / light[150:, k].sum() for k in range(3)]
    dark = [(light[:, k] > 0.5 * light[150:, k].max())[150:] for k in range(3)]
    edge = [150 + np.flatnonzero(d)[-1] - 127.5 for d in dark]
    assert edge[0] > edge[1] > edge[2], (edge, place)
    assert (edge[0] - edge[1]) / edge[1] == pytest.approx(0.02, abs=0.012)


@pytest.mark.parametrize("quality", ["fast", "standard"])
@pytest.mark.parametrize("kind", ["dirt", "drops", "blinding"])
def test_a_fault_spoils_the_picture_and_its_twin_is_clean(kind, quality):
    plain = camera_at((0, 0, 1.5), width=W, height=H)
    faulty = camera_at((0, 0, 1.5), width=W, height=H, faults=(CameraFault(kind, 0.7, 0.0, 1.0),))
    clear, _ = view(plain, quality)
    spoiled, r = view(faulty, quality, tick=50)
    twin = r.developer.clean.numpy()[0, 0].astype(int)
    if quality == "standard":
        clear, _ = view(plain, quality, tick=50)
    assert np.abs(twin - clear).max() <= (0 if quality == "standard" else 1)
    changed = np.abs(spoiled - twin).max(-1) > 4
    assert 0.05 < changed.mean(), changed.mean()
    if kind == "blinding":
        assert spoiled.mean() > twin.mean() + 15 and (spoiled >= 245).all(-1).any()
    else:
        assert changed.mean() < 0.95
    later, _ = view(faulty, quality, tick=100)
    assert (np.abs(later - twin).max(-1) > 4).mean() < 0.05, "the fault is over"


def test_a_sensor_adds_noise_in_either_quality():
    for quality in ("fast", "standard"):
        plain, _ = view(camera_at((0, 0, 1.5), width=W, height=H), quality, ground=grey_wall())
        noisy, _ = view(
            camera_at((0, 0, 1.5), width=W, height=H, sensor=Sensor(full_well=1000.0)), quality, ground=grey_wall()
        )
        apart = (noisy - plain).astype(float)
        assert 2.0 < apart.std() < 40.0 and abs(apart.mean()) < 3.0


def test_depth_of_field_is_not_for_the_fast_pass():
    with pytest.raises(SwerveError, match="depth of field needs quality draft"):
        RenderConfig((CameraConfig(optics=Optics(aperture=0.01)),), "fast")


def test_a_fisheyes_dark_corners_stay_dark():
    camera = camera_at((0, 0, 1.5), width=W, height=W, horizontal_fov=2.0, lens=Lens("kannala_brandt", max_angle=0.9),
                       faults=(CameraFault("blinding", 1.0),), optics=Optics(vignetting=0.5))  # fmt: skip
    rgb, _ = view(camera, tick=5)
    assert not rgb[0, 0].any() and rgb[W // 2, W // 2].any()


@wp.kernel
def _sites(code: int, out: wp.array2d[int]):
    """Writes which colour each pixel measures."""
    row, col = wp.tid()
    out[row, col] = colour_of(code, row, col)


@wp.kernel
def _demosaic(raw: wp.array4d[float], code: int, out: wp.array2d[wp.vec3]):
    """Reads what pixels measured. Writes their colours."""
    row, col = wp.tid()
    out[row, col] = demosaiced(raw, 0, 0, row, col, code)


def demosaic(image: np.ndarray, pattern: str) -> tuple[np.ndarray, np.ndarray]:
    """The colours that a mosaic sees of a picture, (height, width, 3), and which of them each pixel measures."""
    shape = image.shape[:2]
    sites = wp.zeros(shape, dtype=int, device="cpu")
    wp.launch(_sites, shape, [mosaic_code(pattern)], [sites], device="cpu")
    site = sites.numpy()
    raw = np.take_along_axis(image, site[..., None], 2)[None, None, ..., 0].astype(np.float32)
    out = wp.zeros(shape, dtype=wp.vec3, device="cpu")
    wp.launch(_demosaic, shape, [wp.array(raw, dtype=float, device="cpu"), mosaic_code(pattern)], [out], device="cpu")
    return out.numpy(), site


@pytest.mark.parametrize("pattern", MOSAICS)
def test_a_mosaic_sees_even_light_and_grey_ramps_exactly(pattern):
    letters = "".join("rgb"[k] for k in demosaic(np.zeros((4, 6, 3)), pattern)[1][:2, :2].ravel())
    assert letters == pattern
    flat = np.broadcast_to(np.array([0.2, 0.5, 0.9]), (8, 10, 3))
    np.testing.assert_allclose(demosaic(flat, pattern)[0], flat, atol=1e-6)
    row, col = np.mgrid[:12, :14].astype(float)
    ramp = (0.3 + 0.02 * row + 0.05 * col)[..., None] + np.array([0.0, 0.1, -0.1])
    np.testing.assert_allclose(demosaic(ramp, pattern)[0][2:-2, 2:-2], ramp[2:-2, 2:-2], atol=1e-5)


def test_a_mosaic_is_malvars():
    """Against the paper's kernels, by OpenCV's filter: green at red, red at green in red's row and at blue; eighths."""
    import cv2

    rng = np.random.default_rng(2)
    image = rng.random((16, 20, 3)) * 0.2 + 0.5
    out, site = demosaic(image, "rggb")
    raw = np.take_along_axis(image, site[..., None], 2)[..., 0]
    green = np.array([[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]])
    beside = np.array([[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]])
    corner = np.array([[0, 0, -3, 0, 0], [0, 4, 0, 4, 0], [-3, 0, 12, 0, -3], [0, 4, 0, 4, 0], [0, 0, -3, 0, 0]]) / 2
    wanted = {k: cv2.filter2D(raw, -1, f / 8, borderType=cv2.BORDER_REFLECT_101)
              for k, f in (("green", green), ("beside", beside), ("above", beside.T), ("corner", corner))}  # fmt: skip
    for (y, x), (r, g, b) in {
        (0, 0): (None, "green", "corner"), (0, 1): ("beside", None, "above"),
        (1, 0): ("above", None, "beside"), (1, 1): ("corner", "green", None),
    }.items():  # fmt: skip
        for k, name in enumerate((r, g, b)):
            expected = (raw if name is None else wanted[name])[y::2, x::2]
            np.testing.assert_allclose(out[y::2, x::2, k], expected, atol=1e-5)


def test_noise_comes_before_the_mosaic():
    """Noise of even grey light: neighbours' share it, green has less than red and blue (Malvar's kernels), without a mosaic they do not."""
    seen = {}
    for mosaic in (None, "rggb"):
        sensor = Sensor(full_well=600.0, prnu=0.0, dsnu=0.0, bits=16, mosaic=mosaic)
        plain, _ = view(camera_at((0, 0, 0), width=W, height=H), ground=grey_wall(), weather={"cloud_cover": 1.0})
        noisy, _ = view(
            camera_at((0, 0, 0), width=W, height=H, sensor=sensor), ground=grey_wall(), weather={"cloud_cover": 1.0}
        )
        seen[mosaic] = (noisy - plain)[4:-4, 4:-4].astype(float)
        seen[mosaic] -= seen[mosaic].mean((0, 1))
    alike = {k: np.corrcoef(v[:, 1:, 0].ravel(), v[:, :-1, 0].ravel())[0, 1] for k, v in seen.items()}
    assert abs(alike[None]) < 0.08 and alike["rggb"] > 0.2, alike
    colours = {k: np.corrcoef(v[..., 0].ravel(), v[..., 1].ravel())[0, 1] for k, v in seen.items()}
    assert abs(colours[None]) < 0.08 and colours["rggb"] > 0.25, colours
    assert seen["rggb"][..., 1].std() < 0.9 * seen["rggb"][..., 0].std()


def test_a_mosaic_has_four_patterns():
    with pytest.raises(SwerveError, match="mosaic"):
        Sensor(mosaic="rgbg")
