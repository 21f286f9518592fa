"""Skies from pictures as they are seen, mirrored and as they light: against the picture's own texels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.config import RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.library import MeshLibrary
from sim.render.models import MapModel
from sim.render.sky import make_sky, update_sky
from sim.render.sky_pictures import COLS, ROWS, cell_means, pack_skies, pack_texels
from sim.scenario.skies import read_sky
from tests.render import scenes
from tests.skies import SUN, gradient, irradiance, unit, write_sky

LABELS = ("depth", "instance", "semantic", "normal")
OUTPUTS = ("rgb", "hdr", *LABELS)
UP = np.array([0.0, 0.0, 1.0])


def test_a_new_sky_shows_no_picture():
    assert (make_sky(3, "cpu", pack_skies([], "cpu")).look.numpy()["first"] == -1).all()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A day, an overcast sky with a red patch at 0.5 rad to the left of its middle and 0.35 rad up, and the day's file."""
    folder = tmp_path_factory.mktemp("skies")
    grey = gradient(sun=None)
    row, col = round((0.5 - 0.35 / math.pi) * 256), round((0.5 - 0.5 / (2 * math.pi)) * 512)
    grey[row - 6 : row + 6, col - 6 : col + 6] = (3.0, 0.0, 0.0)
    day, overcast = write_sky(folder / "day.hdr", gradient()), write_sky(folder / "grey.hdr", grey)
    return read_sky(day), read_sky(overcast), day


def library(pictures):
    post = scenes.model(scenes.box((-0.3, -0.3, 0.0), (0.3, 0.3, 3.0)), "post")
    ball = scenes.model(scenes.sphere(1.0), "ball")
    return MeshLibrary([post, ball], [MapModel(scenes.plane())], "cpu", pictures[:2])


def under(picture=1, heading=0.0, sun=SUN, **weather):
    """Weather under one of the pictures; their sun comes from the scenario's reader, here from the test."""
    return {
        "sky": picture, "sky_heading": heading, "sun_direction": tuple(unit(sun[0] + heading, sun[1])), "fog_visibility": 5e4, **weather
    }  # fmt: skip


def row(lib, weather, key=1):
    return scenes.world(lib, [("post", (14.0, 3.0, 0.0), 0.0), ("ball", (9.0, -2.0, 1.0), 0.0)], weather, key)


def shoot(lib, rows, quality="draft", *, camera=None, outputs=OUTPUTS):
    """Pictures of worlds, and the renderer."""
    scene, state = scenes.batch(rows)
    camera = camera or camera_at((0.0, 0.0, 1.5), width=64, height=40)
    renderer = Renderer(lib, scene, state, RenderConfig((camera,), quality, outputs))
    renderer.render(scene)
    return {k: np.array(v[:, 0]) for k, v in renderer.frames.numpy().items()}, renderer


def test_texels_and_cells_hold_the_pictures_light(pictures):
    """Packed within 1/512 of the brightest colour; the table's cells give the irradiance of the texels."""
    light = pictures[0].radiance
    word = pack_texels(light)
    unit_ = 2.0 ** ((word >> 27).astype(int) - 24)
    back = np.stack([((word >> (9 * k)) & 511) * unit_ for k in range(3)], axis=-1)
    assert (np.abs(back - light).max(-1) <= light.max(-1) / 512 + 1e-7).all()
    edge = (np.arange(ROWS + 1) / ROWS) ** 2
    cells = cell_means(light)
    level = np.einsum("r,rck->k", np.diff(edge**2) * np.pi / COLS, cells)
    assert level == pytest.approx(pictures[0].ambient * np.pi, rel=0.005)
    # Half of it lies to the left of the middle: cells run the way that azimuths do.
    left = np.einsum("r,rck->k", np.diff(edge), cells[:, : COLS // 2])
    solid = -np.diff(np.cos(np.linspace(0, np.pi / 2, len(light) + 1)))
    expected = np.einsum("r,rck->k", solid, light[:, : light.shape[1] // 2]) * COLS / light.shape[1]
    assert left == pytest.approx(expected, rel=1e-6)


def light_of(lib, weathers):
    """The sky's light of worlds under some weathers."""
    scene, _ = scenes.batch([scenes.world(lib, (), w) for w in weathers])
    sky = make_sky(len(weathers), "cpu", lib.skies)
    update_sky(scene, lib.skies, sky, wp.ones(len(weathers), dtype=wp.int32, device="cpu"))
    return sky


def test_light_is_the_pictures(pictures):
    """On level ground: shares of sun and sky and their colours by the file's texels."""
    lib = library(pictures)
    day = under(fog_visibility=1e9)
    sky = light_of(lib, [day, {**day, "sky": 0, "cloud_cover": 0.0}, {**day, "sky_heading": 1.0}])
    sun, ambient = sky.sun.numpy(), sky.ambient.numpy() * np.pi
    z = math.sin(SUN[1])
    level = ambient + sun * z
    file = irradiance(pictures[2], UP)
    assert level[0] / level[0].mean() == pytest.approx(file / file.mean(), rel=0.02)
    assert sun[0] * z / level[0].mean() == pytest.approx(pictures[0].sun * z / np.pi, rel=0.01)
    assert 0.5 * level[1].mean() < level[0].mean() < 0.9 * level[1].mean(), "its sun is weaker than a clear day's"
    assert np.allclose(ambient[2], ambient[0]) and np.allclose(sun[2], sun[0])


def test_turbidity_has_no_use_under_a_picture(pictures):
    """Not in the table, nor in the sun, nor in the air; under the computed sky it has."""
    sky = light_of(library(pictures), [under(n, turbidity=t) for n in (1, 0) for t in (3.0, 8.0)])
    for name in ("table", "sun", "ambient", "ground", "extinction", "haze", "glow"):
        clear, hazy, bare, veiled = getattr(sky, name).numpy()
        np.testing.assert_array_equal(clear, hazy, name)
        assert not np.array_equal(bare, veiled), name


@pytest.mark.parametrize("heading", [0.0, 1.0, -4.2])
def test_the_table_that_lights_and_mirrors_is_turned_with_the_picture(pictures, heading):
    """The red patch stands in its cells, and nowhere else."""
    sky = light_of(library(pictures), [under(2, heading, cloud_cover=0.9)])
    table = sky.table.numpy()[0, :, :, :3]
    assert not sky.table.numpy()[0, :, :, 3].any(), "no computed cloud stands before it"
    red = table[..., 0] / table[..., 2]
    row, col = np.unravel_index(np.argmax(red), red.shape)
    assert abs(((row + 0.5) / ROWS) ** 2 - math.sin(0.35)) < 0.03
    turn = (col + 0.5) / COLS * 2 * math.pi - (0.5 + heading)
    assert abs(math.remainder(turn, 2 * math.pi)) < 1.2 * math.pi / COLS
    level = np.einsum("r,rck->k", np.diff((np.arange(ROWS + 1) / ROWS) ** 4), table) / COLS
    assert level == pytest.approx(sky.ambient.numpy()[0], rel=0.005)


def test_a_picture_of_a_clear_day_is_as_bright_as_the_computed_one(tmp_path):
    suns = [(0.1, 1.2), (0.1, 0.4)]
    days = [read_sky(write_sky(tmp_path / f"{sun[1]}.hdr", gradient(sun=sun, amount=400000.0))) for sun in suns]
    weathers = [under(n, sun=suns[k], cloud_cover=0.0) for n, k in ((1, 0), (2, 1), (0, 0), (0, 1))]
    sky = light_of(MeshLibrary([], [MapModel(scenes.plane())], "cpu", days), weathers)
    level = (sky.ambient.numpy() + sky.sun.numpy() * (sky.sun_direction.numpy()[:, 2:] / np.pi)).mean(-1)
    assert level[:2] == pytest.approx(level[2:], rel=0.02) and level[1] < 0.5 * level[0]


def test_without_a_sun_it_is_as_dark_as_under_a_deck_and_lamps_follow_the_hour(pictures):
    lib = library(pictures)
    hours = [(0.0, 0.9), (0.0, 0.2), (0.0, 0.02), (0.0, -0.3)]
    sky = light_of(lib, [under(2, sun=h) for h in hours] + [under(0, sun=h, cloud_cover=1.0) for h in hours])
    light, night = sky.ambient.numpy().mean(-1), sky.night.numpy()
    assert not sky.sun.numpy()[:4].any()
    assert light[:2] == pytest.approx(light[4:6], rel=0.08)
    assert (np.diff(light[:4]) < 0.0).all() and np.array_equal(night[:4], night[4:])
    assert night[0] == 0.0 and night[3] == 1.0


@pytest.mark.parametrize("quality", ["fast", "draft"])
@pytest.mark.parametrize("heading", [0.0, -0.4, 5.9])
def test_the_camera_sees_the_picture_where_it_is(pictures, quality, heading):
    """A red patch appears where its direction is projected, turned with the picture."""
    lib = library(pictures)
    camera = camera_at((0.0, 0.0, 1.5), width=160, height=120)
    out, renderer = shoot(lib, [row(lib, under(2, heading))], quality, camera=camera)
    light = out["hdr"][0].astype(float)
    red = (light[..., 0] > 4.0 * light[..., 2]) & ~np.isfinite(out["depth"][0])
    assert red.sum() > 8
    fx, fy, cx, cy = renderer.cameras.intrinsics.numpy()[0, 0]
    x, y, z = unit(0.5 + heading, 0.35)
    rows, cols = np.nonzero(red)
    assert (cols.mean(), rows.mean()) == pytest.approx((cx - fx * y / x, cy - fy * z / x), abs=1.5)


@pytest.mark.parametrize("visibility", [5e4, 400.0])
def test_the_sky_is_seen_as_bright_as_its_texels(pictures, visibility):
    """Behind as much fog as lies before it: a picture holds good weather's haze."""
    lib = library(pictures)
    camera = camera_at((0.0, 0.0, 1.5), pitch=-0.9, width=32, height=24)
    out, renderer = shoot(lib, [row(lib, under(2, fog_visibility=visibility))], "draft", camera=camera)
    look = renderer.sky.look.numpy()[0]
    seen = out["hdr"][0, 12, 16]
    forward = np.array(renderer.views[1].rot.numpy()[0, 0])[:, 2]
    v, u = math.acos(forward[2]) / (np.pi / 2) * 128, (0.5 - math.atan2(forward[1], forward[0]) / (2 * np.pi)) * 512
    foggy = 1.0 - math.exp(-3.912 / visibility * 120.0)
    light = (1.0 - foggy) * pictures[1].radiance[int(v), int(u)] * look["scale"] + foggy * look["mist"]
    air = math.exp(-max(3.912 / visibility - 3e-4, 0.0) * 60.0 / forward[2])
    assert seen == pytest.approx(light * air + renderer.sky.haze.numpy()[0] * (1.0 - air), rel=0.03)


def test_the_sun_casts_shadows_away_from_it(pictures):
    """Behind the post, as the picture is turned, the road has the sky's light alone."""
    lib = library(pictures)
    above = camera_at((14.0, 3.0, 40.0), pitch=math.pi / 2 - 1e-3, width=96, height=96, horizontal_fov=0.5)
    for heading in (0.0, 2.0):
        alone = scenes.world(lib, [("post", (14.0, 3.0, 0.0), 0.0)], under(1, heading))
        out, r = shoot(lib, [alone], "draft", camera=above)
        light = out["hdr"][0].mean(-1)
        ground = out["instance"][0] == 0
        lit, dark = np.quantile(light[ground], (0.7, 0.001))
        sky, sun = (float(a.numpy()[0].mean()) for a in (r.sky.ambient, r.sky.sun))
        assert lit == pytest.approx(0.5 * (sky + sun * math.sin(SUN[1]) / math.pi), rel=0.05)
        assert dark == pytest.approx(0.5 * sky, rel=0.1) and dark < 0.7 * lit
        rows, cols = np.nonzero(ground & (light < 0.5 * (lit + dark)))
        # Seen from above with the view's top ahead: up is x, left is y.
        away = np.array([48.0 - rows.mean(), 48.0 - cols.mean()])
        assert away / np.linalg.norm(away) == pytest.approx(-unit(SUN[0] + heading, 0.0)[:2], abs=0.2)


def test_labels_stay_and_weather_works_over_it(pictures):
    lib = library(pictures)
    weathers = [
        under(0, cloud_cover=0.0),
        under(),
        under(fog_visibility=40.0),
        under(rain=20.0, wetness=1.0),
        under(snow=4.0, snow_cover=0.9),
    ]
    out, r = shoot(lib, [row(lib, w) for w in weathers], "draft")
    for name in LABELS:
        assert all(np.array_equal(out[name][0], image) for image in out[name][1:]), name
    sky = ~np.isfinite(out["depth"][0])
    light = out["hdr"].astype(float)
    spread = [image[sky].mean(-1).std() / image[sky].mean() for image in light]
    assert spread[2] < 0.25 * spread[1], "fog hides the picture"
    assert (
        np.abs(light[3] - light[1]).max(-1)[~sky].mean() > 0.01
        and np.abs(light[4] - light[1]).max(-1)[~sky].mean() > 0.05
    )
    sun = r.sky.sun.numpy()[:, 1]
    assert sun[2] < 1e-3 < sun[1] and 0.5 * sun[1] < sun[3] < sun[1]


@pytest.mark.parametrize("quality", ["fast", "standard"])
def test_a_world_in_a_batch_of_computed_and_pictured_skies_equals_itself_alone(pictures, quality):
    both, first, second, none = library(pictures), library(pictures[:1]), library(pictures[1:2]), library(())
    worlds = [
        under(0, cloud_cover=0.5),
        under(2, 1.0),
        under(0, cloud_cover=0.9, rain=3.0),
        under(1, -2.0),
        under(1, 0.3),
    ]
    out, _ = shoot(both, [row(both, w, key) for key, w in enumerate(worlds)], quality)
    for i, lib, number in ((0, none, 0), (1, second, 1), (2, none, 0), (3, first, 1), (4, first, 1)):
        alone, _ = shoot(lib, [row(lib, {**worlds[i], "sky": number}, i)], quality)
        for name in OUTPUTS:
            assert np.array_equal(out[name][i], alone[name][0], equal_nan=True), (i, name)
    assert len({image.tobytes() for image in out["rgb"]}) == len(worlds)


def test_an_empty_library_of_pictures_has_arrays_all_the_same():
    packed = pack_skies([], "cpu")
    assert packed.texel.shape == (1,) and packed.table.shape == (1, ROWS, COLS) and packed.horizon.shape == (1,)
