"""One tick of all worlds: the stages in order, and the graph that replays them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

import numpy as np
import warp as wp

from sim.behavior.actions import run_actions
from sim.behavior.cargo import carry_cargo
from sim.behavior.codes import ActionKind, RowField
from sim.behavior.drivers import work_all_pedals
from sim.behavior.idm import follow_traffic
from sim.behavior.motion import move_scripted
from sim.behavior.trailers import pull_trailers
from sim.behavior.triggers import evaluate_triggers
from sim.errors import SwerveError
from sim.metrics.measure import measure
from sim.physics.contact import bound_actors, resolve_contacts
from sim.physics.hitch import hold_trailers
from sim.physics.integrate import integrate_bodies
from sim.physics.scenery import meet_scenery
from sim.physics.vehicle import drive_vehicles
from sim.structs import is_struct, slice_worlds
from sim.types import Contact, Control, Motion, Scene, State


def step(scene: Scene, state: State, control: Control) -> None:
    """Advance every world that is not done by one tick of `sim.types.TICK` seconds, in place.

    Only launches kernels, so it may be captured.
    """
    decide(scene, state, control)
    drive_vehicles(scene, state, control)
    integrate_bodies(scene, state)
    pull_trailers(scene, state)
    carry_cargo(scene, state)
    resolve_contacts(scene, state)
    meet_scenery(scene, state)
    hold_trailers(scene, state)
    measure(scene, state)


def decide(scene: Scene, state: State, control: Control) -> None:
    """The stages of `step` before physics: the storyboard, scripted motion, traffic, and what drivers do with their pedals."""
    evaluate_triggers(scene, state)
    run_actions(scene, state)
    move_scripted(scene, state)
    follow_traffic(scene, state)
    work_all_pedals(scene, state, control)


class Steps(Protocol):
    """What steps a batch."""

    def launch(self) -> None:
        """Go on by the ticks it was made for."""
        ...


def check_physics(physics: str) -> None:
    """Look whether a physics backend can be used, before there is work to lose.

    Raises:
        SwerveError: if it is not installed.
    """
    if physics == "bullet":
        from sim.physics.bullet_client import import_pybullet

        import_pybullet()


def make_steps(
    scene: Scene,
    state: State,
    control: Control,
    physics: str = "swerve",
    ticks: int = 1,
    *,
    processes: int | None = None,
) -> Steps:
    """Ticks of a batch under a physics backend, to be launched again and again.

    Args:
        scene: The batch.
        state: Of the batch, moved in place.
        control: Of the batch.
        physics: One of `sim.config.PHYSICS`.
        ticks: Ticks per launch.
        processes: Of PyBullet's worlds; None: one per core, but no more than worlds.

    Raises:
        SwerveError: if the backend is not installed.
    """
    if physics == "bullet":
        return BulletSteps(scene, state, control, ticks, processes)

    def make_stage(scene: Scene, state: State, control: Control) -> Callable[[], None]:
        def stage() -> None:
            for _ in range(ticks):
                step(scene, state, control)

        return stage

    return WorldGraph(make_stage, [scene, state, control], state.tick.shape[0], state.tick.device)


def _refuse_missing(scene: Scene, state: State) -> None:
    """Say what of a batch PyBullet cannot do, rather than leave it out."""
    kinds = scene.story.row_code.numpy()[..., int(RowField.KIND)]
    if (kinds == int(ActionKind.FAULT)).any():
        raise SwerveError("faults of vehicles (burst_tyre, fail_brakes ...) need --physics swerve: PyBullet has none")
    moved = np.isin(state.motion.numpy(), (int(Motion.DRIVEN), int(Motion.BODY)))
    pulled, carried = state.story.tow.numpy() >= 0, state.story.towing.numpy()
    if (moved & pulled & (np.take_along_axis(carried, np.maximum(state.story.tow.numpy(), 0), 1) >= 0)).any():
        raise SwerveError("trailers of driven vehicles need --physics swerve: PyBullet has no couplings")


class BulletSteps:
    """Ticks in which PyBullet moves what Swerve's vehicles, bodies and contacts do otherwise (`sim.physics.bullet`).

    All other stages are those of `step`; impacts are not listed. Where the worlds' `Contact` is REPORT, Swerve finds the contacts.

    Raises:
        SwerveError: if PyBullet is not installed, the worlds differ in `Contact`, or hold faults or trailers of driven vehicles.
    """

    def __init__(
        self, scene: Scene, state: State, control: Control, ticks: int = 1, processes: int | None = None
    ) -> None:
        from sim.physics.bullet import BulletWorlds
        from sim.physics.bullet_ground import keep_places, read_planes

        self._ticks = ticks
        self._bullet = BulletWorlds(scene, state, control, processes=processes)
        planes, structs = self._bullet.planes, [scene, state, control]
        modes = set(scene.contact.numpy().tolist())
        if len(modes) > 1:
            raise SwerveError("under PyBullet all worlds of a batch must do the same at a collision: physics or report")
        _refuse_missing(scene, state)
        report = modes == {int(Contact.REPORT)}

        def before(scene: Scene, state: State, control: Control) -> None:
            decide(scene, state, control)
            read_planes(scene, state, planes)

        def between(scene: Scene, state: State, control: Control) -> None:
            keep_places(scene, state, planes)
            pull_trailers(scene, state, physics=False)
            carry_cargo(scene, state)
            (resolve_contacts if report else bound_actors)(scene, state)
            if report:
                meet_scenery(scene, state)

        def after(scene: Scene, state: State, control: Control) -> None:
            measure(scene, state)

        self._graphs = [
            WorldGraph(partial(partial, stage), structs, state.tick.shape[0], state.tick.device)
            for stage in (before, between, after)
        ]

    def launch(self) -> None:
        """Go on by the ticks it was made for."""
        before, between, after = self._graphs
        for _ in range(self._ticks):
            before.launch()
            self._bullet.move()
            between.launch()
            self._bullet.record()
            after.launch()


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
