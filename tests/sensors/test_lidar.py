"""Lidar against closed form: counts, ranges, intensities, detection, times and what moves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import warp as wp

from sim.render.mesh import Material, Role, Semantic, Surface
from sim.sensors.config import LidarConfig
from sim.sensors.echoes import NO_CLASS, EchoType
from sim.sensors.lidar import Lidar
from sim.sensors.presets import LIDARS, spread
from tests.render import scenes

FIXED = LidarConfig(
    attached=False, pos=(0.0, 0.0, 0.0), elevations=spread(-8, 8, 17), columns=720, noise=False, returns=1, max_range=200.0, range_10=100.0,
)  # fmt: skip
WHITE = Material("white", (0.8, 0.8, 0.8), roughness=1.0)
FAR_GROUND = scenes.plane(half=1.0, z=-500.0)


def scan(lib, worlds, config, **settings):
    scene, state = scenes.batch(worlds)
    lidar = Lidar(lib, scene, state, config, **settings)
    lidar.scan(scene)
    return lidar, lidar.numpy()


def facing(half_y, half_z, material=WHITE, semantic=Semantic.WALL):
    """A thin wall across the x axis, its front at x = 0."""
    return scenes.model(scenes.box((0, -half_y, -half_z), (0.1, half_y, half_z), semantic, material), "wall")


def test_wall_has_the_points_ranges_and_intensities_of_closed_form():
    wall = facing(6.0, 1.5)
    lib = scenes.library([wall], FAR_GROUND)
    lidar, out = scan(lib, [scenes.world(lib, [("wall", (20.0, 0.0, 0.0), 0.0)])], FIXED)
    az, el = lidar.pattern.azimuth, lidar.pattern.elevation
    direction = lidar.pattern.directions
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(direction[:, 0] > 0, 20.0 / direction[:, 0], np.inf)
        y, z = np.abs(direction[:, 1]) * r, np.abs(direction[:, 2]) * r
    inside = (y < 6.0 - 1e-3) & (z < 1.5 - 1e-3)
    found = out["range"][0, :, 0] > 0
    assert inside.sum() > 300 and (found == inside).sum() >= inside.size - 2
    both = found & inside
    np.testing.assert_allclose(out["range"][0, both, 0], r[both], rtol=1e-5)
    # Calibrated reflectance: albedo times the cosine of the angle of incidence.
    np.testing.assert_allclose(out["intensity"][0, both, 0], 0.8 * direction[both, 0], rtol=1e-4)
    np.testing.assert_allclose(out["pos"][0, both, 0], direction[both] * r[both, None], atol=1e-4)
    np.testing.assert_allclose(out["angles"][0], np.stack([az, el], 1), atol=1e-6)
    assert set(out["semantic"][0, both, 0]) == {Semantic.WALL} and set(out["instance"][0, both, 0]) == {1}
    assert set(out["echo"][0, both, 0]) == {EchoType.HARD}
    assert set(out["semantic"][0, ~found, 0]) == {NO_CLASS} and not out["echo"][0, ~found, 0].any()


def test_a_tilted_plane_gives_the_cosine_and_ends_where_the_threshold_says():
    # A ramp that rises by 5 degrees, 2 m below the sensor, as an actor so that no procedural look changes its albedo.
    slope = math.radians(5.0)
    ramp = scenes.model(scenes.plane(half=150.0, material=Material("matt", (0.3, 0.3, 0.3), roughness=1.0)), "ramp")
    lib = scenes.library([ramp], FAR_GROUND)
    half = slope / 2
    turned = (0.0, -math.sin(half), 0.0, math.cos(half))
    rows = scenes.world(lib, [("ramp", (0.0, 0.0, -2.0), 0.0)], rot=[turned])
    lidar, out = scan(lib, [rows], replace(FIXED, columns=360, range_10=30.0))
    normal = np.array([-math.sin(slope), 0.0, math.cos(slope)])
    down = lidar.pattern.directions @ normal
    # The point below the sensor is the ramp's origin.
    r = np.where(down < 0, -2.0 * math.cos(slope) / np.where(down < 0, down, -1), np.inf)
    rho_cos = 0.3 * np.abs(down)
    # Detected: rho cos / R^2 >= 0.1 / range_10^2.
    detected = (down < 0) & (rho_cos / r**2 >= 0.1 / 30.0**2) & (r >= 1.0)
    clear = np.abs(rho_cos / r**2 / (0.1 / 30.0**2) - 1) > 1e-3
    found = out["range"][0, :, 0] > 0
    assert 200 < detected.sum() < 0.6 * found.size and (found == detected)[clear].all()
    both = found & detected
    np.testing.assert_allclose(out["range"][0, both, 0], r[both], rtol=2e-4)
    np.testing.assert_allclose(out["intensity"][0, both, 0], rho_cos[both], rtol=1e-3)


@pytest.mark.parametrize("reflectance", [0.1, 0.5])
def test_half_of_the_echoes_are_detected_at_the_range_that_the_figure_says(reflectance):
    grey = Material("grey", (reflectance,) * 3, roughness=1.0)
    lib = scenes.library([facing(60.0, 30.0, grey)], FAR_GROUND)
    config = replace(
        FIXED,
        pattern="raster",
        horizontal_fov=math.radians(6),
        elevations=spread(-2, 2, 40),
        columns=100,
        range_10=50.0,
        noise=True,
    )
    shares = []
    for factor in (0.85, 1.0, 1.15):
        distance = 50.0 * math.sqrt(reflectance / 0.1) * factor
        _, out = scan(lib, [scenes.world(lib, [("wall", (distance, 0.0, 0.0), 0.0)])], config)
        shares.append((out["echo"][0, :, 0] == EchoType.HARD).mean())
    # The receiver's noise is a fifth of its threshold: powers of 1.38 and 0.76 of it stand 1.9 and -1.2 deviations off.
    assert shares[0] == pytest.approx(0.972, abs=0.015)
    assert shares[1] == pytest.approx(0.5, abs=0.03)
    assert shares[2] == pytest.approx(0.111, abs=0.025)


def test_ranges_scatter_as_told_and_false_alarms_are_as_many_as_the_threshold_lets_through():
    lib = scenes.library([facing(60.0, 30.0)], FAR_GROUND)
    config = replace(FIXED, elevations=spread(-8, 8, 64), columns=1000, noise=True, range_noise=0.03)
    lidar, out = scan(lib, [scenes.world(lib, [("wall", (10.0, 0.0, 0.0), 0.0)])], config)
    hard = out["echo"][0, :, 0] == EchoType.HARD
    error = out["range"][0, hard, 0] - 10.0 / lidar.pattern.directions[hard, 0]
    near = 10.0 / lidar.pattern.directions[hard, 0] < 20
    assert error[near].std() == pytest.approx(0.03, rel=0.03) and abs(error[near].mean()) < 1e-3
    noise = out["echo"][0, :, 0] == EchoType.NOISE
    expected = (~hard).sum() * lidar.beams.receiver.false_alarm
    assert expected == pytest.approx((~hard).sum() * 200.0 / 1.49896 * 2.8665e-7, rel=1e-3)
    assert abs(noise.sum() - expected) < 4 * math.sqrt(expected) + 1


def test_a_window_sends_little_back_and_lets_the_rest_through():
    glass = Material("glass", (0.1, 0.1, 0.1), roughness=0.05, transmission=0.8, role=Role.GLASS)
    pane = scenes.model(scenes.box((0, -3, -3), (0.02, 3, 3), Semantic.CAR, glass), "pane")
    wall = facing(3.0, 3.0)
    lib = scenes.library([pane, wall], FAR_GROUND)
    world = scenes.world(lib, [("pane", (10.0, 0.0, 0.0), 0.4), ("wall", (14.0, 0.0, 0.0), 0.0)])
    one_beam = replace(FIXED, pattern="raster", elevations=(0.0,), columns=1, horizontal_fov=0.01, returns=2)
    _, out = scan(lib, [world], one_beam)
    # Two faces of the pane, each passed twice: 0.8 * 0.98 to the fourth power.
    assert out["instance"][0, 0].tolist() == [2, 1]
    assert out["range"][0, 0, 0] == pytest.approx(14.0, abs=0.01)
    assert out["intensity"][0, 0, 0] == pytest.approx(0.8 * (0.8 * 0.98) ** 4, rel=1e-3)
    first = 0.02 * math.cos(0.4)
    assert first < out["intensity"][0, 0, 1] < 2.5 * first


def test_retroreflectors_outshine_matt_surfaces():
    def intensity(material, semantic):
        lib = scenes.library([facing(3.0, 3.0, material, semantic)], FAR_GROUND)
        one_beam = replace(FIXED, pattern="raster", elevations=(0.0,), columns=1, horizontal_fov=0.01)
        _, out = scan(lib, [scenes.world(lib, [("wall", (20.0, 0.0, 0.0), 0.0)])], one_beam)
        return float(out["intensity"][0, 0, 0])

    white = (0.9, 0.9, 0.9)
    matt = Material("matt", white, roughness=1.0)
    assert intensity(matt, Semantic.WALL) == pytest.approx(0.9, rel=1e-3)
    # ASTM D4956 type III: 250 cd/(lx m^2), of a white board pi times as much.
    assert intensity(matt, Semantic.TRAFFIC_SIGN) == pytest.approx(0.9 + math.pi * 250 * 0.9, rel=1e-2)
    plate = Material("plate", white, roughness=1.0, role=Role.PLATE)
    assert intensity(plate, Semantic.CAR) == pytest.approx(0.9 + math.pi * 45 * 0.9, rel=1e-2)
    leaf = Material("leaf", (0.05, 0.1, 0.03), roughness=1.0, surface=Surface.LEAF)
    assert 0.2 < intensity(leaf, Semantic.VEGETATION) < 0.6


def spinning_world(lib, ego_vel, ego_rate, other_vel, other_rate, turn):
    return scenes.world(
        lib, [("ego", (3.0, -1.0, 0.0), 0.3), ("wall", (20.0, 2.0, 0.0), turn)],
        vel=[ego_vel, other_vel], ang_vel=[(0, 0, ego_rate), (0, 0, other_rate)],
    )  # fmt: skip


def test_every_beam_sees_sensor_and_actors_where_they_are_at_its_own_time():
    """Every point, carried along with the actor it hit until the scan's end, lies on the actor as it stands then."""
    ego = scenes.model(scenes.box((-1, -1, 0), (1, 1, 1)), "ego")
    lib = scenes.library([ego, facing(8.0, 3.0)], FAR_GROUND)
    ego_vel, ego_rate, vel, rate = (14.0, 4.0, 0.0), 0.7, (-6.0, 9.0, 0.5), -1.3
    config = replace(FIXED, attached=True, pos=(1.0, 0.3, 1.6), yaw=0.2, columns=400)
    lidar, out = scan(lib, [spinning_world(lib, ego_vel, ego_rate, vel, rate, 0.25)], config)
    hit = out["instance"][0, :, 0] == 2
    assert hit.sum() > 200
    ago = lidar.pattern.ago

    def spin(angle, v):
        c, s = np.cos(angle), np.sin(angle)
        return np.stack([c * v[..., 0] - s * v[..., 1], s * v[..., 0] + c * v[..., 1], v[..., 2]], -1)

    # By rotation matrices of the exact angle, beam by beam: from the sensor at its own time to the world, then along with the wall.
    back = -ego_rate * ago
    ego_pos, mount = np.array([3.0, -1.0, 0.0]), np.array([1.0, 0.3, 1.6])
    origin = ego_pos - np.outer(ago, ego_vel) + spin(back, spin(0.3, np.broadcast_to(mount, (len(ago), 3))))
    direction = spin(back, spin(0.5, lidar.pattern.directions))
    points = origin + direction * out["range"][0, :, :1]
    wall_pos = np.array([20.0, 2.0, 0.0])
    carried = wall_pos + spin(rate * ago, points - wall_pos + np.outer(ago, vel))
    local = spin(np.full(len(ago), -0.25), carried - wall_pos)[hit]
    assert np.abs(local[:, 0]).max() < 2e-3
    assert np.abs(local[:, 1]).max() < 8.01 and np.abs(local[:, 2]).max() < 3.01
    # Without the wall's motion the same points lie far off it, so that the test means something.
    still = spin(np.full(len(ago), -0.25), points - wall_pos)[hit]
    assert np.abs(still[:, 0]).max() > 0.3
    # xyz is the world's point in the sensor's frame at the end.
    end = ego_pos + spin(0.3, mount)
    np.testing.assert_allclose(out["pos"][0, hit, 0], spin(-0.5, points[hit] - end), atol=2e-3)


def test_an_actor_is_found_wherever_it_was_within_the_scan():
    """The tree's boxes hold the whole way: a wall that comes from the side, where the last pose's box is not."""
    ego = scenes.model(scenes.box((-1, -1, 0), (1, 1, 1)), "ego")
    lib = scenes.library([ego, facing(3.0, 30.0)], FAR_GROUND)
    world = scenes.world(
        lib, [("ego", (0, 0, 0), 0.0), ("wall", (30.0, 0.0, 0.0), 0.0)], vel=[(0, 0, 0), (0, -200.0, 0)]
    )
    lidar, out = scan(lib, [world], replace(FIXED, attached=True, pos=(0, 0, 1)))
    hit = out["instance"][0, :, 0] == 2
    direction = lidar.pattern.directions
    with np.errstate(divide="ignore"):
        across = np.where(direction[:, 0] > 0, 30.0 * direction[:, 1] / direction[:, 0], np.inf)
    # Half way through the scan, when the beams look ahead, it was 10 m to the left.
    expected = np.abs(across - 200.0 * lidar.pattern.ago) < 3.0
    assert expected.sum() > 200 and (hit != expected).sum() <= 10
    assert (across[hit] > 4.0).all()


def test_the_rosette_is_another_one_in_each_scan_and_fills_its_circle():
    config = replace(LIDARS["rosette"], attached=False, pos=(0, 0, 0), noise=False, columns=2000)
    lib = scenes.library([facing(60.0, 60.0)], FAR_GROUND)
    angles = []
    for tick in (0, 10):
        world = scenes.world(lib, [("wall", (10.0, 0.0, 0.0), 0.0)], tick=tick)
        _, out = scan(lib, [world], config)
        angles.append(out["angles"][0])
        off = np.arccos(np.cos(out["angles"][0, :, 0]) * np.cos(out["angles"][0, :, 1]))
        assert off.max() == pytest.approx(config.horizontal_fov / 2, rel=0.01) and off.min() < 0.05
        np.testing.assert_allclose(out["range"][0, :, 0] * np.cos(off), 10.0, rtol=1e-4)
    assert np.abs(angles[0] - angles[1]).max() > 0.1


def test_a_wide_beam_spreads_over_an_edge():
    """A fifth of the beam beyond an edge: an echo of the wall with less power, and one of what stands behind."""
    front, back = facing(2.0, 2.0), facing(20.0, 20.0)
    back = scenes.model(scenes.box((0, -20, -20), (0.1, 20, 20), Semantic.WALL, WHITE), "back")
    lib = scenes.library([front, back], FAR_GROUND)
    edge = math.atan2(2.0, 10.0)
    one = replace(
        FIXED, pattern="raster", elevations=(0.0,), columns=1, horizontal_fov=0.01, yaw=edge, returns=2, samples=16,
        beam_divergence=0.02, pulse=5e-9,
    )  # fmt: skip
    world = scenes.world(lib, [("wall", (10.0, 0.0, 0.0), 0.0), ("back", (15.0, 0.0, 0.0), 0.0)])
    _, out = scan(lib, [world], one)
    assert set(out["instance"][0, 0].tolist()) == {1, 2}
    total = (out["intensity"][0, 0] / (0.8 * math.cos(edge))).sum()
    assert total == pytest.approx(1.0, abs=0.02) and out["intensity"][0, 0].min() > 0.2


def test_a_world_of_a_batch_is_that_world_alone_bit_for_bit():
    ego = scenes.model(scenes.box((-1, -1, 0), (1, 1, 1)), "ego")
    lib = scenes.library([ego, facing(8.0, 3.0)], scenes.plane())
    config = replace(LIDARS["spin16"], columns=200, samples=2)
    worlds = []
    for k in range(3):
        rows = spinning_world(lib, (5.0 + k, 0, 0), 0.1 * k, (0, 2.0, 0), 0.3, 0.1 * k)
        rows[0]["weather"] |= {"rain": 5.0 * k, "snow": 1.0 * (k == 1), "fog_visibility": 80.0 + 100 * k}
        rows[0]["world_key"] = 7 * k
        worlds.append(rows)
    _, together = scan(lib, worlds, config)
    for k in range(3):
        _, alone = scan(lib, [worlds[k]], config, threads=1)
        _, shared = scan(lib, [worlds[k]], config, threads=2)
        for name, array in alone.items():
            assert array[0].tobytes() == together[name][k].tobytes(), name
            assert array.tobytes() == shared[name].tobytes(), name
    assert together["range"][0].tobytes() != together["range"][1].tobytes()


def test_a_scan_can_be_captured():
    lib = scenes.library([facing(8.0, 3.0)], FAR_GROUND)
    scene, state = scenes.batch([scenes.world(lib, [("wall", (20.0, 0.0, 0.0), 0.0)])])
    lidar = Lidar(lib, scene, state, FIXED)
    lidar.scan(scene)
    before = lidar.numpy()["range"]
    with wp.ScopedCapture(device="cpu") as capture:
        lidar.advance(scene, state)
        lidar.scan(scene)
    state.pos.assign(np.array([[(25.0, 0.0, 0.0)]], np.float32))
    wp.capture_launch(capture.graph)
    after = lidar.numpy()["range"]
    hit = (before[0, :, 0] > 0) & (after[0, :, 0] > 0)
    np.testing.assert_allclose(after[0, hit, 0] / before[0, hit, 0], 1.25, rtol=1e-4)


def test_ghosts_to_sensors_are_not_seen_and_ghosts_to_cameras_are():
    lib = scenes.library([facing(8.0, 3.0)], FAR_GROUND)
    for bits, seen in ((5, False), (6, True)):
        _, out = scan(lib, [scenes.world(lib, [("wall", (20.0, 0, 0), 0.0)], visible=[bits])], FIXED)
        assert bool((out["range"] > 0).any()) == seen


@pytest.mark.parametrize("name", sorted(LIDARS))
def test_presets_fire_all_their_beams_within_the_scan(name):
    from sim.sensors.pattern import make_pattern

    config = LIDARS[name]
    pattern = make_pattern(config)
    assert pattern.ago.max() == pytest.approx(1 / config.rate) and pattern.ago.min() > 0
    assert (np.diff(pattern.ago) <= 0).all()
    if config.pattern == "spinning":
        assert len(pattern.ago) == len(config.elevations) * config.columns
        assert name == f"spin{len(config.elevations)}"
        assert (np.diff(config.elevations) > 0).all()
        # Clockwise, from backwards to backwards.
        assert np.unwrap(pattern.azimuth[:: len(config.elevations)])[-1] - pattern.azimuth[0] == pytest.approx(
            -math.tau, abs=0.01
        )


def test_a_rough_road_sends_back_more_at_a_flat_angle_than_a_matt_board_and_less_when_wet():
    """Oren and Nayar 1994 in the direction of the light, with their A and B."""
    road = Material("road", (0.2, 0.2, 0.2), roughness=1.0, surface=Surface.ASPHALT)
    lib = scenes.library([scenes.model(scenes.plane(half=100.0, material=road), "road")], FAR_GROUND)
    config = replace(FIXED, elevations=(math.radians(-3.0),), columns=720, pos=(0, 0, 1.0))
    mean = {}
    for wet in (0.0, 1.0):
        _, out = scan(lib, [scenes.world(lib, [("road", (0.0, 0.0, 0.0), 0.0)], {"wetness": wet})], config)
        assert (out["echo"] == EchoType.HARD).all()
        mean[wet] = out["intensity"][0, :, 0].mean()
    cosine, q = math.sin(math.radians(3.0)), 0.45**2
    a, b = 1 - 0.5 * q / (q + 0.33), 0.45 * q / (q + 0.09)
    # The look of asphalt has spots, cracks and repairs about its mean.
    assert mean[0.0] == pytest.approx(0.2 * (a * cosine + b * (1 - cosine**2)), rel=0.15)
    assert mean[1.0] < 0.4 * mean[0.0]
