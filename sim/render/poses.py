"""Where everything is at the moments of a picture and of its neighbours."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from typing import Any

import warp as wp

from sim.types import State

wp.set_module_options({"enable_backward": False})


@wp.struct
class Poses:
    """What a picture needs of `sim.types.State`, at one moment."""

    tick: wp.array[wp.int32]
    """(nworld,)."""
    pos: wp.array2d[wp.vec3]
    """[m], (nworld, nactor)."""
    rot: wp.array2d[wp.quat]
    """(nworld, nactor)."""
    vel: wp.array2d[wp.vec3]
    """Of the reference point [m/s], (nworld, nactor)."""
    ang_vel: wp.array2d[wp.vec3]
    """World frame [rad/s], (nworld, nactor)."""
    speed: wp.array2d[float]
    """[m/s], (nworld, nactor)."""
    steer: wp.array2d[float]
    """[rad], (nworld, nactor)."""
    wheel_angle: wp.array2d[float]
    """[rad], (nworld, nactor)."""
    lift: wp.array2d[wp.vec4]
    """Rise of the wheels in the body [m], as ``State.vehicle.lift``, (nworld, nactor)."""
    traveled: wp.array2d[float]
    """[m], (nworld, nactor)."""
    door: wp.array2d[wp.vec2]
    """[rad], (nworld, nactor)."""
    lamps: wp.array2d[wp.int32]
    """Bits of `sim.types.Lamp`, (nworld, nactor)."""
    visible: wp.array2d[wp.int32]
    """Bits as in ``State.visible``, (nworld, nactor)."""
    fallen: wp.array2d[wp.int32]
    """Ticks as in ``State.fallen``, (nworld, nactor)."""
    signal: wp.array2d[wp.int32]
    """Aspects, (nworld, nsignal)."""


def pose_owner(state: State, name: str) -> Any:
    """The struct of a state that holds a field of `Poses`."""
    return state.vehicle if name == "lift" else state


def make_poses(state: State) -> Poses:
    """Arrays of the same sizes and device as a state's."""
    out = Poses()
    for name in Poses.vars:
        setattr(out, name, wp.clone(getattr(pose_owner(state, name), name)))
    return out


@wp.kernel
def _interpolate_poses(older: Poses, state: State, mask: wp.array[wp.int32], fraction: wp.array[float], out: Poses):
    """Reads older, state, fraction (0: older, 1: state). Writes out in the masked worlds."""
    world, actor = wp.tid()
    if mask[world] == 0:
        return
    f = fraction[world]
    if actor == 0:
        out.tick[world] = state.tick[world]
        for k in range(out.signal.shape[1]):
            out.signal[world, k] = state.signal[world, k]
    out.lamps[world, actor] = state.lamps[world, actor]
    out.visible[world, actor] = state.visible[world, actor]
    out.fallen[world, actor] = state.fallen[world, actor]
    if f == 1.0:
        out.pos[world, actor] = state.pos[world, actor]
        out.rot[world, actor] = state.rot[world, actor]
    else:
        out.pos[world, actor] = wp.lerp(older.pos[world, actor], state.pos[world, actor], f)
        out.rot[world, actor] = wp.quat_slerp(older.rot[world, actor], state.rot[world, actor], f)
    out.vel[world, actor] = wp.lerp(older.vel[world, actor], state.vel[world, actor], f)
    out.ang_vel[world, actor] = wp.lerp(older.ang_vel[world, actor], state.ang_vel[world, actor], f)
    out.speed[world, actor] = wp.lerp(older.speed[world, actor], state.speed[world, actor], f)
    out.steer[world, actor] = wp.lerp(older.steer[world, actor], state.steer[world, actor], f)
    out.wheel_angle[world, actor] = wp.lerp(older.wheel_angle[world, actor], state.wheel_angle[world, actor], f)
    out.lift[world, actor] = wp.lerp(older.lift[world, actor], state.vehicle.lift[world, actor], f)
    out.traveled[world, actor] = wp.lerp(older.traveled[world, actor], state.traveled[world, actor], f)
    out.door[world, actor] = wp.lerp(older.door[world, actor], state.door[world, actor], f)


@wp.func(inline=True)
def copy_still(source: Poses, out: Poses, world: int, row: int, actor: int):
    """Copy to a row of ``out`` what of an actor does not move, and with the first actor's what belongs to the world."""
    if actor == 0:
        out.tick[row] = source.tick[world]
        for k in range(source.signal.shape[1]):
            out.signal[row, k] = source.signal[world, k]
    out.lamps[row, actor] = source.lamps[world, actor]
    out.visible[row, actor] = source.visible[world, actor]
    out.fallen[row, actor] = source.fallen[world, actor]


@wp.func(inline=True)
def copy_pose(source: Poses, out: Poses, world: int, actor: int):
    """Copy an actor's pose, and with the first actor's what belongs to the world."""
    copy_still(source, out, world, world, actor)
    out.pos[world, actor] = source.pos[world, actor]
    out.rot[world, actor] = source.rot[world, actor]
    out.vel[world, actor] = source.vel[world, actor]
    out.ang_vel[world, actor] = source.ang_vel[world, actor]
    out.speed[world, actor] = source.speed[world, actor]
    out.steer[world, actor] = source.steer[world, actor]
    out.wheel_angle[world, actor] = source.wheel_angle[world, actor]
    out.lift[world, actor] = source.lift[world, actor]
    out.traveled[world, actor] = source.traveled[world, actor]
    out.door[world, actor] = source.door[world, actor]


@wp.func(inline=True)
def blend_pose(one: Poses, other: Poses, f: float, out: Poses, world: int, row: int, actor: int):
    """Write to a row of ``out`` an actor's pose between two moments of a world, ``f`` 0: one, 1: other; what does not move is one's."""
    copy_still(one, out, world, row, actor)
    out.pos[row, actor] = wp.lerp(one.pos[world, actor], other.pos[world, actor], f)
    out.rot[row, actor] = wp.normalize(wp.quat_slerp(one.rot[world, actor], other.rot[world, actor], f))
    out.vel[row, actor] = wp.lerp(one.vel[world, actor], other.vel[world, actor], f)
    out.ang_vel[row, actor] = wp.lerp(one.ang_vel[world, actor], other.ang_vel[world, actor], f)
    out.speed[row, actor] = wp.lerp(one.speed[world, actor], other.speed[world, actor], f)
    out.steer[row, actor] = wp.lerp(one.steer[world, actor], other.steer[world, actor], f)
    out.wheel_angle[row, actor] = wp.lerp(one.wheel_angle[world, actor], other.wheel_angle[world, actor], f)
    out.lift[row, actor] = wp.lerp(one.lift[world, actor], other.lift[world, actor], f)
    out.traveled[row, actor] = wp.lerp(one.traveled[world, actor], other.traveled[world, actor], f)
    out.door[row, actor] = wp.lerp(one.door[world, actor], other.door[world, actor], f)


@wp.kernel
def _extend_poses(older: Poses, poses: Poses, share: float, before: Poses, after: Poses):
    """Reads a frame's poses and those of the frame before. Writes poses a share of a frame's time before and after it."""
    world, actor = wp.tid()
    blend_pose(poses, older, share, before, world, world, actor)
    blend_pose(poses, older, -share, after, world, world, actor)


@wp.kernel
def _spread_poses(before: Poses, poses: Poses, after: Poses, when: wp.array[float], out: Poses):
    """Reads a frame's poses and those at its shutter's ends, moments (-1: before, 0: the frame, 1: after). Writes poses at each moment."""
    world, moment, actor = wp.tid()
    row = moment * poses.tick.shape[0] + world
    f = when[moment]
    if f < 0.0:
        blend_pose(poses, before, -f, out, world, row, actor)
    else:
        blend_pose(poses, after, f, out, world, row, actor)


@wp.kernel
def _shift_poses(previous: Poses, current: Poses, following: Poses, mask: wp.array[wp.int32], depth: int):
    """Reads current, following. Writes previous from current and, with ``depth`` 2, current from following."""
    world, actor = wp.tid()
    if mask[world] == 0:
        return
    copy_pose(current, previous, world, actor)
    if depth == 2:
        copy_pose(following, current, world, actor)


class PoseWindow:
    """Poses of the frame being rendered and of its neighbours; all methods only launch and may be captured.

    Live use (environments): `advance` after each decision; the picture shows the newest poses, with backward flow.
    With ``lookahead`` the picture lags one `advance` behind, so that it has forward flow too; the first
    `advance` after a reset only fills the window.

    Args:
        state: The batch's state; its poses now fill the whole window.
        lookahead: Whether pictures wait for the next frame's poses.
        shutter: Whether to keep ``ends``: poses at the first and last light of the previous, current and following frame.
    """

    def __init__(self, state: State, *, lookahead: bool = False, shutter: bool = False) -> None:
        self.lookahead = lookahead
        self.ends = [(make_poses(state), make_poses(state)) for _ in range(3)] if shutter else []
        self.share = 0.0
        """Half a shutter's run over the time between two frames: `advance` then sets ``ends`` as if all moved on evenly."""
        self.older, self.previous, self.current, self.following = (make_poses(state) for _ in range(4))
        nworld, device = state.tick.shape[0], state.tick.device
        self.fraction = wp.full((nworld,), 1.0, dtype=float, device=device)
        """Time of the next `advance` between the last two recorded ticks, 1 = the newest, (nworld,)."""
        self._all = wp.full((nworld,), 1, dtype=wp.int32, device=device)
        self._one = wp.full((nworld,), 1.0, dtype=float, device=device)

    def _copy(self, state: State, mask: wp.array, fraction: wp.array, out: Poses) -> None:
        inputs = [self.older, state, mask, fraction]
        wp.launch(_interpolate_poses, dim=state.pos.shape, inputs=inputs, outputs=[out], device=state.pos.device)

    def record(self, state: State) -> None:
        """Keep a tick's poses as the older end of the interpolation: before the tick that passes a frame's time."""
        self._copy(state, self._all, self._one, self.older)

    def reset(self, state: State, mask: wp.array | None = None) -> None:
        """Fill the window of the masked worlds with the state's poses: no motion into the first frame."""
        chosen = self._all if mask is None else mask
        for poses in (self.older, self.previous, self.current, self.following):
            self._copy(state, chosen, self._one, poses)
        for poses in (p for pair in self.ends for p in pair):
            self._copy(state, chosen, self._one, poses)

    def advance(self, state: State) -> None:
        """Move to the next frame: its poses lie between the last recorded tick and ``state``, at ``fraction``."""
        inputs = [self.previous, self.current, self.following, self._all, 2 if self.lookahead else 1]
        wp.launch(_shift_poses, dim=state.pos.shape, inputs=inputs, device=state.pos.device)
        self._copy(state, self._all, self.fraction, self.following if self.lookahead else self.current)
        frames = (self.previous, self.current, self.following)
        for older, poses, ends in zip(frames, frames[1:], self.ends[1:], strict=False):
            device = state.pos.device
            wp.launch(_extend_poses, state.pos.shape, [older, poses, self.share], list(ends), device=device)
