"""Every asset loads, has the size and parts its spec says, stands on the ground and looks outwards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.assets import Category, find_asset, kinds, load_asset
from sim.assets.leaves import Leaves, decode, encode
from sim.render.mesh import Role, Semantic
from sim.scenario.schema import KINDS
from tests.assets.shapes import SPECS, THINGS, VEHICLES, bounds, triangles_by_role

MINE = VEHICLES + THINGS
OWN_SHAPES = [
    "barrel", "branch", "barrier", "beacon", "bollard", "ladder", "mattress", "tyre", "works_board", "guard_rail", "delineator",
    "jersey_barrier", "barricade", "arrow_board", "manhole", "sandbags", "cabinet", "crowd_barrier",
]  # fmt: skip
"""Modelled by the scripts, so that their winding can be held to account."""


@pytest.mark.parametrize("name", MINE)
def test_mesh_is_as_large_as_the_spec_says_and_stands_on_the_ground(name):
    spec = SPECS[name]
    lower, upper = bounds(name)
    assert np.allclose(upper - lower, spec.size, rtol=0.01, atol=0.003)
    assert np.allclose((upper + lower) / 2, spec.box_center, atol=0.01 * max(spec.size))
    assert abs(lower[2]) < 0.02
    assert abs((lower[1] + upper[1]) / 2) < 0.05 or spec.category == Category.TREE


@pytest.mark.parametrize("name", MINE)
def test_mesh_is_sound(name):
    for part in load_asset(name).parts:
        m = part.mesh
        assert np.isfinite(m.vertices).all() and np.isfinite(m.uvs).all()
        assert m.triangles.min() >= 0 and m.triangles.max() < len(m.vertices)
        assert np.allclose(np.linalg.norm(m.normals, axis=1), 1.0, atol=0.01)
        assert len(m.triangles) == len(m.material) == len(m.semantic)
        assert m.material.max() < len(m.materials)
        for i in np.unique(m.material):
            material = m.materials[i]
            assert all(0.0 <= c <= 1.0 for c in material.base_color)
            assert material.texture is None or max(material.texture.shape[:2]) <= 512
            if material.texture is not None:
                assert np.ptp(m.uvs[m.triangles[m.material == i]]) > 0.0, f"{material.name} has no texture coordinates"


@pytest.mark.parametrize("name", MINE)
def test_triangles_are_few_and_files_small(name):
    spec = SPECS[name]
    assert 12 <= load_asset(name).triangle_count <= 26_000
    assert spec.mesh.stat().st_size <= 450_000


def test_vehicles_things_and_plants_fit_their_budget():
    assert sum(SPECS[n].mesh.stat().st_size for n in MINE) <= 10 * 2**20


def test_no_asset_has_many_parts():
    """The instances of a batch are laid out for the asset with the most parts."""
    assert max(len(load_asset(n).parts) for n in MINE) <= 7


@pytest.mark.parametrize("name", OWN_SHAPES)
def test_faces_look_outwards(name):
    """Of a ray from far away through each face's middle, the nearest face met is seen from its front."""
    mesh = load_asset(name).parts[0].mesh
    corners = mesh.vertices[mesh.triangles].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    directions = np.array([[1, 0.2, 0.35], [-1, 0.3, 0.4], [0.2, 1, 0.3], [0.1, -1, 0.45], [0.1, 0.2, 1.0]])
    good = total = 0
    for d in directions / np.linalg.norm(directions, axis=1, keepdims=True):
        for row in np.linspace(0, len(corners) - 1, 40).astype(int):
            origin = corners[row].mean(axis=0) + 10.0 * d
            e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
            p = np.cross(-d, e2)
            det = (e1 * p).sum(axis=1)
            det = np.where(np.abs(det) < 1e-14, 1e-14, det)
            t0 = origin - corners[:, 0]
            u = (t0 * p).sum(axis=1) / det
            q = np.cross(t0, e1)
            v, t = (q @ -d) / det, (e2 * q).sum(axis=1) / det
            t = np.where((u > -1e-9) & (v > -1e-9) & (u + v < 1 + 1e-9) & (t > 0), t, np.inf)
            first = int(t.argmin())
            good += normal[first] @ d > 0
            total += 1
    assert good > 0.97 * total


def test_every_kind_has_an_asset():
    wanted = list(KINDS)
    assert len(wanted) > 100
    assert [kind for kind in wanted if kind not in kinds()] == []
    for kind in wanted:
        assert find_asset(kind, 0) in SPECS


def test_signs_of_a_shape_show_each_its_own_part_of_one_picture():
    signs = [n for n, s in SPECS.items() if "sign" in s.kinds]
    assert len(signs) >= 60
    seen = set()
    for name in signs:
        part = load_asset(name).parts[0]
        rows = [i for i, m in enumerate(part.mesh.materials) if m.name == "sign"]
        uv = part.mesh.uvs[part.mesh.triangles[np.isin(part.mesh.material, rows)]].reshape(-1, 2)
        assert uv.min() >= 0.0 and uv.max() <= 1.0
        texture = part.mesh.materials[rows[0]].texture
        corner = tuple(np.floor(uv.min(axis=0) * texture.shape[1::-1] / 128 + 0.02).astype(int))
        size = np.ptp(uv, axis=0) * texture.shape[1::-1]
        assert (size < 128.0).all() and size.max() > 100.0, "one cell"
        seen.add((id(texture), corner))
        left, right = (
            part.mesh.vertices[part.mesh.triangles[np.isin(part.mesh.material, rows)]][..., k] for k in (0, 1)
        )
        assert left.max() < 0.0 and abs(right.mean()) < 0.05, "looks along -x"
    assert len(seen) == len(signs)


def test_what_flashes_at_road_works_is_amber():
    for name in ("arrow_board", "barricade", "works_board"):
        assert Role.WARNING_LAMP in triangles_by_role(name)


def test_signal_has_three_lenses_red_above():
    found = triangles_by_role("signal")
    heights = [found[r][..., 2].mean() for r in (Role.SIGNAL_RED, Role.SIGNAL_AMBER, Role.SIGNAL_GREEN)]
    assert heights == sorted(heights, reverse=True) and np.ptp(heights) > 0.5


def test_leaves_survive_packing():
    rng = np.random.default_rng(0)
    leaves = Leaves(
        rng.normal(size=(50, 3)) * 4,
        rng.normal(size=(50, 3)) * 0.1,
        rng.normal(size=(50, 3)) * 0.05,
        np.arange(50, dtype=np.uint8),
    )
    raw, table = encode(leaves)
    back = decode(raw, table["lower"], table["step"], table["reach"])
    assert len(raw) == 14 * 50
    assert np.allclose(back.center, leaves.center, atol=3e-4)
    assert np.allclose(back.long, leaves.long, atol=3e-3) and np.allclose(back.short, leaves.short, atol=3e-3)
    assert (back.material == leaves.material).all()
    assert not np.allclose(decode(raw, table["lower"], table["step"], 2 * table["reach"]).long, leaves.long, atol=3e-3)


@pytest.mark.parametrize("name", [n for n in THINGS if SPECS[n].file.parent.name == "plants"])
def test_plants_have_wood_and_many_leaves(name):
    mesh = load_asset(name).parts[0].mesh
    leaf = np.array([m.name.startswith("leaves") for m in mesh.materials])[mesh.material]
    assert leaf.sum() > 2000 and (~leaf).sum() > 100
    assert (mesh.semantic == int(Semantic.VEGETATION)).all()
    wood = mesh.vertices[mesh.triangles[~leaf]]
    assert wood[..., 2].min() < 0.1, "the trunk reaches the ground"


def test_specs_are_frozen_and_shared():
    spec = SPECS["suv"]
    assert load_asset("suv") is load_asset("suv")
    assert replace(spec, mass=1.0).mass == 1.0 and spec.mass == 1850.0
