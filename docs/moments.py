"""Telling moments of scenarios, found and drawn: what `docs/contact_sheet.py` and `docs/gallery.py` share.

For a scenario a few draws run with everybody driving as the file says. The draw and the moment chosen are those in which the actor that
the ego meets fills most of the picture without being cut off by its edge, within two seconds before they touch or come closest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2  # noqa: TID253
import numpy as np

from sim.config import CameraConfig, RenderConfig, SimConfig
from sim.render.frames import Renderer
from sim.render.world import build_library
from sim.sampling import Batch, sample_worlds
from sim.scenario.reader import load_scenario
from sim.simulation import WorldGraph, step
from sim.structs import slice_worlds

KEYS = range(4)
"""Draws to choose from."""
LEADS = (2.0, 1.5, 1.1, 0.8, 0.5, 0.3, 0.15)
"""Times before the closest approach to choose from [s]."""
SMALL = (240, 135)
"""Size of the pictures that help to choose."""
LARGEST = 0.12
"""Share of the picture beyond which a nearer actor makes no better picture."""


@dataclass
class Moment:
    """A choice."""

    key: int
    tick: int
    score: float


def graph_of(batch: Batch) -> WorldGraph:
    """All worlds, one tick."""
    return WorldGraph(
        lambda scene, state, control: lambda: step(scene, state, control),
        [batch.scene, batch.state, batch.control], batch.nworld, batch.device,
    )  # fmt: skip


def closest(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Tick of the first contact, or else of the least distance to the actor met, and that actor, (nworld,) each."""
    graph = graph_of(batch)
    state = batch.state
    ticks = int(batch.scene.end_tick.numpy().max())
    best = np.full(batch.nworld, np.inf)
    when, actor = np.zeros(batch.nworld, int), np.ones(batch.nworld, int)
    hit = np.zeros(batch.nworld, bool)
    for tick in range(ticks):
        graph.launch()
        gap, collided = state.gap.numpy(), state.metrics.collided.numpy() > 0
        onset = state.metrics.onset_actor.numpy()
        new = collided & ~hit
        when[new], actor[new] = tick, state.metrics.collision_actor.numpy()[new]
        hit |= collided
        for w in np.flatnonzero(~hit):
            k = onset[w] if onset[w] > 0 else 1
            if gap[w, k] < best[w]:
                best[w], when[w], actor[w] = gap[w, k], tick, k
        if hit.all():
            break
    return when, actor


def choose(path: Path, keys: list[int]) -> Moment:
    """Draw and tick to show of a scenario."""
    scenario = load_scenario(path)
    config = SimConfig(pool=1)
    when, actor = closest(sample_worlds([scenario], keys, None, config))
    best = Moment(keys[0], int(when[0]), -1.0)
    for w, key in enumerate(keys):
        batch = sample_worlds([scenario], [key], None, config)
        camera = CameraConfig(width=SMALL[0], height=SMALL[1])
        graph, now = graph_of(batch), 0
        renderer = Renderer(
            build_library(batch), batch.scene, batch.state, RenderConfig((camera,), "fast", ("instance",))
        )
        for lead in LEADS:
            tick = max(0, int(when[w]) - round(lead * 100))
            for _ in range(tick - now):
                graph.launch()
            now = max(now, tick)
            met = batch.specs[0][0].actors[int(actor[w])]
            rows = [i + 1 for i, a in enumerate(batch.specs[0][0].actors) if met.name in (a.name, a.carrier)]
            score = _score(shoot(renderer, batch)["instance"][0], rows)
            score *= 0.05 if met.traffic else 1.0
            if score > best.score:
                best = Moment(key, now, score)
        if best.score > 0.5 * LARGEST:
            break
    return best


def _score(instance: np.ndarray, rows: list[int]) -> float:
    """Share of the picture that the actor and who rides on it fill; a fifth if an edge cuts them off."""
    mask = np.isin(instance, rows)
    share = min(float(mask.mean()), LARGEST)
    cut = mask[:, 0].any() or mask[:, -1].any()
    return share * (0.2 if cut else 1.0)


def shoot(renderer: Renderer, batch: Batch) -> dict[str, Any]:
    """Images of the first camera as the worlds now stand, (nworld, height, width ...)."""
    renderer.reset(batch.scene, batch.state)
    renderer.bvh.rebuild(batch.scene, renderer.window.current)
    renderer.render(batch.scene)
    return {name: array[:, 0] for name, array in renderer.frames.numpy().items()}


def picture(path: Path, moment: Moment, size: tuple[int, int], quality: str) -> np.ndarray:
    """The chosen moment, RGB, rendered at twice the size."""
    batch = sample_worlds([load_scenario(path)], [moment.key], None, SimConfig(pool=1))
    graph = graph_of(batch)
    for _ in range(moment.tick):
        graph.launch()
    camera = CameraConfig(width=2 * size[0], height=2 * size[1])
    scene, state = (slice_worlds(s, 0, 1, 1) for s in (batch.scene, batch.state))
    renderer = Renderer(build_library(batch), scene, state, RenderConfig((camera,), quality, ("rgb",)), threads=2)
    large = shoot(renderer, replace(batch, scene=scene, state=state))["rgb"][0]
    return cv2.resize(np.ascontiguousarray(large), size, interpolation=cv2.INTER_AREA)
