"""Radar against closed form: the radar equation, detection, Doppler, resolution, ghosts, rain."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import warp as wp

from sim.render.mesh import Semantic
from sim.render.models import Model, ModelPart, PartMotion
from sim.sensors.config import RadarConfig
from sim.sensors.cross_section import ACTORS, rain_coefficients
from sim.sensors.presets import RADARS
from sim.sensors.radar import Radar
from sim.sensors.radar_figures import radar_constant
from sim.sensors.radar_rays import DetectionType
from tests.render import scenes

QUIET = RadarConfig(attached=False, pos=(0.0, 0.0, 1.0), noise=False, ghosts=False, rays=(6, 24), vertical_fov=0.3)
NOWHERE = scenes.plane(half=1.0, z=-900.0)


def measure(lib, worlds, config):
    scene, state = scenes.batch(worlds)
    radar = Radar(lib, scene, state, config)
    radar.measure(scene)
    return radar, {name: array[0][radar.numpy()["kind"][0] > 0] for name, array in radar.numpy().items()}


def block(size=(2.0, 2.0, 1.5), semantic=Semantic.CAR, name="car"):
    half = np.array(size) / 2
    return scenes.model(scenes.box((-half[0], -half[1], 0), (half[0], half[1], size[2]), semantic), name)


def at(lib, x, y=0.0, yaw=0.0, vel=(0.0, 0.0, 0.0), weather=None, **settings):
    return scenes.world(lib, [("car", (x, y, 0.25), yaw)], weather, vel=[vel], **settings)


@pytest.mark.parametrize(("yaw", "side"), [(0.0, 2), (math.pi, 0), (math.pi / 2, 1)])
@pytest.mark.parametrize("distance", [20.0, 80.0])
def test_snr_and_cross_section_are_those_of_the_radar_equation(yaw, side, distance):
    """A car's end or flank, all of whose power falls into few cells: their sum is the whole car's."""
    lib = scenes.library([block()], NOWHERE)
    config = replace(
        QUIET, beams=1, horizontal_fov=5 / distance, rays=(64, 64), vertical_fov=5 / distance, range_resolution=10.0, threshold=0.0
    )  # fmt: skip
    _, out = measure(lib, [at(lib, distance, yaw=yaw)], config)
    assert len(out["kind"]) == 1 and out["kind"][0] == DetectionType.TARGET and out["instance"][0] == 1
    # Front of the box, 1 m before its middle.
    r = distance - 1.0
    wavelength = 299_792_458.0 / 76.5e9
    sigma = 10 ** (ACTORS[Semantic.CAR][side] / 10)
    noise = 1.380649e-23 * 290 * 10 ** (12.0 / 10) * 10 ** (10.0 / 10)
    snr = 0.01 * (10**2.5) ** 2 * wavelength**2 * sigma * 0.02 / ((4 * math.pi) ** 3 * r**4 * noise)
    assert radar_constant(config) * sigma / r**4 == pytest.approx(snr, rel=1e-6)
    # Rays are finite in number, and the antenna's lobe falls off over the car.
    assert out["snr"][0] == pytest.approx(10 * math.log10(snr), abs=1.0)
    assert out["section"][0] == pytest.approx(ACTORS[Semantic.CAR][side], abs=1.0)
    assert out["range"][0] == pytest.approx(r, abs=0.1)


def test_cells_are_detected_as_often_as_swerling_s_first_case_says():
    lib = scenes.library([block()], NOWHERE)
    config = replace(
        QUIET, beams=1, horizontal_fov=0.1, rays=(24, 24), vertical_fov=0.1, range_resolution=20.0, noise=True
    )
    scene, state = scenes.batch([at(lib, 150.0, key=k) for k in range(2000)])
    radar = Radar(lib, scene, state, config)
    radar.measure(scene)
    # Each world's rays give it a mean SNR of its own.
    snr = radar.cells.numpy()["power"][:, 0, 0]
    for above in (-5.0, 0.0, 10.0):
        threshold = 10 * math.log10(snr.mean()) - above
        radar = Radar(lib, scene, state, replace(config, threshold=threshold))
        radar.measure(scene)
        found = (radar.numpy()["kind"] == DetectionType.TARGET).any((1, 2)).mean()
        expected = np.exp(-(10 ** (threshold / 10)) / (1 + snr)).mean()
        assert found == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 2000))


def test_false_alarms_are_as_many_as_the_threshold_lets_through():
    lib = scenes.library([block()], NOWHERE)
    config = replace(QUIET, noise=True, threshold=11.5, rays=(1, 1))
    scene, state = scenes.batch([scenes.world(lib, key=k) for k in range(300)])
    radar = Radar(lib, scene, state, config)
    radar.measure(scene)
    out = radar.numpy()
    cells = 250.0 / 0.5 * 2 * 70.0 / 0.15
    expected = 300 * 24 * (1 - math.exp(-cells * math.exp(-(10**1.15))))
    noise = (out["kind"] == DetectionType.NOISE).sum()
    assert set(np.unique(out["kind"])) == {0, DetectionType.NOISE}
    assert noise == pytest.approx(expected, abs=4 * math.sqrt(expected))


@pytest.mark.parametrize("speed", [-31.0, 4.0, 90.0])
def test_doppler_is_the_relative_radial_velocity(speed):
    ego = scenes.model(scenes.box((-1, -1, 0), (1, 1, 1)), "ego")
    lib = scenes.library([ego, block()], NOWHERE)
    world = scenes.world(
        lib, [("ego", (0, 0, 0), 0.0), ("car", (60.0, 12.0, 0.25), 0.0)], vel=[(12.0, 0, 0), (12.0 + speed, 3.0, 0)],
        ang_vel=[(0, 0, 0.3), (0, 0, 0)],
    )  # fmt: skip
    config = replace(QUIET, attached=True, pos=(2.0, 0.5, 1.0), horizontal_fov=0.8)
    _, out = measure(lib, [world], config)
    target = out["instance"] == 2
    assert target.any()
    for k in np.flatnonzero(target):
        ray = np.array([math.cos(out["azimuth"][k]), math.sin(out["azimuth"][k])])
        # The sensor moves with the ego, whose turning carries it sideways and back.
        sensor = np.array([12.0 - 0.3 * 0.5, 0.3 * 2.0])
        expected = (np.array([12.0 + speed, 3.0]) - sensor) @ ray
        expected = (expected + 70.0) % 140.0 - 70.0
        assert out["speed"][k] == pytest.approx(expected, abs=0.12)


def test_a_wheel_spreads_its_speed_from_standstill_to_twice_the_car_s():
    wheel = scenes.sphere(0.4, 48, Semantic.CAR)
    parts = (
        ModelPart((scenes.box((-2, -1, 0.8), (2, 1, 1.5)),)),
        ModelPart((wheel,), PartMotion.WHEEL, (0.0, 0.0, 0.4)),
    )
    car = Model("car", parts, (4.0, 2.0, 1.5), (0.0, 0.0, 0.75))
    lib = scenes.library([car], NOWHERE)
    config = replace(
        QUIET, pos=(0, 0, 0.4), beams=1, horizontal_fov=0.06, vertical_fov=0.06, rays=(48, 48), range_resolution=5.0, threshold=0.0,
        speed_resolution=1.0,
    )  # fmt: skip
    scene, state = scenes.batch([scenes.world(lib, [("car", (20.0, 0.0, 0.0), 0.0)], vel=[(10.0, 0, 0)], speed=[10.0])])
    radar = Radar(lib, scene, state, config)
    radar.measure(scene)
    n = int(radar.count.numpy()[0, 0])
    cell = radar.cells.numpy()[0, 0, :n]
    speeds = cell["speed"] / cell["power"]
    # Seen from behind at axle height: the sphere's points go at v (1 + z / r), from its visible lower to its upper rim.
    assert speeds.min() < 1.5 and speeds.max() > 18.0
    assert (cell["speed"].sum() / cell["power"].sum()) == pytest.approx(10.0, abs=1.0)


def test_a_walker_s_legs_spread_its_speed_and_its_head_does_not():
    body = scenes.box((-0.15, -0.25, 0.0), (0.15, 0.25, 1.75), Semantic.PERSON)
    person = Model(
        "person",
        (ModelPart((body, body)),),
        (0.3, 0.5, 1.75),
        (0.0, 0.0, 0.875),
        stride=1.4,
        walk_frames=2,
        rest_frame=1,
    )
    lib = scenes.library([person], NOWHERE)

    def spread(height, speed):
        world = scenes.world(
            lib, [("person", (15.0, 0.0, 0.0), 0.0)], vel=[(speed, 0, 0)], speed=[speed], traveled=[0.35]
        )
        world[0]["semantic"] = [int(Semantic.PERSON)]
        config = replace(QUIET, pos=(0, 0, height), beams=1, horizontal_fov=0.03, vertical_fov=0.02, threshold=0.0)
        scene, state = scenes.batch([world])
        radar = Radar(lib, scene, state, config)
        radar.measure(scene)
        cell = radar.cells.numpy()[0, 0, : int(radar.count.numpy()[0, 0])]
        speeds = cell["speed"] / cell["power"]
        return float(speeds.min()), float(speeds.max())

    # A quarter of a cycle on: one foot stands, the other goes twice as fast as the body.
    low, high = spread(0.15, 1.5)
    assert low < 0.5 and high > 2.5
    assert spread(1.5, 1.5) == pytest.approx((1.5, 1.5), abs=0.02)
    assert spread(0.15, 0.0) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_two_cars_are_told_apart_by_range_azimuth_or_speed_and_only_then():
    lib = scenes.library([block((0.2, 1.0, 1.0))], NOWHERE)

    def targets(x, y, speed):
        world = scenes.world(
            lib,
            [("car", (60.0, -1.0, 0.5), 0.0), ("car", (60.0 + x, 1.0 + y, 0.5), 0.0)],
            vel=[(0, 0, 0), (speed, 0, 0)],
        )
        _, out = measure(lib, [world], replace(QUIET, threshold=5.0, horizontal_fov=0.7, beams=8))
        return len(out["kind"])

    # Beams are 5 m wide at 60 m, cells 0.5 m and 0.15 m/s.
    assert targets(0.0, 0.0, 0.0) == 1
    assert targets(3.0, 0.0, 0.0) == 2
    assert targets(0.0, 0.0, 1.0) == 2
    assert targets(0.0, 15.0, 0.0) == 2


def test_a_guard_rail_shows_a_ghost_of_who_drives_beside_it():
    """The mirror image: as far behind the rail as the car is before it, and as fast."""
    rail = scenes.model(scenes.box((-40, -0.1, 0), (40, 0.1, 3), Semantic.GUARD_RAIL), "rail")
    lib = scenes.library([rail, block()], NOWHERE)
    world = scenes.world(
        lib, [("rail", (40.0, 6.0, 0.0), 0.0), ("car", (50.0, 0.0, 0.25), 0.0)], vel=[(0, 0, 0), (8.0, 1.0, 0)]
    )
    wide = replace(QUIET, horizontal_fov=1.0, beams=50, threshold=0.0)
    _, out = measure(lib, [world], replace(wide, ghosts=True))
    ghost = out["kind"] == DetectionType.GHOST
    assert ghost.any() and set(out["instance"][ghost]) == {2}
    x, y = out["range"] * np.cos(out["azimuth"]), out["range"] * np.sin(out["azimuth"])
    # The rail's face is at y = 5.9; the car's image spans y = 10.8 .. 12.8, x = 49 .. 51.
    assert (np.abs(y[ghost] - 11.8) < 1.6).all() and (np.abs(x[ghost] - 50.0) < 1.6).all()
    best = np.flatnonzero(ghost)[out["snr"][ghost].argmax()]
    image = np.array([math.cos(out["azimuth"][best]), math.sin(out["azimuth"][best])])
    assert out["speed"][best] == pytest.approx(np.array([8.0, -1.0]) @ image, abs=0.15)
    # Weaker than the car itself by the mirror's losses, there and back, and by the aspect.
    direct = out["snr"][(out["kind"] == DetectionType.TARGET) & (out["instance"] == 2)].max()
    assert direct - out["snr"][best] > 5.0
    _, none = measure(lib, [world], wide)
    assert not (none["kind"] == DetectionType.GHOST).any()


def test_rain_takes_what_itu_says_and_the_wet_radome_its_share():
    # Table 5 of P.838-3 at 77 GHz lies between its rows for 70 and 80 GHz.
    k, alpha = rain_coefficients(77e9)
    assert 1.0315 < k < 1.1704 and 0.70 < alpha < 0.74
    lib = scenes.library([block()], NOWHERE)
    config = replace(
        QUIET, beams=1, horizontal_fov=0.25, rays=(64, 64), vertical_fov=0.25, range_resolution=10.0, threshold=0.0
    )
    snr = {}
    for rain in (0.0, 10.0, 50.0):
        for distance in (20.0, 220.0):
            _, out = measure(
                lib, [at(lib, distance, weather={"rain": rain})], replace(config, threshold=0.0, gain=40.0)
            )
            snr[rain, distance] = float(out["snr"].max())
    k, alpha = rain_coefficients(76.5e9)
    for rain in (10.0, 50.0):
        lost = {d: snr[0.0, d] - snr[rain, d] for d in (20.0, 220.0)}
        assert lost[220.0] - lost[20.0] == pytest.approx(2 * k * rain**alpha * 0.2, abs=0.02)
        film = (3 * 1.1e-6 * 0.05 * (rain / 3.6e6) / (2 * 9.81)) ** (1 / 3)
        assert lost[20.0] - 2 * k * rain**alpha * 0.019 == pytest.approx(2 * 28.5e3 * film, abs=0.05)


def test_a_world_of_a_batch_is_that_world_alone_bit_for_bit_and_a_frame_can_be_captured():
    ego = scenes.model(scenes.box((-1, -1, 0), (1, 1, 1)), "ego")
    lib = scenes.library([ego, block()], scenes.plane())
    config = RADARS["short"][0]
    worlds = [
        scenes.world(
            lib, [("ego", (0, 0, 0), 0.0), ("car", (20.0 + 5 * k, 3.0, 0), 0.5)], {"rain": 5.0 * k}, key=k, vel=[(9.0, 0, 0), (k, 0, 0)]
        )
        for k in range(3)
    ]  # fmt: skip
    scene, state = scenes.batch(worlds)
    together = Radar(lib, scene, state, config)
    together.measure(scene)
    assert (together.numpy()["kind"] == DetectionType.TARGET).any()
    for k in range(3):
        scene, state = scenes.batch([worlds[k]])
        alone = Radar(lib, scene, state, config)
        alone.measure(scene)
        seen = alone.numpy()["kind"][0] > 0
        for name, array in alone.numpy().items():
            assert array[0][seen].tobytes() == together.numpy()[name][k][seen].tobytes(), name
        before = alone.numpy()
        with wp.ScopedCapture(device="cpu") as capture:
            alone.advance(scene, state)
            alone.measure(scene)
        alone.detections.kind.zero_()
        wp.capture_launch(capture.graph)
        assert alone.numpy()["kind"].tobytes() == before["kind"].tobytes()


@pytest.mark.parametrize("name", sorted(RADARS))
def test_presets_have_names_of_their_own_and_see_a_car_at_most_of_their_range(name):
    lib = scenes.library([block((4.5, 1.8, 1.5))], scenes.plane())
    assert len({c.name for c in RADARS[name]}) == len(RADARS[name])
    for config in RADARS[name]:
        config = replace(config, attached=False, pos=(0.0, 0.0, 0.6), yaw=0.0, noise=False)
        _, out = measure(lib, [at(lib, 0.8 * config.max_range)], config)
        assert (out["instance"] == 1).any(), config.name
        _, out = measure(lib, [at(lib, 1.2 * config.max_range)], config)
        assert not (out["instance"] == 1).any(), config.name
