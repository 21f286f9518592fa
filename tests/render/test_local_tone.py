"""The tone curve that adapts to the place: what head lamps light keeps its form, edges have no halos, days stay as they are."""

# pyright: reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAssignmentType=false
from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.config import RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.local_tone import CELL, KNEE, adapted, gather_base
from sim.render.mesh import Light, Material, Role, Semantic
from sim.types import Lamp
from tests.render import scenes

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _adapt(
    image: wp.array4d[wp.vec3], base: wp.array4d[float], adapts: wp.array2d[float], out: wp.array4d[wp.vec3]
):  # fmt: skip
    world, camera, row, col = wp.tid()
    out[world, camera, row, col] = adapted(base, adapts, image[world, camera, row, col], wp.vec4i(world, camera, row, col))  # fmt: skip


def toned(light, adapts):
    """Grey light (height, width), exposed, after the curve; ``adapts`` 0..1."""
    height, width = light.shape
    image = wp.array(np.repeat(light[None, None, :, :, None], 3, -1), dtype=wp.vec3, device="cpu")
    gain = wp.full((1, 1), wp.vec3(1.0, 1.0, 1.0), dtype=wp.vec3, device="cpu")
    far = wp.full((1, 1), adapts, dtype=float, device="cpu")
    base = wp.zeros((1, 1, -(-height // CELL), -(-width // CELL)), dtype=float, device="cpu")
    gather_base(image, gain, far, base)
    out = wp.empty_like(image)
    wp.launch(_adapt, dim=image.shape, inputs=[image, base, far], outputs=[out], device="cpu")
    return out.numpy()[0, 0, :, :, 1]


@pytest.fixture
def lit():
    """Something striped that is lit two hundred times as bright as the road around it; and where it is."""
    light = np.full((64, 96), 0.03, np.float32)
    light[16:48, 32:64] = 6.0
    light[16:48, 32:64:2] = 4.0
    return light, light > 1.0


def test_what_is_lit_keeps_its_detail_below_white(lit):
    light, mine = lit
    out = toned(light, 1.0)
    assert 0.3 < out[mine].min() and out[mine].max() < 1.1
    stripes = out[30, 41:55:2].mean() / out[30, 40:54:2].mean()
    assert stripes == pytest.approx(1.5, rel=0.1), "detail is kept, not compressed"


def test_edges_have_no_halo(lit):
    light, mine = lit
    out = toned(light, 1.0)
    np.testing.assert_array_equal(out[~mine], light[~mine])
    inside, edge = out[24:40, 44:52], out[24:40, 32:40]
    assert edge.mean() == pytest.approx(inside.mean(), rel=0.03)


def test_days_and_dark_places_stay(lit):
    light, _ = lit
    np.testing.assert_array_equal(toned(light, 0.0), light)
    ramp = np.tile(np.geomspace(0.01, 40.0, 96, dtype=np.float32), (64, 1))
    out = toned(ramp, 1.0)[32]
    np.testing.assert_array_equal(out[ramp[32] < KNEE / 2], ramp[32][ramp[32] < KNEE / 2])
    assert (np.diff(out) > 0.0).all(), "brighter stays brighter"


def test_a_deer_before_the_head_lamps_is_not_burnt_out():
    """Coat of albedo 0.18, five metres before a driving beam, on a country road."""
    lamp = Light((2.0, 0.0, 0.65), (1.0, 0.0, 0.0), (8.0, 7.5, 6.6), 0.9999, 0.94, Role.HEAD_LAMP)
    car = scenes.model(scenes.box((-2, -0.9, 0.2), (2, 0.9, 0.6)), "car", lights=(lamp,))
    coat = Material("coat", (0.22, 0.17, 0.12), 0.9)
    deer = scenes.model(scenes.box((-0.2, -0.7, 0.3), (0.2, 0.7, 1.3), Semantic.ANIMAL, coat), "deer")
    lib = scenes.library([car, deer], scenes.plane(material=Material("road", (0.1, 0.1, 0.1))))
    actors, lamps = [("car", (0, 0, 0), 0.0), ("deer", (7.5, 0.5, 0), 0.0)], [int(Lamp.LOW_BEAM | Lamp.HIGH_BEAM), 0]
    scene, state = scenes.batch([scenes.world(lib, actors, {"sun_direction": (0.6, 0.0, -0.8)}, lamps=lamps)])
    camera = camera_at((0.5, 0.0, 1.3), width=96, height=64)
    r = Renderer(lib, scene, state, RenderConfig((camera,), "draft", ("rgb", "instance")))
    r.render(scene)
    seen = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    coat_codes = seen["rgb"][seen["instance"] == 2]
    assert len(coat_codes) > 100
    assert 120 < np.median(coat_codes[:, 1]) < 225 and (coat_codes.max(-1) > 245).mean() < 0.02
