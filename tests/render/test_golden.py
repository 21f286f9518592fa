"""Small pictures of every material, weather and lens against stored ones: labels exact, colours per pixel with a cap on outliers.

``pytest tests/render/test_golden.py --update-golden`` rewrites them all; look at the difference that it writes beside each.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.cameras import CameraFault, Lens, Optics, Sensor, Shutter
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
WIDTH, HEIGHT = 96, 54
STREET = "street"
"""Picture of the street by day, whose labels other pictures of it share."""


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


def in_street(library, weather, **state):
    """A world of the street: a car ahead that brakes, one that comes, a ball on the pavement."""
    actors = [("car", (-17.0, -1.75, 0.0), 0.0), ("car", (-9.0, 1.75, 0.0), 3.1416), ("ball", (-13.5, -4.2, 0.62), 0.0)]
    lit = [int(Lamp.BRAKE), int(Lamp.LOW_BEAM), 0]
    return scenes.world(library, actors, weather, lamps=lit, **state)


def render(library, worlds, quality, **camera):
    """What a camera sees of each world, by output, (nworld, height, width, ...); the red light shows."""
    scene, now = scenes.batch(worlds)
    now.signal.fill_(4)
    size = {"width": WIDTH, "height": HEIGHT, "horizontal_fov": 1.2}
    eye = camera_at(**{"pos": (-27.0, -1.9, 1.5), "pitch": 0.03, **size, **camera})
    renderer = Renderer(library, scene, now, RenderConfig((eye,), quality, OUTPUTS))
    if eye.shutter.half:
        # The cars drive on between the frames.
        for _ in range(2):
            now.pos.assign(now.pos.numpy() + np.array([[[0.4, 0, 0], [-0.4, 0, 0], [0, 0, 0]]], np.float32))
            renderer.advance(scene, now)
    renderer.render(scene)
    return {name: np.array(array[:, 0]) for name, array in renderer.frames.numpy().items()}


NIGHT = {"sun_direction": (0.3, -0.4, -0.6)}
WEATHERS = {
    "day": {"cloud_cover": 0.3},
    "low_sun": {"sun_direction": (0.995, -0.05, 0.09), "cloud_cover": 0.1},
    "hazy": {"turbidity": 8.0},
    "overcast": {"cloud_cover": 1.0},
    "rain": {"cloud_cover": 0.9, "rain": 6.0, "wetness": 0.9, "fog_visibility": 800.0},
    "downpour": {"cloud_cover": 1.0, "rain": 50.0, "wetness": 1.0},
    "wet": {"wetness": 1.0},
    "fog": {"cloud_cover": 1.0, "fog_visibility": 60.0},
    "snowfall": {"cloud_cover": 1.0, "snow": 4.0, "snow_cover": 0.3, "temperature": -3.0},
    "snow": {"snow_cover": 1.0, "temperature": -3.0},
    "ice": {"ice": 1.0, "temperature": -3.0},
    "night": NIGHT,
    "night_rain": {**NIGHT, "rain": 6.0, "wetness": 1.0},
    "night_fog": {**NIGHT, "fog_visibility": 100.0},
}


def test_street_is_as_stored(street, request):
    """The fast picture, and the labels that it shares with those of all weathers."""
    seen = render(street, [in_street(street, WEATHERS["day"])], "fast")
    compare(STREET, {k: v[0] for k, v in seen.items()}, request)


@pytest.fixture(scope="module")
def weathers(street):
    return render(street, [in_street(street, w) for w in WEATHERS.values()], "standard")


@pytest.mark.parametrize("name", WEATHERS)
def test_weather_is_as_stored(weathers, name, request):
    compare(f"weather_{name}", {k: v[list(WEATHERS).index(name)] for k, v in weathers.items()}, request, STREET)


FISHEYE = Lens("kannala_brandt", None, (0.05, -0.01, 0.0, 0.0))
LENSES = {
    "pinhole": {"horizontal_fov": 0.4},
    "brown_conrady": {"lens": Lens("brown_conrady", (60.0, 59.0, 48.2, 26.0), (-0.3, 0.09, 1e-3, -1e-3))},
    "rational": {"lens": Lens("brown_conrady", (60.0, 59.0, 47.5, 26.5), (0.2, 0.05, -1e-3, 2e-3, 0.01, 0.3, 0.1, 0.02))},
    "fisheye": {"horizontal_fov": 3.2, "lens": FISHEYE},
    "fisheye_cut": {"horizontal_fov": 2.4, "lens": Lens("kannala_brandt", None, (), 1.1)},
    "rolling": {"shutter": Shutter(0.05), "quality": "fast"},
    "blurred": {"shutter": Shutter(0.0, 0.05, 4), "quality": "fast"},
    "focus": {"optics": Optics(aperture=0.05, focus=3.0)},
    "glass": {"optics": Optics(vignetting=1.0, aberration=0.01)},
    "sensor": {"sensor": Sensor(full_well=2000.0)},
    "dirt": {"faults": (CameraFault("dirt", 0.7),)},
    "drops": {"faults": (CameraFault("drops", 0.7),)},
    "blinding": {"faults": (CameraFault("blinding", 0.6),)},
}  # fmt: skip
"""Lenses, shutters, what a lens and a sensor do to light, and what may be wrong with them."""


@pytest.mark.parametrize("name", LENSES)
def test_lens_is_as_stored(street, name, request):
    camera = dict(LENSES[name])
    seen = render(street, [in_street(street, WEATHERS["day"])], camera.pop("quality", "standard"), **camera)
    straight = not {"horizontal_fov", "lens", "shutter"} & set(camera)
    compare(f"lens_{name}", {k: v[0] for k, v in seen.items()}, request, STREET if straight else None)


def checkers():
    """A texture with holes, sRGB with alpha."""
    row, col = np.indices((32, 32)) // 4
    image = np.full((32, 32, 4), (200, 60, 40, 255), np.uint8)
    image[(row + col) % 2 == 0] = (40, 90, 180, 255)
    image[(row % 4 == 1) & (col % 4 == 1)] = 0
    return image


MATERIALS = {
    **{s.name.lower(): Material(s.name, (0.45, 0.4, 0.35), 0.6, surface=s) for s in Surface},
    "mirror": Material("mirror", (0.9, 0.9, 0.9), 0.02, 1.0),
    "brushed": Material("brushed", (0.9, 0.6, 0.3), 0.4, 1.0),
    "coated": Material("coated", (0.3, 0.02, 0.02), 0.7, clearcoat=1.0),
    "pane": Material("pane", (0.8, 0.9, 0.85), 0.03, clearcoat=1.0, transmission=0.9, role=Role.GLASS),
    "shining": Material("shining", (0.2, 0.2, 0.2), emission=(1.5, 0.8, 0.2)),
    "textured": Material("textured", (1.0, 1.0, 1.0), 0.5, texture=checkers()),
    "cut_out": Material("cut_out", (1.0, 1.0, 1.0), 0.9, texture=checkers(), alpha_cutoff=0.5),
    **{r.name.lower(): Material(r.name, (0.6, 0.3, 0.2), 0.3, role=r) for r in Role if "LAMP" in r.name or "SIGNAL" in r.name},
    "plate": Material("plate", (1.0, 1.0, 1.0), 0.4, texture=checkers(), role=Role.PLATE),
}  # fmt: skip
"""Every surface, and kinds of reflection, glass, light and texture; lamps are lit."""


@pytest.fixture(scope="module")
def materials():
    """A ball and a block on a slab of each material before a wall, all in one batch, with lamps lit, on a road half wet."""
    models = []
    for name, material in MATERIALS.items():
        ball = scenes.sphere(0.4, 32, Semantic.OBSTACLE, material)
        ball.vertices += (0.0, 0.45, 0.5)
        # Once around and up, so that textures and roofs show.
        ball.uvs[:] = np.stack(
            [np.arctan2(ball.normals[:, 1], ball.normals[:, 0]) / math.pi, -2 * ball.normals[:, 2]], 1
        )
        blocks = [((-0.6, -0.9, 0.0), (0.8, 0.9, 0.1)), ((0.0, -0.85, 0.1), (0.6, 0.0, 0.85))]
        boxes = [scenes.box(*block, Semantic.OBSTACLE, material) for block in blocks]
        for each in boxes:
            each.uvs[:] = each.vertices[:, 1:] + each.vertices[:, :1]
        models.append(scenes.model(merge([ball, *boxes]), name))
    wall = scenes.box((2.5, -6.0, 0.0), (3.0, 6.0, 1.2), Semantic.WALL)
    library = scenes.library(models, merge([scenes.plane(), wall]))
    lit = int(Lamp.BRAKE | Lamp.LOW_BEAM | Lamp.INDICATOR_LEFT | Lamp.INDICATOR_RIGHT | Lamp.REVERSE | Lamp.BEACON)
    worlds = [
        scenes.world(library, [(name, (0.0, 0.0, 0.0), 0.35)], {"cloud_cover": 0.4, "wetness": 0.4}, lamps=[lit])
        for name in MATERIALS
    ]
    return render(library, worlds, "draft", width=48, height=36, horizontal_fov=0.8, pos=(-2.2, 0.1, 1.3), pitch=0.36)


@pytest.mark.parametrize("name", MATERIALS)
def test_material_is_as_stored(materials, name, request):
    compare(f"material_{name}", {k: v[list(MATERIALS).index(name)] for k, v in materials.items()}, request)


def compare(name, seen, request, labels=None):
    """Hold a picture against the stored one; with ``--update-golden`` it takes its place.

    Args:
        name: Of its file.
        seen: Images by output.
        request: Of pytest.
        labels: Name of the file that holds its labels, which weather and light on the lens do not change; None: its own.
    """
    seen = {**seen, "depth": seen["depth"].astype(np.float16), "normal": np.round(127 * seen["normal"]).astype(np.int8)}
    file = GOLDEN / f"{name}.npz"
    if request.config.getoption("--update-golden"):
        update(file, seen if labels is None else {"rgb": seen["rgb"]})
    with np.load(GOLDEN / f"{labels or name}.npz") as stored:
        for label in ("semantic", "instance"):
            assert (stored[label] == seen[label]).all(), (
                f"{label}: {(stored[label] != seen[label]).sum()} pixels differ"
            )
        assert np.allclose(stored["depth"].astype(float), seen["depth"].astype(float), rtol=2e-3, atol=2e-3), "depth"
        assert (np.abs(stored["normal"].astype(int) - seen["normal"]) <= 1).all(), "normal"
    with np.load(file) as stored:
        off = np.abs(stored["rgb"].astype(int) - seen["rgb"].astype(int)).max(-1) > TOLERANCE
        assert off.mean() <= OUTLIERS, f"{int(off.sum())} pixels differ in colour"


def update(file, seen):
    """Store a picture, and the old one beside the new one for the eye."""
    import cv2

    file.parent.mkdir(exist_ok=True)
    if file.is_file():
        with np.load(file) as stored:
            if stored["rgb"].shape == seen["rgb"].shape:
                share = (stored["rgb"] != seen["rgb"]).any(-1).mean()
                print(f"{file.name}: {share:.1%} of the pixels changed")
                if share:
                    pair = np.hstack([stored["rgb"], seen["rgb"]])
                    cv2.imwrite(str(file.with_suffix(".difference.png")), pair[..., ::-1])
    np.savez_compressed(file, **{k: v.astype(np.uint8) if k == "instance" else v for k, v in seen.items()})


def test_the_street_holds_what_it_should(street):
    seen = render(street, [in_street(street, {})], "fast", width=192, height=108)
    found = set(np.unique(seen["semantic"]).tolist())
    wanted = (Semantic.ROAD, Semantic.SIDEWALK, Semantic.BUILDING, Semantic.SKY, Semantic.CAR, Semantic.ROAD_MARKING)
    assert {int(s) for s in (*wanted, Semantic.TRAFFIC_LIGHT)} <= found
    assert {0, 1, 2, 3} == set(np.unique(seen["instance"]).tolist())
