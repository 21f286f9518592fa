"""`swerve simulate`: run a world without pictures and write where everybody was."""

from __future__ import annotations

import csv as csv_module
import io
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from sim.config import SimConfig
from sim.export.impacts import FIELDS, list_impacts
from sim.kernels import load_kernels
from sim.rotation import yaw_of
from sim.sampling import Batch, check_world, draw_world, sample_worlds, with_driver
from sim.scenario.reader import load_scenario
from sim.simulation import check_physics, make_steps
from sim.types import TICK, Contact, partner_name

COLUMNS = ("t", "name", "x", "y", "z", "heading", "speed")
PERIOD_TICKS = 10
"""Ticks between rows: 10 Hz."""


def simulate_file(
    file: str | Path,
    *,
    csv: Path | None = None,
    duration: float = 30.0,
    driver: str = "default",
    contact: str = "report",
    physics: str = "swerve",
    seed: int = 0,
    strict: bool = False,
    device: Any = None,
) -> dict[str, Any]:
    """Run one draw of a scenario to its stop trigger, at most ``duration`` seconds.

    Args:
        file: Scenario file or library id.
        csv: Where to write each actor's pose at 10 Hz in `COLUMNS` (metres, radians in 0..2 pi, m/s), atomically.
        duration: Longest simulated time [s].
        driver: 'default' or a driver of `sim.behavior.drivers`.
        contact: 'report' or 'physics'.
        physics: 'swerve' or 'bullet'.
        seed: Seed of the draw.
        strict: Unknown content of the file is an error.
        device: Warp device.

    Returns:
        What happened: end time, contacts, impacts (with 'physics'), least time to collision and distance, notes of the reader.

    Raises:
        SwerveError: for unusable input.
    """
    config = with_driver(SimConfig(seed=seed, contact=contact, physics=physics, pool=1), driver)
    scenario = load_scenario(file, strict=strict)
    # Faults of the file are told before kernels are compiled, which may take a minute.
    check_world(draw_world(scenario, config, 0, 0), config)
    check_physics(physics)
    load_kernels(device)
    batch = sample_worlds([scenario], [0], device, config)
    rows = run_trace(batch, duration)
    if csv is not None:
        write_atomically(csv, format_rows(rows))
    return summarise(batch, scenario.notes)


def run_trace(batch: Batch, duration: float) -> list[tuple[float, str, np.ndarray, float, float]]:
    """Step world 0 and keep (t, name, position [m], heading [rad], speed [m/s]) of each present actor at 10 Hz."""
    steps = make_steps(batch.scene, batch.state, batch.control, batch.config.physics, PERIOD_TICKS)
    rows: list[tuple[float, str, np.ndarray, float, float]] = []
    last = round(duration / TICK)
    while True:
        tick = int(batch.state.tick.numpy()[0])
        done = bool(batch.state.done.numpy()[0])
        if not (done and tick % PERIOD_TICKS):
            rows += snapshot(batch, tick * TICK)
        if done or tick + PERIOD_TICKS > last:
            return rows
        steps.launch()


def snapshot(batch: Batch, t: float) -> list[tuple[float, str, np.ndarray, float, float]]:
    """Rows of one moment."""
    pos, rot = batch.state.pos.numpy()[0], batch.state.rot.numpy()[0]
    speed, visible = batch.state.speed.numpy()[0], batch.state.visible.numpy()[0]
    rows = []
    for a, actor in enumerate(batch.specs[0][0].actors):
        if visible[a]:
            heading = yaw_of(rot[a]) % (2 * math.pi)
            rows.append((t, actor.name, pos[a].copy(), heading, float(speed[a])))
    return rows


def format_rows(rows: list[tuple[float, str, np.ndarray, float, float]]) -> str:
    """The rows as CSV text."""
    out = io.StringIO()
    writer = csv_module.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for t, name, pos, heading, speed in rows:
        numbers = [f"{value:.6f}" for value in (*pos, heading, speed)]
        writer.writerow([f"{t:.1f}", name, *numbers])
    return out.getvalue()


def write_atomically(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def summarise(batch: Batch, notes: list[Any]) -> dict[str, Any]:
    """What happened in world 0, as plain data."""
    state, metrics = batch.state, batch.state.metrics
    spec = batch.specs[0][0]
    contacts, names = [], [a.name for a in spec.actors]
    ticks, partners = state.contact_tick.numpy()[0], state.contact_with.numpy()[0]
    for a, actor in enumerate(spec.actors):
        if ticks[a] >= 0:
            contacts.append(
                {
                    "actor": actor.name,
                    "with": partner_name(int(partners[a]), names),
                    "t": round(float(ticks[a]) * TICK, 3),
                }
            )
    least_ttc, least_distance = float(metrics.min_time_to_collision.numpy()[0]), float(metrics.min_distance.numpy()[0])
    return {
        "scenario": spec.scenario,
        "end": round(float(state.tick.numpy()[0]) * TICK, 3),
        "stopped_by_storyboard": bool(state.done.numpy()[0]),
        "contact": Contact(int(batch.scene.contact.numpy()[0])).name.lower(),
        "contacts": contacts,
        "impacts": list_impacts({name: getattr(state.impacts, name).numpy()[0] for name in FIELDS}, names),
        "min_time_to_collision": least_ttc if math.isfinite(least_ttc) and least_ttc < 1e6 else None,
        "min_distance": least_distance if math.isfinite(least_distance) and least_distance < 1e6 else None,
        "goal_reached": bool(metrics.goal_reached.numpy()[0]),
        "notes": [f"{note.file}:{note.line}: {note.message}" for note in notes],
    }
