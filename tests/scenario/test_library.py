"""Every scenario of the library: it loads, draws, stands where it should, and runs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.config import SimConfig
from sim.random import Stream
from sim.rotation import yaw_of
from sim.sampling import sample_worlds
from sim.scenario.bodies import overlap
from sim.scenario.reader import benchmark_files, find, library, library_files, load_scenario
from sim.scenario.shares import file_digest, load_shares
from sim.scenario.storyboard import LanePosition
from sim.scenario.world import Scenario, WorldSpec
from sim.simulation import step
from tests.scenario.test_yaml_places import box, pose

NAMES = sorted(library_files())
WORLDS = 20
VEHICLES = ("car", "van", "truck", "bus", "motorbike")
TWELVE = {
    "black-ice-in-bend", "car-door-opening", "child-between-parked-cars", "cut-in-wet-motorway", "cyclist-in-blind-spot",
    "deer-at-night", "hard-braking-queue", "lost-cargo-ahead", "oncoming-overtaker", "red-light-runner",
    "stopped-lorry-behind-crest", "wrong-way-driver-in-fog",
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[Scenario, list[WorldSpec]]]:
    """Scenario and worlds, by name."""
    out = {}
    for name in NAMES:
        scenario = load_scenario(name)
        out[name] = scenario, [scenario.draw(Stream(11, key)) for key in range(WORLDS)]
    return out


def test_the_first_library_is_there() -> None:
    assert set(NAMES) >= {*TWELVE, "truck-jackknife", "tyre-blowout-motorway"}


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str, drawn: dict[str, tuple[Scenario, list[WorldSpec]]]) -> None:
    scenario = drawn[name][0]
    entry = next(e for e in library() if e.id == name)
    assert entry.description and entry.danger and entry.source and entry.tags
    assert (scenario.description, scenario.danger, scenario.source, scenario.tags) == (
        entry.description, entry.danger, entry.source, entry.tags,
    )  # fmt: skip
    assert entry.danger.endswith(".") and len(entry.danger) < 160
    assert scenario.notes == []


@pytest.mark.parametrize("name", NAMES)
def test_its_worlds_differ_in_motion_light_and_looks(
    name: str, drawn: dict[str, tuple[Scenario, list[WorldSpec]]]
) -> None:
    _, worlds = drawn[name]
    assert len({w.actors[0].speed for w in worlds}) == WORLDS
    assert len({w.environment.time_of_day for w in worlds}) == WORLDS
    assert len({w.look_seed for w in worlds}) == WORLDS
    assert len({w.map_key for w in worlds}) > 1
    assert len({w.actors[0].asset for w in worlds}) > 1
    assert len({tuple(sorted(w.record.items())) for w in worlds}) == WORLDS


@pytest.mark.parametrize("name", NAMES)
def test_everybody_starts_on_free_ground_facing_the_right_way(
    name: str, drawn: dict[str, tuple[Scenario, list[WorldSpec]]]
) -> None:
    scenario, worlds = drawn[name]
    placed = scenario._model.actors  # type: ignore[attr-defined]
    for world in worlds:
        # A trailer lies on what pulls it, a rider sits on his cycle.
        seen = [a for a in world.actors if a.visible and a.coupler is None and a.carrier is None]
        boxes = [box(world, a) for a in seen]
        for i, a in enumerate(boxes):
            for j, b in enumerate(boxes[:i]):
                assert not overlap(a, b), f"{seen[i].name} starts inside {seen[j].name}"
        for actor in seen:
            x, y, z, heading = pose(world, actor)
            found = world.network.locate(x, y)
            assert found is not None
            road = world.network.order[found.road]
            ground = road.pose(found.s, found.t).z
            assert -1e-6 <= z - ground < 0.13, f"{actor.name} floats or sinks by {z - ground:.2f} m"
            if actor.category in VEHICLES:
                assert isinstance(actor.position, LanePosition), f"{actor.name} stands on no lane"
                lane = actor.position.lane
                way = found.heading + (0.0 if road.direction(lane) > 0 else math.pi)
                with_traffic = math.cos(heading - way)
                own = placed.get(actor.name)
                if own is None or (own.faces is None and own.at.heading is None):
                    assert with_traffic > 0.999, f"{actor.name} faces backwards"
                elif own.faces is not None:
                    assert with_traffic < -0.999, f"{actor.name} faces along"


@pytest.mark.parametrize("name", NAMES)
def test_the_goal_lies_ahead(name: str, drawn: dict[str, tuple[Scenario, list[WorldSpec]]]) -> None:
    for world in drawn[name][1][:5]:
        assert world.goal is not None
        goal = world.goal.position
        assert isinstance(goal, LanePosition)
        at = world.network.roads[goal.road].pose(goal.s, 0.0)
        x, y, _, heading = pose(world, world.actors[0])
        assert (at.x - x) * math.cos(heading) + (at.y - y) * math.sin(heading) > 20.0


def test_all_run_together_without_nan(drawn: dict[str, tuple[Scenario, list[WorldSpec]]]) -> None:
    scenarios = [scenario for scenario, _ in drawn.values()]
    batch = sample_worlds(
        scenarios, range(len(scenarios)), "cpu", SimConfig(seed=11, contact="report", driver="constant", pool=1)
    )
    start = batch.state.pos.numpy().copy()
    rot = batch.state.rot.numpy()
    for w, row in enumerate(batch.specs):
        for a, actor in enumerate(row[0].actors):
            if actor.coupler is not None or actor.carrier is not None:
                continue  # in line behind what pulls it, or on its cycle: not on a lane's middle
            x, y, _, heading = pose(row[0], actor)
            assert start[w, a, :2] == pytest.approx((x, y), abs=0.01), f"{actor.name} starts elsewhere"
            assert abs(math.remainder(yaw_of(rot[w, a]) - heading, math.tau)) < 0.02, f"{actor.name} starts turned"
    for _ in range(200):
        step(batch.scene, batch.state, batch.control)
    pos, speed = batch.state.pos.numpy(), batch.state.speed.numpy()
    assert batch.state.tick.numpy().tolist() == [200] * len(scenarios)
    assert (
        np.isfinite(pos).all()
        and np.isfinite(batch.state.rot.numpy()).all()
        and np.isfinite(batch.state.vel.numpy()).all()
    )
    assert not batch.state.metrics.collided.numpy().any(), "a contact within the first two seconds"
    wish = np.array([row[0].actors[0].speed for row in batch.specs])
    assert speed[:, 0] == pytest.approx(wish, rel=0.05)
    moved = np.linalg.norm(pos[:, 0, :2] - start[:, 0, :2], axis=1)
    assert moved == pytest.approx(2.0 * wish, rel=0.05)


def test_benchmarks_are_found_but_are_no_part_of_the_library() -> None:
    assert "motorway-50" in benchmark_files() and "motorway-50" not in library_files()
    assert find("motorway-50").name == "motorway-50.yaml"
    for key in range(10):
        world = load_scenario("motorway-50").draw(Stream(0, key))
        assert len(world.actors) == 50
        assert all(a.controller == "idm" for a in world.actors)


@pytest.mark.parametrize("name", sorted({*TWELVE, "truck-jackknife"}))
def test_its_shares_were_measured_on_this_file_and_suffice(name: str) -> None:
    share = load_shares()[name]
    assert share["sha256"] == file_digest(Path(library_files()[name])), "measure anew: python -m sim.danger"
    assert share["draws"] >= 200 and share["commit"]
    assert share["critical"] >= 0.6
    assert share["avoidable"] >= 0.6
