"""What `swerve bench` compares is the same work."""

from __future__ import annotations

import numpy as np
import pytest

from sim.bench import DETAILS, bench_env, process_rate, rate, run_cases
from sim.bench_street import CARS, FIELD_OF_VIEW, build_renderer, street_meshes
from sim.errors import SwerveError


@pytest.mark.parametrize("triangles", DETAILS.values())
def test_streets_have_their_triangles(triangles):
    street, car = street_meshes(triangles)
    assert len(street.triangles) + CARS * len(car.triangles) == pytest.approx(triangles, rel=0.04)
    assert np.isfinite(street.vertices).all()
    assert street.triangles.max() < len(street.vertices)


def test_both_renderers_see_the_same_cars_at_the_same_places():
    pytest.importorskip("pybullet")
    from sim.bench_peers import tiny_camera

    width, height = 160, 96
    renderer, scene, state, _ = build_renderer(20_000, (width, height), threads=1)
    renderer.advance(scene, state)
    renderer.render(scene)
    frames = renderer.frames.numpy()
    draw = tiny_camera(20_000, width, height)
    for world in (0, 2):
        peer = np.array(draw(world)[4]).reshape(height, width)
        ours = frames["instance"][world, 0]
        # Actor 0 carries the camera, so car k is instance k + 2; PyBullet counts the street as body 0.
        assert np.mean(np.maximum(peer, 0) == np.maximum(ours - 1, 0)) > 0.995
        assert len(np.unique(ours)) > 6
    assert FIELD_OF_VIEW == 60.0


def test_env_case_counts_and_resets():
    rows = bench_env(0.2, peers=False)
    assert [row["decision_s"] for row in rows] == [0.1, 1.0]
    assert all(row["steps_per_s"] > 0 for row in rows)


def test_rate_counts_items_per_second():
    clock = iter(range(100))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.perf_counter", lambda: float(next(clock)))
        assert rate(lambda: 6, 4.0) == pytest.approx(4 * 6 / 6.0, rel=0.3)


def test_a_missing_peer_is_none_and_a_broken_one_an_error(tmp_path, monkeypatch):
    (tmp_path / "absent_peer.py").write_text("raise SystemExit(3)")
    (tmp_path / "broken_peer.py").write_text("raise SystemExit('no such thing')")
    (tmp_path / "steady_peer.py").write_text("print('starting')\nprint(2.5)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert process_rate("absent_peer", []) is None
    assert process_rate("steady_peer", []) == 5.0
    with pytest.raises(SwerveError, match="no such thing"):
        process_rate("broken_peer", [])


def test_unknown_cases_are_refused():
    with pytest.raises(SwerveError, match="no case"):
        run_cases("everything", seconds=1.0, peers=False)
