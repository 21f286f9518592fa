"""Car following: the Intelligent Driver Model (Treiber, Hennecke and Helbing 2000, Phys. Rev. E 62, 1805)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

wp.set_module_options({"enable_backward": False})

HEADWAY = 1.5
"""T: time gap kept to the leader [s]."""
JAM_GAP = 2.0
"""s0: gap in standing traffic [m]."""
ACCELERATION = 1.5
"""a: greatest acceleration [m/s^2]."""
DECELERATION = 2.0
"""b: comfortable deceleration [m/s^2]."""
BRAKING_LIMIT = 8.0
"""No driver brakes harder [m/s^2]."""


@wp.func
def idm_acceleration(speed: float, wish: float, gap: float, leader_speed: float, free: bool) -> float:
    """Acceleration of a following driver [m/s^2].

    Args:
        speed: Own [m/s].
        wish: Desired speed on a free road [m/s].
        gap: Free way to the leader, bumper to bumper [m].
        leader_speed: [m/s].
        free: There is no leader.
    """
    drive = float(1.0)
    if speed > wish:  # the power of four brakes far too hard above the desired speed
        drive = -wp.min((speed - wish) / wp.max(wp.static(DECELERATION), 0.1), wp.static(DECELERATION / ACCELERATION))
    elif wish > 0.0:
        ratio = speed / wish
        drive = 1.0 - ratio * ratio * ratio * ratio
    else:
        drive = 0.0
    room = float(0.0)
    if not free:
        desired = speed * wp.static(HEADWAY) + speed * (speed - leader_speed) / wp.static(
            2.0 * (ACCELERATION * DECELERATION) ** 0.5
        )
        room = (wp.static(JAM_GAP) + wp.max(desired, 0.0)) / wp.max(gap, 0.1)
    return wp.max(wp.static(ACCELERATION) * (drive - room * room), -wp.static(BRAKING_LIMIT))
