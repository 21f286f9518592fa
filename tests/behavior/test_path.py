"""Nearest points of paths against NumPy over all segments."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.behavior.path import path_project
from sim.structs import from_rows, row_sizes
from sim.types import PathTables

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _project_points(path: PathTables, pos: wp.array[wp.vec3], out: wp.array[wp.vec2]):
    """Reads points. Writes where along path 0 of world 0 they are nearest, and their offset."""
    i = wp.tid()
    found = path_project(path, 0, 0, pos[i])
    out[i] = wp.vec2(found.s, found.offset)


def project(line: np.ndarray, points: np.ndarray) -> np.ndarray:
    step = np.diff(line, axis=0)
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    row = {
        "first": [0], "count": [len(line)], "point": np.column_stack([line, np.zeros(len(line))]),
        "heading": np.append(heading, heading[-1]), "s": np.concatenate([[0], np.cumsum(np.hypot(*step.T))]),
        "time": np.full(len(line), -1.0),
    }  # fmt: skip
    path = from_rows(PathTables, [row], "cpu", row_sizes(PathTables, [row]))
    pos = wp.array(np.column_stack([points, np.zeros(len(points))]), dtype=wp.vec3, device="cpu")
    out = wp.zeros(len(points), dtype=wp.vec2, device="cpu")
    wp.launch(_project_points, dim=len(points), inputs=[path, pos, out], device="cpu")
    return out.numpy()


def nearest(line: np.ndarray, point: np.ndarray) -> tuple[float, float]:
    """Arc length of the nearest point, and how far it is."""
    a, d = line[:-1], np.diff(line, axis=0)
    f = np.clip(((point - a) * d).sum(1) / (d**2).sum(1), 0, 1)
    distance = np.hypot(*(point - a - f[:, None] * d).T)
    k = int(np.argmin(distance))
    length = np.hypot(*d.T)
    return length[:k].sum() + f[k] * length[k], distance[k]


@pytest.mark.parametrize("kind", ["long straight", "spiral", "wandering", "short", "uneven"])
def test_nearest_points_are_those_of_all_segments(kind: str) -> None:
    rng = np.random.default_rng(3)
    turn = np.linspace(0.5, 25, 700)
    line = {
        "long straight": np.column_stack([np.arange(0, 3000, 5.0), np.zeros(600)]),
        "spiral": np.column_stack([8 * turn * np.cos(turn), 8 * turn * np.sin(turn)]),
        "wandering": np.cumsum(rng.normal(0, 4, (500, 2)), axis=0),
        "short": rng.uniform(-20, 20, (3, 2)),
        "uneven": np.column_stack([np.cumsum(rng.choice([0.5, 3.0, 200.0], 90)), rng.normal(0, 2, 90)]),
    }[kind]
    points = line[rng.integers(len(line), size=300)] + rng.normal(0, 1, (300, 2)) * rng.choice([1, 10, 100], (300, 1))
    found = project(line, points)
    at = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    for point, (s, _) in zip(points, found, strict=True):
        want, distance = nearest(line, point)
        place = np.array([np.interp(s, at, line[:, 0]), np.interp(s, at, line[:, 1])])
        assert np.hypot(*(point - place)) == pytest.approx(distance, abs=5e-3), (s, want)
