"""The comparison of devices and its throughput bench, on tiny sizes of the CPU so that they are known to work."""

from __future__ import annotations

import json

import numpy as np
import pytest
import warp as wp

from benchmarks import gpu
from benchmarks.gpu_physics import KINDS, SCENES, graph_of, many_worlds
from sim.types import Motion

TINY = ["--device", "cpu", "--worlds", "2", "--decisions", "3"]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    path = tmp_path_factory.mktemp("gpu") / "reference.npz"
    assert gpu.main(["reference", str(path), *TINY, "--scenarios", "2", "--sizes", "16"]) == 0
    return path


def test_a_device_agrees_with_itself(reference, tmp_path, capsys):
    assert gpu.main(["compare", str(reference), "--device", "cpu", "--out", str(tmp_path)]) == 0
    result = json.loads((tmp_path / "gpu-compare.json").read_text())
    assert set(result["differences"]) == set(gpu.LIMITS)
    assert all(value == 0.0 for value in result["differences"].values())
    assert "EXCEEDED" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["position", "rotation", "speed", "observation", "reward", "ends", "pixels", *SCENES])
def test_what_differs_is_found(name, reference):
    with np.load(reference) as stored:
        data = {key: stored[key] for key in stored.files if key != "settings"}
    changed = ~data[name] if data[name].dtype == bool else data[name] + np.array(9, data[name].dtype)
    if name == "rotation":
        half = np.float32(0.05)  # A turn of 0.1 rad about z.
        x, y, z, w = np.moveaxis(data[name], -1, 0)
        c, s = np.cos(half), np.sin(half)
        changed = np.stack([c * x - s * y, c * y + s * x, c * z + s * w, c * w - s * z], axis=-1)
    found = gpu.differences({**data, name: changed}, data)
    exceeded = {key for key, limit in gpu.LIMITS.items() if found.get(key, 0.0) > limit}
    assert exceeded == {"heading" if name == "rotation" else name}
    if name == "rotation":
        assert found["heading"] == pytest.approx(0.1, abs=1e-4)


def test_throughput_is_measured(reference, tmp_path, capsys):
    sizes = ["--scenarios", "1", "--sizes", "16", "--actors", "2", "5", "--out", str(tmp_path)]
    assert gpu.main(["all", str(reference), *TINY, *sizes]) == 0
    bench = json.loads((tmp_path / "gpu-bench.json").read_text())
    rows = bench["rows"]
    assert [(row["case"], row["worlds"]) for row in rows] == [
        ("physics", 2),
        ("physics", 2),
        ("state", 2),
        ("camera", 2),
    ]
    assert all(row["steps_per_s"] > 0 for row in rows[2:]) and bench["left_out"] == []
    assert [row["actors"] for row in rows[:2]] == [2, 5] and all(
        row["agent_steps_per_s"] > 0 and row["finite"] for row in rows[:2]
    )
    assert (tmp_path / "gpu-compare.json").is_file() and capsys.readouterr().out.count("steps_per_s") == 4


def test_nothing_begins_once_the_budget_is_used_up(tmp_path):
    assert gpu.main(["bench", *TINY, "--budget", "-1", "--out", str(tmp_path)]) == 0
    bench = json.loads((tmp_path / "gpu-bench.json").read_text())
    assert bench["rows"] == [] and "physics 2x8" in bench["left_out"] and "camera 2 128" in bench["left_out"]


def test_many_worlds_are_full_of_vehicles_that_differ():
    arrays = many_worlds(KINDS + 3, 8, "cpu")
    scene, state, _ = arrays
    assert len(set(scene.world_key.numpy().tolist())) == KINDS + 3
    assert (state.motion.numpy() == Motion.DRIVEN).all() and scene.vehicle.car.shape == (KINDS + 3, 8)
    assert np.array_equal(scene.vehicle.mass.numpy()[KINDS:], scene.vehicle.mass.numpy()[:3])
    starts = state.pos.numpy()[:, 0, 0].copy()
    graph_of(arrays, 10).launch()
    assert len(np.unique(starts)) == KINDS + 3
    went = state.pos.numpy()[:, :, 0] - np.repeat(starts[:, None], 8, 1)
    assert (
        (state.contact_tick.numpy() < 0).all()
        and (went[:, 0] > 0.5).all()
        and (state.vehicle.load.numpy().sum(-1) > 5e3).all()
    )


def test_worlds_for_a_gpu_are_built_without_kernels_of_the_cpu(monkeypatch):
    def refuse(kernel, *args, **more):
        raise AssertionError(f"{kernel.key} was launched: a machine with a GPU may have no compiler for the CPU")

    monkeypatch.setattr(wp, "launch", refuse)
    for scene in SCENES.values():
        scene.make("cpu")
    many_worlds(2, 3, "cpu")
