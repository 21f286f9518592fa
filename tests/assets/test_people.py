"""People and animals walk and run on feet that stay where they stand; riders pedal; sizes are as their specs say."""

from __future__ import annotations

import numpy as np
import pytest

from sim.assets import find_asset, kinds, list_assets, load_asset
from sim.assets.spec import Category
from sim.render.mesh import Semantic

PEOPLE = [name for name, spec in list_assets().items() if spec.category == Category.PEDESTRIAN]
ANIMALS = ["deer", "dog"]
GAITS = [(name, clip) for name in [*PEOPLE, *ANIMALS] for clip in load_asset(name).clips]


def ground_slides(clip):
    """Horizontal way over the ground [m] of vertices that touch it in two frames that follow each other, per pair of frames."""
    frames = [f.vertices for f in clip.frames]
    step = clip.stride / len(frames)
    out = []
    for a, b in zip(frames, [*frames[1:], frames[0]], strict=True):
        touch = (a[:, 2] < 0.006) & (b[:, 2] < 0.006)
        moved = (b - a)[touch] + [step, 0.0, 0.0]
        out.append(np.linalg.norm(moved[:, :2], axis=1))
    return out


def test_there_are_enough_people():
    assert len(kinds()["child"]) >= 2
    assert len(kinds()["pedestrian"]) >= 3
    assert {"man", "woman", "elderly", "boy", "girl"} <= set(kinds())
    assert find_asset("child", 0) != find_asset("child", 1)


@pytest.mark.parametrize(("name", "gait"), GAITS)
def test_frames_of_a_gait_share_their_triangles(name, gait):
    asset = load_asset(name)
    rest = next(p for p in asset.parts if p.role == "clip").mesh
    for frame in asset.clips[gait].frames:
        assert np.array_equal(frame.triangles, rest.triangles)
        assert frame.vertices.shape == rest.vertices.shape
        assert np.isfinite(frame.vertices).all()
        assert np.allclose(np.linalg.norm(frame.normals, axis=1), 1.0, atol=1e-3)


@pytest.mark.parametrize(("name", "gait"), GAITS)
def test_feet_touch_the_ground_and_do_not_sink(name, gait):
    lows = np.array([f.vertices[:, 2].min() for f in load_asset(name).clips[gait].frames])
    assert lows.min() > -0.012
    if gait == "walk":
        assert lows.max() < 0.016  # one foot stands at any time
    else:
        assert (lows < 0.012).mean() > 0.3
        assert lows.max() > 0.02  # all feet fly


@pytest.mark.parametrize(("name", "gait"), GAITS)
def test_standing_feet_do_not_slide(name, gait):
    slides = [s for s in ground_slides(load_asset(name).clips[gait]) if len(s)]
    assert len(slides) >= 3
    assert np.mean([np.median(s) for s in slides]) < 0.006
    assert max(np.median(s) for s in slides) < 0.02


@pytest.mark.parametrize("name", PEOPLE)
def test_limbs_move(name):
    clip = load_asset(name).clips["walk"]
    spread = np.ptp([f.vertices for f in clip.frames], axis=0)[:, 0]
    height = list_assets()[name].height
    assert np.percentile(spread, 99) > 0.25 * height  # feet
    arms = np.abs(clip.frames[0].vertices[:, 1]) > np.percentile(np.abs(clip.frames[0].vertices[:, 1]), 97)
    assert spread[arms].max() > 0.08 * height


@pytest.mark.parametrize("name", PEOPLE)
def test_size_and_place_match_the_spec(name):
    asset = load_asset(name)
    lower, upper = asset.assembled().bounds
    spec = asset.spec
    assert np.allclose(upper - lower, spec.size, atol=0.02)
    assert np.allclose((upper + lower) / 2, spec.box_center, atol=0.02)
    assert abs(lower[2]) < 0.012
    assert np.abs((upper + lower)[:2] / 2).max() < 0.15
    assert spec.uniform_scale
    assert (np.concatenate([p.mesh.semantic for p in asset.parts]) == Semantic.PERSON).all()
    assert 1.0 < spec.height < 2.0
    assert 12.0 < spec.mass / spec.height**2 < 30.0


@pytest.mark.parametrize("name", PEOPLE)
def test_faces_look_ahead(name):
    """Toes point to +x: the lowest vertices reach further ahead of the ankles than behind."""
    mesh = next(p for p in load_asset(name).parts if p.role == "clip").mesh
    height = list_assets()[name].height
    ankle = np.median(mesh.vertices[np.abs(mesh.vertices[:, 2] - 0.1 * height) < 0.02 * height, 0])
    sole = mesh.vertices[mesh.vertices[:, 2] < 0.02 * height, 0]
    assert sole.max() - ankle > 1.2 * (ankle - sole.min())


@pytest.mark.parametrize("name", ANIMALS)
def test_animals_match_their_specs(name):
    asset = load_asset(name)
    lower, upper = asset.assembled().bounds
    assert np.allclose(upper - lower, asset.spec.size, atol=0.02)
    assert abs(lower[2]) < 0.02
    assert asset.spec.category == Category.ANIMAL
    assert asset.clips["run"].stride > 1.5 * asset.clips["walk"].stride
    mesh = asset.parts[0].mesh
    assert (mesh.semantic == Semantic.ANIMAL).all()
    high = mesh.vertices[mesh.vertices[:, 2] > 0.85 * upper[2], 0]
    assert high.mean() > 0.1 * upper[0]  # the head is in front


@pytest.mark.parametrize("name", kinds()["bicycle"])
def test_a_cyclist_pedals_and_sits_on_a_bicycle(name):
    asset = load_asset(name)
    roles = {p.name: p.role for p in asset.parts}
    assert list(roles.values()).count("wheel") == 1
    assert list(roles.values()).count("steered_wheel") == 1
    ride = asset.clips["ride"]
    rider = next(p for p in asset.parts if p.role == "clip").mesh
    assert {Semantic.RIDER, Semantic.BICYCLE} == {
        Semantic(s) for s in np.unique(rider.semantic)
    }  # cranks turn with the legs
    assert 3.0 < ride.stride < 8.0
    turning = np.unique(rider.triangles[rider.semantic == Semantic.BICYCLE])
    spread = np.ptp([f.vertices[turning] for f in ride.frames], axis=0)
    assert 0.25 < np.median(spread.max(axis=1)) < 0.5
    legs = np.unique(rider.triangles[rider.semantic == Semantic.RIDER])
    low = [f.vertices[legs, 2].min() for f in ride.frames]
    assert min(low) > 0.05  # shoes stay off the ground
    box = asset.assembled().bounds
    assert np.allclose(box[1] - box[0], asset.spec.size, atol=0.02)
    assert 1.6 < asset.spec.height < 1.9
    assert asset.spec.wheelbase and 1.0 < asset.spec.wheelbase < 1.15
    assert asset.spec.wheel_radius and abs(asset.spec.wheel_radius - 0.34) < 0.02


def test_a_motorcycle_has_a_rider_wheels_and_a_lamp():
    asset = load_asset(find_asset("motorcycle", 0))
    assert sorted(p.role for p in asset.parts) == ["body", "steered_wheel", "wheel"]
    body = next(p for p in asset.parts if p.role == "body").mesh
    rider = np.unique(body.triangles[body.semantic == Semantic.RIDER])
    assert len(rider) > 2000
    assert body.vertices[rider, 2].max() > 1.45
    assert body.vertices[rider, 2].min() > 0.2
    assert len(asset.spec.lights) == 1
    wheels = [p for p in asset.parts if "wheel" in p.role]
    for wheel in wheels:
        assert abs(wheel.mesh.vertices[:, 2].min() + wheel.pivot[2]) < 0.01
