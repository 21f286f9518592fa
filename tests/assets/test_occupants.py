"""Who sits in vehicles fits them: inside the box, under the roof, on the left in front; few triangles."""

from __future__ import annotations

import numpy as np
import pytest

from sim.assets import Category, list_assets, load_asset
from sim.assets.occupants import FIGURES, LOOKS, POSES, occupants
from sim.render.mesh import Semantic
from sim.render.world import asset_model

SPECS = list_assets()
SEATED = [n for n, s in SPECS.items() if s.seats]
DRIVEN = [n for n, s in SPECS.items() if s.file.parent.name == "vehicles" and s.variant is None and not s.coupler]
CAGE = "forklift"
"""Its roof is made of bars."""


def covered(points, triangles):
    """Whether a triangle lies above each point, (npoint,)."""
    a, b, c = (triangles[None, :, k, :2] for k in range(3))
    p = points[:, None, :2]

    def side(u, v):
        return (v[..., 0] - u[..., 0]) * (p[..., 1] - u[..., 1]) - (v[..., 1] - u[..., 1]) * (p[..., 0] - u[..., 0])

    w = np.stack([side(b, c), side(c, a), side(a, b)], -1)
    total = w.sum(-1)
    inside = ((w >= 0).all(-1) | (w <= 0).all(-1)) & (np.abs(total) > 1e-12)
    height = (w * triangles[None, :, :, 2]).sum(-1) / np.where(inside, total, 1.0)
    return (inside & (height > points[:, None, 2])).any(1)


def test_all_that_drives_has_seats_and_no_wreck():
    assert [n for n in DRIVEN if n not in SEATED] == []
    wrecks = [n for n, s in SPECS.items() if s.variant and s.variant.damage]
    assert wrecks and not set(wrecks) & set(SEATED)


@pytest.mark.parametrize("name", SEATED)
def test_people_fit_the_cabin(name):
    spec = SPECS[name]
    low = np.array(spec.box_center) - np.array(spec.size) / 2
    high = low + np.array(spec.size)
    body = next(p for p in load_asset(name).parts if p.role == "body").mesh
    faces = body.vertices[body.triangles].astype(float)
    for k, seat in enumerate(spec.seats):
        for look in FIGURES:
            mesh = occupants(POSES[min(k, 1)], spec.semantic)[LOOKS.index(look)]
            points = mesh.vertices + np.array(seat)
            assert (points > low).all() and (points < high - [0.0, 0.0, 0.03]).all(), f"{look} is outside"
            top = points[points[:, 2].argsort()[-60:]]
            over = ((faces.min(1) <= top.max(0))[:, :2] & (faces.max(1) >= top.min(0))[:, :2]).all(1)
            assert name == CAGE or covered(top, faces[over]).all(), f"{look} sits through the roof"
            assert points[:, 2].min() > 0.13, f"{look}'s feet are under the floor"
    assert spec.seats[0][1] >= 0.0, "traffic keeps to the right: the driver sits on the left"
    assert spec.seats[0][0] == max(s[0] for s in spec.seats)


@pytest.mark.parametrize("posture", POSES)
def test_figures_are_small_labelled_as_the_vehicle_and_shared(posture):
    looks = occupants(posture, Semantic.BUS)
    assert len(looks) == len(LOOKS) and occupants(posture, Semantic.BUS) is looks
    for name, mesh in zip(LOOKS, looks, strict=True):
        assert len(mesh.triangles) <= 1500 and (mesh.semantic == Semantic.BUS).all()
        assert mesh.part is None and mesh.keypoints is None
        assert np.isfinite(mesh.vertices).all() and 0.75 < mesh.bounds[1][2] < 0.83, f"{name} sits upright"
    assert len({id(m.vertices) for m in looks}) == len(FIGURES), "those of a figure share vertices"
    assert asset_model("coach").parts[-1].frames is looks or posture == "drive"


def test_hands_reach_ahead_at_a_wheel_and_lie_in_the_lap_else():
    for look in range(len(LOOKS)):
        drive, sit = (occupants(p, Semantic.CAR)[look].vertices for p in POSES)
        # Above the thighs and further ahead than the chest are hands.
        hands = drive[(drive[:, 0] > 0.38) & (drive[:, 2] > 0.24)]
        assert len(hands) > 20 and hands[:, 1].max() > 0.1 and hands[:, 1].min() < -0.1
        assert not ((sit[:, 0] > 0.38) & (sit[:, 2] > 0.24)).any()


def test_categories_with_seats_are_those_that_people_sit_in():
    assert {SPECS[n].category for n in SEATED} <= {
        Category.CAR, Category.VAN, Category.TRUCK, Category.BUS, Category.TRAM, Category.TRAIN
    }  # fmt: skip
