"""A step over a batch: world i equals world i alone, bit for bit; threads, graphs and resets of others change nothing."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import warp as wp

from sim.config import SimConfig
from sim.sampling import Batch, pack_worlds, sample_worlds
from sim.scenario.reader import library_files, load_scenario
from sim.simulation import WorldGraph, step
from sim.structs import RowCopy, world_arrays

CONFIG = SimConfig(seed=5, contact="physics", driver="constant", pool=1)
TICKS = 700
KEYS = list(range(100, 164))


@lru_cache
def scenarios() -> list:
    return [load_scenario(path) for path in library_files().values()]


def scenario_of(i: int):
    return scenarios()[i % len(scenarios())]


def make_graph(batch: Batch, threads: int = 1) -> WorldGraph:
    return WorldGraph(
        lambda scene, state, control: lambda: step(scene, state, control),
        [batch.scene, batch.state, batch.control],
        batch.nworld,
        batch.device,
        threads=threads,
    )


def run(batch: Batch, ticks: int, threads: int = 1) -> Batch:
    graph = make_graph(batch, threads)
    for _ in range(ticks):
        graph.launch()
    return batch


def state_of(batch: Batch, world: int) -> dict[str, np.ndarray]:
    """Every state array of a world; roads counted from the first of its map, as batches hold different maps."""
    rows = {name: array.numpy()[world] for name, array in world_arrays(batch.state)}
    first = batch.scene.road.map_first_road.numpy()[batch.scene.map_index.numpy()[world]]
    rows["road"] = np.where(rows["road"] >= 0, rows["road"] - first, -1)
    return rows


def assert_world_equals(batch: Batch, world: int, other: Batch, other_world: int) -> None:
    """Every state array of a world has the same bits in both, wherever both have room."""
    right = state_of(other, other_world)
    for name, x in state_of(batch, world).items():
        y = right[name]
        common = tuple(slice(min(m, n)) for m, n in zip(x.shape, y.shape, strict=True))
        x, y = np.ascontiguousarray(x[common]), np.ascontiguousarray(y[common])
        assert x.tobytes() == y.tobytes(), f"{name} of world {world}: {x} is not {y}"


@pytest.fixture(scope="module")
def together() -> Batch:
    batch = sample_worlds([scenario_of(i) for i in range(len(KEYS))], KEYS, "cpu", CONFIG)
    return run(batch, TICKS, threads=2)


def test_something_happens(together: Batch) -> None:
    metrics = together.state.metrics
    assert (together.state.tick.numpy() > 0).all()
    assert metrics.collided.numpy().any(), "no world of the library collides in the first seconds"
    assert (together.state.traveled.numpy()[:, 0] > 1.0).mean() > 0.9
    for name, array in world_arrays(together.state):
        assert not np.isnan(array.numpy().astype(np.float64)).any(), f"{name} holds NaN"


@pytest.mark.parametrize("world", [0, 13, 26, 39, 51, 63])
def test_world_of_a_batch_equals_the_world_alone(together: Batch, world: int) -> None:
    alone = run(sample_worlds([scenario_of(world)], [KEYS[world]], "cpu", CONFIG), TICKS)
    assert_world_equals(together, world, alone, 0)


def test_other_keys_are_other_worlds(together: Batch) -> None:
    other = run(sample_worlds([scenario_of(0)], [KEYS[0] + 1000], "cpu", CONFIG), 50)
    assert other.specs[0][0].record != together.specs[0][0].record


def test_graph_equals_plain_launches() -> None:
    batches = [sample_worlds(scenarios()[:4], [1, 2, 3, 4], "cpu", CONFIG) for _ in range(2)]
    run(batches[0], 60)
    for _ in range(60):
        step(batches[1].scene, batches[1].state, batches[1].control)
    for world in range(4):
        assert_world_equals(batches[0], world, batches[1], world)


def test_resets_of_others_leave_a_world_alone(together: Batch) -> None:
    batch = sample_worlds([scenario_of(i) for i in range(8)], KEYS[:8], "cpu", CONFIG)
    copy = RowCopy([batch.scene, batch.state], [batch.pool_scene, batch.pool_state])
    source = wp.array(np.arange(8, dtype=np.int32), device="cpu")
    graph = make_graph(batch)
    for tick in range(TICKS):
        if tick in (57, 203):
            copy.launch(wp.array([0, 1, 1, 0, 1, 0, 1, 1], dtype=wp.int32, device="cpu"), source)
        graph.launch()
    for world in (0, 3, 5):
        assert_world_equals(batch, world, together, world)
    assert batch.state.tick.numpy()[1] == min(TICKS - 203, int(together.state.tick.numpy()[1]))


def test_reset_world_runs_as_a_fresh_one() -> None:
    config = SimConfig(seed=5, contact="physics", driver="constant", pool=2)
    batch = sample_worlds(scenarios()[:3], [7, 8, 9], "cpu", config)
    fresh = pack_worlds([[row[1]] for row in batch.specs], batch.keys, batch.device, config)
    copy = RowCopy([batch.scene, batch.state], [batch.pool_scene, batch.pool_state])
    run(batch, 120)
    copy.launch(wp.array([1, 1, 1], dtype=wp.int32, device="cpu"), wp.array([1, 3, 5], dtype=wp.int32, device="cpu"))
    run(batch, 150)
    run(fresh, 150)
    for world in range(3):
        assert_world_equals(batch, world, fresh, world)


@pytest.mark.parametrize("world", [1, 4, 9])
def test_rebuilt_draw_runs_the_same(together: Batch, world: int) -> None:
    scenario = scenario_of(world)
    spec = scenario.rebuild(together.specs[world][0].record)
    again = run(pack_worlds([[spec]], [KEYS[world]], together.device, CONFIG), TICKS)
    assert_world_equals(together, world, again, 0)
