"""How dangerous each scenario of the library has been measured to be: `scenarios/shares.json`, written by `sim.danger`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sim.errors import ScenarioError
from sim.paths import data_root
from sim.scenario.source import read_source

FILE = "shares.json"
DESCRIPTIVE = ("name", "tags", "danger", "source")


def shares_file() -> Path:
    """Where the shares are kept."""
    return data_root("scenarios") / FILE


def load_shares() -> dict[str, dict[str, Any]]:
    """Measured shares by scenario id; empty where none were measured.

    Each holds ``critical`` and ``avoidable`` (0..1, see `sim.danger`), ``draws``, ``seed``, ``commit`` and the ``sha256`` of the scenario
    file they were measured on (`file_digest`).

    Raises:
        ScenarioError: if the file is damaged.
    """
    file = shares_file()
    if not file.is_file():
        return {}
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ScenarioError(f"cannot be read: {error}", file=file, hint="Measure anew: python -m sim.danger.") from None
    if not isinstance(data, dict) or not all(isinstance(entry, dict) for entry in data.values()):
        raise ScenarioError("holds no shares by scenario", file=file, hint="Measure anew: python -m sim.danger.")
    return data


def file_digest(path: Path) -> str:
    """Digest of what a scenario file says about its worlds: comments and what only describes it do not count.

    Raises:
        ScenarioError: if the file cannot be read.
    """
    data = {key: value for key, value in read_source(path).data.items() if key not in DESCRIPTIVE}
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
