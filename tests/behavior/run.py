"""Runs small OpenSCENARIO files and keeps what every actor did, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.behavior.lowering import Lowering
from sim.config import SimConfig
from sim.random import Stream
from sim.sampling import Batch, resolve_actor, sample_worlds
from sim.simulation import step
from sim.types import TICK
from tests.scenario.openx import load


@dataclass
class Run:
    """States at the beginning of each tick: row k is at k * TICK seconds."""

    names: list[str]
    pos: np.ndarray
    """[m], (ntick + 1, nactor, 3)."""
    heading: np.ndarray
    """[rad], (ntick + 1, nactor)."""
    speed: np.ndarray
    s: np.ndarray
    t: np.ndarray
    lane: np.ndarray
    road: np.ndarray
    phase: np.ndarray
    """`sim.behavior.codes.Phase`, (ntick + 1, nelement)."""
    transition: np.ndarray
    count: np.ndarray
    """Executions, (ntick + 1, nelement)."""
    elements: list[str]
    done: np.ndarray
    batch: Batch

    @property
    def time(self) -> np.ndarray:
        """[s]."""
        return np.arange(len(self.done)) * TICK

    def of(self, values: np.ndarray, name: str = "Ego") -> np.ndarray:
        """An actor's values over time."""
        return values[:, self.names.index(name)]

    def when(self, element: str, phase: int) -> float | None:
        """First time at which an element is in a phase, None if never."""
        found = np.flatnonzero(self.phase[:, self.elements.index(element)] == phase)
        return float(found[0]) * TICK if len(found) else None

    def executions(self, element: str) -> int:
        """How often an element was started in all."""
        return int(self.count[-1, self.elements.index(element)])


def run(folder: Path, scenario: str, seconds: float, network: str | None = None, contact: str = "report") -> Run:
    """Read a scenario, run it, keep everything."""
    world = load(folder, scenario, network)
    batch = sample_worlds([world], [0], "cpu", SimConfig(contact=contact, pool=1))
    spec = world.draw(Stream(0, 0))
    lowering = Lowering(spec, [resolve_actor(spec, i) for i in range(len(spec.actors))])
    lowering.storyboard(spec.storyboard, lowering.place_actors())
    rows: dict[str, list[np.ndarray]] = {}
    for k in range(round(seconds / TICK) + 1):
        if k:
            step(batch.scene, batch.state, batch.control)
        for name, array in _arrays(batch).items():
            rows.setdefault(name, []).append(array.numpy()[0].copy())
    kept = {name: np.stack(values) for name, values in rows.items()}
    x, y, z, w = np.moveaxis(kept.pop("rot"), -1, 0)
    heading = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return Run(
        names=[a.name for a in spec.actors], heading=heading, elements=lowering.element_names, batch=batch, **kept
    )


def _arrays(batch: Batch) -> dict:
    state = batch.state
    names = ("pos", "rot", "speed", "s", "t", "lane", "road", "done")
    return {name: getattr(state, name) for name in names} | {
        "phase": state.story.element_state, "transition": state.story.transition, "count": state.story.element_count
    }  # fmt: skip
