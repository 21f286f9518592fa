"""People and animals walk and run on feet that stay where they stand; riders pedal; sizes are as their specs say."""

from __future__ import annotations

import numpy as np
import pytest

from sim.assets import find_asset, kinds, list_assets, load_asset
from sim.assets.spec import Category
from sim.render.mesh import Semantic

SPECS = list_assets()
RIDERS = list(kinds()["rider"])
EVERYBODY = [
    name for name, spec in list_assets().items() if spec.category == Category.PEDESTRIAN and name not in RIDERS
]
PEOPLE = [name for name in EVERYBODY if "walk" in load_asset(name).clips]
ANIMALS = [name for name, spec in list_assets().items() if spec.category == Category.ANIMAL]
CLIPS = [(name, clip) for name in [*PEOPLE, *ANIMALS, *RIDERS] for clip in load_asset(name).clips]
GAITS = [(name, clip) for name, clip in CLIPS if clip in ("walk", "run")]
STOUT = ("woman_elderly_stout", "man_jacket_black", "man_suit_blue", "man_heavy", "man_heavy_green", "woman_skirt_blue")


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


@pytest.mark.parametrize(("name", "gait"), CLIPS)
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
    assert lows.min() > (-0.013 if name == "man_cardigan_wine" else -0.012)  # he is broader than his walk was made for
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
    assert max(np.median(s) for s in slides) < (0.026 if name.startswith("cow") else 0.02)  # hooves of a longer leg


@pytest.mark.parametrize("name", PEOPLE)
def test_limbs_move(name):
    clip = load_asset(name).clips["walk"]
    spread = np.ptp([f.vertices for f in clip.frames], axis=0)[:, 0]
    height = list_assets()[name].height
    assert np.percentile(spread, 99) > 0.25 * height  # feet
    arms = np.abs(clip.frames[0].vertices[:, 1]) > np.percentile(np.abs(clip.frames[0].vertices[:, 1]), 97)
    assert spread[arms].max() > 0.08 * height


@pytest.mark.parametrize("name", EVERYBODY)
def test_size_and_place_match_the_spec(name):
    asset = load_asset(name)
    spec = asset.spec
    scale = spec.variant.scale if spec.variant else 1.0
    lower, upper = scale * np.array(asset.parts[0].mesh.bounds)
    if spec.variant and spec.variant.posture == "phone":
        assert upper[0] - lower[0] > spec.length + 0.05
        return
    assert np.allclose(upper - lower, spec.size, atol=0.02)
    assert np.allclose((upper + lower) / 2, spec.box_center, atol=0.02)
    sits = name.endswith("_sitting")
    assert abs(lower[2]) < (0.018 if sits else 0.012)
    assert np.abs((upper + lower)[:2] / 2).max() < (0.3 if sits else 0.15)
    assert spec.uniform_scale
    assert (np.concatenate([p.mesh.semantic for p in asset.parts]) == Semantic.PERSON).all()
    assert 1.0 < spec.height < 2.0
    assert name not in PEOPLE or 12.0 < spec.mass / spec.height**2 < (34.0 if name in STOUT else 30.0)


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
    scale = asset.spec.variant.scale if asset.spec.variant else 1.0
    lower, upper = scale * np.array(asset.assembled().bounds)
    assert np.allclose(upper - lower, asset.spec.size, atol=0.02)
    assert abs(lower[2]) < 0.02
    assert asset.spec.category == Category.ANIMAL
    assert asset.clips["run"].stride > 1.5 * asset.clips["walk"].stride
    mesh = asset.parts[0].mesh
    assert (mesh.semantic == Semantic.ANIMAL).all()
    high = mesh.vertices[mesh.vertices[:, 2] > 0.85 * upper[2], 0]
    assert high.mean() > 0.1 * upper[0]  # the head is in front


@pytest.mark.parametrize(
    "name", [n for n in [*PEOPLE, *ANIMALS, *RIDERS] if not SPECS[n].variant or SPECS[n].variant.scale == 1.0]
)
def test_who_is_hit_falls_from_the_pose_that_he_had_into_one_that_lies_flat(name):
    asset = load_asset(name)
    frames = [f.vertices for f in asset.clips["fall"].frames]
    steps = len(frames) // 2 - 1
    assert len(frames) == 2 * steps + 2 and steps >= 4
    gait = asset.clips.get("walk") or asset.clips.get("ride")
    if name in ANIMALS or gait is None:
        starts = [asset.parts[0].mesh.vertices] * 2
    else:
        starts = [gait.frames[k].vertices for k in (0, len(gait.frames) // 2)]
    for start, first in zip(starts, (frames[0], frames[steps]), strict=True):
        assert np.abs(start - first).max() < 0.002
    chains = [[*frames[:steps], frames[-2]], frames[steps:-1]]
    leap = max(np.linalg.norm(b - a, axis=1).max() for chain in chains for a, b in zip(chain, chain[1:], strict=False))
    assert leap < 0.45 * asset.spec.height  # no limb jumps
    axis = int(np.argmin(asset.spec.size[:2]))
    thick = np.ptp(frames[-1][:, axis])
    assert thick < asset.spec.size[axis] + 0.03, "lies no higher than its box"
    if name not in ANIMALS:
        assert np.ptp(frames[-1][:, 1]) > 1.3 * np.ptp(starts[0][:, 1]), "arms and legs are spread"
        low = asset.spec.box_center[2] - 0.5 * asset.spec.height
        assert frames[-1][:, 2].min() == pytest.approx(low, abs=0.012 if name == "cyclist_child_rider" else 0.01)


@pytest.mark.parametrize("name", kinds()["bicycle"])
def test_a_cyclist_pedals_and_sits_on_a_bicycle(name):
    bicycle, rider = load_asset(name), load_asset(list_assets()[name].rider or "")
    roles = [p.role for p in bicycle.parts]
    assert roles.count("wheel") == roles.count("steered_wheel") == roles.count("clip") == 1
    assert {int(s) for p in bicycle.parts for s in np.unique(p.mesh.semantic)} == {Semantic.BICYCLE}
    assert {int(s) for p in rider.parts for s in np.unique(p.mesh.semantic)} == {Semantic.RIDER}
    turns, legs = bicycle.clips["ride"], rider.clips["ride"]
    assert turns.stride == legs.stride and 3.0 < legs.stride < 8.0 and len(turns.frames) == len(legs.frames)
    spread = np.ptp([f.vertices for f in turns.frames], axis=0)
    assert 0.25 < np.median(spread.max(axis=1)) < 0.5
    for pedals, feet in zip(turns.frames, legs.frames, strict=True):
        sole = feet.vertices[feet.vertices[:, 2].argmin()]
        assert sole[2] > 0.05  # shoes stay off the ground
        assert np.linalg.norm(pedals.vertices - sole, axis=1).min() < 0.12  # and on the pedals
    box = bicycle.assembled().bounds
    spec = bicycle.spec
    assert np.allclose(box[1] - box[0], spec.size, atol=0.02)
    assert spec.ridden_height and 1.6 < spec.ridden_height < 1.9 and 0.9 < spec.height < 1.1
    assert rider.assembled().bounds[1][2] == pytest.approx(spec.ridden_height, abs=0.01)
    assert spec.wheelbase and 1.0 < spec.wheelbase < 1.15
    assert spec.wheel_radius and abs(spec.wheel_radius - 0.34) < 0.02
    assert 10.0 < spec.mass < 25.0 and 50.0 < rider.spec.mass < 90.0


def test_a_motorcycle_has_wheels_a_lamp_and_a_rider_in_its_saddle():
    asset = load_asset(find_asset("motorcycle", 0))
    rider = load_asset(asset.spec.rider or "").assembled()
    assert sorted(p.role for p in asset.parts) == ["body", "steered_wheel", "wheel"]
    assert len(rider.vertices) > 2000 and 1.45 < rider.vertices[:, 2].max() < 1.7
    assert rider.vertices[:, 2].min() > 0.2 and asset.assembled().vertices[:, 2].max() < 1.3
    assert len(asset.spec.lights) == 1
    wheels = [p for p in asset.parts if "wheel" in p.role]
    for wheel in wheels:
        assert abs(wheel.mesh.vertices[:, 2].min() + wheel.pivot[2]) < 0.01
