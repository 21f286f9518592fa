"""The comparison of devices and its throughput bench, on tiny sizes of the CPU so that they are known to work."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import gpu

TINY = ["--device", "cpu", "--worlds", "2", "--decisions", "3"]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    path = tmp_path_factory.mktemp("gpu") / "reference.npz"
    assert gpu.main(["reference", str(path), *TINY, "--scenarios", "2", "--size", "16"]) == 0
    return path


def test_a_device_agrees_with_itself(reference, tmp_path, capsys):
    out = tmp_path / "compare.json"
    assert gpu.main(["compare", str(reference), "--device", "cpu", "--out", str(out)]) == 0
    result = json.loads(out.read_text())
    assert set(result["differences"]) == set(gpu.LIMITS)
    assert all(value == 0.0 for value in result["differences"].values())
    assert "EXCEEDED" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["position", "rotation", "speed", "observation", "reward", "ends", "pixels"])
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
    exceeded = {key for key, limit in gpu.LIMITS.items() if found[key] > limit}
    assert exceeded == {"heading" if name == "rotation" else name}
    if name == "rotation":
        assert found["heading"] == pytest.approx(0.1, abs=1e-4)


def test_throughput_is_measured(tmp_path, capsys):
    out = tmp_path / "bench.json"
    assert gpu.main(["bench", *TINY, "--scenarios", "1", "--size", "16", "--out", str(out)]) == 0
    rows = json.loads(out.read_text())["rows"]
    assert [(row["case"], row["worlds"]) for row in rows] == [("state", 2), ("camera", 2)]
    assert all(row["steps_per_s"] > 0 for row in rows)
    assert capsys.readouterr().out.count("steps_per_s") == 2
