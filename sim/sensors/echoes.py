"""The echoes of one pulse, and which of them a receiver reports."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from enum import IntEnum

import warp as wp

wp.set_module_options({"enable_backward": False, "max_unroll": 4})

KEPT = 4
"""Echoes that are told apart; of more, the weakest is forgotten."""
NO_CLASS = 255
"""Semantic class of what is no surface."""


class EchoType(IntEnum):
    """What an echo comes from."""

    NONE = 0
    HARD = 1
    FOG = 2
    RAIN = 3
    SNOW = 4
    NOISE = 5


@wp.struct
class Echoes:
    """Up to KEPT echoes, 0 power where there is none."""

    range: wp.vec4
    """[m]."""
    power: wp.vec4
    """1 / R^2 of a matt white board hit squarely in clear air [1/m^2]."""
    most: wp.vec4
    """Power of the strongest part of each, whose label it bears."""
    label: wp.vec4i
    """As of `pack_label`."""


@wp.func
def pack_label(semantic: int, echo: int, instance: int) -> int:
    """Class, `EchoType` and instance in one number."""
    return semantic | (echo << 8) | (instance << 12)


@wp.func
def add_echo(e: Echoes, r: float, power: float, label: int, resolution: float) -> Echoes:
    """Add an echo; what overlaps with another one makes one peak with it.

    Parts within a fifth of the resolution, such as those of a beam on a slanted wall, are one surface at their mean range; from there to
    the resolution the stronger part says where the peak is, and the other adds to it by how much the pulses overlap.
    """
    out = e
    if power <= 0.0:
        return out
    least = int(0)
    for k in range(KEPT):
        gap = wp.abs(e.range[k] - r)
        if e.power[k] > 0.0 and gap < resolution:
            if gap < 0.2 * resolution:
                out.range[k] = (e.range[k] * e.power[k] + r * power) / (e.power[k] + power)
                out.power[k] = e.power[k] + power
            else:
                share = 1.0 - gap / resolution
                out.power[k] = wp.max(e.power[k], power) + share * wp.min(e.power[k], power)
                out.range[k] = wp.where(power > e.power[k], r, e.range[k])
            if power > e.most[k]:
                out.most[k] = power
                out.label[k] = label
            return out
        if e.power[k] < e.power[least]:
            least = k
    if power > e.power[least]:
        out.range[least] = r
        out.power[least] = power
        out.most[least] = power
        out.label[least] = label
    return out


@wp.func
def strongest(e: Echoes, but: int) -> int:
    """The strongest echo but one, -1 if there is none."""
    best = int(-1)
    for k in range(KEPT):
        if k != but and e.power[k] > 0.0 and (best < 0 or e.power[k] > e.power[best]):
            best = k
    return best


@wp.func
def last(e: Echoes, first: int) -> int:
    """The last echo, or the strongest of the others if that is ``first``; -1 if there is none."""
    best = int(-1)
    for k in range(KEPT):
        if e.power[k] > 0.0 and (best < 0 or e.range[k] > e.range[best]):
            best = k
    if best == first:
        best = strongest(e, first)
    return best
