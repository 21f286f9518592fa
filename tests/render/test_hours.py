"""Light by the hour and by haze: dusk lies between day and night, low suns are gold, haze dims and whitens, street lamps are cut off."""

# pyright: reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.config import RenderConfig
from sim.render.clear_sky import HAZE_HEIGHT, HAZE_LOSS, HAZE_TINT, haze_of
from sim.render.frames import Renderer, camera_at
from sim.render.mesh import Light, Material, Semantic
from sim.render.sky import Sky, make_sky, seen_sky, update_sky
from sim.render.tonemap import KEY, balance
from sim.render.weather import through_air
from sim.scenery.furniture import LAMP_CONE, LAMP_INTENSITY
from tests.render import scenes

wp.set_module_options({"enable_backward": False})

LAMP = Light((10.0, 4.0, 7.2), (0.0, 0.0, -1.0), LAMP_INTENSITY, *LAMP_CONE)


def sun_at(degrees):
    """Direction of a sun that stands so high."""
    return (math.cos(math.radians(degrees)), 0.0, math.sin(math.radians(degrees)))


def sky_of(heights, turbidity=3.0, **weather):
    """Skies by the sun's height [degrees], without clouds if the weather has none."""
    lib = scenes.library()
    plain = {"cloud_cover": 0.0, "turbidity": turbidity, **weather}
    weathers = [{"sun_direction": sun_at(h), **plain} for h in heights]
    scene, _ = scenes.batch([scenes.world(lib, (), w) for w in weathers])
    sky = make_sky(len(heights), "cpu", lib.skies)
    update_sky(scene, lib.skies, sky, wp.ones(len(heights), dtype=wp.int32, device="cpu"))
    return sky


def lit(height):
    """The light of a street at night, dusk or day on level ground: of the sky, and of a lamp seven metres above."""
    wall = scenes.model(
        scenes.box((-10, 0, 0), (10, 1, 14), Semantic.BUILDING, Material("wall", (0.5, 0.5, 0.5))), "wall"
    )
    lib = scenes.library([wall], scenes.plane(material=Material("dark", (0.02, 0.02, 0.02))), (LAMP,))
    world = scenes.world(lib, [("wall", (10.0, 10.0, 0.0), 0.0)], {"sun_direction": sun_at(height), "cloud_cover": 0.0})
    scene, state = scenes.batch([world])
    camera = camera_at((10.0, -12.0, 7.0), yaw=math.pi / 2, width=48, height=64, horizontal_fov=0.6)
    r = Renderer(lib, scene, state, RenderConfig((camera,), "draft", ("rgb", "depth", "instance")))
    r.render(scene)
    return r, scene


def test_dusk_lies_in_the_light_of_the_sky_and_night_in_that_of_lamps():
    shares = []
    for height in (30.0, -3.5, -30.0):
        r, _ = lit(height)
        lamps = float(r.lights.intensity.numpy()[0, : r.lights.count.numpy()[0], 1].sum()) / 7.2**2
        shares.append(lamps / (lamps + math.pi * float(r.sky.ambient.numpy()[0, 1])))
    assert shares[0] == 0.0 and 0.1 < shares[1] < 0.5 and shares[2] > 0.9
    night = sky_of([5, 3, 0, -2, -4, -6, -8, -10, -40]).night.numpy()
    assert (np.diff(night) >= 0.0).all() and night[0] == 0.0 and night[-1] == 1.0


def test_the_sky_opposite_a_sun_that_has_set_is_blue_and_not_black():
    table = sky_of([-4.0]).table.numpy()[0, :4, 30:34, :3].mean((0, 1))
    zenith = sky_of([-4.0]).table.numpy()[0, -1, :, :3].mean()
    assert table.mean() > 0.2 * zenith and table[2] > 1.2 * table[0]


@wp.kernel
def _evaluate(light: wp.vec3, low: float, turbidity: float, out: wp.array[wp.vec3]):
    out[0] = balance(light, low)
    haze = haze_of(turbidity)
    out[1] = wp.vec3(haze[0], haze[1], 0.0)


def evaluate(light, low, turbidity=3.0):
    out = wp.zeros(2, dtype=wp.vec3, device="cpu")
    wp.launch(_evaluate, dim=1, inputs=[wp.vec3(*light), low, turbidity], outputs=[out], device="cpu")
    return out.numpy()


def test_white_balance_leaves_the_gold_of_a_low_sun():
    gold, blue = (0.5, 0.33, 0.17), (0.17, 0.33, 0.5)
    noon, low = (evaluate(gold, share)[0] for share in (0.0, 1.0))
    assert low[2] / low[0] < 0.75 * noon[2] / noon[0] and low[2] > low[0]
    np.testing.assert_array_equal(evaluate(blue, 0.0)[0], evaluate(blue, 1.0)[0])


def test_the_sun_and_the_view_lose_what_haze_takes():
    """Straight down, Beer and Lambert; the ratio to a day without it, as Rayleigh's part is the same."""
    clear, hazy = (sky_of([89.9], t).sun.numpy()[0] for t in (1.0, 8.0))
    mie = [evaluate((1, 1, 1), 0.0, t)[1][0] for t in (1.0, 8.0)]
    assert mie[1] == pytest.approx(3.3e-4, rel=0.02)
    depth = HAZE_LOSS * HAZE_HEIGHT * (mie[1] - mie[0]) * np.array(HAZE_TINT)
    np.testing.assert_allclose(-np.log(hazy / clear), depth, rtol=0.15)
    far, near = (sky_of([40.0], t, fog_visibility=5e4).extinction.numpy()[0] for t in (3.0, 8.0))
    assert near - far == pytest.approx(HAZE_LOSS * 3.0e-4, rel=0.02)
    assert 3.912 / near == pytest.approx(9.6e3, rel=0.01), "with 2 % contrast"


@wp.kernel
def _look_out(sky: Sky, d: wp.array[wp.vec3], out: wp.array2d[wp.vec3]):
    i = wp.tid()
    out[i, 0] = seen_sky(sky, 0, d[i])
    out[i, 1] = through_air(sky, 0, out[i, 0], d[i], 1.0e30)


def looked_out(sky, heights):
    """The sky away from the sun as it is and after the air, by height [degrees]."""
    d = [(-math.cos(math.radians(h)), 0.1, math.sin(math.radians(h))) for h in heights]
    out = wp.zeros((len(d), 2), dtype=wp.vec3, device="cpu")
    wp.launch(
        _look_out, dim=len(d), inputs=[sky, wp.array(d, dtype=wp.vec3, device="cpu")], outputs=[out], device="cpu"
    )
    return out.numpy().transpose(1, 0, 2)


def test_the_sky_holds_its_haze_and_is_veiled_by_none_again():
    """At the horizon and above it, as the table has it; fog is another matter."""
    before, after = looked_out(sky_of([40.0], 8.0), [0.0, 0.3, 1.0, 5.0, 40.0])
    np.testing.assert_array_equal(before, after)
    before, after = looked_out(sky_of([40.0], 8.0, fog_visibility=2000.0), [0.3, 40.0])
    assert (np.abs(after / before - 1.0).max(-1) > 0.02)[0]


def test_clouds_stand_behind_the_haze():
    """Near the horizon it hides them, overhead it leaves most of them."""
    heights = np.concatenate([np.linspace(4.0, 8.0, 60), np.linspace(50.0, 85.0, 60)])
    seen = []
    for turbidity in (3.0, 8.0):
        clouds, none = (looked_out(sky_of([40.0], turbidity, cloud_cover=c), heights)[0] for c in (0.5, 0.0))
        seen.append(np.abs(clouds - none).reshape(2, -1).mean(1))
    low, high = seen[1] / seen[0]
    assert low < 0.1 and 0.4 < high < 1.0, (low, high)


def test_the_air_has_the_light_of_the_sky_behind_it_at_dusk():
    """Half of the horizon's, dusk included, half of the mean."""
    sky = sky_of([-4.0])
    table, haze = sky.table.numpy()[0, 0, [0, 32], :3], sky.haze.numpy()[0]
    np.testing.assert_allclose(haze, 0.5 * table.mean(0) + 0.5 * sky.ambient.numpy()[0], rtol=0.01)


def glare_under(height):
    """Glare of a grey picture with a small spot, exposed to thrice what is white; and how far its tones adapt."""
    r, scene = lit(height)
    light = np.full((1, 1, 64, 48, 3), 0.12, np.float32)
    light[0, 0, 32:36, 24:28] = 3.0 / KEY * 0.12
    r.radiance.assign(light)
    r.developer.develop(
        scene, r.window.current, r.sky, r.cameras, r.views[1], r.radiance, r.buffers.depth, r.frames.arrays["rgb"]
    )
    return float(r.developer._glare[0].numpy().sum()), float(r.developer.exposure.adapts.numpy()[0, 0])


def test_glare_takes_more_at_night_and_not_about_a_low_sun():
    """Tones adapt under a sun of 5 degrees as they do at night, but what shines then blooms as by day."""
    (noon, by_day), (low, in_gold), (night, in_dark) = (glare_under(h) for h in (40.0, 5.0, -30.0))
    assert (by_day, in_gold, in_dark) == pytest.approx((0.0, 1.0, 1.0))
    assert noon > 0.1 and low == pytest.approx(noon, rel=0.05) and night == 0.0


def test_haze_whitens_the_sky_and_makes_no_light():
    clear, hazy = sky_of([65.0, 40.0], 3.0), sky_of([65.0, 40.0], 8.0)
    up = clear.sun_direction.numpy()[:, 2:]
    level = [(s.ambient.numpy() * math.pi + s.sun.numpy() * up)[:, 1] for s in (clear, hazy)]
    assert (level[1] < 1.05 * level[0]).all() and (level[1] > 0.7 * level[0]).all()
    blue = [s.ambient.numpy()[:, 2] / s.ambient.numpy()[:, 0] for s in (clear, hazy)]
    assert (blue[1] < 0.65 * blue[0]).all() and (blue[1] > 1.0).all()


def test_street_lamps_light_walls_below_them_ever_less_upwards():
    r, _ = lit(-30.0)
    light, depth = r.radiance.numpy()[0, 0, :, 24, 1], r.frames.numpy()["depth"][0, 0, :, 24]
    wall = r.frames.numpy()["instance"][0, 0, :, 24] == 1
    height = 7.0 + (31.5 - np.arange(64)) / (24 / math.tan(0.3)) * depth
    low, middle, high = (light[wall & (height > a) & (height < b)].mean() for a, b in ((1, 3), (4.5, 5.5), (7, 11)))
    assert low > 1.5 * middle > 3.0 * high
