"""Weather in pictures: each kind is there, grows with its strength, and moves no label."""

# pyright: reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.assets.spec import Category
from sim.cameras import Optics
from sim.config import CameraConfig, RenderConfig
from sim.render.air import fill_air, way_through
from sim.render.frames import Renderer, camera_at
from sim.render.launches import Launches
from sim.render.library import MeshLibrary
from sim.render.lights import HIGH, LOW, beam_pattern
from sim.render.mesh import Light, Material, Role, Semantic, Surface
from sim.render.scenery import build_map, scenery_model
from sim.render.sky import make_sky, update_sky
from sim.render.spray import spray_extinction
from sim.road.elements import Tunnel
from sim.road.shorthand import CrossSection, Segment, road
from sim.scenario.world import clouds_for
from sim.scenery.build import map_solids
from sim.types import Lamp
from tests.render import scenes

wp.set_module_options({"enable_backward": False})

ASPHALT = Material("asphalt", (0.12, 0.12, 0.12), roughness=0.9, surface=Surface.ASPHALT)
PAINT = Material("paint", (0.03, 0.03, 0.03), roughness=0.5)
LABELS = ("depth", "instance", "semantic", "normal")
NIGHT = {"sun_direction": (0.6, 0.0, -0.8)}
GREY = {"cloud_cover": 1.0, "sun_direction": (0.3, 0.2, 0.9)}


def street(lights=(), lamp=None):
    """A car before the camera, a wall behind it, on asphalt."""
    car = scenes.model(scenes.box((-2, -0.9, 0.2), (2, 0.9, 1.5), material=PAINT), "car", lights=lights)
    wall = scenes.model(
        scenes.box((0, -9, 0), (1, 9, 6), Semantic.BUILDING, Material("wall", (0.06, 0.06, 0.06))), "wall"
    )
    return scenes.library([car, wall], scenes.plane(material=ASPHALT), () if lamp is None else (lamp,))


def shoot(
    lib,
    weather,
    *,
    quality="draft",
    size=(96, 64),
    camera=None,
    key=1,
    actors=None,
    outputs=("rgb", *LABELS),
    scene=None,
    **state,
):
    """Light, exposed picture and labels of one world."""
    actors = [("car", (12.0, 0.0, 0.0), 0.0), ("wall", (40.0, 0.0, 0.0), 0.0)] if actors is None else actors
    rows = scenes.world(lib, actors, weather, key, **state)
    rows[0].update(scene or {})
    eye = camera or camera_at((0.0, 0.0, 1.5), width=size[0], height=size[1])
    made, now = scenes.batch([rows])
    renderer = Renderer(lib, made, now, RenderConfig((eye,), quality, outputs))
    renderer.render(made)
    out = {name: np.array(array[0, 0]) for name, array in renderer.frames.numpy().items()}
    if quality == "fast":
        return out
    return out | {"light": renderer.radiance.numpy()[0, 0].copy(), "dazzle": renderer.air.dazzle.numpy()[0, 0]}


def mapped(network):
    """A library of one map."""
    made = build_map(network, "rural", detail=0.2)
    return MeshLibrary([scenery_model(name, 0.2) for name in sorted({i.model for i in made.instances})], [made], "cpu")


def test_clouds_follow_from_what_falls():
    rates = np.linspace(0.0, 10.0, 101)
    cover = np.array([clouds_for(r, 0.0) for r in rates])
    assert (
        cover[0] == pytest.approx(0.2)
        and cover[20] > 0.95
        and (np.diff(cover) >= 0.0).all()
        and np.diff(cover).max() < 0.12
    )
    assert clouds_for(0.0, 1.0) == clouds_for(1.0, 0.0)


@pytest.mark.parametrize("cover", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_clouds_hide_the_share_of_the_sky_that_the_weather_says(cover):
    """On average over worlds; each has clouds of its own, and the sun is as often hidden as the sky is."""
    n = 48
    lib = scenes.library()
    scene, _ = scenes.batch([scenes.world(lib, (), {"cloud_cover": cover}, key=k) for k in range(n)])
    sky = make_sky(n, "cpu", lib.skies)
    update_sky(scene, lib.skies, sky, wp.ones(n, dtype=wp.int32, device="cpu"))
    hidden = sky.table.numpy()[..., 3][:, 12:].mean((1, 2))
    sun = sky.sun.numpy()[:, 1] / sky.beam.numpy()[:, 1].max()
    if cover in (0.0, 1.0):
        assert (hidden == 0.0).all() if cover == 0.0 else hidden.min() > 0.9
        assert np.allclose(sun, 1.0 - cover, atol=0.01)
        return
    # Veils hide less of what they cover.
    assert cover - 0.2 < hidden.mean() < cover + 0.1 and hidden.std() > 0.02
    assert 0.2 * (1.0 - cover) < sun.mean() < 1.0 - 0.5 * cover and sun.std() > 0.05


WEATHERS = {
    "rain": {"rain": 8.0, "wetness": 1.0, **GREY}, "snow": {"snow": 2.0, "snow_cover": 0.8, **GREY}, "ice": {"ice": 0.8},
    "dust": {"dust": 0.8}, "fog": {"fog_visibility": 150.0}, "clouds": {"cloud_cover": 0.6},
    "sun ahead": {"sun_direction": (0.98, 0.05, 0.19)},
}  # fmt: skip


@pytest.mark.parametrize("kind", WEATHERS)
def test_weather_changes_the_picture_and_no_label(kind):
    lib = street()
    plain, other = shoot(lib, {"cloud_cover": 0.0}), shoot(lib, WEATHERS[kind])
    for name in LABELS:
        assert np.array_equal(plain[name], other[name]), name
    assert np.abs(plain["rgb"].astype(int) - other["rgb"].astype(int)).max(-1).mean() > 1.0


@pytest.mark.parametrize("kind", ["rain", "snow"])
def test_what_falls_grows_with_its_rate_and_stays_before_the_camera(kind):
    lib = street()
    light = []
    for rate in (0.0, 0.01, 1.0, 20.0):
        seen = shoot(lib, {kind: rate, **GREY}, size=(192, 128), tick=7)
        light.append(seen["light"][seen["instance"] == 2].mean(-1))
    # Against a dark wall what falls is bright; fog of the same rate brightens it evenly.
    streaks = [float((x - np.median(x) > 0.03).mean()) for x in light]
    assert streaks[0] == 0.0 and streaks[1] < 0.01 < streaks[2] < streaks[3]


def test_drops_fan_out_of_where_a_moving_camera_goes():
    """At rest streaks are upright; at speed those to the lower left of the way ahead point there."""
    ego = scenes.model(scenes.box((-0.1, -0.1, -0.3), (0.1, 0.1, -0.2)), "ego")
    lib = scenes.library([ego], scenes.plane(half=2000.0, z=-60.0, material=Material("black", (0.0, 0.0, 0.0))))
    turned = []
    for speed in (0.0, 60.0):
        seen = shoot(
            lib, {"rain": 15.0, **GREY}, actors=[("ego", (0, 0, 0), 0.0)], vel=[(speed, 0.0, 0.0)],
            camera=CameraConfig(width=240, height=160, pos=(0, 0, 2), pitch=0.45), tick=3,
        )  # fmt: skip
        down, right = np.gradient(seen["light"][40:100, :50, 1])
        turned.append(float(2.0 * (right * down).sum() / (right**2 + down**2).sum()))
    # Falling, they point to the nadir, which lies to the lower right of there.
    assert turned[0] < 0.0 < 0.5 < turned[1], turned


def test_spray_hangs_behind_fast_wheels_on_water():
    """Closed form of the middle, linear in the water; and what is seen: the wall behind a fast car pales."""
    lib = street()

    def pale(speed, water):
        weather = {"water": water, "cloud_cover": 1.0}
        seen = shoot(lib, weather, speed=[speed, 0.0], scene={"category": [int(Category.CAR), 0]})
        return seen["light"][seen["instance"] == 1].mean()

    dry, slow, fast, deep = pale(30.0, 0.0), pale(6.0, 1e-4), pale(30.0, 1e-4), pale(30.0, 3e-4)
    assert slow == dry and fast > 1.2 * dry and deep > 1.2 * fast


@wp.kernel
def _spray(water: wp.array[float], out: wp.array[float]):
    """Reads water. Writes extinction."""
    i = wp.tid()
    out[i] = spray_extinction(water[i], 32.0, 4.0, 0.5)


def test_spray_follows_from_the_water_that_tyres_meet():
    water = wp.array([0.0, 4e-4, 8e-4], dtype=float, device="cpu")
    out = wp.zeros(3, dtype=float, device="cpu")
    wp.launch(_spray, dim=3, inputs=[water], outputs=[out], device="cpu")
    # 0.4 mm under four tyres of 0.2 m, of which 0.15 hang in the air: 0.096 kg/m over 2 pi 0.5 m^2, drops of 0.12 mm.
    content = 1000.0 * 4e-4 * 0.2 * 4 * 0.15 / (2 * math.pi * 0.5)
    np.testing.assert_allclose(out.numpy(), np.array([0.0, 1.0, 2.0]) * 1.5 * content / (1000.0 * 1.2e-4), rtol=1e-5)


def test_snow_lies_on_what_faces_up_and_moves_with_it():
    lib = street()
    at = {}
    for x in (0.0, 200.0):
        camera = camera_at((x, 0.0, 5.0), pitch=0.42, width=96, height=64)
        seen = shoot(
            lib, {"snow_cover": 0.45}, camera=camera, actors=[("car", (x + 10.0, 0, 0), 0.0)], outputs=("albedo", "instance", "normal"),
            quality="fast",
        )  # fmt: skip
        top, back = ((seen["instance"] == 1) & (seen["normal"][..., axis] < -0.8) for axis in (1, 2))
        albedo = seen["albedo"].astype(float)[..., 1]
        assert albedo[top].mean() > 0.3 and albedo[back].mean() < 0.1
        at[x] = albedo[top]
    # The same snow wherever the car is.
    assert np.abs(at[0.0] - at[200.0]).mean() < 0.02


def test_tyres_leave_tracks_in_snow_and_water_stands_in_them():
    """On a lane, whose mesh says where its middle is."""
    lib = mapped(road([Segment(60.0)], CrossSection(), kind="rural"))
    camera = camera_at((30.0, -1.75, 9.0), pitch=math.pi / 2, width=120, height=24, horizontal_fov=0.6)
    seen = shoot(lib, {"snow_cover": 0.5}, camera=camera, actors=(), outputs=("albedo", "depth"), quality="fast")
    albedo = seen["albedo"].astype(float)[..., 1].mean(0)
    off = -(np.arange(120) - 59.5) / 60.0 * math.tan(0.3) * 9.0
    track, beside = np.abs(np.abs(off) - 0.76) < 0.15, (np.abs(off) < 0.2) | (np.abs(np.abs(off) - 1.4) < 0.12)
    assert albedo[track].mean() < 0.7 * albedo[beside].mean()


def test_ice_is_glossier_than_the_road_but_no_puddle():
    """It mirrors the wall, less than water does, and is brighter than a wet road and than a dry one: a glaze full of bubbles hardly
    darkens asphalt (albedo 0.12), and on a part of it lie hoar and trodden snow (0.62), so it is nowhere near as white as those.
    """
    lib = scenes.library([scenes.model(scenes.box((0, -30, 0), (1, 30, 30), material=Material("wall", (0.8, 0.1, 0.1))), "wall")],
                         scenes.plane(material=ASPHALT))  # fmt: skip
    red = []
    for weather in ({}, {"ice": 1.0}, {"wetness": 1.0}):
        seen = shoot(
            lib,
            {"sun_direction": (-0.7, 0.1, 0.7), "cloud_cover": 0.0, **weather},
            actors=[("wall", (15.0, 0, 0), 0.0)],
        )
        near, far = seen["light"][58:], seen["light"][40:44]
        red.append((near.mean(), far[..., 0].mean() / far[..., 1].mean()))
    dry, ice, wet = red
    assert wet[0] < 0.8 * dry[0] and ice[0] > 1.2 * wet[0]
    assert 1.2 * dry[0] < ice[0] < 0.6 * (0.62 / 0.12) * dry[0]
    assert 1.15 * dry[1] < ice[1] < 0.6 * wet[1]


def test_dust_tints_and_lies():
    lib = street()
    clean, dusty = (shoot(lib, {"dust": d}, outputs=("rgb", "albedo", "instance")) for d in (0.0, 0.8))
    ground = clean["instance"] == 0
    albedo = dusty["albedo"].astype(float)[ground & (np.arange(64) > 40)[:, None]].mean(0)
    assert albedo[0] > 1.3 * albedo[2]
    far = dusty["light"][clean["instance"] == 2].mean(0) / clean["light"][clean["instance"] == 2].mean(0)
    assert far[0] > 1.5 and far[0] > far[2]


@wp.kernel
def _beam(pitch: wp.array[float], side: wp.array[float], high: int, out: wp.array[float]):
    """Reads angles. Writes intensity."""
    i = wp.tid()
    d = wp.normalize(wp.vec3(1.0, -side[i], pitch[i]))
    out[i] = beam_pattern(wp.vec3(1.0, 0.0, 0.0), d, high)


def beam(points, high=0):
    pitch, side = (wp.array(np.array(x, np.float32), dtype=float, device="cpu") for x in zip(*points, strict=True))
    out = wp.zeros(len(points), dtype=float, device="cpu")
    wp.launch(_beam, dim=len(points), inputs=[pitch, side, high], outputs=[out], device="cpu")
    return out.numpy()


def test_beams_have_the_form_that_regulations_ask_for():
    """UN R112: B50L (0.57 deg up, 3.43 left) dark, 75R and 50R bright, 25 m lines broad; the driving beam brightest straight ahead."""
    deg = math.tan(math.radians(1.0))
    b50, r75, r50, r25 = beam(
        [(0.57 * deg, -3.43 * deg), (-0.57 * deg, 1.15 * deg), (-0.86 * deg, 1.72 * deg), (-1.72 * deg, 9 * deg)]
    )
    assert b50 < 0.05 * r75 and b50 < 0.05 * r50 and r25 > 0.1 * r50
    straight, aside = beam([(0.0, 0.0), (0.0, -12 * deg)], 1)
    assert straight > 2.0 * beam([(0.0, 0.0)])[0] and straight > 4.0 * aside
    assert (LOW, HIGH) == (1, 2)


def test_high_beam_reaches_further():
    light = []
    lamp = Light((2.0, 0.0, 0.7), (1.0, 0.0, 0.0), (8.0, 7.5, 6.6), 0.9999, 0.94, Role.HEAD_LAMP)
    lib = street((lamp,))
    for bits in (0, Lamp.LOW_BEAM, Lamp.LOW_BEAM | Lamp.HIGH_BEAM):
        actors = [("car", (0.0, 0.0, 0.0), 0.0), ("wall", (40.0, 0.0, 0.0), 0.0)]
        seen = shoot(
            lib, NIGHT, actors=actors, lamps=[int(bits), 0], camera=camera_at((1.0, 0.0, 2.2), width=96, height=64)
        )
        wall = seen["light"][seen["instance"] == 2].reshape(-1, 3)
        light.append(wall[: len(wall) // 2].mean())
    assert light[1] > 1.1 * light[0] and light[2] > 4.0 * light[1]


@wp.kernel
def _ways(traveled: wp.array[float], time: wp.array[float], out: wp.array[float]):
    i = wp.tid()
    out[i] = way_through(traveled[i], 0.0, 6.5, time[i])


def test_streaks_run_as_fast_as_drops_come_and_never_backwards():
    """Ten seconds at 20 m/s, then a stop at 8 m/s^2: the way's rate lies between what falls and the relative speed."""
    time = np.arange(0.0, 13.0, 0.01)
    speed = np.clip(20.0 - 8.0 * (time - 10.0), 0.0, 20.0)
    traveled = np.concatenate([[0.0], np.cumsum(0.005 * (speed[1:] + speed[:-1]))])
    out = wp.empty(len(time), dtype=float, device="cpu")
    inputs = [wp.array(x.astype(np.float32), dtype=float, device="cpu") for x in (traveled, time)]
    wp.launch(_ways, dim=len(time), inputs=inputs, outputs=[out], device="cpu")
    rate = np.diff(out.numpy().astype(float)) / 0.01
    assert np.abs(rate[100:999] - np.hypot(20.0, 6.5)).max() < 0.05
    assert rate.min() > 1.0 and (rate <= np.hypot(speed[:-1], 6.5) + 0.05).all()


def test_dusk_under_an_eave_is_no_tunnel():
    """Street lamps that go on do not take the sky's light from what stands under something."""
    roof = scenes.model(scenes.box((-3, -3, 3.0), (3, 3, 3.2), Semantic.BUILDING, PAINT), "roof")
    lamp = Light((60.0, 0.0, 6.0), (0.0, 0.0, -1.0), (7.0, 6.0, 4.0), 0.45, 0.12)
    seen = []
    for lamps in ((), (lamp,)):
        lib = scenes.library([roof], scenes.plane(material=ASPHALT), lamps)
        dusk = {"sun_direction": (0.99, 0.0, -0.05)}
        out = shoot(lib, dusk, quality="fast", actors=[("roof", (8.0, 0.0, 0.0), 0.0)], outputs=("hdr", *LABELS))
        ground = (out["instance"] == 0) & np.isfinite(out["depth"]) & (out["depth"] > 5.0) & (out["depth"] < 11.0)
        seen.append(out["hdr"].astype(float)[ground].mean())
    assert seen[0] > 0.0 and 0.9 < seen[1] / seen[0] < 1.5


def test_lamps_glow_in_fog():
    lamp = Light((20.0, 0.0, 6.0), (0.0, 0.0, -1.0), (7.0, 6.0, 4.0), 0.45, 0.12)
    lib = street(lamp=lamp)
    halo = []
    for visibility in (1e6, 2000.0, 200.0):
        seen = shoot(lib, {**NIGHT, "fog_visibility": visibility}, actors=())["light"]
        halo.append(seen[10:20, 44:52].mean() - seen[10:20, :8].mean())
    assert abs(halo[0]) < 5e-5 < 1e-4 < halo[1] < 0.5 * halo[2]


def test_sun_in_the_lens_veils_the_picture_unless_it_is_hidden():
    lib = street()
    ahead, aside = (
        {"sun_direction": direction, "cloud_cover": 0.0} for direction in ((0.97, 0.1, 0.22), (0.45, 0.86, 0.23))
    )
    free, hidden, away = (
        shoot(lib, weather, actors=[("wall", (x, 0, 0), 0.0)])
        for weather, x in ((ahead, 300.0), (ahead, 12.0), (aside, 300.0))
    )
    assert free["dazzle"][1] > 3.0 and (hidden["dazzle"] == 0.0).all() and (away["dazzle"] == 0.0).all()
    # 10 / a^3 + 5 / a^2 in degrees, of which a lens has 0.3: added to a black picture it is all there is.
    made, now = scenes.batch([scenes.world(lib, [("wall", (300.0, 0, 0), 0.0)], ahead)])
    eye = camera_at((0.0, 0.0, 1.5), width=96, height=64)
    r = Renderer(lib, made, now, RenderConfig((eye,), "draft", ("rgb",)))
    r.render(made)
    r.radiance.zero_()
    rows = Launches(r.frames.shape, r.device, threads=1).rows
    fill_air(made, r.window.current, r.air, r.cameras, r.views[1], r.buffers.depth, r.radiance, rows)
    seen = r.radiance.numpy()[0, 0, 60, 20]
    ray = r.views[1].rot.numpy()[0, 0] @ np.array([20 - 47.5, 60 - 31.5, r.cameras.intrinsics.numpy()[0, 0][0]])
    sun = r.sky.sun_direction.numpy()[0]
    angle = math.degrees(math.acos(float(ray @ sun) / float(np.linalg.norm(ray) * np.linalg.norm(sun))))
    np.testing.assert_allclose(seen, free["dazzle"] * 0.3 * (10.0 / angle**3 + 5.0 / angle**2), rtol=0.02)


def test_rain_wets_a_lens_in_the_open():
    lib = street()
    pictures = [
        shoot(
            lib, {"rain": 12.0, **GREY},
            camera=camera_at((0.0, 0.0, 1.5), width=160, height=120, optics=Optics(exposed=share)),
        )["rgb"].astype(int)
        for share in (0.0, 0.5, 1.0)
    ]  # fmt: skip
    changed = [(np.abs(p - pictures[0]).max(-1) > 8).mean() for p in pictures]
    assert changed[0] == 0.0 < changed[1] < changed[2] and changed[2] > 0.05


def test_rain_draws_rings_on_water():
    lib = scenes.library([], scenes.plane(material=ASPHALT))
    camera = camera_at((0.0, 0.0, 0.6), pitch=0.9, width=96, height=96, horizontal_fov=0.5)
    still, early, late = (
        shoot(lib, {"wetness": 1.0, "rain": rate, "cloud_cover": 0.6, "sun_direction": (0.1, 0.2, 0.97)},
              camera=camera, actors=(), tick=tick)["light"] for rate, tick in ((1e-9, 0), (14.0, 0), (14.0, 9))
    )  # fmt: skip
    assert np.abs(early - late).mean() > 2e-4 and np.abs(early - still).mean() > 2e-4


def test_a_tunnel_keeps_the_sun_out_and_is_lit():
    """Against the same road without it: no sun inside, less light than in the open, more than none where it has lamps."""
    noon = {"sun_direction": (0.2, -0.3, 0.93), "cloud_cover": 0.0}
    camera = camera_at((120.0, -1.75, 1.5), width=96, height=64)
    ways = {}
    for name, tunnels in (("open", ()), ("lit", (Tunnel(60.0, 140.0),)), ("dark", (Tunnel(60.0, 140.0, False),))):
        lib = mapped(road([Segment(260.0)], CrossSection(shoulder=1.0), kind="rural", tunnels=tunnels))
        for quality in ("fast", "draft"):
            seen = shoot(lib, noon, quality=quality, camera=camera, actors=(), outputs=("hdr", "semantic"))
            ways[name, quality] = seen["hdr"].astype(float)[50:, 30:66].mean()
    for quality in ("fast", "draft"):
        bare, lit, dark = (ways[name, quality] for name in ("open", "lit", "dark"))
        assert dark < 0.5 * lit < 0.25 * bare, (quality, bare, lit, dark)


def test_a_tunnels_walls_stop_who_drives_into_them():
    network = road([Segment(100.0)], CrossSection(shoulder=1.0), kind="rural", tunnels=(Tunnel(20.0, 60.0),))
    bare = road([Segment(100.0)], CrossSection(shoulder=1.0), kind="rural")
    more = len(map_solids("", network, "rural")) - len(map_solids("", bare, "rural"))
    assert more >= 2 * 60 / 4.5
