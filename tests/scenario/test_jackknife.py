"""The library's semi-trailer folds for want of anti-lock brakes, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.config import SimConfig
from sim.rotation import yaw_of
from sim.sampling import sample_worlds
from sim.scenario.reader import library_files, load_scenario
from sim.simulation import WorldGraph, step

DRAWS = 16
EVERY = 10


def folds(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Greatest angle between tractor and trailer [deg], and whether the ego, on its way, touches anybody, (DRAWS,) each."""
    batch = sample_worlds([load_scenario(file)], range(DRAWS), "cpu", SimConfig(seed=5, contact="report", pool=1))
    names = [[a.name for a in row[0].actors] for row in batch.specs]
    pairs = [(w, n.index("truck"), n.index("truck+")) for w, n in enumerate(names)]
    structs = [batch.scene, batch.state, batch.control]
    graph = WorldGraph(lambda *parts: lambda: step(*parts), structs, DRAWS, batch.device, threads=2)
    peak = np.zeros(DRAWS)
    for tick in range(1600):
        graph.launch()
        if tick % EVERY:
            continue
        rot = batch.state.rot.numpy()
        turn = np.array([yaw_of(rot[w, a]) - yaw_of(rot[w, b]) for w, a, b in pairs])
        peak = np.maximum(peak, np.abs(np.degrees(np.angle(np.exp(1j * turn)))))
    return peak, batch.state.metrics.collided.numpy() > 0


def test_the_train_folds_without_anti_lock_brakes_and_does_not_with_them(tmp_path: Path) -> None:
    file = library_files()["truck-jackknife"]
    text = file.read_text(encoding="utf-8")
    assert text.count("abs: off") == 2
    with_aids = tmp_path / "truck-jackknife.yaml"
    with_aids.write_text(text.replace("abs: off", "abs: on"), encoding="utf-8")
    bare, hit = folds(file)
    held, _ = folds(with_aids)
    assert (bare > 60.0).mean() >= 0.8 and hit.mean() >= 0.6
    assert held.max() < 45.0
