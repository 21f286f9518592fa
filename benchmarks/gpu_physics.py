"""What `benchmarks.gpu` asks of physics on a device: the same worlds as on the CPU, and agent steps per second.

`SCENES` are small worlds of vehicles, trains, faults, surfaces and contacts, driven by fixed pedals through whole steps as captured graphs.
`agent_rate` drives many worlds in which every actor is a vehicle on tyres.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp

from sim.road.elements import FrictionPatch
from sim.road.shorthand import CrossSection, Segment, road
from sim.simulation import WorldGraph, step
from sim.structs import slice_worlds, world_arrays
from sim.types import Fault, Motion
from tests.physics.test_contact import BOX
from tests.physics.test_limits import BICYCLE, FOUR, MOTORCYCLE, OPEN, SUV
from tests.physics.trains import CARAVAN, SEMI, TRACTOR, TUG, train
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, straight, world_rows

DECISION = 10
"""Ticks between actions."""
KINDS = 64
"""Worlds that `agent_rate` draws; the others are theirs at other speeds and places."""


@dataclass(frozen=True)
class PhysicsScene:
    """Worlds to be driven on two devices."""

    make: Callable[[str | None], Any]
    """Builds (scene, state, control) on a device."""
    seconds: float
    steer: float
    """Amplitude of the steering wheel, share of full."""
    pedal: tuple[float, float]
    """Mean and amplitude of the pedals."""
    limit: float
    """Greatest difference allowed: of positions [m], the 99th percentile over actors and times. Seven times or more what starting 0.03 mm
    elsewhere and 1e-6 faster changes."""


def _place(kind: Any, **more: Any) -> dict[str, Any]:
    return actor(kind, **({"x": 300.0, "y": -200.0} | more))


def _vehicles(device: str | None) -> Any:
    """Every set at 15 m/s, each in a world of its own."""
    kinds = [*FOUR.values(), MOTORCYCLE, BICYCLE]
    speeds = [15.0] * (len(kinds) - 1) + [6.0]
    return build([world_rows([_place(k, speed=v)]) for k, v in zip(kinds, speeds, strict=True)], OPEN, device)


def _trains(device: str | None) -> Any:
    """A tractor with a semi-trailer, a car with a caravan."""
    rows = [train(TRACTOR, SEMI, x=300.0, speed=15.0), train(TUG, CARAVAN, x=300.0, speed=15.0)]
    return build(rows, OPEN, device)


def _faults(device: str | None) -> Any:
    """Cars with one fault each."""
    faults = (Fault.BURST, Fault.BURST << 3, Fault.WHEEL_LOST << 1, Fault.STEERING_FREE, Fault.THROTTLE, Fault.BRAKES)
    arrays = build([world_rows([_place(CAR, speed=20.0)]) for _ in faults], OPEN, device)
    arrays[1].faults.broken.assign(np.array([[int(f)] for f in faults], np.int32))
    arrays[1].faults.brake_loss.fill_(0.5)
    arrays[1].faults.throttle.fill_(0.3)
    return arrays


def _surfaces(device: str | None) -> Any:
    """A kerb, ice on one side, soil that trips, water."""
    patches = [
        FrictionPatch(0.0, 4000.0, -400.0, -200.0, 0.12, "ice"),
        FrictionPatch(0.0, 4000.0, 0.0, 400.0, 0.7, "water", 0.004),
    ]
    split = straight(length=4000.0, lanes=(2, 2), lane_width=200.0, patches=patches)
    kerb = road([Segment(length=2000.0)], CrossSection(oncoming=2, forward=2, lane_width=6.0, sidewalk=8.0))
    verge = straight(length=2000.0, lanes=(0, 1), lane_width=12.0)
    slides = {"motion": Motion.BODY, "speed": 0.0}
    actors = [
        (0, _place(CAR, speed=20.0)), (0, _place(CAR, y=200.0, speed=20.0, lane=1)), (1, _place(CAR, y=-6.0, heading=-0.8, speed=8.0)),
        (2, _place(SUV, y=-6.0, vel=(5.0, -9.0, 0.0), **slides)), (1, _place(CAR, y=-9.0, vel=(0.0, -6.0, 0.0), **slides)),
    ]  # fmt: skip
    rows = [world_rows([a], friction=-1.0) for _, a in actors]
    for (which, _), (scene, _) in zip(actors, rows, strict=True):
        scene["map_index"] = which
    return build(rows, [split, kerb, verge], device)


def _contacts(device: str | None) -> Any:
    """Impacts of cars, a lorry and a person, a crate that falls, a stack."""
    worlds = [
        [_place(CAR, speed=15.0), _place(CAR, x=312.0, speed=5.0)],
        [_place(CAR, speed=15.0), _place(CAR, x=320.0, y=-199.0, heading=3.14159, speed=10.0)],
        [_place(CAR, speed=12.0), _place(LORRY, x=312.0, y=-203.0, heading=1.5708, speed=3.0)],
        [_place(CAR, speed=12.0, motion=Motion.SCRIPTED), _place(PERSON, x=310.0, motion=Motion.SCRIPTED)],
        [_place(BOX, z=1.0, motion=Motion.BODY), _place(BOX, x=305.0, vel=(4.0, 1.0, 0.0), motion=Motion.BODY)],
        [_place(BOX, z=0.0, motion=Motion.BODY), _place(BOX, z=BOX["size"][2], motion=Motion.BODY)],
    ]
    return build([world_rows(actors) for actors in worlds], OPEN, device)


SCENES = {
    "vehicles": PhysicsScene(_vehicles, 10.0, 0.02, (0.0, 0.2), 0.02),
    "trains": PhysicsScene(_trains, 10.0, 0.03, (0.0, 0.1), 0.1),
    "faults": PhysicsScene(_faults, 10.0, 0.01, (-0.05, 0.05), 0.02),
    "surfaces": PhysicsScene(_surfaces, 3.0, 0.01, (-0.2, 0.1), 0.1),
    "contacts": PhysicsScene(_contacts, 2.0, 0.0, (0.0, 0.0), 0.1),
}


def graph_of(arrays: Any, ticks: int) -> WorldGraph:
    """Whole steps of a batch, captured."""

    def make_stage(*structs: Any) -> Callable[[], None]:
        def stage() -> None:
            for _ in range(ticks):
                step(*structs)

        return stage

    state = arrays[1]
    return WorldGraph(make_stage, arrays, state.tick.shape[0], state.tick.device)


def drive_scene(name: str, device: str | None, seconds: float | None = None) -> np.ndarray:
    """Positions and attitudes in a scene, every decision: (decisions, nworld, nactor, 7)."""
    scene = SCENES[name]
    arrays = scene.make(device)
    graph, seen = graph_of(arrays, DECISION), []
    nworld, nactor = arrays[1].motion.shape
    turn = np.arange(nworld)[:, None] + 0.3 * np.arange(nactor)
    for k in range(round((seconds or scene.seconds) * 100 / DECISION)):
        t = 0.01 * DECISION * k
        arrays[2].steer.assign((scene.steer * np.sin(0.8 * t + turn)).astype(np.float32))
        arrays[2].accel.assign((scene.pedal[0] + scene.pedal[1] * np.sin(0.5 * t + turn)).astype(np.float32))
        graph.launch()
        seen.append(np.concatenate([arrays[1].pos.numpy(), arrays[1].rot.numpy()], -1))
    return np.stack(seen)


def scene_difference(ours: np.ndarray, reference: np.ndarray) -> float:
    """The 99th percentile of how far apart positions are [m]; infinite where one is no number."""
    apart = np.linalg.norm(ours[..., :3] - reference[..., :3], axis=-1)
    return float(np.quantile(apart, 0.99)) if np.isfinite(apart).all() else float("inf")


def many_worlds(nworld: int, nactor: int, device: str | None) -> Any:
    """(scene, state, control) of distinct worlds full of vehicles on tyres: columns of four lanes, cars and vans at 10 to 25 m/s."""
    draw = np.random.default_rng(0)
    kinds = list(FOUR.values())
    rows = []
    for _ in range(min(KINDS, nworld)):
        speed = draw.uniform(10.0, 25.0)
        cars = [
            actor(
                kinds[draw.integers(5)], x=200.0 + 14.0 * (i // 4), y=-1.75 - 3.5 * (i % 4), lane=-1 - i % 4,
                speed=speed + draw.uniform(-1.0, 1.0),
            )
            for i in range(nactor)
        ]  # fmt: skip
        rows.append(world_rows(cars))
    network = [straight(length=4000.0, lanes=(0, 4))]
    arrays = build(rows, network, device)
    if nworld > len(rows):
        arrays = tuple(_repeat(struct, nworld, device) for struct in arrays)
    scene, state, control = arrays
    scene.world_key.assign(np.arange(nworld, dtype=np.uint32))
    pos, vel = state.pos.numpy(), state.vel.numpy()
    pos[..., 0] += draw.uniform(0.0, 2000.0, (nworld, 1)).astype(np.float32)
    vel *= draw.uniform(0.9, 1.1, (nworld, 1, 1)).astype(np.float32)
    state.pos.assign(pos)
    state.s.assign(pos[..., 0])
    state.vel.assign(vel)
    state.speed.assign(vel[..., 0])
    control.steer.assign(draw.uniform(-0.004, 0.004, (nworld, nactor)).astype(np.float32))
    control.accel.assign(draw.uniform(-0.1, 0.2, (nworld, nactor)).astype(np.float32))
    return arrays


def _repeat(struct: Any, nworld: int, device: str | None) -> Any:
    """A struct of more worlds, whose rows are a given one's in turn."""
    given = next(iter(dict(world_arrays(struct)).values())).shape[0]
    out = slice_worlds(struct, 0, given, given)
    for name, array in world_arrays(struct):
        *owners, field = name.split(".")
        owner = out
        for part in owners:
            owner = getattr(owner, part)
        rows = array.numpy()
        which = np.arange(nworld * (rows.shape[0] // given)) % rows.shape[0]
        setattr(owner, field, wp.array(rows[which], dtype=array.dtype, device=device))
    return out


def agent_rate(nworld: int, nactor: int, device: str | None, decisions: int) -> dict[str, Any]:
    """Agent steps per second, all of them vehicles on tyres: decisions of 100 ms in ticks of 10 ms, whole steps with contacts, metrics."""
    arrays = many_worlds(nworld, nactor, device)
    graph = graph_of(arrays, DECISION)
    graph.launch()
    wp.synchronize()
    began = time.perf_counter()
    for _ in range(decisions):
        graph.launch()
    wp.synchronize()
    elapsed = time.perf_counter() - began
    finite = bool(np.isfinite(arrays[1].pos.numpy()).all())
    rate = nworld * nactor * decisions / elapsed
    return {"case": "physics", "worlds": nworld, "actors": nactor, "agent_steps_per_s": rate, "finite": finite}
