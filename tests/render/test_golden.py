"""A street with everything in it against stored pictures: labels exact, colours per pixel with a cap on outliers.

``pytest tests/render/test_golden.py --update-golden`` rewrites them; look at the difference that it writes beside them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.cameras import CameraFault, Lens, Optics, Sensor
from sim.config import RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.library import MeshLibrary
from sim.render.mesh import Material, Role, Semantic, Surface, merge
from sim.render.scenery import build_map, scenery_model
from sim.road.shorthand import CrossSection, intersection
from sim.types import Lamp
from tests.render import scenes

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
OUTPUTS = ("rgb", "depth", "semantic", "instance", "normal")
TOLERANCE = 6
"""Of a colour [8-bit codes]: the last bits of sines and powers differ between machines, and noise follows them."""
OUTLIERS = 0.004
"""Share of pixels that may lie beyond it."""


def car():
    paint = Material("paint", (0.5, 0.5, 0.5), 0.4, surface=Surface.CAR_PAINT, role=Role.PAINT)
    glass = Material("glass", (0.8, 0.85, 0.85), 0.05, clearcoat=1.0, transmission=0.7)
    lamp = Material("lamp", (0.4, 0.05, 0.04), role=Role.BRAKE_LAMP)
    body = scenes.box((-2, -0.9, 0.3), (2, 0.9, 0.95), material=paint)
    cabin = scenes.box((-1.2, -0.75, 0.95), (0.9, 0.75, 1.45), material=glass)
    lamps = [scenes.box((-2.02, y - 0.15, 0.6), (-2, y + 0.15, 0.8), material=lamp) for y in (-0.6, 0.6)]
    return scenes.model(merge([body, cabin, *lamps]), "car")


@pytest.fixture(scope="module")
def street():
    section = CrossSection(sidewalk=2.2)
    town = build_map(intersection(section, arm_length=40.0), "town", seed=3, detail=0.4)
    names = sorted({instance.model for instance in town.instances})
    ball = scenes.model(scenes.sphere(0.5, 48), "ball")
    return MeshLibrary([car(), ball, *(scenery_model(name, 0.4) for name in names)], [town], "cpu")


def render(library, quality, weather, camera=None, **state):
    actors = [("car", (-17.0, -1.75, 0.0), 0.0), ("car", (-9.0, 1.75, 0.0), 3.1416), ("ball", (-13.5, -4.2, 0.62), 0.0)]
    world = scenes.world(library, actors, weather, lamps=[int(Lamp.BRAKE), int(Lamp.LOW_BEAM), 0], **state)
    scene, now = scenes.batch([world])
    now.signal.fill_(4)
    eye = camera_at((-27.0, -1.9, 1.5), pitch=0.03, width=192, height=108, **{"horizontal_fov": 1.2, **(camera or {})})
    renderer = Renderer(library, scene, now, RenderConfig((eye,), quality, OUTPUTS))
    renderer.render(scene)
    return {name: np.array(array[0, 0]) for name, array in renderer.frames.numpy().items()}


CASES = {
    "day": ("standard", {"cloud_cover": 0.3}),
    "fast": ("fast", {"cloud_cover": 0.3}),
    "rain": ("standard", {"cloud_cover": 0.9, "rain": 6.0, "wetness": 0.9, "fog_visibility": 800.0}),
    "night": ("standard", {"sun_direction": (0.3, -0.4, -0.6)}),
    "fisheye": (
        "standard",
        {"cloud_cover": 0.3},
        {"horizontal_fov": 3.2, "lens": Lens("kannala_brandt", None, (0.05, -0.01, 0.0, 0.0))},
    ),
    "worn": (
        "standard",
        {"cloud_cover": 0.3},
        {
            "lens": Lens("brown_conrady", (120.0, 118.0, 96.5, 52.0), (-0.3, 0.09, 1e-3, -1e-3)),
            "optics": Optics(vignetting=0.8, aberration=0.004),
            "sensor": Sensor(full_well=4000.0),
            "faults": (CameraFault("dirt", 0.5), CameraFault("drops", 0.5), CameraFault("blinding", 0.4)),
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_picture_is_as_stored(street, case, request):
    seen = render(street, *CASES[case])
    file = GOLDEN / f"street_{case}.npz"
    seen["depth"], seen["normal"] = seen["depth"].astype(np.float16), seen["normal"].astype(np.float16)
    if request.config.getoption("--update-golden"):
        update(file, seen)
    with np.load(file) as stored:
        for name in ("semantic", "instance"):
            assert (stored[name] == seen[name]).all(), f"{name}: {(stored[name] != seen[name]).sum()} pixels differ"
        for name in ("depth", "normal"):
            assert np.allclose(stored[name].astype(float), seen[name].astype(float), rtol=2e-3, atol=2e-3), name
        off = np.abs(stored["rgb"].astype(int) - seen["rgb"].astype(int)).max(-1) > TOLERANCE
        assert off.mean() <= OUTLIERS, f"{int(off.sum())} pixels differ in colour"


def update(file, seen):
    """Store a picture, and the old one beside the new one for the eye."""
    import cv2

    file.parent.mkdir(exist_ok=True)
    if file.is_file():
        with np.load(file) as stored:
            pair = np.hstack([stored["rgb"], seen["rgb"]])
            print(f"{file.name}: {(stored['rgb'] != seen['rgb']).any(-1).mean():.1%} of the pixels changed")
        cv2.imwrite(str(file.with_suffix(".difference.png")), pair[..., ::-1])
    np.savez_compressed(file, **{k: v.astype(np.uint8) if k == "instance" else v for k, v in seen.items()})


def test_the_street_holds_what_it_should(street):
    seen = render(street, "fast", {})
    found = set(np.unique(seen["semantic"]).tolist())
    wanted = (Semantic.ROAD, Semantic.SIDEWALK, Semantic.BUILDING, Semantic.SKY, Semantic.CAR, Semantic.ROAD_MARKING)
    assert {int(s) for s in (*wanted, Semantic.TRAFFIC_LIGHT)} <= found
    assert {0, 1, 2, 3} == set(np.unique(seen["instance"]).tolist())
