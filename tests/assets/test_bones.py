"""Joints from poses, faces from heads, limbs from weights."""

from __future__ import annotations

import numpy as np
import pytest

from sim.assets import list_assets, load_asset
from sim.assets.bones import KEYPOINTS, PARENT, PERSON, face_points, joint_of, limb_parts
from sim.render.parts import Part

PEOPLE = [name for name, spec in list_assets().items() if spec.semantic.name in ("PERSON", "RIDER")]


def rotation(rng):
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def test_joints_are_what_bones_that_meet_carry_alike():
    rng = np.random.default_rng(4)
    joints = rng.uniform(0, 1, (19, 3))
    poses = np.zeros((6, 19, 3, 4))
    for pose in poses:
        posed = np.zeros((19, 3))
        for i, parent in enumerate(PARENT):
            turn = rotation(rng)
            posed[i] = rng.uniform(0, 1, 3) if parent < 0 else pose[parent, :, :3] @ joints[i] + pose[parent, :, 3]
            pose[i, :, :3] = turn
            pose[i, :, 3] = posed[i] - turn @ joints[i]
    vertices = rng.uniform(0, 1, (400, 3))
    weights = np.eye(19)[rng.integers(0, 19, 400)]
    for bone in range(1, 19):
        np.testing.assert_allclose(joint_of(bone, poses, vertices, weights), joints[bone], atol=1e-3)


def test_a_nose_is_the_foremost_point_of_a_face():
    angle = np.linspace(0, 2 * np.pi, 40)[:, None]
    z = np.linspace(1.5, 1.75, 60)[None]
    x, y = 0.09 * np.cos(angle) + 0 * z, 0.075 * np.sin(angle) + 0 * z
    head = np.stack([x, y, np.broadcast_to(z, x.shape)], -1).reshape(-1, 3)
    turn = np.array([[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
    nose = np.array([0.115, 0.0, 1.6])
    points = face_points(np.concatenate([head, nose[None]]) @ turn.T)
    np.testing.assert_allclose(points[0], turn @ nose, atol=1e-6)
    ahead, left = turn[:, 0], turn[:, 1]
    assert (points[1] - points[2]) @ left == pytest.approx(0.062, abs=0.004) and (points[3] - points[4]) @ left > 0.12
    assert abs((points[1] - points[0]) @ left + (points[2] - points[0]) @ left) < 0.01
    assert (points[3:] - points[0]) @ ahead == pytest.approx([-0.12, -0.12], abs=0.01)


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
    weights[:3, PERSON.index("l_fore")] = 1.0
    weights[3:, PERSON.index("head")] = 0.4
    weights[3:, PERSON.index("r_shin")] = 0.6
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
