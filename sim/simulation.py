"""One tick of all worlds: the stages in order, and the graph that replays them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import warp as wp

from sim.behavior.actions import run_actions
from sim.behavior.drivers import work_all_pedals
from sim.behavior.idm import follow_traffic
from sim.behavior.motion import move_scripted
from sim.behavior.trailers import pull_trailers
from sim.behavior.triggers import evaluate_triggers
from sim.metrics.measure import measure
from sim.physics.contact import resolve_contacts
from sim.physics.hitch import hold_trailers
from sim.physics.integrate import integrate_bodies
from sim.physics.vehicle import drive_vehicles
from sim.structs import is_struct, slice_worlds
from sim.types import Control, Scene, State


def step(scene: Scene, state: State, control: Control) -> None:
    """Advance every world that is not done by one tick of `sim.types.TICK` seconds, in place.

    Only launches kernels, so it may be captured.
    """
    evaluate_triggers(scene, state)
    run_actions(scene, state)
    move_scripted(scene, state)
    follow_traffic(scene, state)
    work_all_pedals(scene, state, control)
    drive_vehicles(scene, state, control)
    integrate_bodies(scene, state)
    pull_trailers(scene, state)
    resolve_contacts(scene, state)
    hold_trailers(scene, state)
    measure(scene, state)


class WorldGraph:
    """Launches recorded once and replayed: one graph on CUDA, one per thread on the CPU, each over its own worlds.

    Arrays are written in place and the graph keeps their addresses, so fields must never be replaced by other arrays.

    Args:
        make_stage: Called with the structs' views of some worlds; returns what to record. It may allocate, the returned
            function may only launch.
        structs: Structs or arrays whose first axis is the world (or a whole multiple of worlds, sliced alike).
        nworld: Number of worlds.
        device: Warp device.
        threads: CPU threads to split the worlds over; ignored on CUDA.
    """

    def __init__(
        self,
        make_stage: Callable[..., Callable[[], None]],
        structs: Sequence[Any],
        nworld: int,
        device: Any,
        *,
        threads: int = 1,
    ) -> None:
        device = wp.get_device(device)
        parts = 1 if device.is_cuda else max(1, min(threads, nworld))
        bounds = [round(nworld * i / parts) for i in range(parts + 1)]
        self._keep: list[Any] = []
        self._graphs = []
        for a, b in zip(bounds, bounds[1:], strict=False):
            views = [_slice(s, a, b, nworld) for s in structs]
            stage = make_stage(*views)
            with wp.ScopedCapture(device=device) as capture:
                stage()
            self._graphs.append(capture.graph)
            self._keep.append((views, stage))
        self._pool = ThreadPoolExecutor(parts) if parts > 1 else None

    def launch(self) -> None:
        """Replay once; on the CPU returns when all threads are through."""
        if self._pool is None:
            wp.capture_launch(self._graphs[0])
        else:
            list(self._pool.map(wp.capture_launch, self._graphs))


def _slice(struct: Any, a: int, b: int, nworld: int) -> Any:
    if is_struct(struct):
        return slice_worlds(struct, a, b, nworld)
    per_world = struct.shape[0] // nworld
    return struct[a * per_world : b * per_world]
