"""The import rules: one direction along the route of a datum, and a light start."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SIM = Path(__file__).resolve().parent.parent / "sim"

LEVEL = {
    "errors": 0, "paths": 0, "types": 0, "config": 0, "cameras": 0, "checks": 0, "random": 0, "rotation": 0, "kernels": 0, "structs": 0,
    "render.mesh": 0, "render.parts": 0, "assets": 1,
    "road": 2, "scenario": 2, "scenery": 3, "physics": 3, "behavior": 3, "metrics": 3, "sampling": 4, "simulation": 5,
    "render": 6, "danger": 6, "sensors": 7, "review": 7, "export": 8, "envs": 8, "search": 9,
    "bench_street": 10, "bench_peers": 10, "bench": 10, "console": 10, "cli": 11,
}  # fmt: skip
"""Where each part of sim stands on the route of a datum: it imports what stands before or beside it."""


def _unit(module: str) -> str:
    parts = module.split(".")[1:]
    if ".".join(parts[:2]) in LEVEL:
        return ".".join(parts[:2])
    return parts[0] if parts else ""


def _imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" if node.module == "sim" else node.module for alias in node.names]
    return [name for name in found if name.startswith("sim.") and name != "sim.__version__"]


@pytest.mark.parametrize("path", sorted(SIM.rglob("*.py")), ids=lambda p: str(p.relative_to(SIM)))
def test_imports_go_one_way(path: Path) -> None:
    module = "sim." + ".".join(path.relative_to(SIM).with_suffix("").parts)
    own = _unit(module.removesuffix(".__init__"))
    if own in ("", "__init__"):
        return
    assert own in LEVEL, f"say in this test where sim.{own} stands"
    for name in _imports(path):
        unit = _unit(name)
        assert unit in LEVEL, f"{path}: {name} stands nowhere on the route"
        assert LEVEL[unit] <= LEVEL[own], f"sim.{own} may not import sim.{unit}"


def test_import_sim_is_light() -> None:
    code = "import sim, sys; print([m for m in ('torch', 'pybullet', 'warp', 'cv2', 'lxml') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert out in ("[]",), f"import sim pulls in {out}"
