"""Specs and meshes that are wrong end in a clear error, never in a traceback of another kind."""

from __future__ import annotations

import json
import struct

import pytest

from sim.assets import asset_index, find_asset, kinds, list_assets
from sim.assets.glb import read_glb
from sim.assets.spec import read_spec
from sim.errors import ScenarioError

GOOD = """\
name: thing
mesh: thing.glb
kinds: [thing]
category: obstacle
semantic: obstacle
size: [1.0, 2.0, 0.5]
box_center: [0, 0, 0.25]
mass: 5
lights:
  - {role: head_lamp, pos: [0, 0, 0], direction: [1, 0, 0], intensity: [1, 1, 1], inner: 0.1, outer: 0.5}
doors:
  - {part: door_left, hinge: [1, 1, 0], max_angle: 1.1}
credits: ["somebody"]
"""


@pytest.fixture
def spec(tmp_path):
    """Writes a spec with one line exchanged and reads it."""
    (tmp_path / "thing.glb").write_bytes(b"")

    def read(old="", new=""):
        assert old in GOOD
        path = tmp_path / "thing.yaml"
        path.write_text(GOOD.replace(old, new) if old else GOOD)
        return read_spec(path)

    return read


def test_a_good_spec_is_read(spec):
    thing = spec()
    assert thing.size == (1.0, 2.0, 0.5) and thing.mass == 5.0
    assert thing.doors[0].hinge == (1.0, 1.0, 0.0)
    assert thing.lights[0].direction == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("mass: 5", "mass: heavy", "mass"),
        ("mass: 5", "mass: -5", "mass"),
        ("mass: 5", "mass: .nan", "mass"),
        ("mass: 5", "mass: true", "mass"),
        ("mass: 5\n", "", "mass"),
        ("mass: 5", "mass: 5\nweight: 6", "weight"),
        ("[1.0, 2.0, 0.5]", "[1.0, 2.0]", "size"),
        ("[1.0, 2.0, 0.5]", "[1.0, 2.0, 0]", "size"),
        ("[1.0, 2.0, 0.5]", "[1.0, 2.0, .inf]", "size"),
        ("category: obstacle", "category: spaceship", "category"),
        ("semantic: obstacle", "semantic: ghost", "semantic"),
        ("kinds: [thing]", "kinds: thing", "kinds"),
        ("mesh: thing.glb", "mesh: other.glb", "other.glb"),
        ("name: thing", "name: thong", "thong"),
        ("role: head_lamp", "role: sun", "role"),
        ("direction: [1, 0, 0]", "direction: [0, 0, 0]", "direction"),
        ("max_angle: 1.1", "max_angle: 0", "max_angle"),
        ("hinge: [1, 1, 0]", "hinge: 1", "hinge"),
        ("mass: 5\n", "mass: 5\nseats: [1, 2, 3]\n", "seats"),
        ("mass: 5\n", "mass: 5\nseats: [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]\n", "seats"),
        ("lights:", "lights: [3]\nx:", "lights[0]"),
        ("name: thing", "name: [thing", "YAML"),
        ("name: thing", "- thing", "YAML"),
    ],
)
def test_a_wrong_spec_is_named_with_its_file_and_key(spec, old, new, word):
    with pytest.raises(ScenarioError) as error:
        spec(old, new)
    assert word in str(error.value) and "thing.yaml" in str(error.value)


def test_unknown_names_and_kinds_are_named():
    with pytest.raises(ScenarioError, match="hovercraft"):
        asset_index("hovercraft")
    with pytest.raises(ScenarioError, match="hovercraft"):
        find_asset("hovercraft", 0)


def test_every_asset_of_a_kind_is_picked():
    names = kinds()["car"]
    assert {find_asset("car", k) for k in range(len(names))} == set(names)
    assert find_asset("car", len(names)) == find_asset("car", 0)


def _glb(path, document):
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    total = 28 + len(text)
    path.write_bytes(
        struct.pack("<III", 0x46546C67, 2, total)
        + struct.pack("<II", len(text), 0x4E4F534A)
        + text
        + struct.pack("<II", 0, 0x004E4942)
    )


def test_a_truncated_mesh_is_an_error(tmp_path):
    data = list_assets()["suv"].mesh.read_bytes()
    path = tmp_path / "broken.glb"
    for size in (0, 3, 11, 19, 27, 200, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(ScenarioError, match=r"broken\.glb"):
            read_glb(path)


def test_a_mesh_of_another_kind_is_an_error(tmp_path):
    path = tmp_path / "other.glb"
    for document in ({"nodes": [{"mesh": 0}]}, {"nodes": [{"mesh": 0}], "meshes": [{"primitives": []}]}, {"nodes": 3}):
        _glb(path, document)
        with pytest.raises(ScenarioError, match=r"other\.glb"):
            read_glb(path)
