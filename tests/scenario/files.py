"""Small YAML scenarios that tests write, break and draw from."""

from __future__ import annotations

from pathlib import Path

from sim.random import Stream
from sim.scenario.reader import load_scenario
from sim.scenario.world import WorldSpec

BASE = """\
name: Test
map: {road: straight, length: 250 m, lanes: 1+1, parking: right, sidewalk: 2 m}
environment: {time: 07:00..20:00, rain: choice(0 mm/h x3 | 4 mm/h)}
actors:
  ego: {kind: car, at: {lane: -1, s: 20 m}, speed: 30..60 km/h, goal: {lane: -1, s: 220 m}}
  van: {kind: van, at: {parking: right, s: 120 m}}
storyboard:
  - when: {ego: {time_to_reach: van, below: 2 s}}
    do: {van: {drive: 20 km/h, over: 3 s}}
end: {after: 12 s}
"""
"""Ten lines with every section; only vehicles, so it draws whatever else the assets hold."""


def write(folder: Path, text: str = BASE, name: str = "test.yaml") -> Path:
    """A file of that text."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def changed(old: str, new: str) -> str:
    """`BASE` with one place changed."""
    assert BASE.count(old) >= 1, f"{old!r} is not in the base"
    return BASE.replace(old, new, 1)


def draw(file: Path, key: int = 0, seed: int = 0, episode: int = 0) -> WorldSpec:
    """A world of a file."""
    return load_scenario(file).draw(Stream(seed, key, episode))
