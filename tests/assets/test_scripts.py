"""The scripts that make `assets/`: each can be imported, names what there is, and lays plates over a vehicle."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sim.render.plates import plate_picture

SCRIPTS = Path(__file__).resolve().parents[2] / "assets" / "scripts"
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.py"))


@pytest.fixture(autouse=True)
def _beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """They import each other as a folder's scripts do."""
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.mark.parametrize("name", NAMES)
def test_a_script_names_what_there_is(name: str) -> None:
    """Whatever it takes of another module is there, in functions that are not called here too."""
    module = importlib.import_module(name)
    missing = [
        f"{node.value.id}.{node.attr}, line {node.lineno}"
        for node in ast.walk(ast.parse((SCRIPTS / f"{name}.py").read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if isinstance(owner := getattr(module, node.value.id, None), ModuleType) and not hasattr(owner, node.attr)
    ]
    assert not missing


def test_plates_are_laid_front_and_rear() -> None:
    lamps, shape, sh3f = (importlib.import_module(name) for name in ("lamps", "shape", "sh3f"))
    faces = shape.box((-2.0, -0.8, 0.0), (2.0, 0.8, 1.4))
    n = len(faces)
    looks, rows = [sh3f.Look("paint")], np.zeros(n, np.int32)
    soup = sh3f.Soup(faces, np.zeros((n, 3, 2)), rows, rows.copy(), looks, ["body"])
    for x in (2.0, -2.0):
        soup = lamps.add_plate(soup, x, 0.5)
    plates = soup.of_look("^blank plate$")
    lamps.paint_plates(soup, plates, "QA 123")
    look = next(look for look in soup.looks if look.name == "plate picture")
    assert look.texture is not None and (look.texture == plate_picture(256, 56, "QA 123")).all()
    assert (soup.of_look("^plate picture$") == plates).all()
    for end in (soup.centers[:, 0] > 0.0, soup.centers[:, 0] < 0.0):
        uv = soup.uvs[plates & end].reshape(-1, 2)
        assert np.allclose([uv.min(0), uv.max(0)], [[0.0, 0.0], [1.0, 1.0]])


def test_a_garment_ends_in_a_clean_hem() -> None:
    """Points of cut triangles slide onto the line where the value is 0; nothing is left below it."""
    garments = importlib.import_module("garments")
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(0.0, 1.0, 9)), -1).reshape(-1, 2)
    points = np.stack([0.03 * np.sin(9 * grid[:, 0]), grid[:, 0], grid[:, 1]], -1)
    row = np.arange(72).reshape(8, 9)[:, :8].ravel()
    faces = np.concatenate([np.stack([row, row + 1, row + 10], 1), np.stack([row, row + 10, row + 9], 1)])
    sheet = garments.Shell("top", points, faces, np.zeros((81, 19)), np.zeros((len(faces), 3, 2)))
    hem = garments.clipped(sheet, points[:, 2] - 0.43)
    used = np.unique(hem.faces)
    assert 0 < len(hem.faces) < len(faces)
    assert hem.points[used, 2].min() == pytest.approx(0.43, abs=1e-9)
    assert (np.abs(hem.points[used, 2] - 0.43) < 1e-9).sum() == 9
    assert np.array_equal(sheet.points, points)
