"""Vans differ to the eye alone: what stands for another has its box, mass and axles, and is drawn where that one was."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from sim.assets import find_asset, kinds, list_assets, load_asset
from sim.config import SimConfig
from sim.render.mesh import Role, Semantic
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario

SPECS = list_assets()
STANDING = {n: s.stands_for for n, s in SPECS.items() if s.stands_for}
LOOKS = {"name", "file", "mesh", "kinds", "semantic", "seats", "credits", "variant", "variants", "stands_for"}
"""Fields that only pictures depend on."""
FILE = """\
name: Vans
map: {road: straight, length: 200 m, lanes: 1+1, parking: both}
actors:
  ego: {kind: car, at: {lane: -1, s: 20 m}, goal: {lane: -1, s: 180 m}}
  ahead: {kind: van, at: {lane: -1, s: 60 m}, speed: 30 km/h}
  people: {kind: mpv, at: {lane: -1, s: 90 m}}
traffic:
  parked: {side: both, from: 5 m, to: 195 m, density: 1}
end: {after: 4 s}
"""


def test_there_are_several_vans():
    assert {n for n, of in STANDING.items() if of == "van"} == {"box_van", "passenger_van"}
    assert STANDING["small_van"] == "mpv" and SPECS["small_van"].semantic == Semantic.VAN
    for name in STANDING:
        assert name in kinds()[name], "files may ask for it by name"


@pytest.mark.parametrize("name", STANDING)
def test_what_stands_for_another_is_as_large_heavy_and_long_between_axles(name):
    spec, of = SPECS[name], SPECS[STANDING[name]]
    assert of.stands_for is None
    for field in fields(spec):
        if field.name not in LOOKS:
            assert getattr(spec, field.name) == getattr(of, field.name), field.name
    assert not set(spec.kinds) & set(of.kinds), "no kind draws among more than it did"


def test_draws_of_a_kind_keep_their_size_and_show_all_looks_alike():
    draws = np.random.default_rng(3).integers(0, 2**31, 4000).tolist()
    for any_class in (False, True):
        for kind, shares in {
            "van": {"van": 1 / 3, "box_van": 1 / 3, "passenger_van": 1 / 3},
            "mpv": {"mpv": 0.5, "small_van": 0.5} if any_class else {"mpv": 1.0},
        }.items():
            drawn = [find_asset(kind, d, any_class=any_class) for d in draws]
            assert set(drawn) == set(shares)
            for name, share in shares.items():
                assert drawn.count(name) / len(drawn) == pytest.approx(share, abs=0.03)
    names = kinds()["car"]
    for draw in draws[:500]:
        was, now = SPECS[names[draw % len(names)]], SPECS[find_asset("car", draw, any_class=True)]
        assert (now.size, now.mass) == (was.size, was.mass)


def test_worlds_show_all_vans_and_only_pictures_know(tmp_path):
    path = tmp_path / "vans.yaml"
    path.write_text(FILE)
    batch = sample_worlds([load_scenario(path)], list(range(24)), "cpu", SimConfig(pool=1))
    worlds = [draws[0] for draws in batch.actor_specs]
    parked = [a for world in worlds for a in world if a.spec.name.startswith("parked")]
    assert {"van", "box_van", "passenger_van", "mpv", "small_van"} <= {a.asset.name for a in parked}
    ahead = {w[1].asset.name for w in worlds}
    assert ahead == {"van", "box_van", "passenger_van"}
    assert {w[2].asset.name for w in worlds} == {"mpv"}, "who asks for a car gets one that is labelled so"
    scene = batch.scene
    # All that physics reads of the van ahead is the same in every world, whichever it is.
    for array in (scene.size, scene.box_center, scene.category, scene.vehicle.mass, scene.vehicle.inertia, scene.vehicle.kind,
                  scene.vehicle.cog, scene.vehicle.wheelbase, scene.vehicle.wheel_radius):  # fmt: skip
        rows = array.numpy()[:, 1]
        assert (rows == rows[0]).all()
    sets = scene.vehicle.car.numpy()[:, 1]
    assert all(row.tobytes() == sets[0].tobytes() for row in sets)


def test_vans_differ_at_a_glance():
    """By what lies above the belt behind the doors: panels in the paint, a container, panes through which seats are seen."""
    share = {}
    for name in ("van", "box_van", "minibus"):
        body = next(p for p in load_asset(name).parts if p.role == "body").mesh
        corners = body.vertices[body.triangles].astype(float)
        middle, area = corners.mean(axis=1), np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        flank = (np.abs(middle[:, 1]) > 0.7) & (middle[:, 2] > 1.3) & (middle[:, 2] < 2.15) & (middle[:, 0] < 2.1)
        total = np.abs(area[flank, 1]).sum()
        for label, chosen in (
            ("paint", [m.role == Role.PAINT for m in body.materials]),
            ("panes", [m.role == Role.GLASS and m.transmission > 0.5 for m in body.materials]),
            ("container", [m.name == "container" for m in body.materials]),
        ):
            share[name, label] = np.abs(area[flank & np.array(chosen)[body.material], 1]).sum() / total
    assert share["van", "paint"] > 0.8 and share["van", "panes"] == 0.0
    assert share["minibus", "panes"] > 0.5
    assert share["box_van", "container"] > 0.5


@pytest.mark.parametrize("name", ["van", "minibus", "ambulance"])
def test_no_badge_holder_is_left_between_the_rear_windows(name):
    """The plate under the badge was black plastic on the middle of the rear doors, above the handle."""
    body = next(p for p in load_asset(name).parts if p.role == "body").mesh
    middle = body.vertices[body.triangles].astype(float).mean(axis=1)
    lower = float(body.vertices[:, 0].min())
    there = (
        (middle[:, 0] < lower + 0.15) & (np.abs(middle[:, 1]) < 0.16) & (middle[:, 2] > 1.29) & (middle[:, 2] < 1.51)
    )
    names = {body.materials[m].name for m in body.material[there]}
    wanted = {
        "van": {"paint", "dark glass", "joint"},
        "minibus": {"glass", "joint"},
        "ambulance": {"white paint", "joint"},
    }
    assert names == wanted[name]
