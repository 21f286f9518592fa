"""Kernels compiled ahead of their first launch: of every module that has some, largest first."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import warp as wp

import sim.export.frames
from sim.kernels import load_kernels


def test_every_imported_module_with_kernels_is_loaded(monkeypatch):
    loaded = []
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(wp, "load_module", lambda name, **_: loaded.append(name))
    load_kernels("cpu", without=("sim.render.fast",))
    files = {
        name: Path(str(module.__file__))
        for name, module in sys.modules.items()
        if name.startswith("sim.") and module.__file__
    }
    expected = {name for name, path in files.items() if "\n@wp.kernel" in path.read_text()} - {"sim.render.fast"}
    assert sim.export.frames.__name__ not in expected
    assert {"sim.metrics.measure", "sim.render.colour"} <= expected == set(loaded)
    sizes = [files[name].stat().st_size for name in loaded]
    assert sizes == sorted(sizes, reverse=True)
