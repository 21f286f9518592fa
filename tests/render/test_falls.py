"""Bodies of people and animals in pictures: in step as they are struck, limp in the air, flat on the ground that bears their boxes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.cameras import Shutter
from sim.config import RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.labels import Labeller
from sim.render.lens import directions
from sim.render.poses import PoseWindow
from sim.render.scene_bvh import FALL_TIME, SceneBvh
from sim.render.world import library_of
from sim.rotation import inverse, quaternion, rotate
from tests.render.scenes import batch, model, plane, world

NAMES = ("man_jacket", "woman_dress", "boy", "deer", "dog", "cyclist_rider", "motorcycle_rider")
BACK, FRONT, LEFT, RIGHT = (
    quaternion(0.4, -math.pi / 2), quaternion(0.4, math.pi / 2), quaternion(0.4, 0.0, -math.pi / 2), quaternion(0.4, 0.0, math.pi / 2),
)  # fmt: skip


@pytest.fixture(scope="module")
def library():
    from sim.render.models import MapModel

    return library_of(NAMES, [MapModel(plane())], "cpu")


def shown(library, name, rot, tick, fallen, traveled=0.0):
    """Frame and vertices in the world [m] of an actor whose box's middle is 1 m up."""
    spec = library.models[library.row[name]]
    pos = (10.0, 5.0, 1.0) - rotate(rot, spec.box_center)
    rows = world(library, [(name, pos, 0.0)], tick=tick, fallen=[fallen], traveled=[traveled], rot=[rot], speed=[0.0])
    scene, state = batch([rows])
    window = PoseWindow(state)
    bvh = SceneBvh(library, scene, window.current)
    bvh.update(scene, window.current)
    inst = bvh.instances
    slot = int(inst.first_actor)
    frame = int(inst.mesh.numpy()[0, slot]) - int(
        library.geometry.part_mesh.numpy()[library.geometry.model_part.numpy()[library.row[name]]]
    )
    vertices = spec.parts[0].frames[frame].vertices
    return frame, vertices @ inst.linear.numpy()[0, slot].T + inst.pos.numpy()[0, slot]


@pytest.mark.parametrize("name", NAMES)
def test_who_lies_touches_the_ground_under_the_box_and_no_limb_is_under_it(library, name):
    spec = library.models[library.row[name]]
    thin = int(np.argmin(spec.size[:2]))
    ground = 1.0 - 0.5 * spec.size[thin]
    frames = set()
    for rot in (BACK, FRONT) if thin == 0 else (LEFT, RIGHT):
        frame, points = shown(library, name, rot, 400, 100)
        frames.add(frame)
        assert points[:, 2].min() == pytest.approx(ground, abs=0.002)
        assert points[:, 2].max() < ground + spec.size[thin] + 0.25
        assert np.percentile(points[:, 2], 5) < ground + 0.08, "not on one toe"
    last = len(spec.parts[0].frames)
    assert frames == {last - 2, last - 1}, "one pose for each side"


@pytest.mark.parametrize("name", ["man_jacket", "boy"])
def test_a_fall_begins_with_the_step_in_which_one_is_struck_and_takes_its_time(library, name):
    spec = library.models[library.row[name]]
    first, steps = spec.rest_frame + 1, spec.fall_frames // 2 - 1
    upright = quaternion(0.4)
    for phase, chain in ((0.0, 0), (0.5, 1), (0.9, 0)):
        at = [shown(library, name, upright, 100 + k, 101, (3.0 + phase) * spec.stride)[0] for k in range(0, 60, 5)]
        assert at[0] == first + chain * steps
        assert at == sorted(at) and len(set(at)) > 2
        # Upright it is only half limp: arms and legs spread as it comes to lie.
        assert at[-1] == at[-1 - 2] == first + chain * steps + steps // 2
    lying = [shown(library, name, BACK, 100 + k, 101)[0] for k in (0, int(100 * FALL_TIME) + 1)]
    assert lying == [first, first + 2 * steps]
    assert shown(library, name, upright, 500, 0)[0] == spec.rest_frame
    assert shown(library, name, BACK, 0, -1)[0] == first + 2 * steps, "who lies from the start has long fallen"


def test_models_of_things_are_not_asked_for_a_fall():
    assert model(plane()).fall_frames == 0


def test_under_a_rolling_shutter_the_box_holds_who_is_thrown_as_each_row_sees_him(library):
    """A rider turns onto his back in the air, and from one row to another spreads his limbs by 6 cm."""
    camera = camera_at((-3.5, 0.0, 1.5), width=64, height=64, horizontal_fov=0.8, shutter=Shutter(0.06))
    frame = 0.1

    def at(t):
        turn = quaternion(0.0, -0.8 - 9.0 * t)
        actor = ("cyclist_rider", (0.0, 0.0, 1.0), 0.0)
        return batch([world(library, [actor], tick=400, fallen=[100], rot=[turn], speed=[0.0])])

    scene, state = at(-frame)
    r = Renderer(library, scene, state, RenderConfig((camera,), "fast", ("range", "instance", "depth", "semantic")))
    r.window.share = camera.shutter.half / frame
    r.advance(scene, at(0.0)[1])
    r.render(scene)
    labeller = Labeller(r)
    labeller.measure(scene)
    labels = {k: v[0, 0] for k, v in labeller.numpy().items() if k in ("box_center", "box_size")}
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    row, col = np.nonzero(out["instance"] == 1)
    sweep = r.sweep
    assert sweep is not None and len(row) > 100
    shown = {int(m) for m in sweep.bvh.instances.mesh.numpy()[np.unique(row), int(sweep.bvh.instances.first_actor)]}
    d = directions(camera, np.stack([col, row], -1))
    d = d / np.linalg.norm(d, axis=-1, keepdims=True) * out["range"][row, col, None]
    pos, axes = (a.numpy()[:, 0].astype(float)[row] for a in (sweep.views.pos, sweep.views.rot))
    points = np.einsum("nij,nj->ni", axes, d) + pos
    at_row, turn = (a.numpy()[:, 0].astype(float)[row] for a in (sweep.poses.pos, sweep.poses.rot))
    local = rotate(inverse(turn), points - at_row)
    outside = (np.abs(local - labels["box_center"]) - labels["box_size"] / 2).max()
    assert len(shown) > 1 and outside < 0.003, outside
    # Nor is it larger than the bodies of all rows together, but for how the ground that bears them lifts them.
    first = int(library.geometry.part_mesh.numpy()[library.geometry.model_part.numpy()[library.row["cyclist_rider"]]])
    posed = library.models[library.row["cyclist_rider"]].parts[0].frames
    rows = {int(m) - first for m in sweep.bvh.instances.mesh.numpy()[:, int(sweep.bvh.instances.first_actor)]}
    lower, upper = (f([posed[k].bounds[j] for k in rows], axis=0) for j, f in ((0, np.min), (1, np.max)))
    assert (labels["box_center"] - labels["box_size"] / 2 > lower - 0.03).all()
    assert (labels["box_center"] + labels["box_size"] / 2 < upper + 0.03).all()
