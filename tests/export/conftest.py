"""A small data set of two draws, rendered once for all tests of this folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from sim.export.dataset import render_dataset

SCENARIO = """
name: A child </script> crosses
tags: [pedestrian, test]
danger: A child runs over the road before the ego.
source: Made up for tests
parameters: {run: 6..9 km/h}
map: {road: straight, length: 120 m, lanes: 1+1, lane_width: 3.5 m, sidewalk: 2 m, parking: right}
setting: rural
environment: {time: 11:00..14:00, cloud: 0.2}
actors:
  ego: {kind: car, at: {lane: -1, s: 20 m}, speed: 36..40 km/h, goal: {lane: -1, s: 90 m}}
  van: {kind: van, at: {parking: right, s: 36 m}}
  child: {kind: child, at: {ahead_of: van, gap: 1..2 m}, faces: left}
storyboard:
  - when: {ego: {time_to_reach: child, below: 2.5 s}}
    do: {child: {walk_across: road, speed: $run}}
end: {after: 3 s}
"""

SETTINGS = {"size": (128, 72), "fps": 5.0, "duration": 2.0, "draws": 2, "seed": 7, "quality": "fast"}
OPTIONS = ["--size", "128x72", "--fps", "5", "--duration", "2", "--draws", "2", "--seed", "7", "--quality", "fast"]
"""The same for the command line."""
FRAMES = 10


def hashes(root):
    """Hash of every file of a folder, by its path."""
    root = Path(root)
    return {
        p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


@pytest.fixture(scope="session")
def scenario(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "crossing.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="session")
def dataset(scenario, tmp_path_factory):
    out = tmp_path_factory.mktemp("dataset") / "out"
    pages = render_dataset([scenario], out, **SETTINGS, quiet=True)
    assert pages == [out / "index.html"]
    return out


@pytest.fixture(scope="session")
def manifest(dataset):
    return json.loads((dataset / "manifest.json").read_text())


@pytest.fixture(scope="session")
def annotations(dataset):
    return json.loads((dataset / "annotations.json").read_text())
