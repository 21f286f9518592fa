"""One lamp is asked for all of them."""

from __future__ import annotations

import numpy as np
import warp as wp

from sim.config import RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.mesh import Light
from sim.render.shading import World, lamp_ray
from tests.render import scenes


@wp.kernel
def _ask(w: World, u: wp.array[float], out: wp.array[wp.vec3]):
    """Reads the world and draws. Writes the light of the lamp that each draw picks."""
    i = wp.tid()
    out[i] = lamp_ray(w, 0, wp.vec3(0.0, 0.0, 0.0), wp.vec3(0.0, 0.0, 1.0), u[i]).light


def test_a_lamp_that_gives_next_to_nothing_is_never_divided_by():
    """Beams fall off to numbers of which others' light is no multiple."""
    lamps = [
        Light((1.0, 0.0, 5.0), (0.0, 0.0, -1.0), (100.0, 90.0, 80.0), -1.0, -2.0),
        Light((0.0, 1.0, 5.0), (0.0, 0.0, -1.0), (1e-38, 1e-38, 0.0), -1.0, -2.0),
    ]
    lib = scenes.library([], scenes.plane(z=-0.1), lamps)
    made, now = scenes.batch([scenes.world(lib, (), {"sun_direction": (0.3, 0.2, -0.9)})])
    r = Renderer(lib, made, now, RenderConfig((camera_at((0.0, 0.0, 1.5), width=16, height=16),), "draft", ("rgb",)))
    r.render(made)
    assert r.lights.count.numpy()[0] == 2
    u = wp.array([0.0, 1e-9, 0.5, 0.99999994], dtype=float, device="cpu")
    out = wp.zeros(4, dtype=wp.vec3, device="cpu")
    wp.launch(_ask, dim=4, inputs=[r._world(made), u], outputs=[out], device="cpu")
    light = out.numpy()
    assert np.isfinite(light).all() and np.allclose(light, light[2], rtol=1e-5) and light[2].min() > 0.0
