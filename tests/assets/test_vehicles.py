"""Vehicles: wheels, lamps, windows, doors and figures are where and what they are on the road; wrecks differ from them."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from sim.assets import Category, kinds, load_asset
from sim.physics.sets import SETS
from sim.render.mesh import Role, Semantic
from tests.assets.shapes import SPECS, VEHICLES, bounds, triangles_by_role, world_vertices

DAMAGED = [n for n, s in SPECS.items() if s.variant and s.variant.damage]
TRAILERS = [n for n in VEHICLES if SPECS[n].coupler]
POWERED = [n for n in VEHICLES if n not in TRAILERS]
SLOW = ["farm_tractor", "forklift"]
"""Work vehicles: wheels of two sizes, no windows or none of glass, a narrow track."""
ROAD = [n for n in POWERED if n not in (*SLOW, "tram")]
CARS = [n for n in VEHICLES if SPECS[n].category == Category.CAR]


@pytest.mark.parametrize("name", TRAILERS)
def test_trailers_stand_on_their_bogie_and_have_their_own_lamps(name):
    spec, found = SPECS[name], triangles_by_role(name)
    wheels = [p for p in load_asset(name).parts if p.role == "wheel"]
    assert wheels and all("axle" in p.name and abs(p.pivot[2] - spec.wheel_radius) < 0.05 for p in wheels)
    assert abs(np.mean([p.pivot[0] for p in wheels])) < 0.05, "the origin is under the middle of the axles"
    assert spec.wheelbase == spec.coupler and 0.5 < spec.coupler / spec.length < 0.7
    heavy = spec.category == Category.SEMITRAILER
    assert spec.semantic == Semantic.TRAILER and spec.height < 4.1
    assert 3500 < spec.mass < 36_000 if heavy else 500 < spec.mass < 3500
    for role in (Role.TAIL_LAMP, Role.BRAKE_LAMP):
        assert found[role][..., 0].max() < spec.box_center[0] - 0.45 * spec.length
        assert found[role][..., 1].min() < -0.5 and found[role][..., 1].max() > 0.5
    assert found[Role.INDICATOR_LEFT][..., 1].min() > 0.5 and found[Role.INDICATOR_RIGHT][..., 1].max() < -0.5
    assert Role.HEAD_LAMP not in found and not spec.lights


@pytest.mark.parametrize("name", ROAD)
def test_wheels_touch_the_ground_and_turn_about_their_axles(name):
    spec = SPECS[name]
    assert spec.wheel_radius and spec.wheelbase and spec.track and spec.max_steer
    wheels = [p for p in load_asset(name).parts if p.role in ("wheel", "steered_wheel")]
    assert len(wheels) >= 4 or any("axle" in p.name for p in wheels)
    steered = [p for p in wheels if p.role == "steered_wheel"]
    assert len(steered) == 2 and all(p.pivot[0] > spec.wheelbase - 0.4 for p in steered)
    for p in wheels:
        corners = world_vertices(p)
        assert abs(corners[:, 2].min()) < 0.03, p.name
        reach = np.hypot(p.mesh.vertices[:, 0], p.mesh.vertices[:, 2]).max()
        assert abs(reach - spec.wheel_radius) < 0.12 * spec.wheel_radius, f"{p.name} is not round about its axle"
        assert abs(p.pivot[2] - spec.wheel_radius) < 0.1 * spec.wheel_radius
        middle = corners[:, 1].mean()
        if "axle" in p.name:
            assert abs(middle) < 0.02 and np.ptp(corners[:, 1]) > 0.8 * spec.track
        else:
            assert ("left" in p.name) == (middle > 0)
    rear = [p.pivot[0] for p in wheels if p.role == "wheel" and p.pivot[0] < 0.5 * spec.wheelbase]
    assert abs(np.mean(rear)) < 0.05, "the origin is under the rear axle"
    assert abs(np.mean([p.pivot[0] for p in steered]) - spec.wheelbase) < 0.05


@pytest.mark.parametrize("name", ROAD)
def test_vehicle_figures_are_plausible(name):
    spec = SPECS[name]
    length, width, height = spec.size
    heavy = spec.category in (Category.TRUCK, Category.BUS)
    assert 0.5 * length < spec.wheelbase < 0.8 * length
    assert 0.6 * width < spec.track < 0.95 * width
    assert 0.25 < spec.wheel_radius < (0.6 if heavy else 0.42)
    assert (3500 if heavy else 700) <= spec.mass <= (40_000 if heavy else 3600)
    assert length > width and (2.5 if heavy else 1.1) < height < 4.1
    assert spec.semantic in (Semantic.CAR, Semantic.VAN, Semantic.TRUCK, Semantic.BUS)


@pytest.mark.parametrize("name", POWERED)
def test_vehicle_looks_along_x_and_has_its_lamps(name):
    spec = SPECS[name]
    found = triangles_by_role(name)
    assert {Role.HEAD_LAMP, Role.TAIL_LAMP, Role.BRAKE_LAMP, Role.INDICATOR_LEFT, Role.INDICATOR_RIGHT} <= set(found)
    lower, upper = spec.box_center[0] - spec.length / 2, spec.box_center[0] + spec.length / 2
    assert found[Role.HEAD_LAMP][..., 0].min() > upper - (0.4 if name == "forklift" else 0.25) * spec.length
    for role in (Role.TAIL_LAMP, Role.BRAKE_LAMP):
        assert found[role][..., 0].max() < lower + 0.25 * spec.length
    assert found[Role.INDICATOR_LEFT][..., 1].min() > -0.02
    assert found[Role.INDICATOR_RIGHT][..., 1].max() < 0.02
    beams = [light for light in spec.lights if light.role == Role.HEAD_LAMP]
    far, wide = sorted(beams, key=lambda light: -light.intensity[0])
    assert far.intensity[0] > 5 * wide.intensity[0] and far.cos_outer > wide.cos_outer
    for light in beams:
        assert light.direction[0] > 0.9 and -0.2 < light.direction[2] < 0.0
        assert light.pos[1] == 0.0 and 0.4 < light.pos[2] < (2.0 if name == "forklift" else 1.5)
        assert upper - (0.4 if name == "forklift" else 0.25) * spec.length < light.pos[0] < upper + 0.05


@pytest.mark.parametrize("name", ["farm_tractor", "forklift", "tram"])
def test_wheels_of_work_vehicles_and_trams_roll_on_the_ground(name):
    spec = SPECS[name]
    wheels = [p for p in load_asset(name).parts if p.role in ("wheel", "steered_wheel")]
    assert len(wheels) == 4 and 0.9 < spec.track < 1.7 and 3000 < spec.mass < 20_000
    for p in wheels:
        assert abs(world_vertices(p)[:, 2].min()) < 0.035
        reach = np.hypot(p.mesh.vertices[:, 0], p.mesh.vertices[:, 2]).max()
        assert abs(reach - p.pivot[2]) < 0.035, "turns about its middle"
    x = sorted({round(p.pivot[0], 1) for p in wheels})
    assert abs(np.mean([v for v in x if v < 0.5 * spec.wheelbase])) < 0.05, "the origin is under the rear axle"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("fire_engine", Role.BEACON),
        ("police_car", Role.BEACON),
        ("ambulance", Role.BEACON),
        ("forklift", Role.AMBER_BEACON),
        ("farm_tractor", Role.AMBER_BEACON),
    ],
)
def test_beacons_shine_to_all_sides_from_above_the_roof(name, role):
    lamp = next(light for light in SPECS[name].lights if light.role == role)
    top = triangles_by_role(name)[role][..., 2].max()
    assert top < lamp.pos[2] < top + 0.3 and lamp.cos_outer < -0.99
    assert (lamp.intensity[2] > lamp.intensity[0]) == (role == Role.BEACON)


@pytest.mark.parametrize("name", VEHICLES)
def test_every_vehicle_names_its_parameter_set(name):
    assert SPECS[name].parameters in SETS


def test_there_are_24_vehicles_and_more():
    named = [n for n, s in SPECS.items() if s.parameters and s.variant is None]
    assert len(named) >= 24
    wanted = {"tram", "fire_engine", "police", "ambulance", "scooter", "e_scooter", "wheelchair", "stroller", "forklift",
         "farm_tractor", "bicycle",
              "motorcycle", "articulated_lorry", "bus", "caravan", "tipper", "minibus", "box_van", "small_van"}  # fmt: skip
    assert wanted <= {kind for n in named for kind in SPECS[n].kinds}


@pytest.mark.parametrize(
    "name",
    [*(n for n in CARS if "pickup" not in n), "tram", "city_bus", "coach", "tractor", "articulated_lorry", "minibus"],
)
def test_one_sees_through_the_windows_and_something_behind_them(name):
    """Its glass is clear, and seats or a dashboard stand near its middle."""
    body = load_asset(name).parts
    clear = [m.transmission > 0.3 and m.role == Role.GLASS for p in body for m in p.mesh.materials]
    assert any(clear)
    lower, upper = bounds(name)
    inside = 0
    for part in body:
        middles = world_vertices(part)[part.mesh.triangles].mean(axis=1)
        seats = np.array([bool(re.search("cabin|seat|interior", m.name)) for m in part.mesh.materials])[
            part.mesh.material
        ]
        near = (np.abs(middles[:, 1]) < 0.45 * upper[1]) & (middles[:, 2] > 0.4 * (upper[2] - lower[2]))
        inside += int((seats & near).sum())
    assert inside >= 12


@pytest.mark.parametrize("name", ["semitrailer", "lorry"])
def test_a_box_has_doors_that_take_up_its_tail(name):
    """Bars, hinges and stripes that reflect lie within 10 cm of the rear end and are spread over its width and height."""
    lower, upper = bounds(name)
    points = []
    for part in load_asset(name).parts:
        fitted = np.array([bool(re.search("steel|reflective", m.name)) for m in part.mesh.materials])[
            part.mesh.material
        ]
        middles = world_vertices(part)[part.mesh.triangles].mean(axis=1)
        points.append(middles[fitted & (middles[:, 0] < lower[0] + 0.1)])
    points = np.concatenate(points)
    width, height = np.ptp(points[:, 1]), np.ptp(points[:, 2])
    assert width > 0.8 * (upper[1] - lower[1]) and height > 0.6 * (upper[2] - lower[2])


@pytest.mark.parametrize("name", [n for n in VEHICLES if n not in SLOW])
def test_vehicle_has_glass_or_windows_and_paint_or_picture(name):
    found = triangles_by_role(name)
    textured = any(m.texture is not None for p in load_asset(name).parts for m in p.mesh.materials)
    assert Role.GLASS in found or textured
    assert Role.PAINT in found or textured


def test_cars_differ_and_show_the_paint_they_are_given():
    names = kinds()["car"]
    assert len(names) >= 6
    for name in names:
        found = triangles_by_role(name)
        area = {
            r: np.linalg.norm(np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]), axis=1).sum() for r, c in found.items()
        }
        assert area[Role.PAINT] > 0.2 * (sum(area.values()) - area.get(Role.NONE, 0.0)), name


@pytest.mark.parametrize("name", [n for n in VEHICLES if SPECS[n].doors])
def test_doors_open_outwards_and_shut_flush(name):
    asset, spec = load_asset(name), SPECS[name]
    for door in spec.doors:
        part = next(p for p in asset.parts if p.name == door.part)
        assert part.role == door.part and np.allclose(part.pivot, door.hinge, atol=1e-3)
        left = door.part == "door_left"
        sign = 1.0 if left else -1.0
        shut = world_vertices(part)
        assert (shut[:, 1] * sign).min() > 0.2, "the door lies on its own side"
        assert shut[:, 0].max() < door.hinge[0] + 0.15 and np.ptp(shut[:, 0]) > 0.8, "hinged at its front edge"
        assert (shut[:, 1] * sign).max() <= spec.width / 2 + 0.01
        angle = (-1.0 if left else 1.0) * door.max_angle
        c, s = math.cos(angle), math.sin(angle)
        opened = part.mesh.vertices @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T + np.array(part.pivot)
        assert (opened[:, 1] * sign).max() > spec.width / 2 + 0.6
        behind = opened[opened[:, 0] < door.hinge[0] - 0.25]
        assert (behind[:, 1] * sign).min() > spec.width / 2 - 0.35, "nothing of it swings into the cabin"


def test_one_car_at_least_has_doors():
    assert SPECS["hatchback"].doors and "hatchback" in kinds()["car"]


@pytest.mark.parametrize("name", DAMAGED)
def test_wrecks_have_the_size_of_their_spec_and_differ_from_what_they_were(name):
    spec = SPECS[name]
    whole = SPECS[spec.variant.of.name]
    lower, upper = bounds(name)
    assert np.allclose(upper - lower, spec.size, atol=0.01) and abs(lower[2]) < 0.03
    assert not spec.lights and not spec.doors and spec.hitch is None
    if spec.variant.damage == "overturned":
        assert spec.height == pytest.approx(whole.width, abs=0.02) and spec.width == pytest.approx(
            whole.height, abs=0.02
        )
        assert all(p.role == "body" for p in load_asset(name).parts) and spec.parameters is None
    elif spec.variant.damage == "dented":
        assert whole.length - spec.length > 0.1, "the nose is pushed in"
        wheels = [p for p in load_asset(name).parts if "wheel" in p.role]
        assert len(wheels) == 4
    else:
        found = triangles_by_role(name)
        assert set(found) == {Role.NONE}, "no glass, no lamps, no paint"
        assert load_asset(name).triangle_count < load_asset(whole.name).triangle_count
