"""ASAM OpenSCENARIO XML 1.0 to 1.3 files as scenarios."""

from __future__ import annotations

from pathlib import Path

from sim.scenario.openscenario.scenario import OpenScenario
from sim.scenario.world import Scenario

__all__ = ["load_openscenario"]


def load_openscenario(file: str | Path, strict: bool = False) -> Scenario:
    """Read an OpenSCENARIO XML file: a scenario with its catalogs and roads, or a distribution over the parameters of one.

    Args:
        file: The .xosc file.
        strict: What the files use and Swerve does not know is an error instead of a note.

    Raises:
        ScenarioError: with file, line, what is wrong and what would be right.
    """
    return OpenScenario(Path(file), strict)
