"""The recorded impacts of a world as plain data and as a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.types import SOLID_NAMES, TICK, partner_name

FIELDS = ("count", "tick", "pair", "point", "normal", "speed", "delta_first", "delta_second", "risk")
"""Fields of `sim.types.Impacts` that are told."""


def list_impacts(fields: Mapping[str, np.ndarray], names: Sequence[str]) -> list[dict[str, Any]]:
    """One world's impacts in order of time.

    Args:
        fields: `FIELDS` of the one world, without the world axis.
        names: Of its actors.

    Returns:
        Per impact: ``t`` [s], the two ``actors`` (the second may be a `sim.types.Solid`, by its kind), ``point`` [m], ``normal`` from the
        first to the second, ``closing_speed`` [m/s], ``delta_v`` of each [m/s] and ``fatality_risk`` in or on each (`sim.physics.injury`).
    """
    impacts = []
    for k in range(int(fields["count"])):
        pair = [str(partner_name(int(i), names)) for i in fields["pair"][k]]
        deltas = [float(np.linalg.norm(fields[name][k])) for name in ("delta_first", "delta_second")]
        impacts.append(
            {
                "t": round(int(fields["tick"][k]) * TICK, 3),
                "actors": pair,
                "point": [round(float(v), 3) for v in fields["point"][k]],
                "normal": [round(float(v), 4) for v in fields["normal"][k]],
                "closing_speed": round(float(fields["speed"][k]), 3),
                "delta_v": [round(v, 3) for v in deltas],
                "fatality_risk": [round(float(v), 4) for v in fields["risk"][k]],
            }
        )
    return impacts


def call_actor(name: str) -> str:
    """An actor's name as a reader finds it in a sentence: one that is called as scenery is, ``tree``, is not mistaken for that."""
    return f"the actor {name}" if name in SOLID_NAMES else name


def describe_impact(impact: Mapping[str, Any]) -> str:
    """Change of speed and risk of each actor, for a reader; scenery has neither."""
    parts = []
    for name, delta, risk in zip(impact["actors"], impact["delta_v"], impact["fatality_risk"], strict=True):
        if delta == 0.0 and name.removesuffix(" (scenery)") in SOLID_NAMES:
            continue
        parts.append(
            f"{call_actor(name)} changes speed by {delta:.1f} m/s"
            + (f", risk of death {risk:.1%}" if risk >= 5e-4 else "")
        )
    return "; ".join(parts)
