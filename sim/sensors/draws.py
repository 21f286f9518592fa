"""What the random numbers of a sensor depend on: seed, world, episode, tick and the sensor's name; numbers: `sim.render.draws`."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.draws import Key
from sim.render.poses import Poses
from sim.types import Scene

wp.set_module_options({"enable_backward": False})


@wp.func(inline=True)
def key_of(scene: Scene, poses: Poses, world: int, purpose: wp.uint32) -> Key:
    """The key of a world's draws at its present tick."""
    out = Key()
    out.seed = scene.seed[world]
    out.world = scene.world_key[world]
    out.purpose = purpose
    # Episodes of up to 11 minutes do not meet the next one's.
    out.moment = wp.uint32(poses.tick[world]) ^ (wp.uint32(scene.episode[world]) << wp.uint32(16))
    return out
