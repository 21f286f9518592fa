"""Faults of the YAML format as actions of the storyboard."""

from __future__ import annotations

from typing import Any

from sim.scenario.draws import Draws
from sim.scenario.schema_faults import (
    AXLES,
    CIRCUITS,
    WHEELS,
    BurstTyre,
    FailBrakes,
    FailSteering,
    HeatBrakes,
    LoseWheel,
    StickThrottle,
)
from sim.scenario.source import Path_
from sim.scenario.storyboard import FaultAction
from sim.types import Fault


def fault_action(action: Any, draws: Draws, path: Path_) -> FaultAction:
    """What fails, and how much of it.

    Args:
        action: A model of `sim.scenario.schema_faults.FAULTS`.
        draws: Of the world.
        path: Where the file says so.
    """
    if isinstance(action, BurstTyre):
        return FaultAction(_wheel_bits(Fault.BURST, draws.word(action.burst_tyre, (*path, "burst_tyre"))))
    if isinstance(action, LoseWheel):
        return FaultAction(_wheel_bits(Fault.WHEEL_LOST, draws.word(action.lose_wheel, (*path, "lose_wheel"))))
    if isinstance(action, FailBrakes):
        wheels = CIRCUITS[draws.word(action.fail_brakes, (*path, "fail_brakes"))]
        share = draws.number(action.share, (*path, "share"), 1.0)
        a, b, c, d = (share if i in wheels else 0.0 for i in range(4))
        return FaultAction(int(Fault.BRAKES), brakes=(a, b, c, d))
    if isinstance(action, HeatBrakes):
        return FaultAction(0, brakes_at=draws.number(action.heat_brakes, (*path, "heat_brakes")))
    if isinstance(action, FailSteering):
        locked = draws.word(action.fail_steering, (*path, "fail_steering")) == "locked"
        return FaultAction(int(Fault.STEERING_LOCKED if locked else Fault.STEERING_FREE))
    assert isinstance(action, StickThrottle)
    return FaultAction(int(Fault.THROTTLE), throttle=draws.number(action.stick_throttle, (*path, "stick_throttle")))


def _wheel_bits(first: Fault, name: str) -> int:
    """Bits of a fault of one wheel, or of both of an axle."""
    if name in AXLES:
        return (0b11 if name == "front" else 0b1100) * int(first)
    return int(first) << WHEELS.index(name)
