"""Pedals and steering of the YAML format as actions of the storyboard."""

from __future__ import annotations

from typing import Any

from sim.scenario.draws import Draws
from sim.scenario.schema_pedals import PEDALS, PressBrake, Release, Steer
from sim.scenario.source import Path_
from sim.scenario.storyboard import OverrideAction

PEDAL_ACTIONS = (PressBrake, *PEDALS.values())
"""Actions of the YAML format that press pedals and turn the steering wheel."""
HINT = "Write brake: 80 %, throttle: 40 %, steer: 5 deg or release: all; or leave out controller: vehicle."
"""What to write instead for an actor whom only these move."""


def pedal_actions(action: Any, draws: Draws, path: Path_) -> list[OverrideAction]:
    """What the storyboard does with pedals and steering.

    Args:
        action: One of `PEDAL_ACTIONS`.
        draws: Of the world.
        path: Where the file says so.
    """
    if isinstance(action, Release):
        what = draws.word(action.release, (*path, "release"))
        return [
            OverrideAction(steers, None) for steers in (False, True) if what in ("all", ("pedals", "steering")[steers])
        ]
    over = draws.number(action.over, (*path, "over"))
    if isinstance(action, Steer):
        return [OverrideAction(True, draws.number(action.steer, (*path, "steer")), over)]
    if isinstance(action, PressBrake):
        return [OverrideAction(False, -draws.number(action.brake, (*path, "brake")), over)]
    return [OverrideAction(False, draws.number(action.throttle, (*path, "throttle")), over)]
