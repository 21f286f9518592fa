"""When, within a tick, two bodies met that overlap at its end, and the contact that they had there."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.body import Body
from sim.physics.boxes import Footprint, met_within
from sim.physics.capsules import collide
from sim.physics.collide import Manifold
from sim.types import TICK

# Loops stay loops: unrolled, modules that call these take three times as long to compile for a GPU and run no faster.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

STIR_SPEED = 0.2
"""Speed between two bodies at their contact from which one that sleeps wakes; slower ones find it immovable [m/s]."""
GRAZE_DEPTH = 0.002
"""How deep a pair that is set back to where it met may overlap there: more than rounding [m]."""
STRIDE, MAX_STRIDES = 0.05, 16
"""Way between two looks for the moment at which a pair met, and how many at most [m]."""


@wp.struct
class Meeting:
    """Where and when two bodies met."""

    m: Manifold
    ago: float
    """Before the tick's end [s]."""


@wp.func
def set_back(body: Body, time: float) -> Body:
    """A body where it was ``time`` [s] ago, not turned."""
    out = body
    out.center = body.center - body.vel * time
    out.cog = body.cog - body.vel * time
    return out


@wp.func
def met_ago(p: Footprint, q: Footprint, v: wp.vec3) -> float:
    """How long ago, within the tick, two boxes met if the second moves with ``v`` against the first [s], less the way for `GRAZE_DEPTH`.

    0 for those that were in touch before, unless they move so fast that they might come out on the other side.
    """
    v2 = wp.vec2(v[0], v[1])
    speed = wp.length(v2)
    if speed < wp.static(STIR_SPEED):
        return 0.0
    ago = met_within(p, q, v2, wp.static(TICK))
    thin = wp.min(p.half[0], p.half[1]) + wp.min(q.half[0], q.half[1])
    if ago >= wp.static(TICK) and speed * wp.static(TICK) < 0.5 * thin:
        return 0.0
    return wp.max(ago - wp.static(GRAZE_DEPTH) / speed, 0.0)


@wp.func
def first_touch(one: Body, two: Body, ago: float) -> Meeting:
    """Earliest contact of two bodies on their way since ``ago`` [s], looked for every `STRIDE`; none if they do not touch."""
    out = Meeting()
    steps = wp.clamp(int(wp.ceil(wp.length(two.vel - one.vel) * ago / wp.static(STRIDE))), 1, wp.static(MAX_STRIDES))
    for k in range(steps + 1):
        out.ago = ago * (1.0 - float(k) / float(steps))
        out.m = collide(set_back(one, out.ago), set_back(two, out.ago))
        if out.m.n > 0 or ago <= 0.0:
            break
    return out
