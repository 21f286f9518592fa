"""Measures how dangerous scenarios are: ``python -m sim.danger [FILE...]`` (all of the library without files).

Over many draws of a scenario, each a world of one batch:

- critical: share with contact, or with a time to collision under `CRITICAL_TIME`, for a driver that keeps its route at constant speed;
- avoidable: share without contact for the best, per draw, of braking, braking and swerving left, and braking and swerving right,
  each begun `sim.behavior.drivers.REACTION` seconds after onset: the first tick at which the conflicting actor is visible and, both
  going on as they are, contact follows within 4 s (`sim.metrics.measure`).

The shares of the library's scenarios are kept in `scenarios/shares.json`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from sim.config import SimConfig
from sim.errors import SwerveError
from sim.sampling import Batch, sample_worlds
from sim.scenario.reader import library_files, load_scenario
from sim.scenario.shares import file_digest, load_shares, shares_file
from sim.scenario.world import Scenario
from sim.simulation import WorldGraph, step
from sim.types import TICK, Control, Scene, State

CRITICAL_TIME = 1.0
"""[s]."""
EVASIONS = ("evade_brake", "evade_left", "evade_right")
COUNTED = (":/sim", ":/scenarios/*.yaml", ":/assets")
"""What a measurement depends on, as paths for git."""
CHUNK = 20
"""Ticks per launch."""


@dataclass(frozen=True)
class Drive:
    """What happened to each world's ego under one driver, arrays of (nworld,)."""

    collided: np.ndarray
    collision_actor: np.ndarray
    """Index of whom it touched, -1: nobody."""
    collision_time: np.ndarray
    """[s], negative: never."""
    least_time: np.ndarray
    """Least time to collision [s]."""
    onset: np.ndarray
    """[s], negative: there was none."""
    onset_actor: np.ndarray
    names: list[list[str]]
    """Of the actors, by world."""


@dataclass(frozen=True)
class Danger:
    """Shares of one scenario, and what they are made of."""

    critical: float
    avoidable: float
    contact: float
    """Share of draws with contact for the constant driver."""
    by_evasion: dict[str, float]
    """Share without contact, by evasive driver."""
    partners: dict[str, int]
    """Whom the constant driver touched or came close to, with how often."""
    warning: tuple[float, float, float]
    """From onset to contact for the constant driver: quartiles [s]; nan without contacts."""


def drive(
    scenario: Scenario, driver: str, draws: int, seed: int, device: Any = None, threads: int | None = None
) -> Drive:
    """Run ``draws`` worlds of a scenario (keys 0, 1, ...) to their end under one driver."""
    config = SimConfig(seed=seed, contact="report", driver=driver, pool=1)
    batch = sample_worlds([scenario], range(draws), device, config)
    run(batch, threads or os.cpu_count() or 1)
    metrics = batch.state.metrics
    tick, onset = metrics.collision_tick.numpy(), metrics.onset_tick.numpy()
    return Drive(
        collided=metrics.collided.numpy() != 0,
        collision_actor=metrics.collision_actor.numpy(),
        collision_time=np.where(tick >= 0, tick * TICK, -1.0),
        least_time=metrics.min_time_to_collision.numpy(),
        onset=np.where(onset >= 0, onset * TICK, -1.0),
        onset_actor=metrics.onset_actor.numpy(),
        names=[[a.name for a in row[0].actors] for row in batch.specs],
    )


def run(batch: Batch, threads: int) -> None:
    """Step all worlds to their end."""

    def make_stage(scene: Scene, state: State, control: Control) -> Any:
        def stage() -> None:
            for _ in range(CHUNK):
                step(scene, state, control)

        return stage

    graph = WorldGraph(
        make_stage, [batch.scene, batch.state, batch.control], batch.nworld, batch.device, threads=threads
    )
    end = int(batch.scene.end_tick.numpy().max())
    for _ in range(-(-end // CHUNK)):
        graph.launch()
        if batch.state.done.numpy().all():
            return


def measure_danger(
    scenario: Scenario, draws: int = 200, seed: int = 0, device: Any = None, threads: int | None = None
) -> Danger:
    """Both shares of a scenario.

    Args:
        scenario: What to draw from.
        draws: Worlds.
        seed: Of the draws.
        device: Warp device.
        threads: On the CPU; None: all cores.
    """
    constant = drive(scenario, "constant", draws, seed, device, threads)
    # Who holds pedals and steering leaves the road in the next bend: a tree there is not what the scenario is about.
    struck = constant.collided & (constant.collision_actor >= 0)
    critical = struck | (constant.least_time < CRITICAL_TIME)
    avoided = {name: ~drive(scenario, name, draws, seed, device, threads).collided for name in EVASIONS}
    partner = np.where(struck, constant.collision_actor, constant.onset_actor)
    partners = Counter(constant.names[w][partner[w]] for w in np.flatnonzero(critical) if partner[w] >= 0)
    warned = (constant.onset >= 0) & struck
    times = (constant.collision_time - constant.onset)[warned]
    quartiles = np.percentile(times, [25, 50, 75]) if len(times) else np.full(3, np.nan)
    return Danger(
        critical=float(critical.mean()),
        avoidable=float(np.logical_or.reduce(list(avoided.values())).mean()),
        contact=float(struck.mean()),
        by_evasion={name: float(free.mean()) for name, free in avoided.items()},
        partners=dict(partners.most_common()),
        warning=(float(quartiles[0]), float(quartiles[1]), float(quartiles[2])),
    )


def current_commit(folder: Path) -> str:
    """Commit that is checked out, with '+' where tracked files differ from it; empty outside a checkout."""
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()
        status = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no", *COUNTED],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if status.stdout.strip() else "")


def store(entries: dict[str, dict[str, Any]]) -> None:
    """Add shares to those kept; atomic."""
    file = shares_file()
    known = library_files()
    merged = {id_: entry for id_, entry in sorted((load_shares() | entries).items()) if id_ in known}
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text(json.dumps(merged, indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, file)


def entry_of(danger: Danger, path: Path, draws: int, seed: int) -> dict[str, Any]:
    """What is kept of a measurement."""
    return {
        "critical": round(danger.critical, 4),
        "avoidable": round(danger.avoidable, 4),
        "draws": draws,
        "seed": seed,
        "commit": current_commit(path.parent),
        "sha256": file_digest(path),
    }


def report(id_: str, danger: Danger) -> str:
    """One line for people."""
    low, middle, high = danger.warning
    evasions = " ".join(f"{name.removeprefix('evade_')} {share:.0%}" for name, share in danger.by_evasion.items())
    partners = " ".join(f"{name} {count}" for name, count in list(danger.partners.items())[:4])
    return (
        f"{id_:28s} critical {danger.critical:4.0%} (contact {danger.contact:4.0%})  avoidable {danger.avoidable:4.0%} ({evasions})  "
        f"warning {low:.2f} {middle:.2f} {high:.2f} s  with {partners}"
    )


def measure_files(files: Sequence[Path], draws: int, seed: int, keep: bool, threads: int | None) -> None:
    """Measure files one after another, print each and keep those of the library."""
    known = {path.resolve(): id_ for id_, path in library_files().items()}
    for path in files:
        danger = measure_danger(load_scenario(path), draws, seed, threads=threads)
        typer.echo(report(path.stem, danger))
        id_ = known.get(path.resolve())
        if keep and id_ is not None:
            store({id_: entry_of(danger, path, draws, seed)})


def command(
    files: Annotated[list[Path] | None, typer.Argument(help="Scenario files or ids; none: the whole library.")] = None,
    draws: Annotated[int, typer.Option(min=1, max=100_000, help="Worlds to draw.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all draws.")] = 0,
    keep: Annotated[bool, typer.Option(help="Keep the shares of library scenarios in scenarios/shares.json.")] = True,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default: one per core.")] = None,
) -> None:
    """Measure how dangerous scenarios are and how often the danger can be avoided."""
    import warp as wp

    from sim.scenario.reader import expand

    wp.config.log_level = wp.LOG_WARNING
    try:
        measure_files(expand(files) if files else list(library_files().values()), draws, seed, keep, threads)
    except SwerveError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(command)
