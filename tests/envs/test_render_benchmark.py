"""What `benchmarks.render` and `benchmarks.gpu pictures` measure, at tiny sizes of the CPU so that they are known to work."""

from __future__ import annotations

import json

import numpy as np
import pytest
import warp as wp

from benchmarks import gpu, render
from sim.bench_street import CARS, build_renderer, car_poses

TINY = [
    "--worlds",
    "3",
    "--scenarios",
    "1",
    "--sizes",
    "32x24",
    "--seconds",
    "0.05",
    "--repeats",
    "1",
    "--detail",
    "0.05",
]


@pytest.fixture(scope="module")
def worlds():
    return render.make_worlds(4, "cpu", 2, detail=0.05)


def test_arrays_count_once_whatever_holds_them():
    array = wp.zeros(100, dtype=float, device="cpu")
    one = array.capacity
    assert one >= 400 and render.array_bytes(array) == one
    assert render.array_bytes([array, {"a": array}], (array, None, 3)) == one
    assert render.array_bytes(array, wp.zeros(100, dtype=float, device="cpu")) == 2 * one


def test_worlds_differ_and_tell_what_they_hold(worlds):
    about = worlds.about()
    assert about["distinct_worlds"] == about["worlds"] == 4 and 1 <= about["maps"] <= 4
    assert len(set(worlds.batch.keys)) == 4
    assert len({a.asset.name for draws in worlds.batch.actor_specs for a in draws[0]}) > 3
    # As many triangles as the library holds for what is in the first world.
    first = worlds.first(1)
    own = worlds.library.maps[int(first.batch.scene.map_index.numpy()[0])]
    assert first.triangles > len(own.mesh.triangles) and first.instances > len(first.batch.specs[0][0].actors)
    assert first.batch.state.pos.ptr == worlds.batch.state.pos.ptr


def test_a_recorded_picture_is_the_renderers_own(worlds):
    graph, (renderer,) = render.picture_graph(worlds, (32, 24))
    graph.launch()
    recorded = renderer.frames.numpy()["rgb"].copy()
    renderer.advance(worlds.batch.scene, worlds.batch.state)
    renderer.render(worlds.batch.scene)
    assert np.array_equal(renderer.frames.numpy()["rgb"], recorded) and recorded.std() > 5
    threads, several = render.picture_graph(worlds, (32, 24), threads=2)
    threads.launch()
    assert len(several) == 2
    assert np.array_equal(np.concatenate([r.frames.numpy()["rgb"] for r in several]), recorded)


def test_memory_of_a_world_grows_with_its_picture(worlds):
    small, large = (render.world_memory(worlds, (side, side), ("rgb",)) for side in (16, 64))
    assert small["simulation_bytes_per_world"] == large["simulation_bytes_per_world"] > 1e4
    assert large["picture_bytes_per_world"] - small["picture_bytes_per_world"] > (64 * 64 - 16 * 16) * 4
    assert small["library_bytes"] > 1e6


def test_the_street_takes_more_cars():
    assert len(car_poses()) == CARS and len(car_poses(3)) == 3 and car_poses(60)[:CARS] == car_poses()
    assert len({(round(x, 2), round(y, 2)) for x, y, _ in car_poses(100)}) == 100
    _, _, state, count = build_renderer(5000, (16, 16), 1, 30)
    assert state.pos.shape[1] == 31 and count > 5000


@pytest.mark.parametrize("case", ["standard", "triangles", "library"])
def test_cases_write_what_they_measure(case, tmp_path, capsys):
    out = tmp_path / "render.json"
    more = ["--large", "32x18", "--triangles", "3000", "--instances", "5", "--assets", "3", "--out", str(out)]
    assert render.main([case, *TINY, *more]) == 0
    result = json.loads(out.read_text())
    assert result["rows"] and all(row["case"] == case for row in result["rows"]) and case in result["command"]
    for row in result["rows"]:
        assert all(v > 0 for k, v in row.items() if k.startswith(("seconds_", "frames_", "ns_")) or k == "bytes")
    assert capsys.readouterr().out.count(f'"case": "{case}"') == len(result["rows"])


def test_pictures_of_a_gpu_are_measured_on_a_cpu_too(worlds, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "make_worlds", lambda *settings: worlds)  # they take a while to build
    sizes = [
        "--worlds",
        "1",
        "3",
        "--sizes",
        "16",
        "--scenarios",
        "2",
        "--seconds",
        "0.05",
        "--large",
        "32",
        "18",
        "--detail",
        "0.05",
    ]
    assert gpu.main(["pictures", "--device", "cpu", *sizes, "--out", str(tmp_path)]) == 0
    result = json.loads((tmp_path / "gpu-pictures.json").read_text())
    rows = [row for row in result["rows"] if row["case"] == "pictures"]
    assert [(row["worlds"], row["outputs"]) for row in rows] == [
        (n, outputs) for outputs in (["rgb"], list(render.LABELS)) for n in (1, 3)
    ]
    assert all(row["frames_per_s"] > 0 and row["picture_bytes_per_world"] > 0 and row["shadows"] for row in rows)
    assert [row["quality"] for row in result["rows"] if row["case"] == "large"] == ["standard", "fast"]
