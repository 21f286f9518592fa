"""Keypoints of people in every pose, limbs from weights."""

from __future__ import annotations

import numpy as np
import pytest

from sim.assets import list_assets, load_asset
from sim.assets.bones import limb_parts
from sim.assets.skeleton import BONES, KEYPOINTS
from sim.render.parts import Part

PEOPLE = [name for name, spec in list_assets().items() if spec.semantic.name in ("PERSON", "RIDER")]


@pytest.mark.parametrize("name", PEOPLE)
def test_people_have_keypoints_in_order(name):
    asset = load_asset(name)
    part = next(p for p in asset.parts if p.mesh.keypoints is not None)
    at = dict(zip(KEYPOINTS, part.mesh.keypoints.astype(float), strict=True))
    lower, upper = part.mesh.vertices.min(0), part.mesh.vertices.max(0)
    for key, point in at.items():
        assert (point > lower - 0.06).all() and (point < upper + 0.06).all(), key
    for pair in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        assert at[f"left_{pair}"][1] > at[f"right_{pair}"][1] - 0.02, pair
    assert at["left_eye"][2] > at["nose"][2] > at["left_shoulder"][2] > at["left_hip"][2] - 0.05
    assert at["left_hip"][2] > at["left_ankle"][2] and at["right_hip"][2] > at["right_ankle"][2]
    # Bones keep their length in every pose.
    for clip in asset.clips.values():
        points = np.array([frame.keypoints for frame in clip.frames], float)
        for a, b in (("left_shoulder", "left_elbow"), ("right_hip", "right_knee"), ("left_knee", "left_ankle")):
            length = np.linalg.norm(points[:, KEYPOINTS.index(a)] - points[:, KEYPOINTS.index(b)], axis=1)
            assert np.ptp(length) < 0.02 and length.min() > 0.1, (a, b)


def test_limbs_follow_the_weights():
    weights = np.zeros((6, 19))
    weights[:3, BONES.index("l_fore")] = 1.0
    weights[3:, BONES.index("head")] = 0.4
    weights[3:, BONES.index("r_shin")] = 0.6
    parts = limb_parts(np.array([[0, 1, 2], [3, 4, 5]], np.int32), weights)
    assert parts is not None and parts.tolist() == [int(Part.LEFT_LOWER_ARM), int(Part.RIGHT_LOWER_LEG)]
    assert limb_parts(np.array([[0, 1, 2]], np.int32), np.ones((3, 7))) is None


def test_animals_have_limbs_too():
    mesh = next(p.mesh for p in load_asset("dog").parts)
    found = set(np.unique(mesh.part).tolist())
    assert {int(Part.HEAD), int(Part.TORSO), int(Part.LEFT_FRONT_LEG), int(Part.RIGHT_HIND_LEG)} <= found
    front = mesh.vertices[mesh.triangles[mesh.part == int(Part.LEFT_FRONT_LEG)].ravel()].mean(0)
    back = mesh.vertices[mesh.triangles[mesh.part == int(Part.LEFT_HIND_LEG)].ravel()].mean(0)
    assert front[0] > back[0] + 0.2 and front[1] > 0.0 < back[1]
