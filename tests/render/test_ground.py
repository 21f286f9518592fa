"""Roads show who drives on them."""

from __future__ import annotations

import math

import numpy as np
import warp as wp

from sim.config import RenderConfig
from sim.render.colour import _mark_contrast
from sim.render.frames import Renderer, camera_at
from sim.road.shorthand import CrossSection, Segment, road
from tests.render import scenes
from tests.render.test_weather import mapped, shoot

DRY = {"sun_direction": (0.3, 0.2, 0.9)}


def seen_from_above(half_width, columns, x=60.0):
    """Green albedo (row along the lane, column across it) and metres left of the lane's middle, from 9 m above."""
    lib = mapped(road([Segment(120.0)], CrossSection(), kind="rural"))
    camera = camera_at((x, -1.75, 9.0), pitch=math.pi / 2, width=columns, height=64, horizontal_fov=2 * half_width)
    seen = shoot(lib, DRY, camera=camera, actors=(), outputs=("albedo", "depth"), quality="fast")
    at = (np.arange(columns) - (columns - 1) / 2) / (columns / 2) * math.tan(half_width) * 9.0
    return seen["albedo"][..., 1].astype(float), -at


def test_tyres_and_drips_darken_a_dry_lane_and_dust_lies_beside():
    albedo, off = seen_from_above(0.3, 240)
    tone = albedo.mean(0)
    track, middle = np.abs(np.abs(off) - 0.76) < 0.15, np.abs(off) < 0.15
    outer = (np.abs(off) > 1.3) & (np.abs(off) < 1.55)
    assert tone[track].mean() < 0.95 * tone[outer].mean()
    assert tone[middle].mean() < 0.97 * tone[outer].mean()


def test_streaks_run_along_the_lane():
    """Narrow bands lie at the same place of the lane a few metres on."""
    bands = []
    for x in (60.0, 64.0):
        albedo, off = seen_from_above(0.17, 120, x)
        tone = np.log(albedo.mean(0))[np.abs(off) < 1.5]
        bands.append(tone - np.convolve(np.pad(tone, 12, "edge"), np.full(25, 1 / 25), "valid"))
    assert np.corrcoef(bands)[0, 1] > 0.5


def test_noise_of_a_rough_coat_asks_for_no_more_samples_but_a_lamp_in_it_does():
    """A pixel that mirrors more than its neighbours: a smooth coat shows an edge, a rough one chance, unless it is as bright as a lamp."""
    lib = scenes.library([], scenes.plane())
    made, now = scenes.batch([scenes.world(lib, (), {**DRY, "cloud_cover": 1.0})])
    r = Renderer(lib, made, now, RenderConfig((camera_at((0.0, 0.0, 1.5), width=32, height=16),), "standard", ("rgb",)))
    r.render(made)
    b, world = r.buffers, r._world(made)

    def marked(more, blur):
        for name in ("direct", "sun", "glow", "albedo", "mirror", "blur", "guide"):
            getattr(b, name).zero_()
        b.tint.fill_(wp.vec3(1.0, 1.0, 1.0))
        mirror = np.zeros((1, 1, 16, 32, 4), np.float32)
        mirror[..., :3], mirror[..., 3] = r.sky.ambient.numpy()[0] + 0.05 * r.sky.sun.numpy()[0], 1.0
        mirror[0, 0, 8, 16, :3] *= more
        b.mirror.assign(mirror)
        b.blur.fill_(wp.vec2(blur, 0.0))
        b.guide.fill_(wp.vec4(0.0, 0.0, 1.0, 10.0))
        wp.launch(_mark_contrast, dim=(1, 1, 16, 32), inputs=[world, 0], outputs=[b], device="cpu")
        return int(b.contrast.numpy().sum())

    assert marked(1.0, 0.0) == 0 and marked(1.0, 80.0) == 0
    assert marked(1.5, 0.0) == 5 and marked(1.5, 80.0) == 0
    assert marked(20.0, 80.0) == 5
