"""Where a sensor is at the end of a scan and at any moment before."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.random import purpose_key
from sim.render.poses import Poses
from sim.rotation import quaternion
from sim.sensors.config import MountConfig
from sim.sensors.sweep import Beam, turn_since

wp.set_module_options({"enable_backward": False})


@wp.struct
class Mount:
    """A sensor's place, the same in every world."""

    pos: wp.vec3
    """In the ego's frame, or the world's if not attached [m]."""
    rot: wp.quat
    """Sensor frame (x forward, y left, z up) to the ego's or the world's."""
    attached: wp.int32
    hidden: wp.int32
    """Actor that it does not see, -1 for none."""
    purpose: wp.uint32
    """Of its random draws."""


def make_mount(config: MountConfig) -> Mount:
    """The mount of a sensor."""
    out = Mount()
    out.pos = wp.vec3(*config.pos)
    out.rot = wp.quat(*quaternion(config.yaw, config.pitch, config.roll))
    out.attached = int(config.attached)
    out.hidden = 0 if config.attached and not config.show_ego else -1
    out.purpose = wp.uint32(purpose_key(f"sensor {config.name}"))
    return out


@wp.struct
class Station:
    """Where a sensor is."""

    pos: wp.vec3
    """World frame [m]."""
    rot: wp.quat
    """Sensor frame to world."""


@wp.func(inline=True)
def station_of(mount: Mount, poses: Poses, world: int) -> Station:
    """Where a sensor is at the end of a scan."""
    out = Station()
    out.pos = mount.pos
    out.rot = mount.rot
    if mount.attached != 0:
        carrier = poses.rot[world, 0]
        out.pos = poses.pos[world, 0] + wp.quat_rotate(carrier, mount.pos)
        out.rot = carrier * mount.rot
    return out


@wp.func(inline=True)
def fire(mount: Mount, station: Station, poses: Poses, world: int, direction: wp.vec3, ago: float) -> Beam:
    """A beam in a direction of the sensor's frame, from where the moving sensor was ``ago`` seconds before the end."""
    out = Beam()
    out.ago = ago
    out.origin = station.pos
    out.direction = wp.quat_rotate(station.rot, direction)
    if mount.attached != 0 and ago > 0.0:
        back = wp.quat_inverse(turn_since(poses.ang_vel[world, 0], ago))
        pos = poses.pos[world, 0]
        out.origin = pos - poses.vel[world, 0] * ago + wp.quat_rotate(back, station.pos - pos)
        out.direction = wp.quat_rotate(back, out.direction)
    return out
