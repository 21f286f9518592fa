"""Courses of transitions between two values (ASAM OpenSCENARIO XML 1.3, DynamicsShape): `wp.func`s and their inverses."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.scenario.storyboard import Shape

wp.set_module_options({"enable_backward": False})

_LINEAR, _CUBIC, _SINUSOIDAL, _STEP = int(Shape.LINEAR), int(Shape.CUBIC), int(Shape.SINUSOIDAL), int(Shape.STEP)


@wp.func
def transition_value(shape: int, start: float, target: float, param: float, end: float) -> float:
    """Value at ``param`` of 0..``end``; an empty range or a step is at its target."""
    if shape == wp.static(_STEP) or end < 1.0e-6:
        return target
    f = wp.clamp(param / end, 0.0, 1.0)
    if shape == wp.static(_LINEAR):
        return start + (target - start) * f
    if shape == wp.static(_SINUSOIDAL):
        return start + (target - start) * 0.5 * (1.0 - wp.cos(wp.pi * f))
    return start + (target - start) * f * f * (3.0 - 2.0 * f)


@wp.func
def transition_rate(shape: int, start: float, target: float, param: float, end: float) -> float:
    """Derivative of the value by ``param``."""
    if shape == wp.static(_STEP) or end < 1.0e-6:
        return 1.0e10 * wp.sign(target - start)
    f = wp.clamp(param / end, 0.0, 1.0)
    slope = (target - start) / end
    if shape == wp.static(_LINEAR):
        return slope
    if shape == wp.static(_SINUSOIDAL):
        return 0.5 * wp.pi * slope * wp.sin(wp.pi * f)
    return 6.0 * slope * (1.0 - f) * f


@wp.func
def peak_factor(shape: int) -> float:
    """Greatest rate over mean rate of a shape."""
    if shape == wp.static(_SINUSOIDAL):
        return 0.5 * wp.pi
    if shape == wp.static(_CUBIC):
        return 1.5
    return 1.0


@wp.func
def end_by_rate(shape: int, start: float, target: float, rate: float) -> float:
    """Range of the parameter so that the greatest rate is ``rate``; 0 for a step."""
    if shape == wp.static(_STEP) or wp.abs(rate) < 1.0e-9:
        return 0.0
    return peak_factor(shape) * wp.abs(target - start) / wp.abs(rate)


@wp.func
def end_by_curvature(shape: int, start: float, target: float, peak: float) -> float:
    """Range of the parameter so that the greatest second derivative is ``peak`` (linear: as cubic)."""
    if shape == wp.static(_STEP) or peak > 1.0e9:
        return 0.0
    span = wp.abs(target - start)
    if shape == wp.static(_SINUSOIDAL):
        return wp.pi * wp.sqrt(span / (2.0 * peak))
    return wp.sqrt(6.0 * span / peak)
