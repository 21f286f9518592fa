"""The reader of foreign glTF files: what is in them comes out in place, and what is wrong with them is said."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from sim.assets import gltf, gltf_scene
from sim.assets.gltf import Gltf
from sim.assets.gltf_scene import read_scene
from sim.errors import ScenarioError
from tests.assets.foreign import Document, car, pack, png


def scene_of(document, tmp_path, name="thing.glb"):
    path = tmp_path / name
    if isinstance(document, bytes):
        path.write_bytes(document)
    else:
        document.write(path)
    return read_scene(Gltf(path))


def outward(piece):
    """Whether triangles wind counter-clockwise about their normals, seen from outside of a convex piece."""
    corners = piece.vertices[piece.triangles]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = corners.mean(axis=1) - piece.vertices.mean(axis=0)
    along = (piece.normals[piece.triangles[:, 0]] * face).sum(axis=1)
    return ((face * away).sum(axis=1) > 0).all() and (along > 0).all()


def bounds(piece):
    return piece.vertices.min(axis=0), piece.vertices.max(axis=0)


def test_nodes_are_put_where_their_transforms_say(tmp_path):
    document = Document()
    inner = document.add_box("inner", (0.0, 0.0, 1.0), (1.0, 1.0, 1.0), 0)
    turn = [0.0, np.sqrt(0.5), 0.0, np.sqrt(0.5)]  # a quarter about y: z goes to x
    document.json["nodes"].append(
        {"name": "outer", "children": [inner], "rotation": turn, "translation": [0.0, 5.0, 0.0]}
    )
    matrix = [2.0, 0, 0, 0, 0, 2.0, 0, 0, 0, 0, 2.0, 0, 10.0, 0, 0, 1.0]
    document.json["nodes"].append({"name": "top", "children": [1], "matrix": matrix})
    document.json["scenes"][0]["nodes"] = [2]
    document.json["materials"] = [{"name": "plain"}]
    (piece,) = scene_of(document, tmp_path).pieces
    # inner at z = 1 -> turned to x = 1, raised to y = 5 -> doubled and moved by 10.
    assert np.allclose(bounds(piece), [(11.0, 9.0, -1.0), (13.0, 11.0, 1.0)])
    assert piece.names == ("inner mesh", "inner", "outer", "top") and piece.nodes == (0, 1, 2)
    assert outward(piece)


def test_mirrored_nodes_still_look_outwards(tmp_path):
    document = Document()
    document.add_box("box", (0.0, 0.0, 0.0), (-1.0, 2.0, 3.0), 0)
    document.json["materials"] = [{"name": "plain"}]
    normals = document.accessor(np.tile(np.array([1.0, 0.0, 0.0], np.float32), (8, 1)), "VEC3", 5126)
    (flat,) = scene_of(document, tmp_path).pieces
    assert outward(flat) and len(flat.triangles) == 12
    document.json["meshes"][0]["primitives"][0]["attributes"]["NORMAL"] = normals
    (smooth,) = scene_of(document, tmp_path).pieces
    assert len(smooth.vertices) == 8 and np.allclose(smooth.normals, [-1.0, 0.0, 0.0])


@pytest.mark.parametrize(("mode", "corners"), [(5, [(0, 1, 2), (2, 1, 3)]), (6, [(0, 1, 2), (0, 2, 3)])])
def test_strips_and_fans_are_triangles(mode, corners, tmp_path):
    document = Document()
    points = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)], np.float32)
    primitive = {"attributes": {"POSITION": document.accessor(points, "VEC3", 5126)}, "mode": mode}
    document.json["meshes"] = [{"primitives": [primitive]}]
    document.json["nodes"], document.json["scenes"][0]["nodes"] = [{"mesh": 0}], [0]
    (piece,) = scene_of(document, tmp_path).pieces
    assert np.array_equal(piece.vertices[piece.triangles], points[np.array(corners)])


def test_materials_are_read(tmp_path):
    document = Document()
    image = document.view(png(8, 4, (255, 128, 0)))
    document.json |= {
        "images": [{"bufferView": image, "mimeType": "image/png"}], "textures": [{"source": 0}],
        "materials": [{
            "name": "all", "pbrMetallicRoughness": {
                "baseColorFactor": [0.2, 0.4, 0.6, 1.0], "metallicFactor": 0.5, "roughnessFactor": 0.5,
                "baseColorTexture": {"index": 0}, "metallicRoughnessTexture": {"index": 0},
            }, "emissiveFactor": [0.0, 1.0, 0.0],
            "extensions": {
                "KHR_materials_emissive_strength": {"emissiveStrength": 3.0}, "KHR_materials_clearcoat": {"clearcoatFactor": 0.7},
            },
        }, {"name": "pane", "alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 0.25]}}],
    }  # fmt: skip
    document.add_box("a", (0, 0, 0), (1, 1, 1), 0)
    document.add_box("b", (2, 0, 0), (1, 1, 1), 1)
    uvs = document.accessor(np.linspace(0, 1, 16, dtype=np.float32).reshape(8, 2), "VEC2", 5126)
    document.json["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = uvs
    scene = scene_of(document, tmp_path)
    every, pane = scene.materials
    assert every.base_color == (0.2, 0.4, 0.6) and every.texture.shape == (4, 8, 4)
    assert (every.texture[0, 0] == (255, 128, 0, 255)).all() and every.alpha_cutoff == 0.0
    # Green of the picture is roughness, blue is metal.
    assert every.roughness == pytest.approx(0.5 * 128 / 255) and every.metallic == 0.0
    assert every.emission == (0.0, 3.0, 0.0) and every.clearcoat == 0.7
    assert pane.transmission == pytest.approx(0.75)
    assert np.isclose(scene.pieces[0].uvs.max(), 1.0)


def test_texture_transforms_move_coordinates(tmp_path):
    document = Document()
    document.json |= {
        "images": [{"bufferView": document.view(png())}], "textures": [{"source": 0}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {
            "index": 0, "extensions": {"KHR_texture_transform": {"offset": [0.5, 0.25], "scale": [2.0, 1.0], "rotation": np.pi / 2}}}}}],
    }  # fmt: skip
    document.add_box("a", (0, 0, 0), (1, 1, 1), 0)
    uvs = np.tile(np.array([0.25, 0.1], np.float32), (8, 1))
    document.json["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = document.accessor(uvs, "VEC2", 5126)
    (piece,) = scene_of(document, tmp_path).pieces
    # KHR_texture_transform: scaled to (0.5, 0.1), turned by [c s; -s c] to (0.1, -0.5), moved.
    assert np.allclose(piece.uvs, (0.6, -0.25), atol=1e-6)


def test_large_pictures_are_shrunk(tmp_path, monkeypatch):
    monkeypatch.setattr(gltf, "KEPT_SIDE", 16)
    document = Document()
    document.json |= {
        "images": [{"bufferView": document.view(png(64, 32))}], "textures": [{"source": 0}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
    }  # fmt: skip
    document.add_box("a", (0, 0, 0), (1, 1, 1), 0)
    assert scene_of(document, tmp_path).materials[0].texture.shape == (8, 16, 4)


# --- what is wrong with a file --------------------------------------------------------------------------------------------


def _edit(change):
    document = car()
    change(document)
    return document


def _picture(raw):
    def change(document):
        document.json |= {"images": [{"bufferView": document.view(raw)}], "textures": [{"source": 0}]}
        document.json["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0}

    return change


def _set(path, value):
    def change(document):
        at = document.json
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return change


def _nan(document):
    values = np.array([[np.nan, 0, 0]] * 8, np.float32)
    document.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = document.accessor(values, "VEC3", 5126)


def _huge(document):
    values = np.full((8, 3), 1e30, np.float32)
    document.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = document.accessor(values, "VEC3", 5126)


def _beyond(document):
    values = np.array([[0], [1], [8]], np.uint16)
    document.json["meshes"][0]["primitives"][0]["indices"] = document.accessor(values, "SCALAR", 5123)


def _loop(document):
    document.json["nodes"][0]["children"] = [1]
    document.json["nodes"][1]["children"] = [0]
    document.json["scenes"][0]["nodes"] = [0]


def _deep(document):
    document.json["nodes"] = [{"children": [k + 1]} for k in range(100)] + [{"mesh": 0}]
    document.json["scenes"][0]["nodes"] = [0]


def _flat(document):
    values = np.zeros((8, 3), np.float32)
    for mesh in document.json["meshes"]:
        mesh["primitives"][0]["attributes"]["POSITION"] = document.accessor(values, "VEC3", 5126)


def _many(document):
    document.json["nodes"] = [{"mesh": 0} for _ in range(9000)]
    document.json["scenes"][0]["nodes"] = list(range(9000))


FAULTS = {
    "an external buffer": (_set(("buffers",), [{"byteLength": 4, "uri": "car.bin"}]), "outside the file"),
    "an external image": (_set(("images",), [{"uri": "http://example.org/a.png"}]), "outside the file"),
    "a data URI": (_set(("images",), [{"uri": "data:image/png;base64,AAAA"}]), "outside the file"),
    "compression": (_set(("extensionsRequired",), ["KHR_draco_mesh_compression"]), "without mesh compression"),
    "an unknown extension": (_set(("extensionsRequired",), ["X_y"]), "X_y"),
    "NaN": (_nan, "not finite"),
    "a huge coordinate": (_huge, "not finite, or beyond"),
    "an index beyond": (_beyond, "beyond its 8 vertices"),
    "a loop of nodes": (_loop, "below itself"),
    "nodes nested deeply": (_deep, "below each other"),
    "too many nodes": (_many, "pieces"),
    "no triangle": (_flat, "no triangle"),
    "a mesh that is not there": (_set(("nodes", 0, "mesh"), 99), r"no meshes\[99\]"),
    "a negative row": (_set(("nodes", 0, "mesh"), -1), r"no meshes\[-1\]"),
    "a row that is no number": (_set(("nodes", 0, "mesh"), "0"), "no meshes"),
    "an accessor too long": (_set(("accessors", 0, "count"), 10**12), "whole number"),
    "an accessor that overlaps the end": (_set(("accessors", 0, "count"), 9), "reaches beyond"),
    "an accessor of a wrong type": (_set(("accessors", 0, "type"), "MAT4"), "wrong type"),
    "a sparse accessor": (_set(("accessors", 0, "sparse"), {}), "sparse"),
    "a view beyond": (_set(("bufferViews", 0, "byteLength"), 10**9), "byteLength"),
    "a negative offset": (_set(("bufferViews", 0, "byteOffset"), -4), "byteOffset"),
    "a stride too short": (_set(("bufferViews", 0, "byteStride"), 4), "reaches beyond"),
    "a table that is no list": (_set(("nodes",), {"a": 1}), "'nodes' is no list"),
    "nodes that are numbers": (_set(("nodes",), [1, 2]), "'nodes' is no list"),
    "children that are a number": (_set(("nodes", 0, "children"), 3), "damaged"),
    "a rotation without length": (_set(("nodes", 0, "rotation"), [0, 0, 0, 0]), "rotation"),
    "a translation of two": (_set(("nodes", 0, "translation"), [0, 0]), "translation"),
    "an endless scale": (_set(("nodes", 0, "scale"), [1e200, 1, 1]), "finite"),
    "a skin": (_set(("nodes", 0, "skin"), 0), "skin"),
    "morph targets": (_set(("meshes", 0, "primitives", 0, "targets"), [{}]), "morph"),
    "a colour of text": (
        _set(("materials", 0, "pbrMetallicRoughness", "baseColorFactor"), ["r", 0, 0, 1]), "baseColorFactor"
    ),
    "a picture that is none": (_picture(b"not a picture"), "no readable"),
    "a picture cut off": (_picture(png(64, 64)[:60]), "no readable"),
    "a huge picture": (_picture(png(5000, 2)), "5000 x 2 pixels"),
    "a texture without picture": (
        _set(("materials", 0, "pbrMetallicRoughness", "baseColorTexture"), {"index": 7}), r"no textures\[7\]"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named_with_their_file(fault, tmp_path):
    change, words = FAULTS[fault]
    with pytest.raises(ScenarioError, match=words) as error:
        scene_of(_edit(change), tmp_path)
    assert "thing.glb" in str(error.value)


BYTES = {
    "nothing": (b"", "no glTF file"),
    "a text file": (b'{"asset": {}}', r"\.gltf text file"),
    "another format": (b"PK\x03\x04" + b"\0" * 40, "no glTF file"),
    "the first version": (struct.pack("<IIIII", 0x46546C67, 1, 20, 0, 0), "version 1"),
    "NaN in the JSON": (pack(b'{"nodes": [NaN]}'), "cannot be read"),
    "JSON nested without end": (pack(b"[" * 100_000), "cannot be read"),
    "JSON that is a list": (pack(b"[]"), "no object"),
    "JSON that is no text": (pack(b"\xff\xfe{}"), "cannot be read"),
    "an empty object": (pack(b"{}"), "no triangle"),
}


@pytest.mark.parametrize("name", BYTES)
def test_files_of_another_kind_are_refused(name, tmp_path):
    data, words = BYTES[name]
    with pytest.raises(ScenarioError, match=words) as error:
        scene_of(data, tmp_path)
    assert "thing.glb" in str(error.value)


def test_every_cut_of_a_file_is_an_error(tmp_path):
    data = car().write(tmp_path / "whole.glb").read_bytes()
    for size in range(0, len(data) - 1, 197):
        with pytest.raises(ScenarioError):
            scene_of(data[:size], tmp_path)


def test_random_damage_never_ends_in_another_error(tmp_path):
    data = bytearray(car().write(tmp_path / "whole.glb").read_bytes())
    rng = np.random.default_rng(1)
    faults = 0
    for _ in range(120):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 4):
            broken[at] = rng.integers(256)
        try:
            scene_of(bytes(broken), tmp_path)
        except ScenarioError:
            faults += 1
    assert faults > 30


def test_random_json_never_ends_in_another_error(tmp_path):
    """Every value of the JSON part, one at a time, is exchanged for values that do not belong there."""
    document = car()
    whole = json.dumps(document.json | {"buffers": [{"byteLength": len(document.data)}]})
    paths = []

    def walk(value, path):
        paths.append(path)
        for key, item in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            if not isinstance(key, int) or key == 0:
                walk(item, (*path, key))

    walk(json.loads(whole), ())
    assert len(paths) > 40
    for path in paths[1:]:
        for wrong in (None, -1, "x", [[0]]):
            changed = json.loads(whole)
            at = changed
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = wrong
            try:
                scene_of(pack(changed, bytes(document.data)), tmp_path)
            except ScenarioError:
                pass


def test_too_many_triangles_are_refused_before_they_are_laid_out(tmp_path, monkeypatch):
    monkeypatch.setattr(gltf_scene, "MAX_TRIANGLES", 100)
    with pytest.raises(ScenarioError, match="more than 100 triangles"):
        scene_of(car(), tmp_path)


def test_a_large_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(gltf, "MAX_BYTES", 1000)
    with pytest.raises(ScenarioError, match="too many for an asset"):
        scene_of(car(), tmp_path)


def test_tables_looked_at_again_and_again_have_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(gltf, "MAX_VALUES", 200)
    document = car()
    points = document.json["accessors"][0]
    for mesh in document.json["meshes"]:
        document.json["accessors"].append(dict(points))
        mesh["primitives"][0]["attributes"]["POSITION"] = len(document.json["accessors"]) - 1
    with pytest.raises(ScenarioError, match="together"):
        scene_of(document, tmp_path)
