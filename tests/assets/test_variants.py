"""Variants share what they can with the asset whose mesh they have, and differ in what they say."""

from __future__ import annotations

import numpy as np
import pytest

from sim.assets import list_assets, load_asset
from sim.assets.skeleton import KEYPOINTS
from sim.assets.spec import read_spec
from sim.assets.variants import Tint, tinted
from sim.errors import ScenarioError
from sim.render.world import library_of
from tests.render import scenes

SPECS = list_assets()
VARIANTS = [n for n, s in SPECS.items() if s.variant]
WORN = [n for n in VARIANTS if SPECS[n].variant.wear]  # pyright: ignore[reportOptionalMemberAccess]


def library(*names):
    return library_of(names, [scenes.library().maps[0]], "cpu")


def models(lib):
    return {m.name: m for m in lib.models if m.parts}


@pytest.mark.parametrize("name", [n for n in VARIANTS if SPECS[n].file.parent.name in ("people", "animals")])
def test_a_variant_of_the_same_shape_shares_its_poses(name):
    variant, base = SPECS[name].variant, SPECS[SPECS[name].variant.of.name]
    own, other = load_asset(name).parts[0], load_asset(base.name).parts[0]
    shared = own.mesh.vertices is other.mesh.vertices
    assert shared != variant.reshaped
    assert (SPECS[name].height == pytest.approx(variant.scale * base.height, rel=0.02)) or variant.posture == "sitting"
    if variant.tints:
        pictures = [(a.texture, b.texture) for a, b in zip(own.mesh.materials, other.mesh.materials, strict=True)]
        plain = any(a.base_color != b.base_color for a, b in zip(own.mesh.materials, other.mesh.materials, strict=True))
        assert plain or any(a is not None and not np.array_equal(a, b) for a, b in pictures)


def test_the_device_holds_the_poses_of_variants_once():
    alone, both = library("man_jacket"), library("man_jacket", "man_jacket_olive")
    assert len({id(m) for m in both._meshes}) == len({id(m) for m in alone._meshes})
    rows = both.geometry.part_mesh.numpy()
    assert len(rows) == 2 and rows[0] != rows[1]
    geometry = both.geometry
    first, second = (geometry.mesh_triangle.numpy()[r] for r in rows)
    triangle = geometry.triangle.numpy()
    n = second - first
    assert np.array_equal(triangle[first : first + n, :3], triangle[second : second + n, :3])
    assert ((triangle[first : first + n, 3] & 0xFFFF) != (triangle[second : second + n, 3] & 0xFFFF)).any()
    assert np.array_equal(triangle[first : first + n, 3] >> 16, triangle[second : second + n, 3] >> 16), (
        "class and part"
    )
    assert np.array_equal(geometry.mesh_normal.numpy()[rows], geometry.mesh_normal.numpy()[rows][[0, 0]])
    assert both.geometry.node.shape == alone.geometry.node.shape


@pytest.mark.parametrize("name", WORN)
def test_what_is_worn_lies_on_the_body_and_moves_with_it(name):
    asset, variant = load_asset(name), SPECS[name].variant
    body, *worn = asset.parts
    assert [p.role for p in worn] == ["clip"] * len(variant.wear)
    tall = body.mesh.vertices[:, 2].max()
    for part, item in zip(worn, variant.wear, strict=True):
        assert len(part.frames["walk"]) == len(body.frames["walk"])
        for frame, own in zip(part.frames["walk"][::6], body.frames["walk"][::6], strict=True):
            away = np.linalg.norm(frame.vertices[:, None, ::1] - own.vertices[None, ::7], axis=2).min(axis=1)
            assert away.min() < 0.06 and np.median(away) < 0.3, item
        if item in ("cap", "hard_hat", "sun_hat", "peaked_cap"):
            assert part.mesh.vertices[:, 2].max() > tall - 0.01 and part.mesh.vertices[:, 2].min() > 0.85 * tall
        if item in ("vest", "police_vest"):
            assert 0.4 * tall < part.mesh.vertices[:, 2].min() and part.mesh.vertices[:, 2].max() < 0.9 * tall
            out = np.linalg.norm(part.mesh.vertices[:, None] - body.mesh.vertices[None], axis=2).min(axis=1)
            assert 0.004 < np.median(out) < 0.03


def test_builds_and_postures_differ():
    slim, stout = (load_asset(n).parts[0].mesh for n in ("man_suit", "man_suit_blue"))
    height = slim.vertices[:, 2].max()
    middle = np.abs(slim.vertices[:, 2] - 0.55 * height) < 0.03
    assert np.ptp(stout.vertices[middle, 0]) > 1.1 * np.ptp(slim.vertices[middle, 0])
    face = slim.vertices[:, 2] > 0.93 * height
    assert np.abs(stout.vertices[face] - slim.vertices[face]).max() < 0.01
    wrist, chin = KEYPOINTS.index("right_wrist"), KEYPOINTS.index("nose")
    phone, plain = (load_asset(n) for n in ("man_suit_phone", "man_suit"))
    for name in ("walk", "run"):
        for a, b in zip(phone.clips[name].frames, plain.clips[name].frames, strict=True):
            assert a.keypoints[wrist, 0] > b.keypoints[wrist, 0] - 0.05 and a.keypoints[wrist, 2] > 1.05
            assert np.linalg.norm(a.keypoints[wrist] - a.keypoints[chin]) < 0.6
    sitter = load_asset("man_suit_sitting").parts[0].mesh
    hip, knee, ankle = (sitter.keypoints[KEYPOINTS.index(f"left_{n}")] for n in ("hip", "knee", "ankle"))
    assert abs(hip[2] - knee[2]) < 0.08 and knee[0] - hip[0] > 0.35 and knee[2] - ankle[2] > 0.35


def test_a_tint_changes_its_area_and_what_it_is_meant_for():
    picture = np.zeros((10, 10, 4), np.uint8)
    picture[..., :] = (200, 40, 40, 255)
    picture[:, 5:] = (120, 110, 105, 255)
    out = tinted(picture, Tint("", hue=120.0, rect=(0.0, 0.0, 1.0, 0.5)))
    assert out[0, 0, 1] > 150 and out[0, 0, 0] < 60 and np.array_equal(out[5:], picture[5:])
    vivid = tinted(picture, Tint("", value=0.5, over=0.5))
    assert vivid[0, 0, 0] < 110 and np.abs(vivid[0, 9].astype(int) - picture[0, 9]).max() <= 2
    grey = tinted(picture, Tint("", value=0.5, under=0.5))
    assert grey[0, 9, 0] < 70 and np.abs(grey[0, 0].astype(int) - picture[0, 0]).max() <= 2
    assert tinted(picture, Tint("", saturation=0.0, tone=(0.0, 1.0, 0.0)))[0, 0, 0] == 0


@pytest.mark.parametrize(
    ("entry", "word"),
    [("{name: a, wear: [crown]}", "wear"), ("{name: a, posture: flying}", "posture"), ("{name: a, damage: lost}", "damage"),
         ("{kinds: [x]}", "name"),
     ("{name: a, girth: -1}", "girth"), ("{name: a, tints: [{hue: 3}]}", "look"), ("{name: a, colour: red}", "colour"), ("3",
          "variants[0]")],
)  # fmt: skip
def test_a_wrong_variant_is_named_with_its_file_and_key(tmp_path, entry, word):
    text = SPECS["boy"].file.read_text().split("variants:")[0] + f'variants:\n  - {entry}\ncredits: ["somebody"]\n'
    (tmp_path / "boy.glb").write_bytes(b"")
    (tmp_path / "boy.yaml").write_text(text)
    with pytest.raises(ScenarioError) as error:
        read_spec(tmp_path / "boy.yaml")
    assert word in str(error.value) and "boy.yaml" in str(error.value)
