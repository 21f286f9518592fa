"""Every file of `assets/` is accounted for: source, licence, changes, hash, size."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"


@pytest.fixture(scope="module")
def manifest():
    """`assets/scripts/manifest.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("swerve_manifest", ASSETS / "scripts" / "manifest.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_asset_is_accounted_for(manifest):
    assert manifest.problems(ASSETS) == []


def test_sources_are_named_in_full(manifest):
    entries = manifest.read(ASSETS)
    assert len(entries) >= 6
    for entry in entries:
        for source in entry["sources"]:
            assert source["licence"] in manifest.LICENCES
            assert source["creator"].strip().lower() not in ("", "unknown"), entry["path"]


@pytest.fixture
def copy(tmp_path, manifest):
    """A small tree with one asset."""
    for name in ("scripts/manifest.py", "vehicles/suv.glb", "vehicles/suv.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ASSETS / name, tmp_path / name)
    manifest.record(tmp_path / "vehicles" / "suv.glb", [manifest.PROJECT], "none", tmp_path)
    assert manifest.problems(tmp_path) == []
    return tmp_path


def test_a_file_without_an_entry_is_found(manifest, copy):
    (copy / "vehicles" / "other.glb").write_bytes(b"x")
    assert manifest.problems(copy) == ["vehicles/other.glb: no entry in MANIFEST.yaml"]


def test_a_changed_file_is_found(manifest, copy):
    (copy / "vehicles" / "suv.glb").write_bytes(b"x")
    assert manifest.problems(copy) == ["vehicles/suv.glb: content differs from MANIFEST.yaml"]


def test_a_missing_file_is_found(manifest, copy):
    (copy / "vehicles" / "suv.glb").unlink()
    assert "vehicles/suv.glb: in MANIFEST.yaml, but no such file" in manifest.problems(copy)


def test_an_oversized_tree_is_found(manifest, copy, monkeypatch):
    monkeypatch.setattr(manifest, "TREE_LIMIT", 1000)
    monkeypatch.setattr(manifest, "FILE_LIMIT", 1000)
    assert [p.split()[0] for p in manifest.problems(copy)] == ["vehicles/suv.glb:", "all"]


def test_edited_credits_are_found(manifest, copy):
    (copy / "CREDITS.md").write_text("all mine\n")
    assert manifest.problems(copy) == ["CREDITS.md differs from MANIFEST.yaml"]


def test_an_unknown_licence_is_refused(manifest, copy):
    source = {**manifest.PROJECT, "licence": "CC-BY-SA-3.0"}
    with pytest.raises(ValueError, match="CC-BY-SA"):
        manifest.record(copy / "vehicles" / "suv.glb", [source], "none", copy)
