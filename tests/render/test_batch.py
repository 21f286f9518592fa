"""World i of a batch of 64 different worlds looks as it does alone, bit for bit, also after others were reset."""

from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.config import CameraConfig, RenderConfig, SimConfig
from sim.render.frames import Renderer
from sim.render.labels import Labeller
from sim.render.world import build_library
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from sim.simulation import step
from sim.structs import RowCopy

SCENARIO = """
name: Small world {k}
tags: [test]
danger: None
source: Made up for tests
map: {{road: straight, length: 90 m, lanes: 1+1, lane_width: 3.2..3.6 m, sidewalk: 2 m}}
setting: rural
environment: {{time: {time}, cloud: 0..1, rain: {rain}}}
actors:
  ego: {{kind: car, at: {{lane: -1, s: 10..20 m}}, speed: 30..50 km/h, goal: {{lane: -1, s: 80 m}}}}
  other: {{kind: {kind}, at: {{lane: 1, s: 40..60 m}}, speed: 20..40 km/h}}
  walker: {{kind: child, at: {{sidewalk: right, s: 25..50 m}}, faces: left}}
storyboard:
  - when: {{ego: {{time_to_reach: walker, below: 30 s}}}}
    do: {{walker: {{walk_across: road, speed: 6..9 km/h}}}}
end: {{after: 4 s}}
"""
KINDS = (("09:00..16:00", "0 mm/h", "van"), ("22:00..23:30", "0 mm/h", "car"), ("12:00..18:00", "4 mm/h", "suv"))
NWORLD = 64
CONFIG = SimConfig(pool=2, map_variants=1)
OUTPUTS = (
    "rgb", "depth", "semantic", "instance", "normal", "flow", "panoptic", "part", "drivable", "anomaly", "lamp", "normal_world", "albedo",
    "hdr", "scene_flow",
)  # fmt: skip


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worlds")
    out = []
    for k, (time, rain, kind) in enumerate(KINDS):
        path = folder / f"world{k}.yaml"
        path.write_text(SCENARIO.format(k=k, time=time, rain=rain, kind=kind))
        out.append(load_scenario(path))
    return out


class Stage:
    """Worlds with their pictures."""

    def __init__(self, scenarios, keys, quality, nactor=None):
        self.batch = sample_worlds(scenarios, keys, "cpu", CONFIG)
        camera = CameraConfig(width=40, height=24, horizontal_fov=1.2)
        settings = RenderConfig((camera,), quality, OUTPUTS)
        b = self.batch
        self.renderer = Renderer(build_library(b), b.scene, b.state, settings)
        self.labeller = Labeller(self.renderer, masks=True, keypoints=True)

    def run(self, ticks):
        b = self.batch
        for _ in range(ticks):
            step(b.scene, b.state, b.control)
        self.renderer.advance(b.scene, b.state)

    def shoot(self):
        self.renderer.render(self.batch.scene)
        self.labeller.measure(self.batch.scene)
        out = {k: np.array(v) for k, v in self.renderer.frames.numpy().items()}
        return out | {k: np.array(v) for k, v in self.labeller.numpy().items()}

    def reset(self, rows):
        """Start the next episode of some worlds."""
        b, r = self.batch, self.renderer
        mask = wp.array(np.isin(np.arange(b.nworld), rows).astype(np.int32), dtype=wp.int32, device="cpu")
        source = wp.array(np.arange(b.nworld) * b.draws + 1, dtype=wp.int32, device="cpu")
        RowCopy([b.scene, b.state], [b.pool_scene, b.pool_state]).launch(mask, source)
        r.reset(b.scene, b.state, mask)


def assert_equal(batch, world, alone):
    for name, array in alone.items():
        # A batch has room for the actors of its largest world.
        mine = batch[name][world]
        mine = mine[tuple(slice(n) for n in array[0].shape)]
        assert np.array_equal(mine, array[0], equal_nan=mine.dtype.kind == "f"), f"world {world}: {name} differs"


@pytest.mark.parametrize("quality", ["fast", "standard"])
def test_world_of_64_equals_world_alone(scenarios, quality):
    keys = [1000 + 17 * i for i in range(NWORLD)]
    many = Stage(scenarios, keys, quality)
    for ticks in (60, 10, 10):
        many.run(ticks)
    pictures = many.shoot()
    different = {pictures["rgb"][i].tobytes() for i in range(NWORLD)}
    assert len(different) == NWORLD, "the worlds of this test must differ"
    for i in (0, 1, 31, 62):
        one = Stage([scenarios[i % len(scenarios)]], [keys[i]], quality)
        for ticks in (60, 10, 10):
            one.run(ticks)
        assert_equal(pictures, i, one.shoot())


def test_resets_of_others_change_nothing(scenarios):
    keys = list(range(6))
    calm, busy = Stage(scenarios, keys, "standard"), Stage(scenarios, keys, "standard")
    for stage in (calm, busy):
        stage.run(50)
        stage.run(10)
    busy.reset([1, 4])
    for stage in (calm, busy):
        stage.run(10)
    a, b = calm.shoot(), busy.shoot()
    for world in range(6):
        same = all(np.array_equal(a[k][world], b[k][world], equal_nan=a[k].dtype.kind == "f") for k in a)
        assert same == (world not in (1, 4))
