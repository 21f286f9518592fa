"""What mirrors, scatters and holds exposure down: facets, wet and icy roads, fog, panes, metering."""

# pyright: reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false
from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.config import RenderConfig
from sim.render.air import BONNET, Air, Sight, blurred_flux, fog_phase, lamp_glow, make_air
from sim.render.frames import Renderer, camera_at
from sim.render.gloss import facet_cosine, ggx_facet
from sim.render.lights import CONE, HIGH, LOW, make_lights
from sim.render.materials import Surf
from sim.render.mesh import Material, Semantic, Surface, merge
from sim.render.sky import make_sky
from sim.render.tonemap import BINS, HELD_DOWN, _expose_picture, make_exposure
from sim.render.weather import iced, wetted
from sim.types import Weather
from tests.render import scenes

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _draw_facets(d: wp.vec3, width: float, draws: wp.array[wp.vec2], facet: wp.array[wp.vec3]):
    """Reads uniform draws. Writes facets of a level surface."""
    i = wp.tid()
    facet[i] = ggx_facet(wp.vec3(0.0, 0.0, 1.0), d, width, draws[i][0], draws[i][1])


@wp.kernel
def _tell(cosines: wp.array[float], width: float, facing: wp.array[float], phase: wp.array[float]):
    """Reads cosines. Writes the facets' mean cosine and fog's phase function."""
    i = wp.tid()
    facing[i] = facet_cosine(cosines[i], width)
    phase[i] = fog_phase(cosines[i])


def facets(d, width, n=20000):
    u = np.random.default_rng(5).uniform(size=(n, 2)).astype(np.float32)
    out = wp.zeros(n, dtype=wp.vec3, device="cpu")
    draws = wp.array(u, dtype=wp.vec2, device="cpu")
    wp.launch(_draw_facets, dim=n, inputs=[wp.vec3(*d), width, draws], outputs=[out], device="cpu")
    return u, out.numpy()


def tell(cosines, width):
    at = wp.array(np.array(cosines, np.float32), dtype=float, device="cpu")
    out = [wp.zeros(len(cosines), dtype=float, device="cpu") for _ in range(2)]
    wp.launch(_tell, dim=len(cosines), inputs=[at, width], outputs=out, device="cpu")
    return [x.numpy() for x in out]


def test_facets_seen_head_on_are_distributed_as_ggx_says():
    """Quantiles of the slope: tan^2 = width^2 u / (1 - u), with the tail beyond 0.85 cut off."""
    u, n = facets((0.0, 0.0, -1.0), 0.2)
    tan = np.hypot(n[:, 0], n[:, 1]) / n[:, 2]
    x = 0.85 * u[:, 0]
    np.testing.assert_allclose(tan, 0.2 * np.sqrt(x / (1.0 - x)), rtol=1e-3, atol=1e-4)
    assert abs(n[:, :2].mean(0)).max() < 0.003


@pytest.mark.parametrize("width", [0.01, 0.08, 0.17, 0.28])
@pytest.mark.parametrize("grazing", [0.03, 0.052, 0.1, 0.3, 1.0])
def test_rays_meet_facets_that_face_them(grazing, width):
    """All facets drawn face the ray, and Fresnel's share (Schlick) is that of their mean."""
    d = (math.cos(grazing), 0.0, -math.sin(grazing))
    _, n = facets(d, width)
    cosine = -n @ np.array(d)
    assert (cosine > 0.0).all()
    mean = tell([math.sin(grazing)], width)[0][0]
    assert (1.0 - mean) ** 5 == pytest.approx(((1.0 - cosine) ** 5).mean(), abs=0.045)


def test_fog_scatters_all_light_and_most_of_it_ahead():
    c = np.linspace(-1.0, 1.0, 20001)
    phase = tell(c, 0.1)[1]
    assert phase.mean() == pytest.approx(1.0, rel=0.003)
    assert phase[0] == pytest.approx(0.34, abs=0.03) and phase[-1] > 10.0


@wp.kernel
def _glow(air: Air, sight: Sight, steps: int, out: wp.array[wp.vec2]):
    """Reads one lamp, a ray. Writes the lamp's glow on it, and the sum of ``steps`` even steps."""
    out[0] = wp.vec2(lamp_glow(air, 0, sight)[1], 0.0)
    k = air.sky.extinction[0]
    step = wp.max(sight.reach - BONNET, 0.0) / float(steps)
    total = float(0.0)
    for i in range(steps):
        t = BONNET + (float(i) + 0.5) * step
        p = sight.eye + sight.d * t
        to = p - air.lights.pos[0, 0]
        r = wp.length(to)
        e = blurred_flux(air.lights, 0, 0, p)[1] * fog_phase(-wp.dot(to, sight.d) / r)
        total += e * wp.exp(-k * (t + r))
    out[0] = wp.vec2(out[0][0], total * step * (k - 3.0e-4) / (4.0 * wp.static(math.pi)))


def glows(kind, pos, axis, rays, reaches, extinction=0.02):
    """Of a lamp, seen from the origin along rays up to distances, (ray, distance, (as shown, in many steps))."""
    sky, lights = make_sky(1, "cpu", scenes.library().skies), make_lights(1, "cpu")
    sky.extinction.fill_(extinction)
    lights.count.fill_(1)
    lights.pos.fill_(wp.vec3(*pos))
    lights.axis.fill_(wp.vec3(*axis))
    lights.intensity.fill_(wp.vec3(1.0, 1.0, 1.0))
    lights.cone.fill_(wp.vec2(0.45, 0.12))
    lights.beam.fill_(kind)
    air, out = make_air(sky, lights, 1), wp.zeros(1, dtype=wp.vec2, device="cpu")
    seen = []
    for ray in rays:
        for reach in reaches:
            sight = Sight()
            sight.d, sight.reach = wp.normalize(wp.vec3(*ray)), reach
            wp.launch(_glow, dim=1, inputs=[air, sight, 200000], outputs=[out], device="cpu")
            seen.append(out.numpy()[0].copy())
    return np.array(seen).reshape(len(rays), len(reaches), 2)


@pytest.mark.parametrize("kind", [LOW, HIGH])
def test_rays_past_an_oncoming_lamp_gather_its_glow_wherever_they_end(kind):
    """0.4 to 4 degrees beside the lamp, ending before it, at it, right behind, and far away."""
    far, aside = 50.0, -1.8
    rays = [(far, aside + x, z) for x, z in ((0.35, 0.0), (1.0, 0.3), (1.8, 0.0), (3.5, 0.6))]
    seen = glows(kind, (far, aside, -0.6), (-1.0, 0.0, 0.0), rays, (35.0, 49.0, 51.0, 60.0, 400.0))
    shown, true = seen[..., 0], seen[..., 1]
    np.testing.assert_allclose(shown, true, rtol=0.16)
    # What lies behind the lamp hardly matters, and where the ray ends on it leaves no edge in the glow.
    np.testing.assert_allclose(shown[:, 3] / shown[:, 4], true[:, 3] / true[:, 4], atol=0.02)


def test_rays_under_a_street_lamp_gather_its_glow_wherever_they_end():
    rays = [(20.0, y, z) for y, z in ((0.0, 0.0), (3.0, 1.0), (0.3, 4.0), (6.0, -0.5))]
    seen = glows(CONE, (20.0, 0.0, 4.5), (0.0, 0.0, -1.0), rays, (15.0, 21.0, 60.0, 400.0))
    np.testing.assert_allclose(seen[..., 0], seen[..., 1], rtol=0.12)


@wp.kernel
def _lay(
    weather: Weather, ice: float, x: wp.array[wp.vec3], out: wp.array[wp.vec3], glaze: wp.array[wp.vec3], both: wp.array[float],
):  # fmt: skip
    """Reads places on asphalt. Writes coat, ripple and albedo under water and under ice, and the ripple under both."""
    i = wp.tid()
    s = Surf()
    s.surface = wp.static(int(Surface.ASPHALT))
    s.albedo = wp.vec3(0.1, 0.1, 0.1)
    s.roughness = 0.9
    w = wetted(weather, 0, s, x[i], 0.3, 0.0, 0.0)
    out[i] = wp.vec3(w.coat, w.ripple, w.albedo[0])
    g = iced(ice, s, x[i], 0.3, 0.0)
    glaze[i] = wp.vec3(g.coat, g.ripple, g.albedo[0])
    both[i] = iced(ice, w, x[i], 0.3, 0.0).ripple


def laid(wet, ice=0.0):
    weather = Weather()
    weather.wetness = wp.array([wet], dtype=float, device="cpu")
    weather.rain = wp.zeros(1, dtype=float, device="cpu")
    p = np.random.default_rng(3).uniform(-60.0, 60.0, (4000, 3)).astype(np.float32)
    out = [wp.zeros(len(p), dtype=kind, device="cpu") for kind in (wp.vec3, wp.vec3, float)]
    wp.launch(
        _lay, dim=len(p), inputs=[weather, ice, wp.array(p, dtype=wp.vec3, device="cpu")], outputs=out, device="cpu"
    )
    return [x.numpy() for x in out]


def test_only_standing_water_mirrors_sharply_and_there_is_more_of_it_the_wetter_the_road():
    wets = np.linspace(0.02, 1.0, 50)
    seen = [laid(w)[0] for w in wets]
    sharp = np.array([(s[:, 1] < 0.03).mean() for s in seen])
    rough = np.array([np.median(s[:, 1]) for s in seen])
    assert sharp[wets < 0.3].max() < 0.03 and 0.03 < sharp[-1] < 0.4
    assert (np.diff(sharp) >= 0.0).all() and np.diff(sharp).max() < 0.03
    # A film levels the grains little by little, and never where it is merely wet.
    assert (np.diff(rough) <= 0.0).all() and abs(np.diff(rough)).max() < 0.01 and rough[-1] > 0.03


def test_ice_never_mirrors_sharply_and_is_whiter_than_water():
    wet, ice, _ = laid(0.9, 0.9)
    assert ice[:, 1].min() > 0.05 and ice[:, 2].mean() > 1.5 * wet[:, 2].mean()
    assert np.percentile(ice[:, 2], 95) > 1.5 * np.percentile(ice[:, 2], 10)


def test_a_trace_of_ice_leaves_puddles_the_mirrors_that_they_are():
    """Ice under 0.1 glazes next to nothing, and what it does not glaze stays as sharp as before."""
    ripple = {ice: laid(1.0, ice)[2] for ice in (0.0, 0.01, 0.1, 1.0)}
    sharp = ripple[0.0] < 0.02
    assert 0.02 < sharp.mean() < 0.4
    change = [np.abs(ripple[ice] - ripple[0.0])[sharp].mean() for ice in (0.01, 0.1, 1.0)]
    assert change[0] < 0.003 and change[0] <= change[1] < change[2] and change[2] > 0.05


def gain(levels):
    """Of a picture that has shares of light, (luminance, share) each."""
    exposure = make_exposure(1, 1, "cpu")
    bins = np.zeros((1, 1, BINS), np.int32)
    for y, share in levels:
        bins[0, 0, int(4.0 * (math.log2(y) + 16.0))] += round(10000 * share)
    exposure.histogram.assign(bins)
    exposure.chroma.assign(np.array([[[1365, 1365, 1365, 1]]], np.int64))
    wp.launch(_expose_picture, dim=(1, 1), inputs=[], outputs=[exposure], device="cpu")
    return float(exposure.picture.numpy()[0, 0, 1])


def test_what_stands_in_head_lamps_holds_exposure_down_but_no_small_lamp():
    night, day = [(0.02, 0.9), (0.1, 0.07)], [(0.3, 0.6), (1.0, 0.4)]
    alone = gain([*night, (0.1, 0.03)])
    assert gain([*night, (0.1, 0.02), (50.0, 0.01)]) > 0.9 * alone
    held = gain([*night, (10.0, 0.03)])
    assert 0.9 * HELD_DOWN * alone < held < 0.7 * alone
    mean = 0.6 * 0.3 + 0.4
    assert gain(day) == pytest.approx(0.19 / mean, rel=0.15)


def test_skylight_enters_a_cabin_through_its_other_panes():
    """Seen through a pane: a floor between four panes or four walls, under a roof."""
    dark = Material("dark", (0.02, 0.02, 0.02))
    clear = Material("pane", (0.7, 0.78, 0.76), 0.02, clearcoat=1.0, transmission=0.7)
    floor = scenes.box((-1, -1, 0), (1, 1, 0.1), material=Material("seat", (0.3, 0.3, 0.3)))
    roof = scenes.box((-1.05, -1.05, 1.2), (1.05, 1.05, 1.3), material=dark)
    front = scenes.box((-1.04, -1, 0.1), (-1.02, 1, 1.2), Semantic.CAR, clear)
    light = []
    for side in (clear, dark):
        parts = [scenes.box((-1, y - 0.01, 0.1), (1, y + 0.01, 1.2), material=side) for y in (-1.02, 1.02)]
        parts.append(scenes.box((1.02, -1, 0.1), (1.04, 1, 1.2), material=side))
        lib = scenes.library([scenes.model(merge([floor, roof, front, *parts]), "cabin")], scenes.plane(z=-2.0))
        weather = {"cloud_cover": 1.0, "sun_direction": (0.3, 0.2, 0.9)}
        made, now = scenes.batch([scenes.world(lib, [("cabin", (6.0, 0.0, 0.0), 0.0)], weather)])
        camera = camera_at((0.0, 0.0, 1.4), width=48, height=48, horizontal_fov=0.3, pitch=0.2)
        renderer = Renderer(lib, made, now, RenderConfig((camera,), "standard", ("rgb",)))
        renderer.render(made)
        light.append(renderer.radiance.numpy()[0, 0, 22:27, 20:28].mean())
    assert light[0] > 1.25 * light[1]


def test_behind_many_panes_light_falls_but_does_not_end():
    """A floor under one pane, seen from beneath a pile of others: each takes its share of the sky's light, none all of it."""
    clear = Material("pane", (0.7, 0.78, 0.76), 0.02, clearcoat=1.0, transmission=0.7)
    light = []
    for count in (1, 3, 9):
        heights = [0.3, *(2.0 + 0.1 * np.arange(count))]
        panes = [scenes.plane(30.0, z, Semantic.CAR, clear) for z in heights]
        lib = scenes.library([scenes.model(merge(panes), "pile")], scenes.plane())
        weather = {"cloud_cover": 1.0, "sun_direction": (0.3, 0.2, 0.9)}
        made, now = scenes.batch([scenes.world(lib, [("pile", (0.0, 0.0, 0.0), 0.0)], weather)])
        camera = camera_at((0.0, 0.0, 1.4), width=32, height=32, horizontal_fov=0.3, pitch=1.2)
        renderer = Renderer(lib, made, now, RenderConfig((camera,), "standard", ("rgb",)))
        renderer.render(made)
        light.append(renderer.radiance.numpy()[0, 0].mean())
    assert light[0] > 1.5 * light[1] > 1.5 * light[2] > 0.75 * light[1]
