"""Occupants are seen through the windows, belong to their vehicle in all labels, and are as many as `Scene.crew` says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.assets import list_assets
from sim.config import CameraConfig, RenderConfig
from sim.render.frames import Renderer
from sim.render.labels import Labeller
from sim.render.mesh import Semantic
from sim.render.models import MapModel, Model, ModelPart
from sim.render.parts import Part
from sim.render.world import asset_model, library_of
from sim.types import SEAT_BITS
from tests.render import scenes

OUTPUTS = ("rgb", "semantic", "instance", "part")
FULL = sum((3 * k + 1) << (SEAT_BITS * k) for k in range(3))


def look(name, crews, eye=(2.9, 2.9, 1.5), yaw=-2.12):
    """Pictures and labels of a vehicle with some crews, a world each."""
    spec = list_assets()[name]
    library = library_of([name], [MapModel(scenes.plane())], "cpu")
    worlds = [scenes.world(library, [(name, (0.0, 0.0, 0.0), 0.0)]) for _ in crews]
    for (scene, _), crew in zip(worlds, crews, strict=True):
        scene |= {"crew": [crew], "semantic": [int(spec.semantic)]}
    scene, state = scenes.batch(worlds)
    camera = CameraConfig(width=120, height=72, horizontal_fov=0.8, pos=eye, yaw=yaw, pitch=0.06, attached=False)
    renderer = Renderer(library, scene, state, RenderConfig((camera,), "draft", OUTPUTS))
    renderer.render(scene)
    labels = Labeller(renderer, masks=True, keypoints=True)
    labels.measure(scene)
    arrays = {k: np.array(v[:, 0]) for k, v in renderer.frames.numpy().items()}
    return arrays, labels.numpy() | {"amodal_masks": labels.amodal_masks()}


@pytest.fixture(scope="module")
def suv():
    return look("suv", [0, 1, FULL, 2, 0])


def test_people_are_seen_and_each_looks_otherwise(suv):
    rgb = suv[0]["rgb"].astype(int)
    changed = [(np.abs(rgb[i] - rgb[0]).max(-1) > 6).sum() for i in range(5)]
    assert changed[0] == changed[4] == 0
    assert changed[1] > 40 and changed[3] > 40 and changed[2] > 1.3 * changed[1]
    assert (np.abs(rgb[1] - rgb[3]).max(-1) > 6).any()


def test_labels_say_one_vehicle(suv):
    arrays, labels = suv
    for name in ("instance", "semantic"):
        assert (arrays[name] == arrays[name][0]).all()
    assert all(
        np.array_equal(v, np.broadcast_to(v[:1], v.shape), equal_nan=v.dtype.kind == "f") for v in labels.values()
    )


def test_who_sits_in_the_open_is_a_part_of_the_vehicle():
    arrays, _ = look("forklift", [0, 1])
    assert not (arrays["part"][0] == Part.OCCUPANT).any()
    mine = arrays["part"][1] == Part.OCCUPANT
    assert mine.sum() > 30
    assert (arrays["semantic"][1][mine] == Semantic.TRUCK).all() and (arrays["instance"][1][mine] == 1).all()


def test_a_world_among_others_is_the_world_alone(suv):
    alone, _ = look("suv", [FULL])
    for name, array in alone.items():
        assert (array[0] == suv[0][name][2]).all()


def test_those_of_one_colour_keep_meshes_of_their_own():
    """Seats count meshes on from the first one's."""
    model = asset_model("hatchback")
    seat = next(p for p in model.parts if p.seat >= 0)
    same = replace(seat, frames=tuple(replace(f, materials=seat.frames[0].materials) for f in seat.frames))
    parts = tuple(same if p is seat else p for p in model.parts)
    library = scenes.library([replace(model, parts=parts)], scenes.plane())
    k = next(i for i, p in enumerate(parts) if p is same)
    first = library.geometry.part_mesh.numpy()[k]
    for row, frame in enumerate(same.frames, first):
        assert np.allclose(library._meshes[row].points.numpy().max(0), frame.vertices.max(0), atol=1e-6)


def test_a_seat_whose_taker_is_not_in_the_table_is_empty():
    """Else the mesh behind the last of those who may sit there would: here a tower, the next model's."""
    cab, tower = scenes.box((-1, -1, 0), (1, 1, 1)), scenes.box((-1, -1, 0), (1, 1, 9))
    looks = tuple(scenes.box((-0.2, -0.2, 0), (0.2, 0.2, 0.5 + 0.1 * k)) for k in range(2))
    parts = (ModelPart((cab,)), ModelPart(looks, pivot=(0.0, 0.0, 1.0), seat=0))
    library = scenes.library([Model("cab", parts, (2, 2, 1), (0, 0, 0.5)), scenes.model(tower, "tower")])
    worlds = [scenes.world(library, [("cab", (0.0, 0.0, 0.0), 0.0)]) for _ in range(5)]
    for (scene, _), crew in zip(worlds, (0, 1, 2, 3, (1 << SEAT_BITS) - 1), strict=True):
        scene |= {"crew": [crew]}
    scene, state = scenes.batch(worlds)
    tree = Renderer(library, scene, state, RenderConfig((CameraConfig(width=16, height=16),), "fast", ("depth",))).bvh
    seat = tree.instances.mesh.numpy()[:, tree.instances.first_actor + 1]
    first = library.geometry.part_mesh.numpy()[1]
    assert seat.tolist() == [-1, first, first + 1, -1, -1]
